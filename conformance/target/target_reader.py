"""Reads the values of a target file one by one, as the command line would have them, and collects whatever is wrong with any of them."""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NoReturn, assert_never
from urllib.parse import urlsplit

from conformance.options import RUN_OPTIONS, Kind, Option
from conformance.target import sounds_secret
from conformance.target.toml_places import Document, Place, Value

MODELS: Final = "target.models"
"""A list of models in the place of one: each is a run of its own."""

KEYS: Final[Mapping[str, Option]] = {option.key: option for option in RUN_OPTIONS if option.key}
"""Every key but `MODELS`, in the order of the options."""

SECRET: Final = 8
"""Characters from which on a value of the environment is taken for a secret: a shorter one may be an ordinary word."""

_TABLES: Final = tuple(dict.fromkeys(key.partition(".")[0] for key in KEYS))
_KEY_NAMES: Final = frozenset({"key", "api_key", "apikey", "token", "secret", "password", "bearer", "authorization"})
"""Where people look for a place to put their key."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place, and what to do about it; never with the value, which may be a secret."""

    place: Place
    text: str
    hint: str


class _MistakeError(Exception):
    """Ends the reading of one value."""

    def __init__(self, text: str, hint: str, *, item: str | None = None) -> None:
        super().__init__(text)
        self.text, self.hint, self.item = text, hint, item


class Reader:
    """Goes through a document once; `mistakes` is empty afterwards where all of it can be used."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._folder = Path(document.path).parent
        self.mistakes: list[Mistake] = []
        self.models: tuple[str, ...] = ()
        self.secrets: tuple[str, ...] = ()
        self.found: dict[str, str] = {}
        """The key that fills each field of `options.Options`."""

    def values(self) -> Iterator[tuple[str, str | bool | tuple[str, ...]]]:
        """Each field with its value."""
        for table, members in self._document.table.items():
            with self._collecting(table):
                if not isinstance(members, dict):
                    _unknown(table, "key")
                if table not in _TABLES:
                    _unknown(table, "table")
                for name, value in members.items():
                    yield from self._value(table, name, value)

    def _value(self, table: str, name: str, value: Value) -> Iterator[tuple[str, str | bool | tuple[str, ...]]]:
        key = f"{table}.{name}"
        with self._collecting(table, name):
            if key == MODELS:
                self.models = _list(key, value)
                if "model" in self._document.members("target"):
                    raise _MistakeError("target.model and target.models are both given.", "Keep one of the two.")
            elif key in KEYS:
                option = KEYS[key]
                read = self._read(option, value)
                self.found[option.field] = key
                yield option.field, read
            else:
                _unknown(key, "key")

    @contextmanager
    def _collecting(self, *keys: str) -> Iterator[None]:
        try:
            yield
        except _MistakeError as mistake:
            place = self._document.place(*keys, item=mistake.item)
            self.mistakes.append(Mistake(place, mistake.text, mistake.hint))

    def _read(self, option: Option, value: Value) -> str | bool | tuple[str, ...]:
        """The value as the command line would have it."""
        match option.kind:
            case Kind.FLAG if isinstance(value, bool):
                return value
            case Kind.WHOLE if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
            case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
            case Kind.LIST:
                return _list(option.key, value)
            case Kind.TABLE:
                return self._table(option, value)
            case Kind.TEXT | Kind.FILE | Kind.NAME_OR_FILE if isinstance(value, str) and value.strip():
                return self._text(option, value.strip())
            case Kind.FLAG:
                what, hint = "true or false", "Write it without quotes."
            case Kind.WHOLE | Kind.NUMBER:
                what, hint = f"a {option.kind}", "Write digits, without quotes."
            case Kind.TEXT | Kind.FILE | Kind.NAME_OR_FILE:
                what, hint = "a text", 'Put it in quotes, "…", or take the line out.'
            case _:
                assert_never(option.kind)
        raise _MistakeError(f"{option.key} takes {what}, not {_named(value)}.", hint)

    def _text(self, option: Option, text: str) -> str:
        if option.kind is Kind.FILE or (option.kind is Kind.NAME_OR_FILE and _looks_like_a_file(text)):
            return str(self._folder / Path(text).expanduser())
        if not option.secret:
            return text
        if (password := _password(text)) and not _refers(password):
            hint = "Put it into a variable of the environment, and write $NAME in its place."
            raise _MistakeError(f"{option.key} holds a password, and a secret does not belong into a file.", hint)
        return self._expanded(text)

    def _table(self, option: Option, value: Value) -> tuple[str, ...]:
        if not isinstance(value, dict):
            raise _MistakeError(f"{option.key} takes a table, not {_named(value)}.", f'Write [{option.key}], and below it NAME = "text".')
        entries = []
        for name, text in value.items():
            with self._collecting(*option.key.split("."), name):
                entries.append(f"{name}{option.separator}{self._entry(option, name, text)}")
        return tuple(entries)

    def _entry(self, option: Option, name: str, text: Value) -> str:
        if not isinstance(text, str):
            raise _MistakeError(f"{name} takes a text, not {_named(text)}.", 'Put it in quotes, "…".')
        if option.separator.strip() in name:
            raise _MistakeError(f"{name!r} cannot be a name here.", f"Leave out the {option.separator.strip()!r}.")
        if sounds_secret(name) and not _refers(text):
            hint = f'Put it into a variable of the environment, and write {name} = "$NAME_OF_THE_VARIABLE".'
            raise _MistakeError(f"What stands under {name} sounds secret, and a secret does not belong into a file.", hint)
        return self._expanded(text)

    def _expanded(self, text: str) -> str:
        """A text with its references to the environment replaced."""
        template = string.Template(text)
        if not template.is_valid():
            raise _MistakeError("A dollar sign begins the name of a variable.", "Write $NAME, ${NAME}, or $$ for the sign itself.")
        for name in template.get_identifiers():
            if not self._environment.get(name, "").strip():
                raise _MistakeError(f"The environment variable {name} is not set.", "Set it, or take the line out of the file.")
        taken = (self._environment[name].strip() for name in template.get_identifiers())
        self.secrets = (*self.secrets, *(value for value in taken if len(value) >= SECRET))
        return template.substitute(self._environment)


def _list(key: str, value: Value) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise _MistakeError(f"{key} takes a list of texts, not {_named(value)}.", f'Write {key.partition(".")[2]} = ["…", "…"].')
    if twice := next((item for item in value if value.count(item) > 1), None):
        raise _MistakeError(f"{key} has {twice!r} twice.", "Keep one of the two.", item=twice)
    return tuple(value)


def _unknown(key: str, what: str) -> NoReturn:
    """A key or a table that nobody declared: say what it may have been meant to be."""
    table, _, name = key.rpartition(".")
    if what == "table":
        meant, known = get_close_matches(key, _TABLES, n=1), list(_TABLES)
    else:
        by_name = {each.partition(".")[2]: each for each in (MODELS, *KEYS)} | {option.field: option.key for option in KEYS.values()}
        meant = [by_name[near] for near in get_close_matches(name, by_name, n=1, cutoff=0.75)]
        known = [each for each in (MODELS, *KEYS) if each.startswith(f"{table}.")] or list(_TABLES)
    hint = f"Did you mean {meant[0]}?" if meant else f"Known: {', '.join(known)}."
    if name.lower() in _KEY_NAMES:
        hint = "A key never stands in a file: put it into a variable of the environment, and name that with target.key_variable."
    raise _MistakeError(f"There is no {what} {key}.", hint)


def _looks_like_a_file(text: str) -> bool:
    return "/" in text or os.sep in text or text.endswith((".yaml", ".yml", ".json"))


def _refers(text: str) -> bool:
    template = string.Template(text)
    return template.is_valid() and bool(template.get_identifiers())


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _named(value: Value) -> str:
    """What a value is, without repeating it: it may be a secret."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text" if value.strip() else "an empty text"
        case list():
            return "a list" if all(isinstance(item, str) for item in value) else "a list of other things"
        case dict():
            return "a table"
        case _:
            return "a date or a time"

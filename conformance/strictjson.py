"""JSON as RFC 8259 has it, with what a lenient reader would hide.

Python's reader takes `NaN`, lets the last of two equal names win and hands out lone surrogates. Each of these breaks other readers, so
each is kept as a note beside the value.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.model import MISSING, Json, Missing

MAX_DEPTH: Final = 512
"""Nesting beyond which a text is refused unread; no answer of this API nests deeper than a dozen."""

MAX_VALUES: Final = 100_000
"""Values beyond which a text is refused unread, as far as commas tell: each may be a find of its own, of kilobytes."""


class NoteCode(StrEnum):
    """What a strict reader would object to in a text that Python can read."""

    DUPLICATE_NAME = "duplicate-name"
    NOT_A_NUMBER = "not-a-number"
    LONE_SURROGATE = "lone-surrogate"
    BYTE_ORDER_MARK = "byte-order-mark"
    TEXT_AFTER = "text-after"


@dataclass(frozen=True, slots=True)
class JsonNote:
    """One oddity; `detail` is the name, the literal, or the text that follows."""

    code: NoteCode
    detail: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value and what was odd about its text."""

    value: Json
    notes: tuple[JsonNote, ...] = ()


class NotJsonError(ValueError):
    """The text is not JSON; `offset` counts characters (bytes when it is not UTF-8 either)."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def parse(text: bytes | str) -> Parsed:
    """Read one JSON value and note what is odd about it.

    Raises `NotJsonError` for anything that RFC 8259 does not allow, but for `NaN` and the infinities, which are noted: a reader that
    stops at them could say nothing about the rest of the answer.
    """
    notes: list[JsonNote] = []
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        _refuse_depth(decoded)
        if decoded.count(",") > MAX_VALUES:
            raise NotJsonError(f"more than {MAX_VALUES} values", 0)
        try:
            if decoded.startswith("\ufeff"):
                raise _OddError
            value: Json = _PLAIN.decode(decoded)
        except _OddError:
            value = _read_noting(decoded, notes)
    except NotJsonError:
        raise
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason}", error.start) from None
    except json.JSONDecodeError as error:
        raise NotJsonError(error.msg, error.pos) from None
    except (RecursionError, ValueError) as error:
        raise NotJsonError(str(error), 0) from None
    if "\\u" in decoded and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        notes.append(JsonNote(NoteCode.LONE_SURROGATE, ""))
    return Parsed(value, tuple(notes))


def read(body: bytes) -> Parsed:
    """Read the body of an answer as `parse` does, but for what stands around its object: a byte order mark, text after its end.

    Both are noted. RFC 8259 allows neither (sections 2 and 8.1), and a reader that stops at them could say nothing about the object.
    """
    marked = body.startswith(codecs.BOM_UTF8)
    notes = [JsonNote(NoteCode.BYTE_ORDER_MARK, "")] if marked else []
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        parsed = parse(body)
    except NotJsonError as error:
        text = body.decode("utf-8", "replace")
        whole, after = text[: error.offset], text[error.offset :]
        parsed = _object(whole, error)
        notes.append(JsonNote(NoteCode.TEXT_AFTER, after))
    return Parsed(parsed.value, (*notes, *parsed.notes))


def _object(text: str, otherwise: NotJsonError) -> Parsed:
    """The object that a text is; what else it may be raises `otherwise`."""
    with suppress(NotJsonError):
        parsed = parse(text)
        if isinstance(parsed.value, dict):
            return parsed
    raise otherwise


class _OddError(Exception):
    """There is something to note."""


def _only_pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(items)
    if len(value) != len(items):
        raise _OddError
    return value


def _no_constant(_: str) -> float:
    raise _OddError


_PLAIN: Final = json.JSONDecoder(object_pairs_hook=_only_pairs, parse_constant=_no_constant)
"""Reads what has nothing odd about it, as nearly all has, without being made anew for each text."""


def _read_noting(text: str, notes: list[JsonNote]) -> Json:
    """Read a text with something odd in it."""

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(items)
        if len(value) != len(items):
            times = Counter(name for name, _ in items)
            notes.extend(JsonNote(NoteCode.DUPLICATE_NAME, name) for name in sorted(times) if times[name] > 1)
        return value

    def constant(literal: str) -> float:
        notes.append(JsonNote(NoteCode.NOT_A_NUMBER, literal))
        return float(literal.replace("Infinity", "inf"))

    value: Json = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    return value


def _refuse_depth(text: str) -> None:
    """Stop before the reader's recursion does; brackets inside strings make this an over-count only in hostile texts."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    in_string = escaped = False
    for offset, char in enumerate(text):
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotJsonError(f"nested deeper than {MAX_DEPTH}", offset)
        elif char in "]}":
            depth -= 1


def get(value: Json | Missing, *path: str | int) -> Json | Missing:
    """What lies at the end of a path of names and indexes; MISSING as soon as something on the way is not there or not a container."""
    # Types are asked for by hand: this is called more often than anything else here.
    for step in path:
        if isinstance(value, dict):
            if not isinstance(step, str):
                return MISSING
            value = value.get(step, MISSING)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def items(value: Json | Missing, *path: str | int) -> list[Json]:
    """The elements of the array at the end of a path; none when it is not an array."""
    found = get(value, *path)
    return found if isinstance(found, list) else []


def members(value: Json | Missing, *path: str | int) -> dict[str, Json]:
    """The members of the object at the end of a path; none when it is not an object."""
    found = get(value, *path)
    return found if isinstance(found, dict) else {}


def is_integer(value: Json | Missing) -> bool:
    """Whether a value is an integer in the sense of JSON Schema 2020-12: 1.0 is one, true is not."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def show(value: Json | Missing, limit: int = 160) -> str:
    """A value for people: compact JSON, cut at `limit` characters; `(absent)` for a member that is not there."""
    if isinstance(value, Missing):
        return "(absent)"
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"

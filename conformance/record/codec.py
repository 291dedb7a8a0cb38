"""Frozen dataclasses of the model, to JSON and back without loss. Pure.

The form follows the types: a member per field, left out where it has its default; a tuple or a set as an array (sets sorted); an
enumeration as its value. Bytes are text where they are valid UTF-8; otherwise they go in base64 into a member called
`<field>_base64`. Unknown members are ignored, so that a record may be read by an older suite of the same format version. To change
a default in the model is to change the format.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from conformance.model import Json

T = TypeVar("T")
_BASE64 = "_base64"
_PLAIN: Final[frozenset[object]] = frozenset({bool, int, str})
"""Types whose form is the value itself."""


class FormError(ValueError):
    """A JSON value that is not the form of the type asked for."""


def encode(value: object) -> dict[str, Json]:
    """Return the form of an instance of a dataclass."""
    members: dict[str, Json] = {}
    for write in _codec(type(value)).writers:
        write(value, members)
    return members


def decode(kind: type[T], form: Json) -> T:
    """Build an instance of a dataclass from its form. Raises `FormError`."""
    result = _codec(kind).read(form)
    assert isinstance(result, kind)
    return result


class _Codec:
    """What to do with one dataclass; worked out once, because a record has very many lines of few types."""

    def __init__(self, kind: type) -> None:
        assert is_dataclass(kind)
        hints = get_type_hints(kind)
        self._kind: Callable[..., object] = kind
        self._name = kind.__name__
        self._readers = {field.name: (field.name, _reader(hints[field.name])) for field in fields(kind)}
        self._readers |= {field.name + _BASE64: (field.name, _from_base64) for field in fields(kind) if hints[field.name] is bytes}
        self._required = frozenset(field.name for field in fields(kind) if _is_required(field))
        self.writers = tuple(_writer(field, bytes_=hints[field.name] is bytes) for field in fields(kind))

    def read(self, form: Json) -> object:
        if not isinstance(form, dict):
            raise FormError(f"{self._name} is not an object")
        values: dict[str, object] = {}
        for member, entry in form.items():
            if (known := self._readers.get(member)) is not None:
                name, read = known
                try:
                    values[name] = read(entry)
                except FormError as error:
                    raise FormError(f"{name}: {error}") from None
        if missing := self._required - values.keys():
            raise FormError(f"{self._name} has no `{min(missing)}`")
        return self._kind(**values)


_CODECS: Final[dict[type, _Codec]] = {}


def _codec(kind: type) -> _Codec:
    if kind not in _CODECS:
        _CODECS[kind] = _Codec(kind)
    return _CODECS[kind]


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _writer(field: Field[Any], *, bytes_: bool) -> Callable[[object, dict[str, Json]], None]:
    name, default = field.name, field.default

    def write(owner: object, members: dict[str, Json]) -> None:
        value = getattr(owner, name)
        if default is not MISSING and value == default:
            return
        if bytes_:
            member, form = _bytes_member(name, value)
            members[member] = form
        else:
            members[name] = _form(value)

    return write


def _bytes_member(name: str, value: bytes) -> tuple[str, Json]:
    try:
        return name, value.decode()
    except UnicodeDecodeError:
        return name + _BASE64, base64.b64encode(value).decode()


def _form(value: object) -> Json:
    if type(value) is str or type(value) is float:  # as most are
        return value
    match value:
        case Enum():
            return _form(value.value)
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [_form(item) for item in value]
        case frozenset():
            return sorted((_form(item) for item in value), key=repr)
        case _:
            return encode(value)


def _reader(hint: object) -> Callable[[Json], object]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is UnionType:
        readers = [_reader(arg) for arg in args if arg is not NoneType]
        assert len(readers) == 1, hint
        return lambda form: None if form is None else readers[0](form)
    if origin is tuple and args[-1] is Ellipsis:
        item = _reader(args[0])
        return lambda form: tuple([item(entry) for entry in _array(form)])
    if origin is tuple:
        return _fixed(args)
    if origin is frozenset:
        item = _reader(args[0])
        return lambda form: frozenset([item(entry) for entry in _array(form)])
    assert isinstance(hint, type), hint
    return _plain_reader(hint)


def _plain_reader(kind: type) -> Callable[[Json], object]:
    if is_dataclass(kind):
        # Looked up when needed: a type may refer to itself.
        return lambda form: _codec(kind).read(form)
    if issubclass(kind, Enum):
        return lambda form: _member(kind, form)
    if kind is bytes:
        return lambda form: _expect(str, form).encode()
    if kind is float:
        return _number
    assert kind in _PLAIN, kind
    return lambda form: form if type(form) is kind else _expect(kind, form)


def _fixed(kinds: tuple[object, ...]) -> Callable[[Json], object]:
    readers = tuple(_reader(kind) for kind in kinds)
    plain = list(kinds) if set(kinds) <= _PLAIN else None

    def read(form: Json) -> object:
        entries = _array(form)
        if list(map(type, entries)) == plain:
            # A record holds dozens of these for each exchange, the names and values of headers, and not one is looked into.
            return tuple(entries)
        if len(entries) != len(readers):
            raise FormError(f"there are {len(entries)} items instead of {len(readers)}")
        return tuple(each(entry) for each, entry in zip(readers, entries, strict=True))

    return read


def _expect(kind: type[T], form: Json) -> T:
    if type(form) is not kind:
        raise FormError(f"this should be {kind.__name__}, not {type(form).__name__}")
    return form


def _number(form: Json) -> float:
    value = float(form) if type(form) is int else _expect(float, form)
    if not isfinite(value):
        raise FormError(f"{value} is no number that JSON knows")
    return value


def _array(form: Json) -> list[Json]:
    return _expect(list, form)


def _member(kind: type[Enum], form: Json) -> Enum:
    try:
        return kind(form)
    except ValueError:
        raise FormError(f"{form!r} is none of the known values") from None


def _from_base64(form: Json) -> bytes:
    try:
        return base64.b64decode(_expect(str, form), validate=True)
    except binascii.Error:
        raise FormError("this is not base64") from None

"""Holds values against the schemas of the contract: a fast verdict by jsonschema-rs, words for people by jsonschema.

A union that fits in none of its arms says little ("not valid under any of …"). So its fault is told as that of the one arm that was
meant: the arm of the right type and, among objects, of the right tag (`role`, `type`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, cast

import jsonschema_rs

from conformance import json_pointer
from conformance.errors import ContractError
from conformance.model import Json, Level
from conformance.strictjson import get, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import jsonschema.protocols
    from jsonschema.exceptions import ValidationError

_VALUE_LIMIT: Final = 120
_UNIONS: Final = ("oneOf", "anyOf")


class Schema(StrEnum):
    """The components that whole messages are held against."""

    REQUEST = "CreateChatCompletionRequest"
    RESPONSE = "CreateChatCompletionResponse"
    CHUNK = "CreateChatCompletionStreamResponse"
    USAGE = "CompletionUsage"
    ERROR = "ErrorResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """One thing about a value that breaks the contract."""

    pointer: str
    """JSON Pointer into the value."""
    keyword: str
    """Keyword of JSON Schema that is broken; `dependency` or `order` for rules beyond a schema."""
    message: str
    """What would be right, as half a sentence: `must be at most 2`."""
    clause: str
    """JSON Pointer into the contract to the keyword."""
    value: str
    """What is there instead, shortened."""
    level: Level = Level.MUST
    """How binding the clause is; a schema binds strictly unless its `x-level` says otherwise."""


def resolve(document: Json, target: str) -> Json:
    """Follow a JSON Pointer. Raises `LookupError` when it leads nowhere."""
    if target and not target.startswith("/"):
        raise LookupError(target)
    value = document
    for step in json_pointer.steps(target):
        match value:
            case dict():
                value = value[step]
            case list() if step.isdecimal():
                value = value[int(step)]
            case _:
                raise LookupError(target)
    return value


class Validator:
    """One schema of a document, as both engines know it."""

    def __init__(self, document: dict[str, Json], at: str) -> None:
        """Compile the schema at the pointer `at`. Raises `ContractError` when it is none."""
        self._document = document
        self._at = at
        # References are pointers into the whole document, so its components stand beside the schema.
        self._root: dict[str, Json] = {"$ref": f"#{at}", **document}
        try:
            self._fast = jsonschema_rs.Draft202012Validator(self._root)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise ContractError(f"The schema at {at} cannot be used: {str(error).partition(chr(10))[0]}") from error

    def is_valid(self, value: Json) -> bool:
        """Whether the value fits."""
        try:
            return self._fast.is_valid(value)
        except ValueError:  # nested too deep, half a surrogate pair: the slow engine minds neither
            return not self._errors(value)

    def faults(self, value: Json) -> tuple[SchemaFault, ...]:
        """Name everything about the value that does not fit, in the order of the value; none exactly when `is_valid`."""
        if self.is_valid(value):
            return ()
        told = dict.fromkeys(fault for error in self._errors(value) for fault in self._told(error))
        # What has the wrong type breaks an enum as well; that says nothing new.
        mistyped = {fault.pointer for fault in told if fault.keyword == "type"}
        found = [fault for fault in told if fault.keyword == "type" or fault.pointer not in mistyped]
        if found:
            return tuple(sorted(found, key=lambda fault: (fault.pointer, fault.clause)))
        fault = SchemaFault(pointer="", keyword="schema", message="must fit the schema", clause=self._at, value=show(value, _VALUE_LIMIT))
        return (fault,)

    def _errors(self, value: Json) -> list[ValidationError]:
        return list(_slow_engine()(self._root).iter_errors(value))

    def _told(self, error: ValidationError) -> Iterator[SchemaFault]:
        if error.validator not in _UNIONS or not error.context:
            yield self._fault(error, error, str(error.validator), _words(error))
            return
        kind = get(cast("Json", error.schema), "discriminator", "propertyName")
        if isinstance(kind, str) and isinstance(error.instance, dict) and kind not in error.instance:
            yield self._fault(error, error, "required", f"must have the member {kind!r}")
            return
        arms = _arms(error)
        closest = min(arms, key=_distance)
        if all(_is_of_wrong_type(arm) for arm in arms):
            allowed = [str(name) for arm in arms for each in arm if each.validator == "type" for name in _list(_bound(each))]
            yield self._fault(error, error, "type", f"must be {' or '.join(dict.fromkeys(allowed))}")
        elif (tag := _foreign_tag(closest)) is not None:
            known = [show(_bound(each)) for arm in arms if (each := _foreign_tag(arm)) and each.path == tag.path]
            yield self._fault(error, tag, "enum", f"must be one of {', '.join(dict.fromkeys(known))}")
        else:
            for each in closest:
                yield from self._told(each)

    def _fault(self, broken: ValidationError, offender: ValidationError, keyword: str, message: str) -> SchemaFault:
        clause = self._clause(broken.absolute_schema_path)
        return SchemaFault(
            pointer=json_pointer.write(offender.absolute_path),
            keyword=keyword,
            message=message,
            clause=clause,
            value=show(cast("Json", offender.instance), _VALUE_LIMIT),
            level=self._level(clause),
        )

    def _clause(self, path: Iterable[str | int]) -> str:
        """Turn the engine's way to a keyword, which does not mention references, into a pointer to where it stands."""
        here, node = "", cast("Json", self._root)
        for step in path:
            while isinstance(node, dict) and step not in node and isinstance(reference := node.get("$ref"), str):
                here = reference.removeprefix("#")
                node = resolve(self._document, here)
            here += json_pointer.write([step])
            node = resolve(node, json_pointer.write([step]))
        return here

    def _level(self, clause: str) -> Level:
        """Level that the nearest `x-level` above gives to the keyword, or to the step that leads to it."""
        owner, _, keyword = clause.rpartition("/")
        while owner:
            node = resolve(self._document, owner)
            levels = node.get("x-level") if isinstance(node, dict) else None
            if isinstance(levels, dict) and keyword in levels:
                return Level(str(levels[keyword]))
            owner, _, keyword = owner.rpartition("/")
        return Level.MUST


def _arms(error: ValidationError) -> list[list[ValidationError]]:
    arms: dict[str | int, list[ValidationError]] = {}
    for each in error.context or ():
        arms.setdefault(each.schema_path[0], []).append(each)
    return list(arms.values())


def _distance(arm: list[ValidationError]) -> tuple[bool, bool, int]:
    return (_is_of_wrong_type(arm), _foreign_tag(arm) is not None, len(arm))


def _is_of_wrong_type(arm: list[ValidationError]) -> bool:
    return any(error.validator == "type" and not error.path for error in arm)


def _foreign_tag(arm: list[ValidationError]) -> ValidationError | None:
    """The error about the member that says which kind of object this is, when it says another kind."""
    return next((error for error in arm if error.validator == "const" and len(error.path) == 1), None)


def _bound(error: ValidationError) -> Json:
    return cast("Json", error.validator_value)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


_PHRASES: Final = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must not be shorter than {}",
    "maxLength": "must not be longer than {}",
    "minItems": "must not have fewer entries than {}",
    "maxItems": "must not have more entries than {}",
    "minProperties": "must not have fewer members than {}",
    "maxProperties": "must not have more members than {}",
    "const": "must be {}",
    "pattern": "must match {}",
}


def _words(error: ValidationError) -> str:
    bound = _bound(error)
    match error.validator:
        case "type":
            return f"must be {' or '.join(str(name) for name in _list(bound))}"
        case "required":
            # The engine reports each missing member on its own, and names it first.
            missing = next(str(name) for name in _list(bound) if error.message.startswith(repr(name)))
            return f"must have the member {missing!r}"
        case "enum":
            return f"must be one of {', '.join(show(value) for value in _list(bound))}"
        case "additionalProperties":
            return "must not have members beyond those of the contract"
        case other:
            return _PHRASES.get(str(other), f"must keep to {other} {{}}").format(show(bound, _VALUE_LIMIT))


@cache
def _slow_engine() -> type[jsonschema.protocols.Validator]:
    """The engine that explains. Its `$` would match before a final newline, where the ECMA expressions of JSON Schema do not."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(_: object, bound: str, value: object, __: object) -> Iterator[ValidationError]:
        if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", bound), value):
            yield ValidationError(f"{value!r} does not match {bound!r}")

    return cast("type[jsonschema.protocols.Validator]", extend(Draft202012Validator, {"pattern": pattern}))  # type: ignore[no-untyped-call]

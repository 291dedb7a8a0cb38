"""A broken clause in words: `temperature ≤ 2`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.model import Json
from conformance.strictjson import items, show

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Violation

_SHOWN: Final = 160
_BOUNDS: Final = {
    "minimum": "{place} ≥ {value}",
    "maximum": "{place} ≤ {value}",
    "pattern": "{place} matches {value}",
    "minItems": "{place} has {value} or more items",
    "maxItems": "{place} has at most {value} items",
    "minLength": "{place} has {value} or more characters",
    "maxLength": "{place} has at most {value} characters",
    "maxProperties": "{place} has at most {value} members",
    "required": "{place} is required",
    "additionalProperties": "{place} has no members but the documented ones",
    "null": "{place} is not null",
}
"""Sentences by constraint; `value` is what the contract has at the clause."""


def rule(violation: Violation, contract: Contract) -> str:
    """The rule that a request breaks, for people. Clauses in prose are quoted."""
    place = _place(violation.pointer)
    value = contract.at(violation.clause)
    if isinstance(value, dict) and isinstance(text := value.get("text"), str):
        return f"the contract says: {text}"
    if "/propertyNames/" in violation.clause:
        place = f"each name in {place}"
    if (template := _BOUNDS.get(violation.constraint)) is not None:
        return template.format(place=place, value=show(value, _SHOWN))
    if violation.clause.endswith("/const"):
        return f"{place} is {show(value)}"
    return f"{place} is {_wanted(value)}"


def _place(pointer: str) -> str:
    """`messages[0].role` for `/messages/0/role`."""
    path = ""
    for step in pointer.split("/")[1:]:
        path += f"[{step}]" if step.isdigit() else f".{step}" if path else step
    return path or "the body"


def _wanted(value: Json) -> str:
    """What a keyword about types or values admits."""
    match value:
        case str():
            return f"of type {value}"
        case list() if value and all(isinstance(each, str) for each in value):
            return f"one of {', '.join(str(each) for each in value)}"
        case {"enum": list()}:
            return f"one of {', '.join(show(each) for each in items(value, 'enum'))}"
        case _:
            return "what the contract knows"

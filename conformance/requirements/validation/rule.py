"""A broken clause in words: `temperature ≤ 2`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from conformance.model import Json
from conformance.strictjson import get, items, show

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Violation

_SHOWN: Final = 160
_UNIONS: Final = ("oneOf", "anyOf")
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
    place = spot(violation.pointer)
    value = contract.at(violation.clause)
    if isinstance(value, dict) and isinstance(text := value.get("text"), str):
        return f"the contract says: {text}"
    if "/propertyNames/" in violation.clause:
        place = f"each name in {place}"
    if (template := _BOUNDS.get(violation.constraint)) is not None:
        return template.format(place=place, value=show(value, _SHOWN))
    if violation.clause.endswith("/const"):
        return f"{place} is {show(value)}"
    unconverted = ", and nothing is converted to it" if violation.constraint == "coercion" else ""
    return f"{place} is {_wanted(violation, contract)}{unconverted}"


def spot(pointer: str) -> str:
    """`messages[0].role` for `/messages/0/role`, as a server may write it in `error.param`."""
    path = ""
    for step in pointer.split("/")[1:]:
        path += f"[{step}]" if step.isdigit() else f".{step}" if path else step
    return path or "the body"


def _wanted(violation: Violation, contract: Contract) -> str:
    """What a keyword about types or values admits, in words: `one of auto, none`, `of type array or null`."""
    value, keyword = contract.at(violation.clause), violation.clause.rpartition("/")[2]
    match value:
        case str():
            return f"of type {value}"
        case list() if keyword in _UNIONS:
            return _union(list(_members(value, contract)), violation.pointer.rpartition("/")[2])
        case list() if keyword == "type":
            return f"of type {' or '.join(map(_word, value))}"
        case list():
            return _one_of(value)
        case {"enum": list()}:
            return _one_of(items(value, "enum"))
        case _:
            return "what the contract knows"


def _members(value: Json, contract: Contract) -> Iterator[Json]:
    """The schemas of a union, references followed, unions among them taken apart."""
    for each in items(value):
        reference = get(each, "$ref")
        schema = contract.at(reference.removeprefix("#")) if isinstance(reference, str) else each
        inner = [part for keyword in _UNIONS for part in items(schema, keyword)]
        yield from _members(inner, contract) if inner else (schema,)


def _union(schemas: list[Json], name: str) -> str:
    """What a union admits: the words for the member that tells its schemas apart, where that is what is wrong, else their types."""
    told = [get(schema, "properties", name) for schema in schemas]
    words = [word for one in told for word in (get(one, "const"), *items(one, "enum")) if isinstance(word, str)]
    if words:
        return _one_of(words)
    types = [kind for schema in schemas for kind in (get(schema, "type"), *items(schema, "type")) if isinstance(kind, str)]
    return f"of type {' or '.join(dict.fromkeys(types))}" if types else "what the contract knows"


def _one_of(values: Sequence[Json]) -> str:
    distinct = list(dict.fromkeys(map(_word, values)))
    return f"one of {', '.join(distinct)}" if len(distinct) > 1 else distinct[0]


def _word(value: Json) -> str:
    return value if isinstance(value, str) else show(value)

"""Every constraint that a contract puts on requests, one by one, and the contract without it.

A schema is taken apart keyword by keyword, `required` member by member. That null is not admitted is a constraint of its own: servers
that check a type often let null pass. Rules between members and the order of messages count as they are, each as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from conformance import json_pointer
from conformance.contract.conversation_order import CALL_HAS_RESULT, RESULT_HAS_CALL
from conformance.contract.schemas import Schema, SchemaFault
from conformance.generate.request_part import request_schemas
from conformance.model import Json
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.contract import Contract

_KEYWORDS: Final = frozenset(
    {"type", "enum", "const", "pattern", "additionalProperties", "propertyNames", "uniqueItems", "not", "anyOf", "oneOf", "allOf"}
    | {f"{side}{what}" for side in ("min", "max") for what in ("imum", "Length", "Items", "Properties")}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "dependentRequired", "if", "contains"}
)
_VALUES: Final = frozenset({"type", "enum", "const"})
"""Keywords that null breaks, unless they mention it."""
_UNIONS: Final = frozenset({"anyOf", "oneOf"})
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_LITERAL: Final = frozenset({"const", "enum", "required", "dependentRequired", "discriminator", "x-level"})
_SCHEMAS: Final = ("components", "schemas")
_RULES: Final = "x-dependencies"
_ORDER: Final = "x-request"

_Path = tuple[str | int, ...]


class Way(StrEnum):
    """How a server fails to hold to a constraint."""

    DROPS = "drops"
    """It does not know the keyword, the member of `required` or the rule."""
    ADMITS_NULL = "admits-null"
    """It takes null where the schema has another type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One thing that the contract asks of a request, as a server might fail to ask it."""

    way: Way
    path: _Path
    """Steps into the contract: to the keyword or rule, or to the schema that does not admit null."""

    @property
    def clause(self) -> str:
        """The path as a JSON Pointer."""
        return json_pointer.write(self.path)

    @property
    def name(self) -> str:
        """`drops:/components/schemas/Metadata/maxProperties`; unique within a contract."""
        return f"{self.way}:{self.clause}"

    def value(self, contract: Contract) -> Json:
        """What the contract has there: the bound, the list of words, the schema. Raises `ClauseNotFoundError`."""
        return contract.at(self.clause)


def constraints(contract: Contract) -> tuple[Constraint, ...]:
    """All of them, in the order of the document. A rule that another one repeats (a type beside an enum) is not listed."""
    schemas = request_schemas(contract.document)
    bare = {name for schema in schemas.values() for name in _referenced(schema)}
    listed = [each for name, schema in schemas.items() for each in _within(schema, (*_SCHEMAS, name), nullable=name not in bare)]
    rules = contract.document.get(_RULES)
    # A reading that lifts a rule leaves it an empty schema, which nothing breaks.
    names = [name for name, rule in rules.items() if get(rule, "schema") != {}] if isinstance(rules, dict) else []
    listed += [Constraint(way=Way.DROPS, path=(_RULES, name)) for name in names]
    listed += [Constraint(way=Way.DROPS, path=(_ORDER, name)) for name in (RESULT_HAS_CALL, CALL_HAS_RESULT)]
    return tuple(listed)


class Loosened:
    """A contract without one of its constraints, as a server reads it that does not know it.

    What is valid under the contract stays valid. Where a union asks for exactly one of its schemas, this takes one or more for right: a
    schema that has lost its constraint fits what is meant for its neighbours.
    """

    def __init__(self, contract: Contract, lost: Constraint) -> None:
        self._lost = lost
        within = lost.path[: len(_SCHEMAS)] == _SCHEMAS
        self._contract = type(contract)(_loosened(contract.document, lost), contract.chain) if within else contract

    def admits(self, body: Json, faults: Iterable[SchemaFault]) -> bool:
        """Whether such a server finds nothing wrong with a body; `faults` is what the whole contract says of it."""
        return not self._rules(faults) and self._contract.is_valid(Schema.REQUEST, body)

    def remaining(self, body: Json, faults: Iterable[SchemaFault]) -> tuple[SchemaFault, ...]:
        """What such a server still finds wrong with a body; `faults` is what the whole contract says of it."""
        return (*self._contract.faults(Schema.REQUEST, body), *self._rules(faults))

    def _rules(self, faults: Iterable[SchemaFault]) -> tuple[SchemaFault, ...]:
        """The broken rules beside the schema, which no schema excuses."""
        schemas = json_pointer.write(_SCHEMAS)
        return tuple(each for each in faults if not each.clause.startswith(schemas) and each.clause != self._lost.clause)


def _loosened(document: dict[str, Json], lost: Constraint) -> dict[str, Json]:
    """The document without the constraint, and with every `oneOf` of the request read as `anyOf`."""
    changed = _changed(document, lost.path, lost.way)
    assert isinstance(changed, dict)
    components = changed["components"]
    assert isinstance(components, dict)
    schemas = components["schemas"]
    assert isinstance(schemas, dict)
    request = {name: _relaxed(schema) for name, schema in request_schemas(changed).items()}
    return {**changed, "components": {**components, "schemas": {**schemas, **request}}}


def _changed(node: Json, path: _Path, way: Way) -> Json:
    """A copy of the node with what the path leads to taken away, or made to admit null; all else is shared."""
    if not path:
        return {"anyOf": [node, {"type": "null"}]}
    step, rest = path[0], path[1:]
    gone = way is Way.DROPS and not rest
    if isinstance(node, dict):
        return {name: value if name != step else _changed(value, rest, way) for name, value in node.items() if not (gone and name == step)}
    assert isinstance(node, list)
    return [value if index != step else _changed(value, rest, way) for index, value in enumerate(node) if not (gone and index == step)]


def _relaxed(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_relaxed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    relaxed: dict[str, Json] = {}
    for keyword, value in schema.items():
        if keyword in _LITERAL:
            relaxed[keyword] = value
        elif keyword in _NAMED and isinstance(value, dict):
            relaxed[keyword] = {name: _relaxed(each) for name, each in value.items()}
        else:
            relaxed["anyOf" if keyword == "oneOf" else keyword] = _relaxed(value)
    return relaxed


def _within(schema: Json, path: _Path, *, nullable: bool = False) -> Iterator[Constraint]:
    """The constraints of a schema and all below it; `nullable` when null is right there whatever this schema says of it."""
    if not isinstance(schema, dict):
        return
    if not nullable and not _admits_null(schema):
        yield Constraint(way=Way.ADMITS_NULL, path=path)
    for keyword, value in schema.items():
        here = (*path, keyword)
        yield from _of_keyword(schema, keyword, here)
        if keyword in _NAMED and isinstance(value, dict):
            for name, each in value.items():
                yield from _within(each, (*here, name))
        elif keyword not in _LITERAL and isinstance(value, list):
            for index, each in enumerate(value):
                yield from _within(each, (*here, index), nullable=_has_null(keyword, value))
        elif keyword not in _LITERAL:
            yield from _within(value, here)


def _of_keyword(schema: dict[str, Json], keyword: str, here: _Path) -> Iterator[Constraint]:
    value = schema[keyword]
    if keyword == "required" and isinstance(value, list):
        yield from (Constraint(way=Way.DROPS, path=(*here, index)) for index in range(len(value)))
    elif keyword in _KEYWORDS and not _implied(keyword, schema):
        yield Constraint(way=Way.DROPS, path=here)


def _referenced(schema: Json, *, nullable: bool = False) -> Iterator[str]:
    """Names of the components that are referred to where nothing else admits null."""
    match schema:
        case list():
            for each in schema:
                yield from _referenced(each)
        case {"$ref": str(target)} if not nullable:
            yield target.rpartition("/")[2]
        case dict():
            for keyword, value in schema.items():
                arms = value if keyword in _UNIONS and isinstance(value, list) else [value]
                for each in arms:
                    yield from _referenced(each, nullable=_has_null(keyword, arms))
        case _:
            return


def _has_null(keyword: str, arms: list[Json]) -> bool:
    """Whether the arms are those of a union, one of which says that null is right."""
    return keyword in _UNIONS and any(isinstance(each, dict) and _VALUES & each.keys() and _admits_null(each) for each in arms)


def _admits_null(schema: dict[str, Json]) -> bool:
    """Whether no keyword of the schema itself is broken by null."""
    kind, words = schema.get("type", "null"), schema.get("enum", [None])
    return (
        (kind == "null" or (isinstance(kind, list) and "null" in kind))
        and isinstance(words, list)
        and None in words
        and schema.get("const") is None
    )


def _implied(keyword: str, schema: dict[str, Json]) -> bool:
    """Whether taking the keyword away changes nothing: a fixed set of values implies its type, and an empty schema allows all."""
    return (keyword == "type" and ("enum" in schema or "const" in schema)) or schema[keyword] is True or schema[keyword] == {}

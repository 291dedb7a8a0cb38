"""How sharp a corpus is: loosen the request schema at one place, and some mutant should become valid.

A constraint whose loosening no mutant notices is one that a server may ignore without being caught. It is a stricter measure than
"was this keyword reached", which any wrong value satisfies.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import jsonschema_rs

from conformance.generate.mutants import MINIMAL, Mutant
from conformance.generate.request_part import request_schemas
from conformance.model import Json
from conformance.schemas import Schema

if TYPE_CHECKING:
    from conformance.contract import Contract

_CONSTRAINTS: Final = frozenset(
    {"type", "enum", "const", "pattern", "additionalProperties", "propertyNames", "uniqueItems", "not", "anyOf", "oneOf", "allOf"}
    | {f"{side}{what}" for side in ("min", "max") for what in ("imum", "Length", "Items", "Properties")}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "dependentRequired", "if", "contains"}
)
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_LITERAL: Final = frozenset({"const", "enum", "required", "dependentRequired", "discriminator", "x-level"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of loosening every constraint once."""

    killed: int
    survivors: tuple[str, ...]
    """JSON Pointers into the contract to the constraints that no mutant notices."""

    @property
    def total(self) -> int:
        """How many constraints there are."""
        return self.killed + len(self.survivors)

    @property
    def share(self) -> float:
        """Noticed ones, from 0 to 1."""
        return self.killed / self.total


def score(contract: Contract, mutants: Iterable[Mutant]) -> Score:
    """Loosen each constraint of the request schema in turn. Mutants that break only a rule beside the schema take no part."""
    schemas = request_schemas(contract.document)
    strict = _validator(schemas)
    bodies: list[Json] = [[]]  # a mutant is always an object; the malformed bodies that are not go beside it
    bodies += [body for mutant in mutants if not strict.is_valid(body := mutant.apply(MINIMAL))]
    survivors = []
    killed = 0
    for pointer, loosened in _loosened(schemas):
        validator = _validator(loosened)
        if any(validator.is_valid(body) for body in bodies):
            killed += 1
        else:
            survivors.append(f"/components/schemas{pointer}")
    return Score(killed=killed, survivors=tuple(survivors))


def _validator(schemas: dict[str, Json]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{Schema.REQUEST}", "components": {"schemas": schemas}})


def _loosened(schemas: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Every way to take away one constraint, with the pointer to it."""
    for path in _constraints(schemas):
        changed = copy.deepcopy(schemas)
        parent: Json = changed
        for step in path[:-1]:
            parent = _child(parent, step)
        if isinstance(parent, dict):
            del parent[str(path[-1])]
        elif isinstance(parent, list):
            del parent[int(path[-1])]
        yield "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path), changed


def _constraints(schemas: dict[str, Json]) -> Iterator[tuple[str | int, ...]]:
    for name, schema in schemas.items():
        yield from _within(schema, (name,))


def _within(schema: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(schema, list):
        for index, each in enumerate(schema):
            yield from _within(each, (*path, index))
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        here = (*path, keyword)
        if keyword == "required" and isinstance(value, list):
            yield from ((*here, index) for index in range(len(value)))
        elif keyword in _CONSTRAINTS and not _implied(keyword, schema):
            yield here
        if keyword in _NAMED and isinstance(value, dict):
            for name, each in value.items():
                yield from _within(each, (*here, name))
        elif keyword not in _LITERAL:
            yield from _within(value, here)


def _implied(keyword: str, schema: dict[str, Json]) -> bool:
    """Whether taking the keyword away changes nothing: a fixed set of values implies its type, and an empty schema allows all."""
    return (keyword == "type" and ("enum" in schema or "const" in schema)) or schema[keyword] in (True, {})


def _child(parent: Json, step: str | int) -> Json:
    if isinstance(parent, dict):
        return parent[str(step)]
    assert isinstance(parent, list)
    return parent[int(step)]

"""What a schema of the contract says about one place of a message, told the same way however the schema is written.

References are followed, and unions are laid side by side as alternatives, so that `anyOf: [{$ref: …}, {type: 'null'}]` and a type with
null in it read alike. Alternatives that are objects are told apart by their tag, the member whose value is fixed (`role`, `type`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from conformance.contract.schemas import resolve
from conformance.model import Json, Missing
from conformance.strictjson import get, items

ANNOTATIONS: Final = frozenset({"description", "examples", "example", "discriminator", "title"})
"""Keywords that explain and do not rule."""
_JOINING: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_SAYS_WHAT: Final = _JOINING | {"type", "enum", "const"}
TYPES: Final = ("string", "boolean", "integer", "number", "array", "object", "null")
_NAMES: Final = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One way to be right at a place: a schema without references, and the components that led to it."""

    schema: dict[str, Json]
    via: frozenset[str] = frozenset()

    @property
    def types(self) -> tuple[str, ...]:
        """Types that the alternative allows; none means any."""
        return declared_types(self.schema)

    @property
    def tag(self) -> str:
        """The fixed values of a member that must be there, which tell an object from its siblings; empty without one."""
        for name in items(self.schema, "required"):
            member = get(self.schema, "properties", str(name))
            if isinstance(member, dict) and ("const" in member or "enum" in member):
                return "|".join(str(value) for value in values(member) or ())
        return ""

    @property
    def is_open(self) -> bool:
        """Whether it is an object of which nothing is described."""
        return "object" in (self.types or ("object",)) and not ({"properties", "additionalProperties"} & self.schema.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A place below a place; `step` is a name, `[]` for any entry or `{}` for any other member."""

    step: str
    schema: Json
    required: bool


def alternatives(document: Json, schema: Json | Missing, via: frozenset[str] = frozenset()) -> tuple[Alternative, ...]:
    """Lay out all ways to fit a schema. A reference that leads back into itself adds none."""
    if not isinstance(schema, dict):
        return () if schema is False else (Alternative(schema={}, via=via),)
    own: dict[str, Json] = {key: value for key, value in schema.items() if key not in _JOINING | ANNOTATIONS}
    groups: list[tuple[Alternative, ...]] = []
    if isinstance(reference := schema.get("$ref"), str):
        target = reference.removeprefix("#")
        groups.append(() if target in via else alternatives(document, resolve(document, target), via | {target}))
    groups += [alternatives(document, each, via) for each in items(schema, "allOf")]
    for keyword in ("anyOf", "oneOf"):
        arms = items(schema, keyword)
        if arms and all(isinstance(arm, dict) and not (arm.keys() & _SAYS_WHAT) for arm in arms):
            own[keyword] = arms  # conditions on the same object, not kinds of value
        elif arms:
            groups.append(tuple(each for arm in arms for each in alternatives(document, arm, via)))
    return tuple(_joined((*chosen, Alternative(schema=own, via=via))) for chosen in product(*groups))


def children(alternative: Alternative) -> Iterator[Child]:
    """Name what an alternative says about the places directly below."""
    required = [str(name) for name in items(alternative.schema, "required")]
    properties = alternative.schema.get("properties")
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        yield Child(step=name, schema=schema, required=name in required)
    if "items" in alternative.schema:
        yield Child(step="[]", schema=alternative.schema["items"], required=False)
    if isinstance(rest := alternative.schema.get("additionalProperties"), dict):
        yield Child(step="{}", schema=rest, required=False)


def declared_types(schema: dict[str, Json]) -> tuple[str, ...]:
    """Name the types that a schema allows by its `type`, or by the values it lists; none means any."""
    match schema.get("type"):
        case str(name):
            return (name,)
        case list(names):
            return tuple(str(name) for name in names)
        case _:
            return tuple(dict.fromkeys(_NAMES[type(value)] for value in values(schema) or ()))


def values(schema: dict[str, Json]) -> list[Json] | None:
    """List the only values that a schema allows by enum or const; None when it lists none."""
    if "const" in schema:
        return [schema["const"]]
    return items(schema, "enum") if "enum" in schema else None


def compact(value: Json) -> str:
    """Write a value on one line, the same way for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _joined(parts: tuple[Alternative, ...]) -> Alternative:
    schema: dict[str, Json] = {}
    for part in parts:
        schema = _both(schema, part.schema)
    return Alternative(schema=schema, via=frozenset().union(*(part.via for part in parts)))


def _both(first: dict[str, Json], second: dict[str, Json]) -> dict[str, Json]:
    """Say what holds when both hold; of two bounds of one kind the second."""
    result = first | second
    for keyword in first.keys() & second.keys():
        old, new = first[keyword], second[keyword]
        match keyword:
            case "required":
                result[keyword] = list(dict.fromkeys([*items(old), *items(new)]))
            case "type":
                result[keyword] = [name for name in declared_types(first) if name in declared_types(second)]
            case "properties" if isinstance(old, dict) and isinstance(new, dict):
                result[keyword] = old | {name: {"allOf": [old[name], each]} if name in old else each for name, each in new.items()}
            case _:
                pass
    return result

"""The smallest value that a JSON Schema allows: what the toy model says when it is asked for JSON.

Covers the subset that structured outputs and tool parameters use: types, enums, constants, bounds, required members, local
references, unions. Where a schema asks for more, the value may fall short of it; it is never an error.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from conformance import json_pointer
from conformance.strictjson import items, members

if TYPE_CHECKING:
    from conformance.model import Json

_DEPTH = 12
"""A recursive schema without an optional way out ends here, in null."""
_MOST_ITEMS = 100
_LONGEST = 10_000
_LARGEST = 1e300
"""Lists, texts and numbers beyond these are not made, whatever a schema asks for."""
_FORMATS = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_PATTERN_TRIES = (
    "text",
    "a",
    "A",
    "Aa",
    "0",
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "a1",
    "A1",
    "AA",
    "AAA",
    "#000000",
    "a_b",
    "a-b",
    "1.0",
    "",
)


def exemplar(schema: Json) -> Json:
    """Build the smallest instance of a schema, the same one every time."""
    return _build(schema, schema, _DEPTH)


def exemplar_object(schema: Json, filling: str = "") -> dict[str, Json]:
    """Build the smallest object of a schema; `filling` replaces its first unconstrained string, if there is one."""
    instance = exemplar(schema)
    if not isinstance(instance, dict):
        return {}
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if filling and isinstance(properties, dict):
        for name, member in properties.items():
            if name in instance and isinstance(member, dict) and _is_free_string(member):
                return instance | {name: filling}
    return instance


def _is_free_string(schema: dict[str, Json]) -> bool:
    return schema.get("type") == "string" and schema.keys() <= {"type", "description", "title"}


def _build(schema: Json, root: Json, depth: int) -> Json:
    if not isinstance(schema, dict) or depth == 0:
        return {} if schema is True else None
    schema = _flat(schema, root)
    options = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    match _kind(schema):
        case "object":
            return _object(schema, root, depth)
        case "array":
            return _array(schema, root, depth)
        case "string":
            return _string(schema)
        case "integer":
            return math.ceil(_number(schema, step=1))
        case "number":
            return _number(schema, step=0.5)
        case "boolean":
            return True
        case _:
            return None


def _kind(schema: dict[str, Json]) -> str:
    """Name the type to build: the one declared, the first but null of several, or else what the other keywords suggest."""
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((name for name in declared if name != "null"), "null")
    if isinstance(declared, str):
        return declared
    if {"properties", "required", "additionalProperties"} & schema.keys():
        return "object"
    return "array" if "items" in schema else "string" if {"pattern", "minLength", "format"} & schema.keys() else "object"


def _flat(schema: dict[str, Json], root: Json) -> dict[str, Json]:
    """Follow a reference, take the first arm of a union and merge conjunctions into one schema."""
    for _ in range(_DEPTH):
        arms: list[Json] = []
        rest = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "anyOf", "oneOf"}}
        if isinstance(reference := schema.get("$ref"), str):
            arms.append(_resolve(reference, root))
        if isinstance(every := schema.get("allOf"), list):
            arms += every
        for union in ("anyOf", "oneOf"):
            if isinstance(one := schema.get(union), list) and one:
                arms.append(next((arm for arm in one if arm != {"type": "null"}), one[0]))
        if not arms:
            return schema
        schema = rest
        for arm in arms:
            if isinstance(arm, dict):
                schema = _merge(schema, arm)
    return schema


def _merge(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    merged = right | left
    properties, more = left.get("properties"), right.get("properties")
    if isinstance(properties, dict) and isinstance(more, dict):
        merged["properties"] = more | properties
    required, also = left.get("required"), right.get("required")
    if isinstance(required, list) and isinstance(also, list):
        merged["required"] = [*required, *also]
    return merged


def _resolve(reference: str, root: Json) -> Json:
    place = root
    for name in json_pointer.steps(reference.lstrip("#").rstrip("/")):
        place = place.get(name) if isinstance(place, dict) else None
    return place


def _object(schema: dict[str, Json], root: Json, depth: int) -> dict[str, Json]:
    properties = members(schema, "properties")
    names = list(dict.fromkeys(name for name in items(schema, "required") if isinstance(name, str)))
    spare = [name for name in properties if name not in names]
    names += spare[: max(_size(schema, "minProperties") - len(names), 0)]
    return {name: _build(properties.get(name, True), root, depth - 1) for name in names}


def _array(schema: dict[str, Json], root: Json, depth: int) -> list[Json]:
    first = schema.get("prefixItems")
    heads = first if isinstance(first, list) else []
    size = min(_size(schema, "minItems"), _MOST_ITEMS)
    return [_build(heads[at] if at < len(heads) else schema.get("items", True), root, depth - 1) for at in range(size)]


def _string(schema: dict[str, Json]) -> str:
    pattern, form = schema.get("pattern"), schema.get("format")
    if isinstance(form, str) and form in _FORMATS:
        return _FORMATS[form]
    low, high = _size(schema, "minLength"), _size(schema, "maxLength", default=_LONGEST)
    text = "text".ljust(min(low, _LONGEST), "x")[:high]
    if isinstance(pattern, str):
        try:
            return next((one for one in _PATTERN_TRIES if low <= len(one) <= high and re.search(pattern, one)), text)
        except re.error:
            return text
    return text


def _number(schema: dict[str, Json], *, step: float) -> float:
    floor, ceiling = _bound(schema, "minimum"), _bound(schema, "maximum")
    if (above := _bound(schema, "exclusiveMinimum")) is not None:
        floor = above + step
    if (below := _bound(schema, "exclusiveMaximum")) is not None:
        ceiling = below - step
    value = 1 if floor is None else floor
    if ceiling is not None and value > ceiling:
        value = ceiling
    multiple = _bound(schema, "multipleOf")
    if multiple and math.isfinite(value / multiple):
        value = math.ceil(value / multiple) * multiple
    return value


def _bound(schema: dict[str, Json], keyword: str) -> float | None:
    value = schema.get(keyword)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < _LARGEST else None


def _size(schema: dict[str, Json], keyword: str, default: int = 0) -> int:
    value = _bound(schema, keyword)
    return default if value is None else max(int(value), 0)

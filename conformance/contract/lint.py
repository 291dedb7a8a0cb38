"""Looks for mistakes in a reading of the contract that would otherwise show as a rule that silently never bites.

JSON Schema ignores what it does not know: a misspelt keyword, or `nullable` of OpenAPI 3.0, is no error and no rule either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conformance import json_pointer
from conformance.contract.schemas import Validator, resolve
from conformance.model import MISSING, Json, Level
from conformance.strictjson import get, items, members

if TYPE_CHECKING:
    from collections.abc import Iterator

CLAUSES: Final = ("x-dependencies", "x-request", "x-answer", "x-stream", "x-usage", "x-errors", "x-http")
"""Top-level members that hold clauses in prose."""

_ONE: Final = frozenset({"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", "contentSchema"})
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf"})
_MAPS: Final = frozenset({"properties", "patternProperties", "$defs"})
_PLAIN: Final = frozenset(
    {
        *("$ref", "type", "enum", "const", "required", "default", "examples", "format", "pattern", "description", "deprecated"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems"),
        *("uniqueItems", "minProperties", "maxProperties", "contentMediaType", "contentEncoding", "discriminator", "x-level"),
    }
)
_THREAD: Final = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def problems(document: dict[str, Json]) -> tuple[str, ...]:
    """Name every mistake, each with the pointer to where it is; none for a sound contract."""
    schemas = dict(_schemas(document))
    found = [problem for at, schema in schemas.items() for problem in _schema_problems(document, at, schema)]
    if found:
        return tuple(found)  # what follows uses the schemas
    return (*_examples(document), *_clauses(document), *_features(document))


def leftovers(document: dict[str, Json]) -> Iterator[str]:
    """Name components that nothing refers to, and levels of keywords that are not there.

    A mistake in the base; in a dialect that removed members, harmless.
    """
    used = {str(value) for key, value in _everything(document) if key == "$ref"}
    for kind in ("schemas", "responses", "headers"):
        for name in members(document, "components", kind):
            if f"#/components/{kind}/{name}" not in used:
                yield f"/components/{kind}/{name} is never used."
    for at, schema in _schemas(document):
        for keyword in members(schema, "x-level"):
            if get(schema, keyword) is MISSING:
                yield f"{at} gives a level to {keyword!r}, which is not there."


def _schemas(document: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, schema in members(document, "components", "schemas").items():
        yield from _below(f"/components/schemas/{name}", schema)
    for name, rule in members(document, "x-dependencies").items():
        if (held := get(rule, "schema")) is not MISSING:
            yield from _below(f"/x-dependencies/{name}/schema", held)


def _below(at: str, schema: Json) -> Iterator[tuple[str, Json]]:
    yield at, schema
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield from _below(f"{at}/{keyword}", value)
        elif keyword in _LISTS:
            for index, each in enumerate(items(value)):
                yield from _below(f"{at}/{keyword}/{index}", each)
        elif keyword in _MAPS:
            for name, each in members(value).items():
                yield from _below(at + json_pointer.write([keyword, name]), each)


def _schema_problems(document: dict[str, Json], at: str, schema: Json) -> Iterator[str]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{at} is no schema."
        return
    for keyword in sorted(schema.keys() - _ONE - _LISTS - _MAPS - _PLAIN):
        yield f"{at} has the unknown keyword {keyword!r}."
    if isinstance(reference := schema.get("$ref"), str) and not _leads_somewhere(document, reference):
        yield f"{at} refers to {reference}, which is not there."
    for keyword, level in members(schema, "x-level").items():
        if level not in list(Level):
            yield f"{at} gives {keyword!r} a level that there is not."
    if isinstance(pattern := schema.get("pattern"), str) and not _compiles(pattern):
        yield f"{at} has a pattern that does not compile."
    yield from _undescribed(at, schema)
    yield from _discriminator(document, at, schema)


def _undescribed(at: str, schema: dict[str, Json]) -> Iterator[str]:
    if at.startswith("/components/") and "properties" in schema:
        for name in items(schema, "required"):
            if get(schema, "properties", str(name)) is MISSING:
                yield f"{at} requires {name!r}, which it does not describe."


def _discriminator(document: dict[str, Json], at: str, schema: dict[str, Json]) -> Iterator[str]:
    if "discriminator" not in schema:
        return
    tag, mapping = get(schema, "discriminator", "propertyName"), members(schema, "discriminator", "mapping")
    if sorted(map(str, mapping.values())) != sorted(str(get(arm, "$ref")) for arm in items(schema, "oneOf")):
        yield f"{at} has a discriminator whose mapping and oneOf differ."
    for value, reference in mapping.items():
        if not _leads_somewhere(document, str(reference)):
            yield f"{at} maps {value!r} to {reference}, which is not there."
        elif get(resolve(document, str(reference)[1:]), "properties", str(tag), "const") != value:
            yield f"{at} maps {value!r} to {reference}, whose {tag} is something else."


def _examples(document: dict[str, Json]) -> Iterator[str]:
    for _, media in _everything(document):
        if isinstance(media, dict) and "example" in media and isinstance(reference := get(media, "schema", "$ref"), str):
            for fault in Validator(document, reference[1:]).faults(media["example"]):
                yield f"The example for {reference} {fault.message} at {fault.pointer!r}."


def _clauses(document: dict[str, Json]) -> Iterator[str]:
    for group in CLAUSES:
        for name, clause in members(document, group).items():
            at = f"/{group}/{name}"
            if not isinstance(text := get(clause, "text"), str) or not text.endswith("."):
                yield f"{at} has no sentence."
            if get(clause, "level") not in list(Level):
                yield f"{at} has no level."
            sources = items(clause, "source")
            if not sources:
                yield f"{at} has no source."
            for source in sources:
                if get(document, "x-sources", str(source)) is MISSING and not _THREAD.fullmatch(str(source)):
                    yield f"{at} cites {source!r}, which is neither in x-sources nor a thread."


def _features(document: dict[str, Json]) -> Iterator[str]:
    known = members(document, "components", "schemas", "CreateChatCompletionRequest", "properties")
    for name, feature in members(document, "x-features").items():
        for field in items(feature, "fields"):
            if field not in known:
                yield f"/x-features/{name} names {field!r}, which is no member of a request."


def _everything(value: Json, key: str = "") -> Iterator[tuple[str, Json]]:
    yield key, value
    match value:
        case dict():
            for name, each in value.items():
                yield from _everything(each, name)
        case list():
            for each in value:
                yield from _everything(each)
        case _:
            pass


def _leads_somewhere(document: dict[str, Json], reference: str) -> bool:
    try:
        resolve(document, reference.removeprefix("#"))
    except LookupError:
        return False
    return reference.startswith("#/")


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True

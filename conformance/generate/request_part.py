"""The part of the contract that says which requests are valid, and nothing of the rest.

A change of wording, or of the response half, must not make yesterday's corpus stale, so corpora are keyed by the digest of this part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.contract.schemas import Schema
from conformance.generate.mutants import canonical
from conformance.model import Json
from conformance.strictjson import get, members

if TYPE_CHECKING:
    from conformance.contract import Contract

PATH: Final = "/chat/completions"

_PREFIX: Final = "#/components/schemas/"
_REMARKS: Final = frozenset({"title", "description", "example", "examples", "default", "deprecated", "externalDocs", "$comment"})
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
"""Keywords whose members are named by the API and not by JSON Schema: a property may well be called `description`."""
_LEVEL: Final = "x-level"
_LITERAL: Final = frozenset({"const", "enum", "required", "dependentRequired", "discriminator", _LEVEL})


def request_schemas(document: dict[str, Json]) -> dict[str, Json]:
    """The request's component and every component that it reaches by reference, without remarks."""
    components = get(document, "components", "schemas")
    assert isinstance(components, dict)
    reached: dict[str, Json] = {}
    waiting = [str(Schema.REQUEST)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = bare(components[name])
            waiting.extend(_references(reached[name]))
    return dict(sorted(reached.items()))


def request_digest(contract: Contract) -> str:
    """SHA-256 of the request part, in hexadecimal: equal when the same requests are valid."""
    part: dict[str, Json] = {
        "schemas": request_schemas(contract.document),
        "dependencies": _rules(contract.document, "x-dependencies"),
        "clauses": _rules(contract.document, "x-request"),
        "core": [*sorted(contract.core)],
    }
    return hashlib.sha256(canonical(part).encode()).hexdigest()


def bare(schema: Json) -> Json:
    """A schema without what has no effect on validity. Examples would also leak into what schemathesis generates."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Json] = {}
    for keyword, value in schema.items():
        if keyword in _REMARKS or (keyword.startswith("x-") and keyword != _LEVEL):
            continue
        if keyword in _LITERAL:
            kept[keyword] = value
        elif keyword in _NAMED and isinstance(value, dict):
            kept[keyword] = {name: bare(each) for name, each in value.items()}
        else:
            kept[keyword] = bare(value)
    return kept


def _rule(rule: Json) -> Json:
    """What a clause beside the schemas does to a mutant: how binding it is, which member it blames and what it asks for."""
    return {each: bare(rule[each]) for each in ("level", "param", "schema") if each in rule} if isinstance(rule, dict) else None


def _rules(document: dict[str, Json], part: str) -> dict[str, Json]:
    return {name: _rule(rule) for name, rule in members(document, part).items()}


def _references(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    elif isinstance(schema, dict):
        target = schema.get("$ref")
        if isinstance(target, str) and target.startswith(_PREFIX):
            yield target.removeprefix(_PREFIX)
        for each in schema.values():
            yield from _references(each)

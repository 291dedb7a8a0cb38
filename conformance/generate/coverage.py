"""Invalid requests that schemathesis derives from the schemas: each constraint broken at its boundary, each type replaced.

Its coverage generator is an internal interface, which a minor release may move; pyproject pins the minor version and a test holds what
is relied on here. Nothing else that generates drives schemathesis, and a run that finds its corpus never gets here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance import json_pointer
from conformance.generate.companions import accompanied
from conformance.generate.mutants import Delta, Labelled, label
from conformance.generate.request_part import PATH, request_schemas
from conformance.model import Json

if TYPE_CHECKING:
    from schemathesis import Case, GenerationMode

    from conformance.contract import Contract

MAX_BYTES: Final = 64 * 1024
"""A larger body tests a server's limit on size before it tests the constraint."""

_MEMBER: Final = re.compile(r"/properties/([^/]+)")

_CONFIG: Final = {
    "seed": 7,
    "generation": {"database": "none", "with-security-parameters": False, "allow-x00": False},
    # Other methods on the path, and everything but coverage, would be generated for nothing.
    "phases": {"coverage": {"unexpected-methods": []}},
}
"""How schemathesis is set up here: from a fixed seed, without a memory, and for bodies alone."""


def from_coverage(contract: Contract) -> tuple[Labelled, ...]:
    """Every mutant worth sending, in an order that depends on nothing but the contract."""
    deltas = {delta.text: delta for delta in _deltas(contract)}
    labelled = (label(contract, delta) for text, delta in deltas.items() if len(text) <= MAX_BYTES)
    # Null for a member that is not used is a habit of many senders; the nulls that matter are written by hand.
    return thinned(each for each in labelled if each is not None)


def thinned(labelled: Iterable[Labelled]) -> tuple[Labelled, ...]:
    """Keep one of each clause and place, and the shortest: further ones cost a request and find nothing new.

    Lenient readers convert `"1"` to a number, and nobody converts an object: the two kinds of wrong type have different constraints
    (`coercion`, `type`), so one of each stays.
    """
    kept: dict[tuple[str, str, str], Labelled] = {}
    for each in sorted(labelled, key=lambda one: (len(one.delta.text), one.delta.text)):
        kept.setdefault(each.broken, each)
    return tuple(kept[broken] for broken in sorted(kept))


def _deltas(contract: Contract) -> Iterator[Delta]:
    """The violated top-level member of each negative case, alone."""
    for location, body in _cases(contract):
        found = _MEMBER.match(location)
        if found is None:
            continue
        [member] = json_pointer.steps(f"/{found[1]}")
        if member in body:
            yield accompanied(member, body[member])


def _cases(contract: Contract) -> Iterator[tuple[str, dict[str, Json]]]:
    """Where each negative case says that it is wrong, and its body. Cases whose body is no object are made by hand elsewhere."""
    from schemathesis import GenerationMode

    for case in covered(contract, GenerationMode.NEGATIVE):
        location = getattr(case.meta.phase.data, "location", None) if case.meta else None
        if isinstance(location, str) and isinstance(case.body, dict):
            yield location, case.body


def covered(contract: Contract, mode: GenerationMode) -> Iterator[Case[Any]]:
    """The cases of schemathesis' coverage phase, valid or invalid ones."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.generation.drivers import CoverageGenerator
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.generation.overrides import Override

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Always a fresh schema: a second pass over the same one leaves cases out.
        schema = schemathesis.openapi.from_dict(_description(contract), config=SchemathesisConfig.from_dict(_CONFIG))
        operation = schema[PATH]["POST"]
        yield from CoverageGenerator(
            operation=operation,
            generation_modes=[mode],
            generation_config=schema.config.generation_for(operation=operation, phase="coverage"),
            auth_storage=None,
            override=Override(),
            feedback=NO_FEEDBACK,
        )


def _description(contract: Contract) -> dict[str, Json]:
    """As little of the contract as says what a valid request is."""
    content: Json = {"application/json": {"schema": {"$ref": "#/components/schemas/CreateChatCompletionRequest"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "requests", "version": "1"},
        "paths": {
            PATH: {"post": {"requestBody": {"required": True, "content": content}, "responses": {"200": {"description": "accepted"}}}}
        },
        "components": {"schemas": request_schemas(contract.document)},
    }

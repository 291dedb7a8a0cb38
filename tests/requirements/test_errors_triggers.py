"""By how many different mistakes errors are provoked, and how many rules they are held to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance import contract, registry
from conformance.model import Area, Purpose, Tier
from conformance.session import Assignment
from conformance.steps import Step
from conformance.target import Target

CATALOGUE = registry.load()


def steps(tier: Tier) -> tuple[Step, ...]:
    assignment = Assignment(
        target=Target(base_url="http://127.0.0.1", model="m"),
        contract=contract.load(contract.DEFAULT),
        catalogue=CATALOGUE,
        requirements=CATALOGUE.requirements,
        tier=tier,
    )
    return assignment.steps().every


PLANNED = steps(Tier.GATE)


def key(name: str) -> Callable[[Purpose], bool]:
    return lambda purpose: purpose.key == name


def kind(scenario: str, *constraints: str) -> Callable[[Purpose], bool]:
    return lambda purpose: purpose.scenario == scenario and purpose.violation is not None and purpose.violation.constraint in constraints


TRIGGERS: dict[str, Callable[[Purpose], bool]] = {
    "no key": key("door/no-key"),
    "wrong key": key("door/wrong-key"),
    "wrong key, streamed": key("door/wrong-key/streamed"),
    "another scheme": key("door/scheme/basic"),
    "no scheme": key("door/scheme/no-scheme"),
    "a scheme without a key": key("door/scheme/empty"),
    "the scheme in lower case": key("door/scheme/lower-case"),
    "unknown model": key("door/unknown-model"),
    "unknown model, streamed": key("door/unknown-model/streamed"),
    "unknown model, with tools": key("door/unknown-model/tools"),
    "empty model": key("door/empty-model"),
    "PUT": key("door/put"),
    "DELETE": key("door/delete"),
    "GET": key("door/get"),
    "HEAD": key("door/head"),
    "OPTIONS": key("door/preflight"),
    "another path": key("door/path"),
    "a slash at the end": key("door/slash"),
    "the same mistake again": key("door/role/again"),
    "no JSON": kind("malformed", "json"),
    "no UTF-8": kind("malformed", "encoding"),
    "no object": kind("malformed", "type"),
    "another media type, or none": kind("malformed", "media-type"),
    "a huge body": kind("oversized", "size"),
    "a wrong type": kind("invalid", "type"),
    "an unknown word": kind("invalid", "enum"),
    "out of range": kind("invalid", "maximum", "minimum"),
    "too many": kind("invalid", "maxItems"),
    "something missing": kind("invalid", "required"),
    "a wrong name": kind("invalid", "pattern"),
    "messages out of order": kind("invalid", "order"),
    "a member without the one it needs": kind("invalid", "dependency"),
    "an unknown member": kind("unknown", "unknown"),
    "a mistake with a stream": lambda purpose: purpose.scenario == "invalid" and purpose.stream,
    "a mistake in tools": lambda purpose: purpose.violation is not None and purpose.violation.pointer.startswith("/tools/"),
    "a feature that may be lacking": lambda purpose: "audio" in purpose.needs,
}


@pytest.mark.parametrize("name", list(TRIGGERS))
def test_a_mistake_is_made_in_a_scored_run(name: str) -> None:
    assert any(TRIGGERS[name](step.purpose) for step in PLANNED)


def test_there_are_as_many_mistakes_and_rules_as_were_wanted() -> None:
    first = {next((step.key for step in PLANNED if chosen(step.purpose)), "") for chosen in TRIGGERS.values()}
    assert len(first) >= 20
    assert len([each for each in CATALOGUE.requirements if each.area is Area.ERRORS]) >= 40


def test_nothing_at_the_door_is_billed() -> None:
    assert not [step.key for step in PLANNED if step.purpose.scenario == "door" and step.billed]

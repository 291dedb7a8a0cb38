"""What is sent as invalid is judged, each fault by one requirement, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from conformance import contract, registry
from conformance.ask import Ask
from conformance.model import Area, Expectation, Purpose, Tier
from conformance.requirements.validation.rule import rule

BESIDE = {"REQUEST-INVALID-NO-5XX", "REQUEST-READ", "REQUEST-SHORTHAND"}
"""These look at invalid requests besides the requirement that owns the fault."""


@cache
def invalid(dialect: str) -> tuple[Purpose, ...]:
    return tuple(_invalid(dialect))


def _invalid(dialect: str) -> Iterator[Purpose]:
    reading = contract.load(dialect)
    for scenario in registry.load().scenarios:
        if scenario.name in {"invalid", "malformed"}:
            ask = Ask(contract=reading, model="m", cap_field="max_completion_tokens", seed=1, tier=Tier.GATE, scenario=scenario.name)
            yield from (step.purpose for step in scenario.build(ask))


@pytest.mark.parametrize("dialect", contract.dialect_names())
def test_every_fault_that_must_be_refused_has_one_requirement_that_says_so(dialect: str) -> None:
    owners = [r for r in registry.load().requirements if r.area is Area.VALIDATION and r.id not in BESIDE]
    caps = {"/max_tokens", "/max_completion_tokens"}
    for purpose in invalid(dialect):
        if purpose.expect is not Expectation.REFUSED or purpose.twin:
            continue
        found = [requirement.id for requirement in owners if requirement.on.covers(purpose)]
        ignored = purpose.violation is not None and purpose.violation.pointer in caps and not found
        assert len(found) == 1 or ignored, f"{purpose.key}: {found}"


@pytest.mark.parametrize("dialect", contract.dialect_names())
def test_every_broken_clause_can_be_said_in_one_short_line(dialect: str) -> None:
    reading = contract.load(dialect)
    for purpose in invalid(dialect):
        assert purpose.violation is not None
        text = rule(purpose.violation, reading)
        assert text
        assert "\n" not in text
        assert len(text) < 400, text


def test_a_bound_is_said_with_its_number() -> None:
    said = {
        purpose.violation.pointer: rule(purpose.violation, contract.load())
        for purpose in invalid("openai-compatible")
        if purpose.violation is not None and purpose.violation.constraint == "maximum"
    }
    assert said["/temperature"] == "temperature ≤ 2"
    assert said["/top_p"] == "top_p ≤ 1"


def test_a_vocabulary_and_a_choice_of_types_are_said_in_full() -> None:
    said = {
        (purpose.violation.constraint, purpose.violation.pointer): rule(purpose.violation, contract.load())
        for purpose in invalid("openai-compatible")
        if purpose.violation is not None
    }
    assert said["enum", "/messages/0/role"] == "messages[0].role is one of system, developer, user, assistant, tool, function"
    assert said["enum", "/reasoning_effort"] == "reasoning_effort is one of none, minimal, low, medium, high, xhigh, max, null"
    assert said["enum", "/tools/0/type"] == "tools[0].type is one of function, custom"
    assert said["type", "/stop"] == "stop is of type string or array or null"
    assert said["type", "/max_completion_tokens"] == "max_completion_tokens is of type integer or null"
    assert not [text for text in said.values() if "what the contract knows" in text]

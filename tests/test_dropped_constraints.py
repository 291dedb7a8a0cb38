"""A server that fails to hold to any one constraint of the contract is caught, constraint by constraint.

Each of these servers is the reference server without one constraint. It is asked what only the lost constraint makes invalid, and nothing
else: everything else it answers as the conforming server does, which the matrix of defects holds to trip nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import pytest

from conformance.contract import DEFAULT, dialect_names
from conformance.errors import UnknownNameError
from conformance.generate import conversations
from conformance.generate.corpus import READY
from conformance.generate.loosening import Loosened, constraints
from conformance.generate.mutants import MINIMAL, slug
from conformance.generate.switches import FEATURES
from conformance.model import Json, Outcome
from conformance.reference import dropping, launch
from tests.dropped import STRONGEST, Fate, Trial
from tests.matrix import run
from tests.sampling import sampled

BODY: Final = "/components/schemas/CreateChatCompletionRequest"

READING: Final = {f"drops:{BODY}/type": "no JSON but an object gets past the reader; the defect list-unwrapped stands for it"}
"""What a server loses before it looks at constraints."""

OPEN: Final = "the reading leaves it open whether this is refused"

NOT_CAUGHT: Final[Mapping[str, Mapping[str, str]]] = {
    "openai": {
        **READING,
        f"drops:{BODY}/properties/seed/minimum": OPEN,
        f"drops:{BODY}/properties/seed/maximum": OPEN,
        "drops:/x-dependencies/tool-choice-needs-tools": OPEN,
        "drops:/x-dependencies/one-token-limit": OPEN,
        "drops:/x-dependencies/functions-or-tools": OPEN,
    },
    "openai-compatible": {
        **READING,
        f"drops:{BODY}/properties/seed/minimum": OPEN,
        f"drops:{BODY}/properties/seed/maximum": OPEN,
        "drops:/x-dependencies/parallel-tool-calls-needs-tools": OPEN,
        "drops:/x-dependencies/tool-choice-needs-tools": OPEN,
        "drops:/x-dependencies/json-object-asks-for-json": OPEN,
        "drops:/x-dependencies/one-token-limit": OPEN,
        "drops:/x-dependencies/functions-or-tools": OPEN,
    },
}
"""Constraints whose servers trip nothing, and why that is right. One that is caught after all must go from here."""


MAPS: Final = f"{BODY}/properties/logit_bias/additionalProperties"
META: Final = "/components/schemas/Metadata"

LOUDER: Final[Mapping[str, set[tuple[str, str]]]] = {
    "openai": {
        (f"{BODY}/properties/model/minLength", "REQUEST-MODEL"),
        (f"{BODY}/properties/tools/maxItems", "REQUEST-LENGTH"),
        (MAPS, "REQUEST-RANGE"),
        (f"{MAPS}/minimum", "REQUEST-RANGE"),
        (f"{MAPS}/maximum", "REQUEST-RANGE"),
        (f"{META}/maxProperties", "REQUEST-LENGTH"),
        (f"{META}/propertyNames", "REQUEST-LENGTH"),
        (f"{META}/propertyNames/maxLength", "REQUEST-LENGTH"),
        (f"{META}/additionalProperties", "REQUEST-LENGTH"),
        (f"{META}/additionalProperties", "REQUEST-TYPE"),
        (f"{META}/additionalProperties/type", "REQUEST-TYPE"),
        (f"{META}/additionalProperties/maxLength", "REQUEST-LENGTH"),
    },
    "openai-compatible": set(),
}
"""Clauses that the reading only recommends, and requirements that bind strictly in it since most of their clauses do."""


@cache
def trial(dialect: str) -> Trial:
    return Trial(dialect)


@cache
def fates(dialect: str) -> tuple[Fate, ...]:
    return tuple(trial(dialect).fates())


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_whoever_drops_a_constraint_is_caught(dialect: str) -> None:
    assert len(fates(dialect)) >= 450
    assert {fate.constraint.name for fate in fates(dialect) if not fate.caught} == NOT_CAUGHT[dialect].keys()


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_what_is_left_open_is_asked_for_all_the_same(dialect: str) -> None:
    """So that a reading that closes it catches it, and a report can list it."""
    open_ = {fate.constraint.name: fate for fate in fates(dialect) if NOT_CAUGHT[dialect].get(fate.constraint.name) is OPEN}
    for name, fate in open_.items():
        assert fate.asked, name
        assert fate.is_open, name


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_the_finding_names_the_place_and_the_constraint(dialect: str) -> None:
    for fate in fates(dialect):
        told = {finding.code for caught in fate.caught for finding in caught.findings}
        assert told <= {f"{slug(purpose.violation.pointer)}/{purpose.violation.constraint}" for purpose in fate.asked if purpose.violation}
        assert bool(told) == bool(fate.caught)


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_nobody_is_accused_more_loudly_than_the_contract_speaks(dialect: str) -> None:
    louder = {
        (fate.constraint.clause, caught.requirement)
        for fate in fates(dialect)
        for caught in fate.caught
        if STRONGEST.index(caught.level) < STRONGEST.index(fate.loudest)
    }
    assert louder == LOUDER[dialect]


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_the_conforming_server_refuses_all_that_is_asked(dialect: str) -> None:
    assert list(trial(dialect).judged(trial(dialect).conforming(), trial(dialect).steps)) == []


@pytest.mark.parametrize("dialect", sampled(sorted(set(dialect_names()) - set(READY)), every=6))
def test_what_a_vendor_asks_beyond_the_default_is_held_as_well(dialect: str) -> None:
    """Of the other readings, the constraints that the default one has not, or has with another value."""
    one, default = trial(dialect), trial(DEFAULT)
    known = {each.name: each.value(default.contract) for each in constraints(default.contract)}
    own = [each for each in constraints(one.contract) if known.get(each.name, dropping) != each.value(one.contract)]
    for fate in one.fates(own):
        assert fate.caught or fate.is_open or fate.constraint.name in READING, fate.constraint.name


def test_a_server_without_a_constraint_can_be_started_and_run_against() -> None:
    name = f"drops:{BODY}/properties/top_logprobs/maximum"
    with launch.Embedded(launch.Options(defect=name)) as server:
        outcomes = run(server.base_url)
    # It has every model and every feature, so that nothing but the contract makes it refuse; two requirements are about that.
    assert outcomes.having(Outcome.FAIL) == {"REQUEST-RANGE", "ERROR-MODEL-REFUSED", "REQUEST-AUDIO-HONOURED"}


def test_a_constraint_that_does_not_exist_is_no_defect() -> None:
    with pytest.raises(UnknownNameError, match="temperature/maximun"):
        dropping.named(f"drops:{BODY}/properties/temperature/maximun", trial(DEFAULT).contract)


def test_losing_a_constraint_refuses_nothing_that_was_valid() -> None:
    reading = trial(DEFAULT).contract
    drawn = conversations.drawn(reading, seed=1, count=25, features=FEATURES)
    valid: list[dict[str, Json]] = [MINIMAL, *({"model": "any", **each.body} for each in drawn)]
    for constraint in constraints(reading):
        loosened = Loosened(reading, constraint)
        assert all(loosened.admits(body, ()) for body in valid), constraint.name

"""Whole runs: the reference server in every reading, judged by its own and by others.

A server in one reading, judged by another, is found wanting exactly where the two differ: each finding sits on a request that one of the
two contracts allows and the other does not.
"""

from __future__ import annotations

import pytest

from conformance.contract import dialect_names, load
from conformance.model import Exchange, Outcome
from conformance.strictjson import parse
from tests import inprocess
from tests.matrix import PACE, Outcomes, run

NEVER = {Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE}

PAIRS = [
    ("openai-compatible", "openrouter"),
    ("openrouter", "openai-compatible"),
    ("openrouter", "openrouter-2025-10"),
    ("openrouter-2025-10", "openrouter"),
    ("openrouter", "requesty"),
    ("requesty", "openrouter"),
    ("requesty", "requesty-2025"),
    ("requesty-2025", "requesty"),
    ("openai-compatible", "8080"),
    ("8080", "openai-compatible"),
    ("8080", "openai"),
    ("openai-compatible", "groq"),
    ("vllm", "openai-compatible"),
]
"""The reading of the server, and that of the judge."""

ALIKE = {
    ("requesty", "requesty-2025"),  # the newer page only adds
    ("vllm", "openai-compatible"),  # a model may be left out there, which a default reading only recommends against
}
"""Pairs in which the judge finds nothing that gates or warns."""


def judged(server: str, dialect: str) -> Outcomes:
    return run(connect=inprocess.to(inprocess.service(dialect=server), pace=PACE), dialect=dialect, concurrency=1)


@pytest.mark.parametrize("dialect", dialect_names())
def test_a_server_in_a_dialect_conforms_to_it(dialect: str) -> None:
    outcomes = judged(dialect, dialect)
    assert {each.requirement: each for each in outcomes.verdicts if each.outcome in NEVER} == {}
    assert outcomes.gate.status == 0


@pytest.mark.parametrize(("server", "dialect"), PAIRS, ids=lambda name: name)
def test_another_dialect_finds_the_documented_differences_and_nothing_else(server: str, dialect: str) -> None:
    ours, theirs = load(server), load(dialect)

    def differs(exchange: Exchange) -> bool:
        body = parse(exchange.sent.body).value
        return bool(ours.request_faults(body)) != bool(theirs.request_faults(body))

    found = 0
    for finding, exchange in judged(server, dialect).found:
        assert differs(exchange), f"{finding.code} on {exchange.id}, of which both readings think the same"
        found += 1
    assert found or (server, dialect) in ALIKE

"""Every requirement bites, and none bites the innocent: the full matrix of defects and requirements.

It is gone through without a socket, at a time that is not the machine's (`tests/inprocess.py`). That a socket makes no difference is
tried on a defect of each kind, and on all of them by the exhaustive tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from conformance import contract, registry
from conformance.baseline.codes import Known
from conformance.model import Outcome
from conformance.reference import defects, launch
from tests.matrix import of_defect, over_http

REFUSED = {"REQUEST-AUDIO-HONOURED"}
"""Requirements on what the reference server, like most, does not have and says so."""

NOT_MET = (
    {"ERROR-RETRY-AFTER", "ERROR-RATE-CODE", "ERROR-RATE-ENVELOPE", "ERROR-RATE-HEADERS", "ERROR-RATE-RETRY-AFTER"}
    | {"ERROR-EDGE-ENVELOPE", "ERROR-EDGE-JSON"}
    | {"STREAM-ERROR-LAST", "STREAM-ERROR-SHOWS", "ANSWER-REFUSAL-APART", "ANSWER-CODING", "ANSWER-TOOLS-HEEDED"}
    | {
        "STREAM-THOUGHT-APART",
        "STREAM-THOUGHT-NAME",
        "STREAM-THOUGHT-TEXT",
        "USAGE-EXTENSIONS",
        "USAGE-REASONING-ONCE",
    }
)
"""Requirements on what does not happen to a calm server that has tools, whose model does not think and whose vendor adds nothing."""

FULL = {"STREAM-INCREMENTAL-TOOLS", "STREAM-OBFUSCATION-OFF"} | {
    "USAGE-PROMPT-IN-COMPANY",
    "USAGE-PROMPT-SCHEMA",
}
"""Requirements on what is asked in the full tier alone."""

TIMED = {"STREAM-INCREMENTAL", "STREAM-INCREMENTAL-TOOLS"}
"""Requirements on when things arrive: over a socket a busy machine may leave them open."""

CONFORMING = ""
"""In place of the name of a defect."""

SEAMS = {defect.seam: name for name, defect in defects.ALL.items() if not defect.dialect}
"""A defect at each point at which there are any: what it does to requests and answers is as varied as can be."""

MENDED = {"length-copied"}
"""Defects that the web server beneath the reference server takes back: it leaves the length out that must not be there."""

OVER_HTTP = [
    name if name in {CONFORMING, *SEAMS.values()} else pytest.param(name, marks=pytest.mark.exhaustive)
    for name in (CONFORMING, *defects.ALL)
    if name not in MENDED
]


def test_the_conforming_server_trips_nothing_and_leaves_nothing_open() -> None:
    outcomes = of_defect(CONFORMING)
    assert outcomes.having(Outcome.INAPPLICABLE) == REFUSED
    assert outcomes.having(Outcome.NOT_RUN) == NOT_MET | FULL
    everything = {requirement.id for requirement in registry.load().requirements}
    assert outcomes.having(Outcome.PASS) == everything - REFUSED - NOT_MET - FULL
    assert outcomes.gate.status == 0


@cache
def codes_in(dialect: str) -> Known:
    return Known(contract.load(dialect), registry.load())


@pytest.mark.parametrize("name", defects.ALL)
def test_a_defect_trips_exactly_what_it_declares(name: str) -> None:
    outcomes = of_defect(name)
    assert outcomes.having(Outcome.FAIL) == defects.ALL[name].trips
    assert not outcomes.having(Outcome.ERROR)
    # What may be found, a baseline may list.
    known, catalogue = codes_in(defects.ALL[name].dialect or contract.DEFAULT), registry.load()
    found = [(verdict.requirement, code) for verdict in outcomes.verdicts for code, _ in verdict.codes]
    assert [(rule, code) for rule, code in found if not known.has(catalogue.find(rule), code)] == []


@pytest.fixture(scope="module")
def server() -> Iterator[launch.Embedded]:
    """One process that serves the conforming server and every defect."""
    with launch.Embedded(launch.Options(all_defects=True)) as embedded:
        yield embedded


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_socket_makes_no_difference(server: launch.Embedded, name: str) -> None:
    there, here = over_http(name, server), of_defect(name)
    for outcome in Outcome:
        assert there.having(outcome) - TIMED == here.having(outcome) - TIMED


def test_a_wish_that_a_server_overlooks_fails_once_and_leaves_nothing_open() -> None:
    outcomes = of_defect("logprobs-ignored")
    assert not outcomes.having(Outcome.INCONCLUSIVE)
    assert outcomes.gate.status == 0


def test_every_requirement_has_a_defect_that_trips_it() -> None:
    bitten = set().union(*(defect.trips for defect in defects.ALL.values()))
    assert {requirement.id for requirement in registry.load().requirements} - bitten == set()


def test_every_defect_trips_something_that_is_declared() -> None:
    known = {requirement.id for requirement in registry.load().requirements}
    for name, defect in defects.ALL.items():
        assert defect.trips, f"{name} trips nothing"
        assert defect.trips <= known, f"{name} trips {sorted(defect.trips - known)}, which nobody declared"

"""Every requirement bites, and none bites the innocent: the full matrix of defects and requirements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import registry
from conformance.model import Outcome
from conformance.reference import defects, launch
from tests.matrix import COUNTS, of_defect, run
from tests.sampling import sampled

REFUSED = {"REQUEST-AUDIO-HONOURED"}
"""Requirements on what the reference server, like most, does not have and says so."""

NOT_MET = (
    {"ERROR-RETRY-AFTER", "ERROR-RATE-CODE", "ERROR-RATE-ENVELOPE", "ERROR-RATE-HEADERS", "ERROR-RATE-RETRY-AFTER"}
    | {"ERROR-CONTEXT-CODE", "ERROR-CONTEXT-STATUS", "ERROR-EDGE-ENVELOPE", "ERROR-EDGE-JSON"}
    | {"STREAM-ERROR-LAST", "STREAM-ERROR-SHOWS", "ANSWER-REFUSAL-APART"}
    | {
        "STREAM-THOUGHT-APART",
        "STREAM-THOUGHT-NAME",
        "STREAM-THOUGHT-TEXT",
        "USAGE-EXTENSIONS",
        "USAGE-REASONING-ONCE",
    }
)
"""Requirements on what does not happen to a calm server whose model does not think and whose vendor adds nothing."""

FULL = {"STREAM-INCREMENTAL-TOOLS", "STREAM-OBFUSCATION-OFF"} | {
    "USAGE-PROMPT-IN-COMPANY",
    "USAGE-PROMPT-SCHEMA",
}
"""Requirements on what is asked in the full tier alone."""

EITHER = {"STREAM-INCREMENTAL"}
"""Requirements on what may be too fast here to tell."""


@pytest.fixture(scope="module")
def server() -> Iterator[launch.Embedded]:
    """One process that serves the conforming server and every defect."""
    with launch.Embedded(launch.Options(all_defects=True)) as embedded:
        yield embedded


def test_the_conforming_server_trips_nothing_and_leaves_nothing_open(server: launch.Embedded) -> None:
    outcomes = run(server.base_url, token_counts=COUNTS)
    assert outcomes.having(Outcome.INAPPLICABLE) == REFUSED
    assert outcomes.having(Outcome.NOT_RUN) - EITHER == NOT_MET | FULL
    everything = {requirement.id for requirement in registry.load().requirements}
    assert outcomes.having(Outcome.PASS) - EITHER == everything - REFUSED - NOT_MET - FULL - EITHER
    assert outcomes.report.gate.status == 0


@pytest.mark.parametrize("name", sampled(defects.ALL, every=4))
def test_a_defect_is_noticed(server: launch.Embedded, name: str) -> None:
    """Asked for nothing but what the requirements need that it trips, which is much less than the whole."""
    assert of_defect(name, server, only=defects.ALL[name].trips).having(Outcome.FAIL)


@pytest.mark.parametrize("name", sampled(defects.ALL, every=16))
def test_a_defect_trips_exactly_what_it_declares(server: launch.Embedded, name: str) -> None:
    outcomes = of_defect(name, server)
    assert outcomes.having(Outcome.FAIL) == defects.ALL[name].trips
    assert not outcomes.having(Outcome.ERROR)


def test_a_wish_that_a_server_overlooks_fails_once_and_leaves_nothing_open(server: launch.Embedded) -> None:
    outcomes = run(server.base_url_of("logprobs-ignored"))
    assert not outcomes.having(Outcome.INCONCLUSIVE)
    assert outcomes.report.gate.status == 0


def test_every_requirement_has_a_defect_that_trips_it() -> None:
    bitten = set().union(*(defect.trips for defect in defects.ALL.values()))
    assert {requirement.id for requirement in registry.load().requirements} - bitten == set()


def test_every_defect_trips_something_that_is_declared() -> None:
    known = {requirement.id for requirement in registry.load().requirements}
    for name, defect in defects.ALL.items():
        assert defect.trips, f"{name} trips nothing"
        assert defect.trips <= known, f"{name} trips {sorted(defect.trips - known)}, which nobody declared"

"""In bad weather a verdict stays what it is in calm, or becomes INCONCLUSIVE; never better, never worse."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance import contract, registry, reporting, session
from conformance.model import Area, Outcome, Tier
from conformance.provenance import RECORD
from conformance.record.runlog import Record
from conformance.reference import defects
from conformance.reference.service import KEY
from conformance.registry import Requirement
from conformance.sending import pacing
from conformance.sending.progress import Unwatched
from conformance.settle import by_chance
from conformance.target import Bounds, Target
from tests.flaky import WEATHERS, Flaky, calm, flaky
from tests.sampling import sampled

CATALOGUE = registry.load()
ASKED = tuple(r for r in CATALOGUE.requirements if r.id in {"STREAM-DONE", "STREAM-SAME-TEXT", "USAGE-TOTAL"} or r.area is Area.USAGE)
"""What decides on the requests; the answers to them are judged by everything."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_BASE", 0.005)


def outcomes(server: Flaky, folder: Path, asked: tuple[Requirement, ...] = ASKED, concurrency: int = 16) -> Mapping[str, Outcome]:
    target = Target(
        base_url=server.url,
        model="reference-model",
        key=KEY,
        key_variable="CONFORMANCE_API_KEY",
        concurrency=concurrency,
        bounds=Bounds(total=0.5, idle=0.5),
    )
    one = session.Assignment(target=target, contract=contract.load(), catalogue=CATALOGUE, requirements=asked, tier=Tier.GATE)
    session.conduct(one, folder, Unwatched(), threading.Event())
    with Record.open(folder / RECORD) as record:
        report = reporting.judged(record, one.contract, CATALOGUE, CATALOGUE.requirements)
    assert report.footer is not None
    return {row.requirement.id: row.verdict.outcome for row in report.rows}


TIMED = {"STREAM-INCREMENTAL"}
"""Judged by when bytes come, which hangs on how busy this machine is."""

MET = {each.id for each in CATALOGUE.requirements if each.id.startswith(("ERROR-RATE-", "ERROR-EDGE-", "ERROR-RETRY-"))}
"""About what only bad weather brings, rate limits and pages of a proxy: they are right or wrong as the weather makes them."""


@pytest.fixture(scope="module")
def in_calm(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    with flaky(calm) as server:
        found = outcomes(server, tmp_path_factory.mktemp("calm"))
    assert not {Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR} & set(found.values())
    return found


def changes(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """What is neither as it was nor left open."""
    return {name: found for name, found in after.items() if found not in (before[name], Outcome.INCONCLUSIVE) and name not in TIMED | MET}


@pytest.mark.parametrize("seed", sampled([1, 2], every=2))
@pytest.mark.parametrize("name", list(WEATHERS))
def test_verdicts_are_those_of_the_calm_run_or_left_open(name: str, seed: int, in_calm: Mapping[str, Outcome], tmp_path: Path) -> None:
    with flaky(WEATHERS[name], seed=seed) as server:
        found = outcomes(server, tmp_path)
        assert len(server.arrivals) > 0
    assert changes(in_calm, found) == {}


HARMLESS = (
    "answers in another order",
    "connections that are not kept",
    "a rate limit in seconds",
    "a storm of rate limits",
    "a slow start",
)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_takes_longer_leaves_nothing_open(name: str, in_calm: Mapping[str, Outcome], tmp_path: Path) -> None:
    with flaky(WEATHERS[name]) as server:
        found = outcomes(server, tmp_path)
    assert [each for each, value in found.items() if value is Outcome.INCONCLUSIVE] == []


@pytest.mark.parametrize("weather", ["every tenth fails in some way", "every third is a page of a proxy", "every third breaks off"])
@pytest.mark.parametrize("defect", ["done-missing", "stream-cut", "large-body-500", "developer-500"])
def test_bad_weather_hides_no_defect(defect: str, weather: str, tmp_path: Path) -> None:
    trips = defects.ALL[defect].trips
    asked = tuple(each for each in CATALOGUE.requirements if each.id in trips)
    with flaky(WEATHERS[weather], defect=defect) as server:
        found = outcomes(server, tmp_path, asked)
    assert {found[name] for name in trips} <= {Outcome.FAIL, Outcome.INCONCLUSIVE}


@pytest.mark.parametrize("share", [0.1, 0.33])
def test_a_5xx_that_comes_by_chance_is_told_from_one_that_comes_each_time(share: float) -> None:
    assert by_chance(share, 2)
    assert not by_chance(0.0, 2)
    assert not by_chance(share, 12)


def test_a_server_with_one_slot_is_judged_alike_each_time(in_calm: Mapping[str, Outcome], tmp_path: Path) -> None:
    for run in range(10):
        with flaky(calm, slots=1) as server:
            found = outcomes(server, tmp_path / str(run))
        assert changes(in_calm, found) == {}

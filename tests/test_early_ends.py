"""What a run bears of a target, and when it ends before its plan does: for good reason, saying so, and with what it has."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cost.budget import Budget
from conformance.cost.ceilings import Ceilings
from conformance.errors import RecordError
from conformance.model import Chunk, Exchange, FaultKind, Purpose, Request
from conformance.provenance import BUDGET, Footer
from conformance.record.runlog import Record, RecordWriter
from conformance.sending import observe as observing
from conformance.sending import pacing, patience
from conformance.sending.observe import INTERRUPTED, Observed
from conformance.sending.patience import LOST_AFTER, TURNED_AWAY_AFTER
from conformance.settle import PROBE, RETRIES, Mishap, Unrest, settled
from tests.test_observe import HEADER, FakeWire, Watcher, recorded, run, step, steps


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_BASE", 0.0005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def writer(path: Path) -> Iterator[RecordWriter]:
    with RecordWriter(path, HEADER) as made:
        yield made


def test_a_target_that_is_gone_ends_the_run(writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, _: 200 if purpose.key == "s/0" else FaultKind.UNREACHABLE)
    observed = run(steps(200), wire, writer)
    assert not observed.complete
    told = re.search(r"(\d+) attempts in a row", observed.reason)
    assert told
    assert int(told[1]) >= LOST_AFTER
    assert "It broke." in observed.reason
    assert observed.sent < 30


def test_answers_in_between_show_that_it_is_there(writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, attempt: FaultKind.RESET if attempt == 1 else 200)
    assert run(steps(40), wire, writer, concurrency=1).complete


def test_a_target_that_drops_what_it_dislikes_but_answers_the_probe_is_not_gone(writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, _: 200 if purpose.key == "probe" else FaultKind.RESET)
    observed = run(steps(30), wire, writer, probe=step("probe"))
    assert observed.complete
    assert 1 <= wire.asked_keys().count("probe") <= 5


def test_a_target_that_does_not_answer_the_probe_is_gone(writer: RecordWriter) -> None:
    wire = FakeWire(lambda *_: FaultKind.TIMEOUT)
    observed = run(steps(200), wire, writer, probe=step("probe"))
    assert not observed.complete
    assert "gone" in observed.reason
    assert "probe" in wire.asked_keys()


def test_a_target_that_only_limits_ends_the_run(writer: RecordWriter) -> None:
    observed = run(steps(200), FakeWire(lambda *_: 429), writer)
    assert not observed.complete
    assert "429" in observed.reason
    assert TURNED_AWAY_AFTER <= observed.sent <= TURNED_AWAY_AFTER + 4


def test_a_ceiling_is_never_passed_and_what_was_paid_for_is_kept(writer: RecordWriter, path: Path) -> None:
    wire = FakeWire(lambda *_: 200)
    observed = run(steps(30), wire, writer, budget=Budget(Ceilings(requests=7)))
    assert observed == Observed(complete=False, reason=BUDGET, sent=7)
    assert len(recorded(path)) == len(wire.asked) == 7
    assert not wire.aborted.is_set()


def test_a_stop_breaks_off_what_is_under_way_and_does_not_blame_the_target(writer: RecordWriter, path: Path) -> None:
    stop = threading.Event()

    def respond(purpose: Purpose, attempt: int) -> int | FaultKind:
        if purpose.key == "s/0":
            return 200
        stop.set()
        wire.aborted.wait(10)
        return FaultKind.RESET

    wire = FakeWire(respond)
    observed = run(steps(50), wire, writer, stop=stop)
    assert (observed.complete, observed.reason) == (False, INTERRUPTED)
    assert observed.sent <= 5
    assert recorded(path) == ["s/0"]


def test_a_stop_does_not_wait_for_a_pause_to_end(writer: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, watcher = threading.Event(), Watcher()
    watcher.each = lambda _: stop.set()
    monkeypatch.setattr(pacing, "_BASE", 1e6)
    observed = run([step("a")], FakeWire(lambda *_: 500), writer, stop=stop, progress=watcher)
    assert observed.reason == INTERRUPTED


def test_a_record_that_cannot_be_written_ends_everything(writer: RecordWriter) -> None:
    writer.close(Footer(complete=False, reason="", exchanges=0, ended=0.0))
    wire, watcher = FakeWire(lambda *_: 200), Watcher()
    with pytest.raises(RecordError):
        run(steps(100), wire, writer, progress=watcher)
    assert len(wire.asked) <= 8
    assert watcher.over


# Out of service


class Outage:
    """503 to whatever is asked, for a while, once so many requests have come."""

    def __init__(self, after: int, seconds: float) -> None:
        self._after = after
        self._seconds = seconds
        self._asked = 0
        self._began = 0.0

    def __call__(self, purpose: Purpose, attempt: int) -> int:
        self._asked += 1
        if self._asked <= self._after:
            return 200
        self._began = self._began or time.monotonic()
        return 503 if time.monotonic() - self._began < self._seconds else 200


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_an_outage_is_waited_for_and_costs_no_answer(
    concurrency: int, writer: RecordWriter, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "OUT_FOR", 9.0)
    wire, watcher = FakeWire(Outage(5, 0.7)), Watcher()
    assert run(steps(40), wire, writer, concurrency=concurrency, probe=step(PROBE), progress=watcher).complete
    with Record.open(path) as record:
        assert [each for each in record.keys() if not any(map(settled, record.attempts(each)))] == []  # noqa: SIM118
        assert len(record.attempts(PROBE)) == wire.asked_keys().count(PROBE) >= 2
    assert watcher.waits


def test_a_target_that_does_not_come_back_ends_the_run_and_is_accused_of_nothing(
    writer: RecordWriter, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "OUT_FOR", 0.3)
    observed = run(steps(40), FakeWire(Outage(5, 60)), writer, probe=step(PROBE))
    assert not observed.complete
    assert "out of service" in observed.reason
    with Record.open(path) as record:
        failed = [record.attempts(key) for key in record.keys() if not any(map(settled, record.attempts(key)))]  # noqa: SIM118
        unrest = Unrest.of(record.attempts(key) for key in record.keys())  # noqa: SIM118
    assert failed
    assert unrest.share([Mishap.FAILED]) == 1.0
    assert unrest.share([Mishap.BROKEN_OFF]) == 0.0


@pytest.mark.parametrize("concurrency", [1, 4])
def test_one_request_that_is_always_answered_503_is_told_quickly(concurrency: int, writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, _: 503 if purpose.key == "s/3" else 200)
    assert run(steps(12), wire, writer, concurrency=concurrency, probe=step(PROBE)).complete
    assert wire.asked_keys().count("s/3") <= 1 + RETRIES + 1
    assert wire.asked_keys().count(PROBE) <= 1


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_server_that_answers_503_where_it_should_refuse_is_probed_seldom(concurrency: int, writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, _: 200 if purpose.key == PROBE else 503)
    assert run(steps(100), wire, writer, concurrency=concurrency, probe=step(PROBE)).complete
    assert wire.asked_keys().count(PROBE) <= 10
    assert len(wire.asked) <= 100 * 2 + 40


def test_more_than_a_run_keeps_ends_it(writer: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Flood(FakeWire):
        def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
            return replace(super().send(request, purpose, attempt), chunks=(Chunk(0.0, b"x" * 600_000), Chunk(0.0, b"y" * 600_000)))

    monkeypatch.setattr(patience, "FLOODED_AFTER", 5 << 20)
    observed = run(steps(40), Flood(lambda *_: 200), writer, concurrency=1)
    assert (observed.complete, observed.sent) == (False, 5)
    assert "more than 5 MiB" in observed.reason

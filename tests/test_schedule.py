"""Hardly a place stands idle while a plan is asked, and while it matters when a stream comes nothing else is under way."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from benchmarks.throughput import scheduled
from conformance.model import Exchange, Purpose, Request, Tier
from conformance.requirements.streaming.delivery import PAUSE
from conformance.sending.observe import observe
from conformance.steps import SWIFT, TIMED, Step
from tests.test_observe import FakeWire, Watcher, step
from tests.test_plan import shipped

LATENCY = 0.2


@pytest.mark.parametrize("workers", [1, 8, 16, 32])
def test_a_run_takes_hardly_longer_than_the_answers_shared_out_among_the_workers(workers: int) -> None:
    steps = shipped("openai-compatible", Tier.GATE).steps()
    requests = sum(not each.purpose.splits for each in (*steps.first, *steps.last))
    assert requests > 700
    # One for the preflight, one for the stream that is timed, one for the last word, and one for places that are left over.
    assert scheduled(steps, LATENCY, workers) <= LATENCY * (requests / workers + 4)


class Paced(FakeWire):
    """Takes so many seconds for each answer, and answers those that are to meet when all of them are under way."""

    def __init__(self, seconds: float, meeting: set[str]) -> None:
        super().__init__(lambda *_: 200)
        self.seconds = seconds
        self.meeting = meeting
        self.met = threading.Barrier(max(1, len(meeting)), timeout=30)

    def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
        answer = replace(super().send(request, purpose, attempt), elapsed=self.seconds)
        if purpose.key in self.meeting:
            self.met.wait()
        return answer


class Unwritten:
    """A record that keeps nothing."""

    def append(self, exchange: Exchange) -> None: ...


def timed(key: str, after: str = "") -> Step:
    return step(key, purpose=Purpose(key=key, scenario="s", topics=frozenset({TIMED})), after=after)


def asked(seconds: float, *meeting: str) -> list[str]:
    """In which order two streams that are timed and two other requests are asked of a target that is so fast."""
    wire = Paced(seconds, set(meeting))
    steps = [step("a"), step("b"), timed("stream"), timed("another", after="stream")]
    assert observe(steps, wire, Unwritten(), concurrency=3, progress=Watcher(), stop=threading.Event()).complete
    return wire.asked_keys()


def test_streams_that_take_their_time_are_asked_before_all_else_and_one_after_the_other() -> None:
    assert asked(2 * SWIFT, "a", "b")[:2] == ["stream", "another"]


def test_where_the_first_of_them_is_over_soon_nothing_waits_for_the_others() -> None:
    assert asked(SWIFT / 2, "a", "b", "another")[0] == "stream"


def test_a_stream_that_we_hang_up_on_comes_after_all_that_is_answered_and_before_what_is_refused() -> None:
    steps = [step("refused", billed=False), step("answered"), timed("stream"), timed("hung up", after="stream")]
    wire = Paced(SWIFT / 2, set())
    observe(steps, wire, Unwritten(), concurrency=1, progress=Watcher(), stop=threading.Event())
    assert wire.asked_keys() == ["stream", "answered", "hung up", "refused"]


def test_what_is_over_so_soon_is_not_judged_by_its_time() -> None:
    assert SWIFT <= PAUSE

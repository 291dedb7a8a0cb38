"""The oracle between a search and a target: nothing is asked twice, no budget is exceeded, and what was lost shows nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.exploration.oracle import Oracle, SpentError
from conformance.model import Exchange, FaultKind, Json, Purpose, Request
from conformance.sending.pacing import Gate
from conformance.settle import RETRIES
from conformance.steps import Step
from tests.evidence import answered, lost, purpose, refused


class Scripted:
    """A target that answers by a function of the body."""

    def __init__(self, reply: Callable[[Json], Exchange]) -> None:
        self.reply = reply
        self.bodies: list[Json] = []
        self.aborted = False

    def send(self, request: Request, why: Purpose, attempt: int) -> Exchange:
        body = json.loads(request.body)
        self.bodies.append(body)
        return replace(self.reply(body), purpose=why, attempt=attempt)

    def abort(self) -> None:
        self.aborted = True


def step(body: Json, key: str = "s/one") -> Step:
    return Step(purpose=purpose(key), request=Request(body=json.dumps(body).encode()))


def oracle(target: Scripted, budget: int | None = 10, stop: threading.Event | None = None) -> Oracle:
    return Oracle(target, budget=budget, stop=stop or threading.Event(), concurrency=4)


def test_the_same_body_is_asked_once_whatever_the_order_of_its_members() -> None:
    target = Scripted(lambda _: answered())
    asked = oracle(target)
    first = asked.ask(step({"a": 1, "b": 2}))
    second = asked.ask(step({"b": 2, "a": 1}, "s/two"))
    assert len(target.bodies) == asked.sent == 1
    assert [exchange.status for exchange in second] == [exchange.status for exchange in first]
    assert second[0].purpose.key == "s/two"


def test_asking_anew_sends_and_does_not_change_what_is_known() -> None:
    answers = iter([refused(), answered()])
    target = Scripted(lambda _: next(answers))
    asked = oracle(target)
    assert asked.ask(step({}))[-1].status == 400
    assert asked.again(step({}))[-1].status == 200
    assert asked.ask(step({}))[-1].status == 400


@pytest.mark.parametrize("budget", [1, 3])
def test_the_budget_is_a_ceiling_on_everything_that_is_sent(budget: int) -> None:
    target = Scripted(lambda _: answered())
    asked = oracle(target, budget)
    asked.ask_all(step(number, f"s/{number}") for number in range(20))
    assert asked.sent == len(target.bodies) == budget
    assert not asked.again(step(0))
    with pytest.raises(SpentError):
        asked.ask(step("unknown"))


def test_repeats_of_a_lost_answer_count_against_the_budget() -> None:
    target = Scripted(lambda _: refused(429) if len(target.bodies) < 2 else answered())
    asked = oracle(target)
    assert [exchange.status for exchange in asked.ask(step({}))] == [429, 200]
    assert asked.sent == 2


def test_what_stays_lost_is_known_as_lost_and_not_asked_again() -> None:
    target = Scripted(lambda _: lost(FaultKind.TIMEOUT))
    asked = oracle(target)
    tries = asked.ask(step({}))
    assert all(exchange.status is None for exchange in tries)
    assert len(target.bodies) == len(tries) <= RETRIES + 1
    assert asked.ask(step({})) == tries
    assert len(target.bodies) == len(tries)


def test_a_narrower_oracle_knows_the_same_and_never_sends_more_than_both_allow() -> None:
    target = Scripted(lambda _: answered())
    wide = oracle(target, 4)
    wide.ask(step("known"))
    narrow = wide.within(100)
    narrow.ask(step("known"))
    assert narrow.sent == 0
    narrow.ask_all(step(number, f"s/{number}") for number in range(9))
    wide.charge(narrow)
    assert wide.sent == len(target.bodies) == 4
    assert wide.left == 0


def test_when_a_narrower_oracle_runs_dry_the_wider_goes_on() -> None:
    target = Scripted(lambda _: answered())
    wide = oracle(target, None)
    narrow = wide.within(1)
    narrow.ask_all(step(number, f"s/{number}") for number in range(3))
    wide.charge(narrow)
    assert wide.ask(step("more"))


def test_nothing_is_sent_once_somebody_wants_it_to_stop() -> None:
    target, stop = Scripted(lambda _: answered()), threading.Event()
    asked = oracle(target, stop=stop)
    asked.ask(step("before"))
    stop.set()
    assert asked.ask(step("before"))
    with pytest.raises(SpentError):
        asked.ask(step("after"))
    assert target.bodies == ["before"]


def test_one_pace_holds_over_all_that_is_asked() -> None:
    paced: list[bool] = []

    class Watched(Gate):
        def answered(self, exchange: Exchange) -> None:
            paced.append(True)
            super().answered(exchange)

    asked = Oracle(Scripted(lambda _: answered()), budget=None, stop=threading.Event(), gate=Watched(concurrency=2))
    asked.ask(step(1))
    asked.within(5).ask(step(2))
    assert paced == [True, True]

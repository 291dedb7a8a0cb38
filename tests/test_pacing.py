"""A run keeps to what a target allows: seldom too fast, never for long, and no slower than it must. With a clock of its own."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from conformance.model import Exchange, Fault, FaultKind, Purpose, Sent
from conformance.sending.pacing import LONGEST_WAIT, Gate, Pace
from conformance.sending.quotas import Quota, quotas, seconds

NOW = 1_790_000_000.0


def answer(*headers: tuple[str, str], status: int = 200) -> Exchange:
    return Exchange(
        purpose=Purpose(key="a", scenario="a"),
        attempt=1,
        started=time.time(),
        sent=Sent(method="POST", url="u", headers=(), body=b"{}"),
        status=status,
        headers=headers,
    )


# What targets say


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("2m59.56s", 179.56),
        ("1d", 86_400.0),
        ("250us", 0.00025),
        ("30", 30.0),
        ("0.5", 0.5),
        (str(int(NOW + 12)), 12.0),
        (str(int((NOW + 12) * 1000)), 12.0),
        ("2026-09-21T14:13:32Z", 12.0),
        ("2026-09-21T14:13:32+00:00", 12.0),
        ("Mon, 21 Sep 2026 14:13:32 GMT", 12.0),
        ("2020-01-01T00:00:00Z", 0.0),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("1x", None),
        ("s", None),
    ],
)
def test_a_reset_is_read_in_every_form_that_is_about(text: str, expected: float | None) -> None:
    assert seconds(text, NOW) == (None if expected is None else pytest.approx(expected))


OPENAI = (
    ("x-ratelimit-limit-requests", "60"),
    ("x-ratelimit-remaining-requests", "59"),
    ("x-ratelimit-reset-requests", "1s"),
    ("x-ratelimit-limit-tokens", "150000"),
    ("x-ratelimit-remaining-tokens", "149984"),
    ("x-ratelimit-reset-tokens", "6m0s"),
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (OPENAI, (Quota(remaining=59, reset=1, limit=60), Quota(remaining=149_984, reset=360, limit=150_000, tokens=True))),
        ((("X-RateLimit-Remaining-Requests", "0"), ("X-RateLimit-Reset-Requests", "20ms")), (Quota(remaining=0, reset=0.02),)),
        (
            (("anthropic-ratelimit-requests-remaining", "3"), ("anthropic-ratelimit-requests-reset", "2026-09-21T14:13:32Z")),
            (Quota(remaining=3, reset=12),),
        ),
        (
            (("RateLimit", '"default";r=50;t=30'), ("RateLimit-Policy", '"default";q=100;w=60')),
            (Quota(remaining=50, reset=30, limit=100),),
        ),
        ((("RateLimit", '"burst";r=5;t=1, "day";r=900;t=4000'),), (Quota(remaining=5, reset=1), Quota(remaining=900, reset=4000))),
        ((("RateLimit", "limit=100, remaining=50, reset=5"),), (Quota(remaining=50, reset=5, limit=100),)),
        (
            (("RateLimit-Limit", "100, 100;w=60"), ("RateLimit-Remaining", "7"), ("RateLimit-Reset", "9")),
            (Quota(remaining=7, reset=9, limit=100),),
        ),
        ((("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", str(int(NOW + 4)))), (Quota(remaining=1, reset=4),)),
        ((("x-ratelimit-remaining-requests", "5"),), ()),
        ((("x-ratelimit-remaining-requests", "many"), ("x-ratelimit-reset-requests", "1s")), ()),
        ((("RateLimit", ";;;=,=;"),), ()),
        ((("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "1")), ()),
        ((), ()),
    ],
)
def test_quotas_are_read_in_every_form_that_is_about(headers: tuple[tuple[str, str], ...], expected: tuple[Quota, ...]) -> None:
    assert quotas(answer(*headers), NOW) == expected


# What is made of it


@dataclass
class Provider:
    """A provider with a clock of its own; says yes or no to a request at a time, and what it tells of its limits."""

    latency: float = 0.05
    asked: int = 0
    refused: int = 0
    busy: int = 0

    def admits(self, now: float) -> bool:
        return True

    def tells(self, now: float) -> tuple[Quota, ...]:
        return ()


@dataclass
class Bucket(Provider):
    """A token bucket: so many requests a second, and so many at once after a rest."""

    rate: float = 20.0
    size: float = 20.0
    open: bool = False
    """Whether it tells how full it is."""
    level: float = 20.0
    at: float = 0.0

    def admits(self, now: float) -> bool:
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    def tells(self, now: float) -> tuple[Quota, ...]:
        told = Quota(remaining=int(self.level), reset=(self.size - self.level) / self.rate, limit=self.size)
        return (told,) if self.open else ()


@dataclass
class Window(Provider):
    """So many requests in each window of time."""

    most: int = 100
    length: float = 60.0
    used: dict[int, int] = field(default_factory=dict)

    def admits(self, now: float) -> bool:
        number = int(now // self.length)
        self.used[number] = self.used.get(number, 0) + 1
        return self.used[number] <= self.most

    def tells(self, now: float) -> tuple[Quota, ...]:
        number = int(now // self.length)
        left = max(0, self.most - self.used.get(number, 0))
        return (Quota(remaining=left, reset=(number + 1) * self.length - now, limit=self.most),)


@dataclass
class Slots(Provider):
    """Only so many at the same time."""

    most: int = 3

    def admits(self, now: float) -> bool:
        return self.busy < self.most


def simulate(provider: Provider, work: int, *, concurrency: int = 16, rate: float | None = None) -> float:
    """Let so much work be done, and return how long it took. A refusal is repeated after a short pause, as for a 429 without a time."""
    pace, random, now, paused = Pace(concurrency=concurrency, rate=rate), Random(1), 0.0, -1.0
    ends: list[tuple[float, int, float, bool, tuple[Quota, ...]]] = []
    open_, done = work, 0
    while done < work:
        wait = pace.wait(now) if open_ else None
        if wait is not None and wait <= 0:
            pace.enter(now)
            open_ -= 1
            provider.asked += 1
            admitted = provider.admits(now)
            provider.refused += not admitted
            provider.busy += admitted
            duration = provider.latency if admitted else provider.latency / 10
            heapq.heappush(ends, (now + duration, provider.asked, now, admitted, provider.tells(now)))
            continue
        if ends and (wait is None or ends[0][0] <= now + wait):
            now, _, started, admitted, told = heapq.heappop(ends)
            pace.leave(now)
            provider.busy -= admitted
            if admitted:
                done += 1
                pace.faster()
            else:
                open_ += 1
                if started >= paused:
                    paused = now
                    pace.limited(now)
                pace.hold(random.uniform(0, 0.5), now)
            pace.told(told, 1.0, now)
        else:
            assert wait is not None
            now += wait
        assert pace.under_way <= concurrency
    return now


def test_a_bucket_that_tells_how_full_it_is_never_has_to_refuse_for_long() -> None:
    provider = Bucket(open=True)
    took = simulate(provider, 900)
    assert provider.refused <= 9
    assert took <= 1.5 * 900 / provider.rate


def test_a_bucket_that_tells_nothing_refuses_few() -> None:
    provider = Bucket()
    took = simulate(provider, 900)
    assert provider.refused <= 90
    assert took <= 1.5 * 900 / provider.rate


def test_a_window_that_tells_what_is_left_of_it_is_spent_evenly() -> None:
    provider = Window()
    took = simulate(provider, 450)
    assert provider.refused <= 5
    assert took <= 5 * provider.length


def test_a_provider_of_few_slots_is_asked_for_few_at_once() -> None:
    provider = Slots()
    took = simulate(provider, 900)
    assert provider.refused <= 90
    assert took <= 3 * 900 * provider.latency / provider.most


def test_a_provider_that_refuses_at_random_is_not_asked_ever_more_slowly() -> None:
    class Fickle(Provider):
        random = Random(7)

        def admits(self, now: float) -> bool:
            return self.random.random() > 0.2

    provider = Fickle()
    assert simulate(provider, 900) <= 200
    assert 150 <= provider.refused <= 350


def test_a_provider_without_limits_is_not_held_up() -> None:
    provider = Provider()
    assert simulate(provider, 900) == pytest.approx(900 / 16 * provider.latency, rel=0.05)


def test_one_bad_moment_does_not_slow_the_rest_down() -> None:
    class Hiccup(Provider):
        def admits(self, now: float) -> bool:
            return not 0.2 < now < 0.25

    provider = Hiccup()
    assert simulate(provider, 2000) <= 2000 / 16 * provider.latency + 3


def test_quotas_far_from_spent_slow_nothing_down() -> None:
    class Generous(Provider):
        def tells(self, now: float) -> tuple[Quota, ...]:
            return (Quota(remaining=4000, reset=60, limit=5000), Quota(remaining=900_000, reset=60, limit=1_000_000, tokens=True))

    assert simulate(Generous(), 900) == pytest.approx(900 / 16 * Generous().latency, rel=0.05)


def test_a_quota_of_tokens_holds_back_as_one_of_requests_does() -> None:
    pace = Pace(concurrency=4)
    pace.told((Quota(remaining=1000, reset=10, limit=10_000, tokens=True),), 100.0, 0.0)
    pace.enter(0.0)
    wait = pace.wait(0.0)
    assert wait == pytest.approx(1.0, rel=0.2)


def test_a_quota_that_is_spent_is_waited_for_but_not_for_ever() -> None:
    pace = Pace(concurrency=4)
    pace.told((Quota(remaining=0, reset=7, limit=10),), 1.0, 0.0)
    assert pace.wait(0.0) == 7
    pace.told((Quota(remaining=0, reset=86_400, limit=10),), 1.0, 0.0)
    assert pace.wait(0.0) == LONGEST_WAIT


@pytest.mark.parametrize("rate", [0.5, 5, 50])
def test_the_rate_of_the_user_is_never_passed(rate: float) -> None:
    provider = Provider(latency=0.001)
    assert simulate(provider, 60, rate=rate) >= 59 / rate


def test_an_unlucky_start_is_recovered_from() -> None:
    """Refused before anything was answered: nothing is known of the rate, and it is not guessed."""

    class Late(Provider):
        def admits(self, now: float) -> bool:
            return now > 1

    assert simulate(Late(), 900) <= 900 / 16 * 0.05 * 2 + 5


def test_time_in_which_nobody_asked_says_nothing_about_the_rate() -> None:
    pace = Pace(concurrency=16)
    pace.enter(0.0)
    pace.leave(0.1)
    pace.faster()
    pace.enter(10.0)
    pace.leave(10.1)
    pace.limited(10.1)
    pace.enter(10.2)
    pace.leave(10.3)
    wait = pace.wait(10.3)
    assert wait is not None
    assert wait < 1


# Whose turn it is


class Knocking:
    """Somebody else who wants a turn, and has not got it a moment later."""

    def __init__(self, gate: Gate) -> None:
        self.answers: list[bool] = []
        self._thread = threading.Thread(target=self._knock, args=(gate,))
        self._thread.start()
        self._thread.join(0.05)
        assert self.answers == []

    def _knock(self, gate: Gate) -> None:
        with gate.turn() as admitted:
            self.answers.append(admitted)

    @property
    def admitted(self) -> bool:
        """What came of it in the end."""
        self._thread.join(5)
        (answer,) = self.answers
        return answer


def test_a_rate_limit_holds_everybody_up_and_lets_fewer_in() -> None:
    gate = Gate(concurrency=4)
    limited = answer(status=429)
    assert gate.pause(0.0, replace(limited, started=limited.started + 1))
    assert not gate.pause(0.0, replace(limited, started=limited.started - 1))
    with gate.turn() as first, gate.turn() as second:
        assert (first, second) == (True, True)
        third = Knocking(gate)
        gate.close()
        assert not third.admitted


def test_a_target_that_breaks_off_its_answers_is_asked_fewer_at_once() -> None:
    """It may serve one at a time, and drop what it is at when the next request comes."""
    gate = Gate(concurrency=2)
    gate.answered(replace(answer(), fault=Fault(kind=FaultKind.TRUNCATED, detail="Cut.")))
    with gate.turn() as first:
        assert first
        second = Knocking(gate)
        gate.answered(answer())
        assert second.admitted


def test_an_overload_lets_fewer_in_and_holds_nobody_up() -> None:
    gate = Gate(concurrency=2)
    gate.overloaded(answer(status=503))
    before = time.monotonic()
    with gate.turn() as first:
        assert first
        assert time.monotonic() - before < 1
        second = Knocking(gate)
    assert second.admitted


def test_a_pause_is_kept_by_all() -> None:
    gate = Gate(concurrency=2)
    gate.pause(0.1, answer(status=429))
    before = time.monotonic()
    with gate.turn() as admitted:
        assert admitted
    assert time.monotonic() - before >= 0.09


def test_a_rate_is_kept() -> None:
    gate = Gate(concurrency=4, rate=100)
    before = time.monotonic()
    for _ in range(6):
        with gate.turn():
            pass
    assert time.monotonic() - before >= 0.05

"""How fast a target is asked: no faster than the user allows, and slower as soon as it says so, or sooner. No I/O; `Gate` waits."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from conformance.cost.charging import most
from conformance.model import FaultKind
from conformance.sending.quotas import Quota, quotas
from conformance.settle import RATE_LIMITED, settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from conformance.model import Exchange

LONGEST_WAIT: Final = 60.0
"""Seconds; a target that asks for more is asked again after this. The usual limits are per minute."""

_BASE: Final = 0.25
"""Seconds; the first wait is drawn from twice as much, each further one from twice that of the one before."""
_CAUTION: Final = 0.9
"""Part of the rate at which a limit was met that is kept to afterwards."""
_GROWTH: Final = 1.01
"""What each answer does to it: twice as fast after 70."""
_LEARNING: Final = 6
"""Rate limits by which the rate becomes known, whatever it was before: a bucket may have had room for a burst."""
_BOUND: Final = 0.7
"""Part of the ceiling from which on it, and not the target, is what holds us back."""
_HELPED: Final = 6
"""Answers between two rate limits by which a lower rate has shown to help: ten bring it back to where it was."""
_FUTILE: Final = 5
"""Times in a row that it may fail to."""
_NEAR: Final = 0.05
"""Part of the usual increase, near where it went wrong."""


def retry_after(exchange: Exchange, now: float) -> float | None:
    """Return for how many seconds the target asks to be left alone, at most `LONGEST_WAIT`; None where it does not say.

    Understands what clients of this API do: `retry-after-ms`, and Retry-After as a number of seconds, also with a fraction, or as
    an HTTP date (RFC 9110, section 10.2.3; openai/openai-python, `_parse_retry_after_header`). `now` is in seconds since the epoch.
    """
    milliseconds = _number(exchange.header("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    after = exchange.header("retry-after")
    seconds = _number(after)
    if seconds is not None:
        return _bounded(seconds)
    try:
        date = parsedate_to_datetime(after or "")
        # A date without a zone is GMT: HTTP knows no other.
        return _bounded((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def backoff(exchange: Exchange, losses: int, random: Random, now: float) -> float:
    """Return how long to wait before a lost answer is asked for again; `losses` counts from 1.

    What the target says, else an exponential ceiling with full jitter, so that workers who failed together do not return together.
    """
    asked = retry_after(exchange, now) if exchange.status in (RATE_LIMITED, 503) else None
    if asked is not None:
        return asked
    return random.uniform(0, min(LONGEST_WAIT, _BASE * 2.0 ** min(losses, 20)))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return None if number != number else number


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


class Pace:
    """How many requests may be under way, and when the next may leave. Pure: whoever asks says what time it is, in seconds.

    A pause holds up all of them: a rate limit is the account's, not the connection's. Each one also halves how many may be under
    way at once; every answer afterwards gives a little back (additive increase, multiplicative decrease, RFC 5681, section 3.1). Near
    where it went wrong the last time it gives back less.

    Where a limit is on the rate and not on how many are under way, fewer at once do not help against answers that come fast. So a pause
    also sets a ceiling on the rate, by what was answered since the last one; that too is given back little by little, and all at once
    when it does not help.

    A target that tells how much is left of its quotas is asked evenly for the rest of it, once half is gone: then there is no 429.
    """

    def __init__(self, *, concurrency: int, rate: float | None = None) -> None:
        self.under_way = 0
        self._most = float(concurrency)
        self._limit = float(concurrency)
        self._wrong = float("inf")
        """How many were under way when it last went wrong."""
        self._interval = 1 / rate if rate else 0.0
        self._ceiling: float | None = None
        """Requests a second."""
        self._times = 0
        """That it was lowered."""
        self._in_vain = 0
        """Times in a row that lowering it did not help; once that was so too often, it is not tried again."""
        self._quota = (0.0, 0.0)
        """An interval, and until when it holds."""
        self._weight = 0.0
        self._answered = 0
        self._since: float | None = None
        """When the last pause began, or the first request left; `_answered` counts from there."""
        self._idle = 0.0
        """When the last one came back."""
        self._resume = 0.0
        self._next = 0.0

    def wait(self, now: float) -> float | None:
        """Seconds until there is a turn, at most 0 if there is one; None when that depends on somebody leaving."""
        if self.under_way >= int(self._limit):
            return None
        return max(self._resume, self._next) - now

    def enter(self, now: float) -> None:
        """Take a turn."""
        self._since = now if self._since is None else self._since
        if not self.under_way:
            # Nobody wanted to leave for a while: that says nothing about what the target allows.
            self._since += max(0.0, now - max(self._since, self._idle, self._resume, self._next))
        self.under_way += 1
        interval, until = self._quota
        spacing = max(self._interval, interval if now < until else 0.0, 1 / self._ceiling if self._ceiling else 0.0)
        self._next = max(self._next, now) + spacing if spacing else 0.0

    def leave(self, now: float) -> None:
        """Give it back."""
        self.under_way -= 1
        self._idle = now

    def hold(self, seconds: float, now: float) -> None:
        """Let nobody leave for so long."""
        self._resume = max(self._resume, now + seconds)

    def fewer(self) -> None:
        """Let fewer be under way at once."""
        self._wrong = max(2.0, float(self.under_way))
        self._limit = max(1.0, self._limit / 2)

    def limited(self, now: float) -> None:
        """Go slower, because of a rate limit."""
        self.fewer()
        since = now if self._since is None else self._since
        if now > since and self._answered and self._in_vain < _FUTILE:
            self._lower(self._answered / (now - since), (self._answered + 1) / max(now - max(since, self._resume), 1e-9))
        self._since, self._answered = now, 0

    def _lower(self, rate: float, pace: float) -> None:
        """Set the ceiling by the rate since the last limit, that pause included; `pace` leaves it out."""
        self._times += 1
        known = self._times > _LEARNING and self._ceiling is not None
        if known and pace >= _BOUND * (self._ceiling or 0.0):
            # It was kept to, and is too high all the same.
            rate = self._ceiling or rate
        self._ceiling = _CAUTION * min(rate, self._ceiling or rate)
        self._in_vain = self._in_vain + 1 if known and self._answered < _HELPED else 0
        if self._in_vain >= _FUTILE:
            # It refuses whatever the rate is.
            self._ceiling = None

    def faster(self) -> None:
        """Give a little back: the target keeps up."""
        self._answered += 1
        if self._ceiling is not None:
            self._ceiling *= _GROWTH
        if self._limit < self._most:
            share = 1.0 if self._limit <= self._wrong - 1 else _NEAR
            self._limit = min(self._most, self._limit + share / self._limit)

    def told(self, quotas: Iterable[Quota], weight: float, now: float) -> None:
        """Take note of what is left of the quotas; `weight` is how many tokens a request of this kind counts for."""
        self._weight = weight if not self._weight else 0.9 * self._weight + 0.1 * weight
        self._quota = (0.0, 0.0)
        for quota in quotas:
            unit = max(1.0, self._weight) if quota.tokens else 1.0
            left, reset = quota.remaining / unit, min(quota.reset, LONGEST_WAIT)
            if left >= (quota.limit / unit / 2 if quota.limit else 2 * self._most):
                continue
            if left < 1:
                self.hold(reset, now)
            # Those under way may not be counted yet.
            interval = reset / max(1.0, left - self.under_way)
            if interval > self._quota[0]:
                self._quota = (interval, now + reset)


class Gate:
    """Lets workers through one by one, at a `Pace`. Thread-safe."""

    def __init__(self, *, concurrency: int, rate: float | None = None) -> None:
        self._condition = threading.Condition()
        self._pace = Pace(concurrency=concurrency, rate=rate)
        self._paused = 0.0
        self._closed = False

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for a turn and hold it; yields False, at once, when the gate is closed."""
        admitted = self._enter()
        try:
            yield admitted
        finally:
            if admitted:
                self._leave()

    def _enter(self) -> bool:
        with self._condition:
            while not self._closed:
                wait = self._pace.wait(time.monotonic())
                if wait is not None and wait <= 0:
                    self._pace.enter(time.monotonic())
                    return True
                self._condition.wait(wait)
            return False

    def _leave(self) -> None:
        with self._condition:
            self._pace.leave(time.monotonic())
            self._condition.notify_all()

    def pause(self, seconds: float, because: Exchange) -> bool:
        """Let nobody through for a while, and slow down, because of a rate limit; returns whether that is news.

        An answer to a request from before the last pause tells the same story again: it may prolong it, but slows down no further.
        """
        with self._condition:
            news = self._is_news(because)
            if news:
                self._pace.limited(time.monotonic())
            self._pace.hold(seconds, time.monotonic())
            return news

    def overloaded(self, because: Exchange) -> None:
        """Let fewer be under way at once: the target cannot serve as many."""
        with self._condition:
            if self._is_news(because):
                self._pace.fewer()

    def hold(self, seconds: float) -> None:
        """Let nobody through for a while, whoever may be the reason."""
        with self._condition:
            self._pace.hold(seconds, time.monotonic())

    def _is_news(self, exchange: Exchange) -> bool:
        news = exchange.started >= self._paused
        if news:
            self._paused = time.time()
        return news

    def sleep(self, seconds: float) -> bool:
        """Wait without a turn; False when the gate was closed meanwhile."""
        with self._condition:
            return not self._condition.wait_for(lambda: self._closed, timeout=seconds)

    def answered(self, exchange: Exchange) -> None:
        """Take note of an answer: the target keeps up, or breaks off what it began, as one does that serves one request at a time."""
        told = quotas(exchange, time.time())
        weight = float(most(exchange.sent.body).total) if any(quota.tokens for quota in told) else 1.0
        with self._condition:
            if exchange.status is not None and exchange.status < 300 and exchange.fault and exchange.fault.kind is FaultKind.TRUNCATED:
                self._pace.fewer()
            elif settled(exchange):
                self._pace.faster()
            if told:
                self._pace.told(told, weight, time.monotonic())
            self._condition.notify_all()

    def open(self) -> None:
        """Let workers through again after `close`; what was learnt about the pace stays."""
        with self._condition:
            self._closed = False

    def close(self) -> None:
        """Let nobody through any more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

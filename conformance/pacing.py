"""How fast a target is asked: no faster than the user allows, and slower as soon as it says so. No I/O; waits on a condition."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from conformance.model import FaultKind
from conformance.settle import RATE_LIMITED, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from conformance.model import Exchange

LONGEST_WAIT: Final = 60.0
"""Seconds; a target that asks for more is asked again after this. The usual limits are per minute."""

_BASE: Final = 0.25
_RATE_LIMIT_BASE: Final = 1.0


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
    base = _RATE_LIMIT_BASE if exchange.status == RATE_LIMITED else _BASE
    return random.uniform(0, min(LONGEST_WAIT, base * 2.0 ** min(losses, 20)))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return None if number != number else number


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


class Gate:
    """Lets workers through one by one. Thread-safe.

    A pause holds up all of them: a rate limit is the account's, not the connection's. Each one also halves how many may be under
    way at once; every answer afterwards gives a little back (additive increase, multiplicative decrease, RFC 5681, section 3.1).
    """

    def __init__(self, *, concurrency: int, rate: float | None = None) -> None:
        self._condition = threading.Condition()
        self._most = float(concurrency)
        self._limit = float(concurrency)
        self._interval = 1 / rate if rate else 0.0
        self._under_way = 0
        self._resume = 0.0
        self._next = 0.0
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
                wait = self._wait(time.monotonic())
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    self._next = max(self._next, time.monotonic()) + self._interval
                    return True
                self._condition.wait(wait)
            return False

    def _wait(self, now: float) -> float | None:
        """Seconds until there is a turn; None when that depends on somebody leaving."""
        if self._under_way >= int(self._limit):
            return None
        return max(self._resume, self._next if self._interval else 0.0) - now

    def _leave(self) -> None:
        with self._condition:
            self._under_way -= 1
            self._condition.notify_all()

    def pause(self, seconds: float, because: Exchange) -> bool:
        """Let nobody through for a while; returns whether that is news.

        An answer to a request from before the last pause tells the same story again: it may prolong it, but slows down no further.
        """
        with self._condition:
            now = time.monotonic()
            news = because.started >= self._paused
            if news:
                self._paused = time.time()
                self._limit = max(1.0, self._limit / 2)
            self._resume = max(self._resume, now + seconds)
            return news

    def sleep(self, seconds: float) -> bool:
        """Wait without a turn; False when the gate was closed meanwhile."""
        with self._condition:
            return not self._condition.wait_for(lambda: self._closed, timeout=seconds)

    def answered(self, exchange: Exchange) -> None:
        """Take note of an answer: the target keeps up, or breaks off what it began, as one does that serves one request at a time."""
        with self._condition:
            if exchange.status is not None and exchange.status < 300 and exchange.fault and exchange.fault.kind is FaultKind.TRUNCATED:
                self._limit = max(1.0, self._limit / 2)
            elif settled(exchange) and self._limit < self._most:
                self._limit = min(self._most, self._limit + 1 / self._limit)
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

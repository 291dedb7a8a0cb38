"""Ceilings on a run: requests, tokens, seconds, money. Held before each request, and never passed by what a target obeys.

A request is sent only where the most that it may cost fits beside what was spent and what is under way. When its answer is there, what
`charging` makes of it takes the place of what was kept free.

Two things cannot be held, and are made up for: a target that generates more than its cap has done so before anybody knows, and one may
charge for a prompt that it adds itself. Whatever one answer took beyond its room, every later one is given room for; the first request
of a run goes alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Final

from conformance.cost.ceilings import Ceilings
from conformance.cost.charging import NOTHING, charge, most, room
from conformance.model import Exchange, Request
from conformance.provenance import Spent, Tokens

BREAK: Final = 60.0
"""Seconds without an exchange after which a run that is gone on with is taken to have stood still in between."""


def spent(exchanges: Iterable[Exchange]) -> Spent:
    """What a record tells of what was spent before. Its time is that in which something was under way, with the pauses that a run makes."""
    requests, tokens, seconds, until = 0, NOTHING, 0.0, 0.0
    for exchange in exchanges:
        requests += 1
        tokens += charge(exchange)
        end = exchange.started + exchange.elapsed
        seconds += max(0.0, end - max(exchange.started if exchange.started - until > BREAK else until, 0.0))
        until = max(until, end)
    return Spent(requests=requests, tokens=tokens, seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is kept free for a request that is under way."""

    needed: Tokens
    usual: Tokens
    """The part of it that has to do with this request; the rest is for what other answers took beyond theirs."""
    body: bytes


class Budget:
    """What is left of the ceilings. Thread-safe; one for a whole run."""

    def __init__(self, ceilings: Ceilings | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.ceilings = Ceilings() if ceilings is None else ceilings
        self._clock = clock
        self._began: float | None = None
        self._changed = threading.Condition()
        self._spent = Spent()
        self._kept = NOTHING
        self._under_way = 0
        self._extra = NOTHING
        self._broken_off = Spent()
        self._refused = ""
        self._closed = False

    @property
    def refused(self) -> str:
        """Which ceiling kept a request from being sent, as a sentence; empty while none did."""
        return self._refused

    @property
    def broken_off(self) -> Spent:
        """What may have been spent on requests that we broke off, so that no record holds them."""
        return self._broken_off

    @property
    def spent(self) -> Spent:
        """What is spent so far, what is under way left out but for its number."""
        with self._changed:
            return self._spent + Spent(seconds=self._elapsed())

    @property
    def cost(self) -> Decimal | None:
        """The same in money, where prices are known."""
        return self.ceilings.prices.of(self.spent.tokens) if self.ceilings.prices else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until everything has to end; None where there is no such ceiling."""
        return None if self.ceilings.seconds is None else max(0.0, self.ceilings.seconds - self.spent.seconds)

    def begin(self) -> None:
        """Let time count from now, unless it does already."""
        self._began = self._clock() if self._began is None else self._began

    def recall(self, earlier: Spent) -> None:
        """Count what was spent before, by a run that is gone on with."""
        with self._changed:
            self._spent += earlier

    def reserve(self, request: Request) -> Room | None:
        """Keep free what a request may cost; None where that does not fit, and never will. Waits while it might fit later."""
        usual = room(request.body) if self._counts_tokens else NOTHING
        with self._changed:
            self.begin()
            while not self._closed:
                needed = usual + self._extra
                over = self._over(needed)
                if not over:
                    self._spent += Spent(requests=1)
                    self._kept += needed
                    self._under_way += 1
                    return Room(needed=needed, usual=usual, body=request.body)
                if not self._under_way or self._over(needed, kept=NOTHING):
                    self._refused = self._refused or over
                    return None
                self._changed.wait(self.seconds_left)
            return None

    def settle(self, kept: Room, exchange: Exchange) -> None:
        """Count what an answer cost in place of what was kept free for it, and learn from one that took more."""
        cost = charge(exchange)
        with self._changed:
            self._release(kept, cost)
            if self._counts_tokens:
                beyond = cost - kept.usual
                self._extra = Tokens(prompt=max(self._extra.prompt, beyond.prompt), output=max(self._extra.output, beyond.output))

    def forfeit(self, kept: Room) -> None:
        """Count a request in full that was broken off by us."""
        cost = most(kept.body)
        with self._changed:
            self._broken_off += Spent(requests=1, tokens=cost)
            self._release(kept, cost)

    def is_over(self) -> bool:
        """Whether no request at all may be sent any more: for want of time, or of requests."""
        with self._changed:
            over = self._over(NOTHING, kept=NOTHING, anything=True)
            self._refused = self._refused or over
            return bool(over)

    def is_late(self) -> bool:
        """Whether the time is over, so that nothing may stay under way either."""
        return self.seconds_left == 0 and self.is_over()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def open(self) -> None:
        """Let requests through again after `close`, as far as they fit."""
        with self._changed:
            self._closed = False

    def _release(self, kept: Room, cost: Tokens) -> None:
        self._kept -= kept.needed
        self._under_way -= 1
        self._spent += Spent(tokens=cost)
        self._changed.notify_all()

    @property
    def _counts_tokens(self) -> bool:
        return self.ceilings.tokens is not None or self.ceilings.cost is not None

    def _over(self, needed: Tokens, *, kept: Tokens | None = None, anything: bool = False) -> str:
        """Which ceiling a request would pass, or `anything` that is sent; empty for none."""
        ceilings = self.ceilings
        if ceilings.requests is not None and self._spent.requests + 1 > ceilings.requests:
            return f"{self._spent.requests} requests are sent, and no more are allowed (--max-requests {ceilings.requests})"
        if ceilings.seconds is not None and self._spent.seconds + self._elapsed() >= ceilings.seconds:
            return f"the time is over (--max-seconds {ceilings.seconds:g})"
        if anything:
            return ""
        taken = self._spent.tokens + (self._kept if kept is None else kept) + needed
        if ceilings.tokens is not None and taken.total > ceilings.tokens:
            return f"a request of up to {needed.total} tokens no longer fits (--max-tokens {ceilings.tokens})"
        if ceilings.cost is not None and ceilings.prices is not None and ceilings.prices.of(taken) > ceilings.cost:
            return f"a request for up to {money(ceilings.prices.of(needed))} no longer fits (--max-cost {ceilings.cost})"
        return ""

    def _elapsed(self) -> float:
        return 0.0 if self._began is None else self._clock() - self._began


def money(amount: Decimal) -> str:
    """Write an amount down, rounded up."""
    return str(amount.quantize(Decimal("0.0001") if amount < 1 else Decimal("0.01"), ROUND_UP))

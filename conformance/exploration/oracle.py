"""An oracle between a search and a live target: the same body is never sent, or paid for, twice, and a budget is never exceeded.

A shrinker asks about the same body again and again, and takes a different answer for a flaw of its own. So the first answer to a body
holds (key: its canonical JSON). That hides nondeterminism and does not remove it: `again` asks anew, to see how often a thing shows.

How fast a target is asked, and how often about an answer that got lost, is the business of `observe` and `pacing`, as in a run. An
answer that was lost for good (rate limit, connection) is kept like any other: whoever judges it makes nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from conformance import strictjson
from conformance.cost.budget import Budget
from conformance.cost.ceilings import Ceilings
from conformance.generate.mutants import canonical
from conformance.model import Exchange, Purpose, Request
from conformance.provenance import BUDGET
from conformance.sending.observe import INTERRUPTED, Sender, observe
from conformance.sending.pacing import Gate
from conformance.sending.progress import Unwatched
from conformance.steps import Step

NOTHING: Final[tuple[Exchange, ...]] = ()
"""What is known of a request that was never sent."""


class SpentError(BaseException):
    """The budget is spent, or somebody wants us to stop.

    Not an `Exception`: hypothesis lets it through at once, instead of taking it for a failing example.
    """


class Gathered:
    """A record in memory: what was asked, and what came back."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        self._attempts: dict[str, tuple[Exchange, ...]] = {}
        for exchange in exchanges:
            self.append(exchange)

    def append(self, exchange: Exchange) -> None:
        """Add what happened, behind all that is there."""
        key = exchange.purpose.key
        self._attempts[key] = (*self._attempts.get(key, NOTHING), exchange)

    def keys(self) -> tuple[str, ...]:
        """Every request that was made, in the order in which the first word of it came."""
        return tuple(self._attempts)

    def purpose(self, key: str) -> Purpose | None:
        """Why it was made."""
        found = self.attempts(key)
        return found[0].purpose if found else None

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        """Every try of it, in order."""
        return self._attempts.get(key, NOTHING)


class Oracle:
    """Answers what a target makes of a request. `sent` counts what really went out, repeats of lost answers included."""

    def __init__(
        self,
        wire: Sender,
        *,
        budget: int | None,
        stop: threading.Event,
        gate: Gate | None = None,
        concurrency: int = 1,
        seed: int = 0,
        told: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        """`budget` is the ceiling on `sent`, None for none; `told` hears of each exchange as it comes in."""
        self.budget = budget
        self.sent = 0
        self._reason = ""
        self._wire = wire
        self._stop = stop
        self._concurrency = concurrency
        self._gate = gate or Gate(concurrency=concurrency)
        self._seed = seed
        self._told = told
        self._memo: dict[str, tuple[Exchange, ...]] = {}

    @property
    def reason(self) -> str:
        """Why nothing more can be asked, as `observe` says it; empty while it can."""
        return self._reason or (INTERRUPTED if self._stop.is_set() else "")

    @property
    def left(self) -> int | None:
        """Requests that may still be sent; None where there is no ceiling."""
        return None if self.budget is None else max(0, self.budget - self.sent)

    def ask(self, step: Step) -> tuple[Exchange, ...]:
        """Every attempt at an answer to one request, in order. Raises `SpentError` where it would have to be sent and may not be."""
        self.ask_all((step,))
        known = self.known(step)
        if not known:
            raise SpentError
        return known

    def ask_all(self, steps: Iterable[Step]) -> None:
        """Send what is not known yet, concurrently, as far as the budget goes; `known` has the answers."""
        unknown = {_key(step): step for step in steps if _key(step) not in self._memo}
        if unknown and self._may_ask():
            gathered = self._observe(tuple(unknown.values()))
            self._memo |= {key: found for key, step in unknown.items() if (found := gathered.attempts(step.key))}

    def known(self, step: Step) -> tuple[Exchange, ...]:
        """What is known about a request without asking; nothing where it was never sent."""
        return tuple(replace(exchange, purpose=step.purpose) for exchange in self._memo.get(_key(step), NOTHING))

    def again(self, step: Step) -> tuple[Exchange, ...]:
        """Ask anew about a request that may be known already; nothing where the budget does not allow it. Changes nothing that is known."""
        return self._observe((step,)).attempts(step.key) if self._may_ask() else NOTHING

    def forget(self) -> None:
        """Drop what is known, for the memory that it takes. What was sent stays sent."""
        self._memo.clear()

    def within(self, budget: int) -> Oracle:
        """An oracle with a budget of its own, at most what is left of this one's; it keeps the same pace, and knows the same so far."""
        most = budget if self.left is None else min(budget, self.left)
        narrow = Oracle(self._wire, budget=most, stop=self._stop, gate=self._gate, seed=self._seed, told=self._told)
        narrow._memo = dict(self._memo)
        return narrow

    def charge(self, narrow: Oracle) -> None:
        """Count what an oracle within this one has sent; where the target was lost to it, it is lost to this one too."""
        self.sent += narrow.sent
        self._reason = self.reason or ("" if narrow.reason == BUDGET else narrow.reason)

    def _may_ask(self) -> bool:
        return not self.reason and self.left != 0

    def _observe(self, steps: tuple[Step, ...]) -> Gathered:
        gathered = Gathered()
        observed = observe(
            steps,
            self._wire,
            gathered,
            concurrency=self._concurrency,
            gate=self._gate,
            progress=_Listener(self._told),
            stop=self._stop,
            budget=Budget(Ceilings(requests=self.left)),
            seed=self._seed,
        )
        self.sent += observed.sent
        self._reason = observed.reason
        return gathered


class _Listener(Unwatched):
    """Passes on each exchange."""

    def __init__(self, told: Callable[[Exchange], None]) -> None:
        self._told = told

    def exchanged(self, exchange: Exchange) -> None:
        """Pass it on."""
        self._told(exchange)


def _key(step: Step) -> str:
    """The body of a request in the one form that equal bodies share."""
    if not isinstance(step.request, Request):
        raise TypeError(f"{step.key} has no request of its own")
    return canonical(strictjson.parse(step.request.body).value)

"""How much of a target is borne before a run ends, and how often one request is asked again. Pure; whoever asks holds a lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.model import Exchange, FaultKind
from conformance.settle import MOST_RETRIES, RATE_LIMITED, RETRIES, Mishap, Unrest, by_chance, mishap, retries, settled, unanswered

LOST_AFTER: Final = 8
"""Attempts in a row, over all workers, that bring no answer at all before the target counts as gone."""

TURNED_AWAY_AFTER: Final = 32
"""Attempts in a row, over all workers, that are answered 429 before the run counts as locked out."""

ENDLESS_AFTER: Final = 32
"""Attempts in a row, over all workers, whose answer begins and does not end within our bounds, before the run ends: each costs as much
time and memory as we give to any."""

FLOODED_AFTER: Final = 256 * 1024 * 1024
"""Bytes of answers that one run keeps. A conforming endpoint sends a hundredth of it; more would fill disks."""

FAILING_AFTER: Final = 5
"""Requests answered 5xx on every attempt before others that are answered so are asked just once more: a server that fails where it
should refuse does it hundreds of times, and asking each four times over would tell nothing new."""

DOUBTED_AFTER: Final = RETRIES + 1
"""Attempts in a row, over all workers, without an answer to settle on, before somebody looks whether the target is out of service."""

MOST_DOUBT: Final = 32
"""The same for a target that was there each time that somebody looked."""


class Patience:
    """What was borne so far."""

    def __init__(self) -> None:
        self._silent = 0
        self._silence = LOST_AFTER
        self._turned_away = 0
        self._endless = 0
        self._received = 0
        self._failing = 0
        self._unserved = 0
        self._doubt = DOUBTED_AFTER
        self._unrest = Unrest()

    def note(self, exchange: Exchange) -> str:
        """Take note of an attempt; returns why the run is to end, where that is enough."""
        self._silent = self._silent + 1 if unanswered(exchange) else 0
        self._unserved = 0 if settled(exchange) else self._unserved + 1
        self._turned_away = self._turned_away + 1 if exchange.status == RATE_LIMITED else 0
        self._endless = self._endless + 1 if _is_endless(exchange) else 0
        self._received += sum(len(chunk.data) for chunk in exchange.chunks)
        if self._endless >= ENDLESS_AFTER:
            return f"The target does not end its answers: {self._endless} in a row went on beyond our bounds, or stood still."
        if self._received > FLOODED_AFTER:
            return f"The target sends too much: its answers came to more than {FLOODED_AFTER >> 20} MiB."
        return ""

    def answered(self, mishaps: Sequence[Mishap]) -> None:
        """Take note of a request that was answered in the end, after these."""
        self._unrest.note(1, mishaps)

    def repeats(self, exchange: Exchange, mishaps: Sequence[Mishap]) -> int:
        """How often to ask again: hardly, once a target has shown that its 5xx are no accidents; long, when they are."""
        most = retries(exchange)
        unrest = self._unrest.share(mishaps)
        if unrest and most > 1 and mishap(exchange):
            return next((each for each in range(most, MOST_RETRIES) if not by_chance(unrest, each + 1)), MOST_RETRIES)
        if exchange.fault is not None or exchange.status is None or exchange.status < 500:
            return most
        if exchange.attempt > most:
            self._failing += 1
        return min(most, 1) if self.expects_failures else most

    @property
    def expects_failures(self) -> bool:
        """Whether the target has shown that it fails where it should refuse."""
        return self._failing >= FAILING_AFTER

    @property
    def locked_out(self) -> str:
        """Why the run is to end for want of anything but 429; empty where it is not."""
        if self._turned_away < TURNED_AWAY_AFTER:
            return ""
        return f"The target limits the rate of requests: {self._turned_away} answers in a row were 429."

    def misses(self) -> int:
        """How many attempts in a row brought nothing, where that is reason to look whether the target is there; else 0.

        A target that answers then has shown that it is there, and need not show it so soon again.
        """
        silent = self._silent
        if silent < self._silence:
            return 0
        self._silent = 0
        self._silence *= 2
        return silent

    @property
    def doubts(self) -> bool:
        """Whether there is reason to look if the target serves anybody."""
        return self._unserved >= self._doubt

    def trusts(self) -> None:
        """It did serve, so that what failed is about the requests."""
        self._doubt = min(2 * self._doubt, MOST_DOUBT)

    def forgives(self) -> None:
        """It was out of service and is back: what failed meanwhile says nothing about it."""
        self._failing = 0


def _is_endless(exchange: Exchange) -> bool:
    kind = exchange.fault.kind if exchange.fault else None
    return kind is FaultKind.OVERSIZE or (kind is FaultKind.TIMEOUT and exchange.status is not None)

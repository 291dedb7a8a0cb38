"""What counts as an answer, and how often one that got lost is asked for again. Pure.

A verdict may rest on a settled exchange only: a rate limit, an overload or a broken connection says nothing about how the target
treats the request. The statuses are those which clients of this API repeat by themselves, 409 excepted (openai/openai-python,
`_base_client.py`, `_should_retry`: 408, 409, 429, 5xx): here a 409 is an answer like any other 4xx. 425 joins them for what it
means (RFC 8470, section 5.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final

from conformance.model import Exchange, FaultKind

RETRIES: Final = 3
"""How often a lost answer is asked for again, unless the way it was lost says otherwise."""

RATE_LIMIT_RETRIES: Final = 10
"""The same for a 429. It is no loss but an appointment, and with many workers one of them may be turned away several times."""

FAULT_RETRIES: Final[Mapping[FaultKind, int]] = MappingProxyType(
    {
        FaultKind.UNREACHABLE: RETRIES,
        FaultKind.DNS: RETRIES,
        FaultKind.RESET: RETRIES,
        FaultKind.TRUNCATED: RETRIES,
        FaultKind.TLS: 1,
        FaultKind.PROTOCOL: 1,
        # Each repeat of these costs as long as the bound itself.
        FaultKind.TIMEOUT: 1,
        FaultKind.OVERSIZE: 0,
    }
)

RARE: Final = 1e-5
"""How likely it may be that a request which is answered at other times fails on all its attempts, for that to count as what the target
does to it. With the thousand requests of a run, bad luck is taken for behaviour in fewer than one run of a hundred."""

MOST_RETRIES: Final = 8
"""How often a request that fails is repeated at most, until it cannot be bad luck any more."""

RATE_LIMITED: Final = 429
OUT_OF_SERVICE: Final = frozenset({502, 503, 504})
"""What a server answers, or the proxy before it, while it is not there for anybody."""

PROBE: Final = "liveness/probe"
"""Key of the question that tells whether a target is there: one that it has answered before."""

_LOST: Final = frozenset({408, 425, RATE_LIMITED})
_DOOR: Final = frozenset({401, 402, 403})
"""Statuses about who asks, whatever is asked."""


def blamed(status: int) -> bool:
    """Whether a status blames the request: a 4xx that is not about who asks, how often, or how long it took."""
    return 400 <= status < 500 and status not in _LOST | _DOOR


def turned_down(exchange: Exchange) -> bool:
    """Whether the request was refused, or the server failed over it."""
    return blamed(exchange.status or 0) or (exchange.status or 0) >= 500


def settled(exchange: Exchange) -> bool:
    """Whether this is an answer, rather than the loss of one."""
    if exchange.fault is not None or exchange.status is None:
        return False
    return exchange.status not in _LOST and not 500 <= exchange.status <= 599


class Mishap(Enum):
    """How an answer can begin and be none."""

    FAILED = "failed"
    """A 5xx."""
    BROKEN_OFF = "broken off"
    """One that did not come to its end."""


def mishap(exchange: Exchange) -> Mishap | None:
    """How an answer came and is none; None where there is an answer, or where nothing began."""
    if exchange.status is None or exchange.status in _LOST or settled(exchange):
        return None
    return Mishap.FAILED if exchange.status >= 500 else Mishap.BROKEN_OFF


def by_chance(share: float, times: int) -> bool:
    """Whether a request may have failed so many times in a row by bad luck; `share` of what is answered in the end fails at first."""
    return share**times > RARE


class Unrest:
    """How often answers begin and fail for no reason of their requests': told by those requests that were answered in the end.

    Each kind of mishap has a share of its own. Streams that break off while others are answered make no accident of a 5xx that a request
    gets each time.
    """

    def __init__(self) -> None:
        self._answered = 0
        self._mishaps: Counter[Mishap] = Counter()
        self._out = False
        """Whether the target was out of service in the end: then a 5xx says nothing about any request."""

    @classmethod
    def of(cls, requests: Iterable[Sequence[Exchange]]) -> Unrest:
        """That of a whole run: the attempts of each request."""
        found = cls()
        for attempts in requests:
            found.note(sum(map(settled, attempts)), filter(None, map(mishap, attempts)))
            if attempts and attempts[0].purpose.key == PROBE:
                found._out = attempts[-1].status in OUT_OF_SERVICE
        return found

    def note(self, answered: int, mishaps: Iterable[Mishap]) -> None:
        """Add a request that was answered so many times; one that never was is left out, since its mishaps may have a reason."""
        if answered:
            self._answered += answered
            self._mishaps.update(mishaps)

    def share(self, kinds: Iterable[Mishap]) -> float:
        """How many attempts have a mishap of one of these kinds, from 0 to 1."""
        wanted = set(kinds)
        if self._out and Mishap.FAILED in wanted:
            return 1.0
        mishaps = sum(self._mishaps[kind] for kind in wanted)
        return mishaps / (self._answered + self._mishaps.total()) if mishaps else 0.0


def unanswered(exchange: Exchange) -> bool:
    """Whether not even a status line came: the target may be gone."""
    return exchange.status is None


def retries(exchange: Exchange) -> int:
    """How often a request that ended like this may be repeated in all; 0 for a settled one."""
    if settled(exchange):
        return 0
    if exchange.fault is not None:
        return FAULT_RETRIES[exchange.fault.kind]
    return RATE_LIMIT_RETRIES if exchange.status == RATE_LIMITED else RETRIES

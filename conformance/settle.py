"""What counts as an answer, and how often one that got lost is asked for again. Pure.

A verdict may rest on a settled exchange only: a rate limit, an overload or a broken connection says nothing about how the target
treats the request. The statuses are those which clients of this API repeat by themselves, 409 excepted (openai/openai-python,
`_base_client.py`, `_should_retry`: 408, 409, 429, 5xx): here a 409 is an answer like any other 4xx. 425 joins them for what it
means (RFC 8470, section 5.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conformance.model import Exchange, FaultKind

RETRIES: Final = 3
"""How often a lost answer is asked for again, unless the way it was lost says otherwise."""

RATE_LIMIT_RETRIES: Final = 8
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


def begun(exchange: Exchange) -> bool:
    """Whether an answer came and is none: a 5xx, or one that did not come to its end."""
    return exchange.status is not None and exchange.status not in _LOST and not settled(exchange)


def by_chance(share: float, times: int) -> bool:
    """Whether a request may have failed so many times in a row by bad luck; `share` of what is answered in the end fails at first."""
    return share**times > RARE


def unrest(requests: Iterable[Sequence[Exchange]]) -> float:
    """How many attempts began an answer and failed, from 0 to 1, among those of requests that were answered in the end."""
    failed = answered = 0
    for attempts in requests:
        if good := sum(map(settled, attempts)):
            answered += good
            failed += sum(map(begun, attempts))
    return failed / (failed + answered) if failed else 0.0


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

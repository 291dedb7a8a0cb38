"""When a stream arrived: every read and every event on one axis of time, what is wrong marked, and the same in a sentence.

Coordinates are numbers of ours; nothing of the target's gets into the drawing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model import Exchange
from conformance.render.transcript import Line

WIDTH: Final = 1000
"""Units from the beginning of the axis, when the request was sent, to its end."""

_STEPS: Final = 250
"""Places on the axis that ticks are put on: a stream of thousands of reads is still a small drawing."""

_NAMED: Final = 4
"""Marked events that the sentence names; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A drawing of 1000 by 40 units: reads in its upper half, events in its lower one."""

    reads: str
    """Path of a tick for each read."""
    events: str
    marked: str
    """Path of a tick through both halves for each event that something is wrong with; may be empty."""
    head: str
    """Path of the moment in which the head of the answer was there; may be empty."""
    seconds: float
    """What the whole axis stands for."""
    words: str
    """All of it for whoever does not see it."""


def of(exchange: Exchange, events: Sequence[Line]) -> Timeline | None:
    """Draw a stream, given its events as a transcript marks them; None for an answer without events."""
    timed = [(one.at, one) for one in events if one.at is not None]
    if not timed or not exchange.chunks:
        return None
    last = max(chunk.at for chunk in exchange.chunks)
    seconds = max(exchange.elapsed, last, exchange.head_at or 0.0, 0.001)
    wrong = [(at, one) for at, one in timed if one.marks]
    return Timeline(
        reads=_ticks((chunk.at for chunk in exchange.chunks), seconds, "3V18"),
        events=_ticks((at for at, _ in timed), seconds, "22V37"),
        marked=_ticks((at for at, _ in wrong), seconds, "0V40"),
        head="" if exchange.head_at is None else _ticks((exchange.head_at,), seconds, "0V40"),
        seconds=seconds,
        words=_words(exchange, timed, wrong),
    )


def _ticks(moments: Iterable[float], seconds: float, stroke: str) -> str:
    steps = sorted({round(min(max(at / seconds, 0.0), 1.0) * _STEPS) for at in moments})
    return "".join(f"M{step * WIDTH // _STEPS} {stroke}" for step in steps)


def _words(exchange: Exchange, timed: Sequence[tuple[float, Line]], wrong: Sequence[tuple[float, Line]]) -> str:
    reads = len(exchange.chunks)
    parts = [f"{_count(len(timed), 'event')} in {_count(reads, 'read')}"]
    if exchange.head_at is not None:
        parts.append(f"head after {exchange.head_at:.3f} s")
    parts.append(f"first event after {timed[0][0]:.3f} s")
    silences = [(later[0] - earlier[0], later[1]) for earlier, later in itertools.pairwise(timed)]
    longest = max(silences, key=lambda each: each[0], default=None)
    if longest is not None and longest[0] >= 0.001:
        parts.append(f"longest silence {longest[0]:.3f} s, before {longest[1].label}")
    parts.append(f"over after {exchange.elapsed:.3f} s")
    return "; ".join(parts) + "." + _named(wrong)


def _named(wrong: Sequence[tuple[float, Line]]) -> str:
    if not wrong:
        return ""
    named = ", ".join(f"{one.label} at {at:.3f} s" for at, one in wrong[:_NAMED])
    more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return f" Marked: {named}{more}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""A body as numbered, timed lines of which some are marked: events of a stream, members of a JSON text, or just lines.

What is shown are the bytes as they came: JSON is broken into lines, never written anew, so that `1.0` stays `1.0` and a name that occurs
twice is seen twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from conformance import sse, strictjson
from conformance.model import Chunk, Exchange, Place
from conformance.render.members import located
from conformance.render.text import decoded, line

LINE: Final = 320
"""Characters shown of one line."""

CHARACTERS: Final = 4096
"""Characters shown of one body."""

_READ: Final = 65_536
"""Bytes of a body that are read in order to show it; what is marked beyond them is not found."""

_AROUND: Final = 2
"""Lines shown on either side of a marked one, wherever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to point at in a body, and the requirement that does."""

    requirement: str
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a transcript."""

    text: str
    at: float | None = None
    """Arrival, for events."""
    label: str = ""
    """`#3` for the fourth event."""
    marks: tuple[str, ...] = ()
    """Requirements that it breaks."""
    span: tuple[int, int] | None = None
    event: int | None = None
    pointer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A body, shown."""

    lines: tuple[Line, ...]
    size: int
    """Bytes of the whole."""
    digest: str
    """First letters of its SHA-256."""
    shortened: bool


def of_request(body: bytes, pointers: Sequence[Mark] = (), *, characters: int = CHARACTERS) -> Transcript:
    """Show what was sent."""
    return _transcript(body, _plain(body), pointers, characters)


def of_response(exchange: Exchange, marks: Sequence[Mark] = (), *, characters: int = CHARACTERS) -> Transcript:
    """Show what came back; a stream of events event by event, with the time of each."""
    body = exchange.body
    lines = _events(exchange, body) if _is_stream(exchange) else _plain(body)
    return _transcript(body, lines, marks, characters)


def events(exchange: Exchange, marks: Sequence[Mark] = ()) -> tuple[Line, ...]:
    """All events of a stream that are read in order to be shown; none for an answer that is no stream."""
    lines = _events(exchange, exchange.body) if _is_stream(exchange) else []
    return tuple(replace(one, marks=_hits(one, marks)) for one in lines if one.event is not None)


def span(exchange: Exchange, place: Place) -> tuple[int, int] | None:
    """Which bytes of an answer a finding is about: those it names, else its event or member; None when nobody knows.

    Where an event is named and a member of its data, it is the bytes of the member.
    """
    lines = _events(exchange, exchange.body) if _is_stream(exchange) else _plain(exchange.body)
    found = next((one for one in lines if one.span is not None and _hit(one, place)), None)
    named = place.span or (found.span if found else None)
    if found is not None and found.event is not None and named is not None and place.pointer:
        return _member(exchange.body, named, place.pointer) or named
    return named


def _member(body: bytes, event: tuple[int, int], pointer: str) -> tuple[int, int] | None:
    """The bytes of a member within the data of an event; None where its data are no JSON object on one line, or lack it."""
    start, end = event
    opening = body.find(b"{", start, end)
    lines = _plain(body[opening:end].rstrip(b"\r\n")) if opening >= 0 else []
    spans = (one.span for one in lines if one.pointer == pointer and one.span is not None)
    return next(((opening + first, opening + last) for first, last in spans), None)


def _is_stream(exchange: Exchange) -> bool:
    return exchange.media_type == "text/event-stream" or exchange.body.startswith((b"data:", b"\xef\xbb\xbfdata:"))


def _transcript(body: bytes, lines: list[Line], marks: Sequence[Mark], characters: int) -> Transcript:
    marked = [replace(one, marks=_hits(one, marks)) for one in lines]
    kept = _window(marked, characters)
    whole = len(body) <= _READ and len(kept) == len(lines) and all(len(one.text) <= LINE for one in lines)
    shown = tuple(replace(one, text=line(one.text, LINE)) for one in kept)
    return Transcript(lines=shown, size=len(body), digest=hashlib.sha256(body).hexdigest()[:12], shortened=not whole)


def _hits(one: Line, marks: Sequence[Mark]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark.requirement for mark in marks if _hit(one, mark.at)))


def _hit(one: Line, at: Place) -> bool:
    """By event, else by pointer, else by bytes: the span of a finding may lie in what its pointer is relative to."""
    if one.event is not None and at.event is not None:
        return one.event == at.event
    if one.pointer is not None and at.pointer is not None:
        return bool(at.pointer) and one.pointer == at.pointer
    if one.span is not None and at.span is not None:
        return one.span[0] < max(at.span[1], at.span[0] + 1) and at.span[0] < one.span[1]
    return False


def _window(lines: list[Line], characters: int) -> list[Line]:
    """The first lines, the last two, and the surroundings of the marked ones; a gap says how much it leaves out.

    Where something is marked the first lines are fewer, so that a reader comes to it without scrolling.
    """
    wanted = {near for number, one in enumerate(lines) if one.marks for near in range(number - _AROUND, number + _AROUND + 1)}
    wanted = set(sorted(n for n in wanted if 0 <= n < len(lines))[: characters // 64])
    wanted |= {n for n in range(len(lines) - 2, len(lines)) if n >= 0}
    left = characters // 4 if any(one.marks for one in lines) else characters
    for number, one in enumerate(lines):
        left -= min(len(one.text), LINE)
        if left < 0:
            break
        wanted.add(number)
    return list(_with_gaps(lines, sorted(wanted)))


def _with_gaps(lines: list[Line], wanted: list[int]) -> Iterator[Line]:
    expected = 0
    for number in wanted:
        if number > expected:
            yield Line(text=f"… {number - expected:,} more …")
        yield lines[number]
        expected = number + 1


def _events(exchange: Exchange, body: bytes) -> list[Line]:
    """One line for each event, and one for what follows the last."""
    events = sse.decode(_first(exchange.chunks)).events
    lines = [Line(text=_block(body[e.span[0] : e.span[1]]), at=e.at, label=f"#{e.number}", span=e.span, event=e.number) for e in events]
    end = events[-1].span[1] if events else 0
    if end < min(len(body), _READ):
        lines.append(Line(text=_block(body[end : end + 4 * LINE]), label="rest", span=(end, len(body))))
    return lines


def _first(chunks: tuple[Chunk, ...]) -> Iterator[Chunk]:
    """As many chunks as are read in order to be shown."""
    for chunk, before in zip(chunks, accumulate((len(chunk.data) for chunk in chunks), initial=0), strict=False):
        if before >= _READ:
            return
        yield Chunk(chunk.at, chunk.data[: _READ - before])


def _block(data: bytes) -> str:
    return decoded(data[: 4 * LINE].rstrip(b"\r\n"))


def _plain(body: bytes) -> list[Line]:
    if len(body) <= _READ:
        try:
            strictjson.parse(body)
        except strictjson.NotJsonError:
            pass
        else:
            return [Line(text=text, pointer=pointer, span=span) for text, pointer, span in _members(body.decode())]
    lines, start = [], 0
    for raw in body[:_READ].split(b"\n"):
        lines.append(Line(text=decoded(raw), span=(start, start + len(raw) + 1)))
        start += len(raw) + 1
    return lines


def _members(text: str) -> Iterator[tuple[str, str | None, tuple[int, int]]]:
    """Members with their bytes instead of their characters."""
    ascii_only = text.isascii()
    for written, pointer, (start, end) in located(text):
        begin = start if ascii_only else len(text[:start].encode())
        yield written, pointer, (begin, begin + (end - start if ascii_only else len(text[start:end].encode())))

"""One thing done to the bytes of a stream of the reference server: something legal, or a fault."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.model import Chunk, Fault

DONE = b"data: [DONE]\n\n"

Pick = Callable[[int], int]
"""A number from 0 to one less than the argument: where, which, how."""


@dataclass(frozen=True, slots=True)
class Injected:
    """The bytes of a stream after something was done to them."""

    reads: list[bytes]
    lost: set[str] = field(default_factory=set)
    """What the events that a client no longer gets were for."""
    fault: Fault | None = None
    times: list[float] | None = None
    """When each came, where they are not the events one by one."""

    @property
    def chunks(self) -> list[Chunk]:
        times = self.times or [float(number) for number in range(len(self.reads))]
        return [Chunk(at, data) for at, data in zip(times, self.reads, strict=True)]


Inject = Callable[[list[bytes], Pick], Injected | None]
"""Does it to the events of a stream; None where this stream gives no occasion."""
Change = Callable[[bytes, Pick], bytes]
"""Does it to one event."""


def says(frame: bytes) -> str:
    """What an event of the reference server is for."""
    if frame == DONE:
        return "done"
    chunk = json.loads(frame.removeprefix(b"data: "))
    if not chunk["choices"]:
        return "usage"
    [choice] = chunk["choices"]
    delta = choice["delta"]
    if choice["finish_reason"]:
        return "finish"
    if "role" in delta:
        return "role"
    if "tool_calls" in delta:
        return "call" if "id" in delta["tool_calls"][0] else "fragment"
    return "text"


def places(events: list[bytes], what: str) -> list[int]:
    return [number for number, event in enumerate(events) if what in ("any", says(event)) or (what == "chunk" and event != DONE)]


def chosen(events: list[bytes], pick: Pick, what: str) -> int | None:
    found = places(events, what)
    return found[pick(len(found))] if found else None


def event_by(change: Change, what: str = "any", *, lost: bool = False) -> Inject:
    """Change one event of those that say this."""

    def inject(events: list[bytes], pick: Pick) -> Injected | None:
        number = chosen(events, pick, what)
        if number is None:
            return None
        changed = [*events[:number], change(events[number], pick), *events[number + 1 :]]
        return Injected(changed, {says(events[number])} if lost else set())

    return inject


def whole_by(change: Callable[[list[bytes], Pick], list[bytes]], lost: Iterable[str] = ()) -> Inject:
    return lambda events, pick: Injected(change(list(events), pick), set(lost))


def dropped(what: str) -> Inject:
    return event_by(lambda event, pick: b"", what, lost=True)


def doubled(what: str) -> Inject:
    return event_by(lambda event, pick: event + event, what)


def subject(event: bytes) -> tuple[object, object]:
    """Which choice, and which call of it, an event of the reference server is about."""
    [choice] = json.loads(event.removeprefix(b"data: "))["choices"]
    calls = choice["delta"].get("tool_calls")
    return choice["index"], calls[0]["index"] if calls else None


def swapped(first: str, second: str, *, apart: bool = False) -> Inject:
    """Exchange two neighbours that say these, about one thing or (`apart`) about two that have nothing to do with each other."""

    def fits(one: bytes, other: bytes) -> bool:
        if (says(one), says(other)) != (first, second):
            return False
        if {first, second} & {"usage", "done"}:
            return True
        (choice, call), (other_choice, other_call) = subject(one), subject(other)
        independent = choice != other_choice or (call is not None and other_call is not None and call != other_call)
        return independent == apart

    def inject(events: list[bytes], pick: Pick) -> Injected | None:
        found = [n for n in range(len(events) - 1) if fits(events[n], events[n + 1])]
        if not found:
            return None
        n = found[pick(len(found))]
        return Injected([*events[:n], events[n + 1], events[n], *events[n + 2 :]])

    return inject


def between(addition: bytes, *, after_done: bool = False) -> Inject:
    """Put something between two events, or after the last."""

    def inject(events: list[bytes], pick: Pick) -> Injected:
        n = len(events) if after_done else pick(len(events))
        return Injected([*events[:n], addition, *events[n:]])

    return inject


def in_json(change: Callable[[str, Pick], str]) -> Change:
    def changed(event: bytes, pick: Pick) -> bytes:
        return b"data: " + change(event.decode().removeprefix("data: ").rstrip("\n"), pick).encode("utf-8", "surrogatepass") + b"\n\n"

    return changed


def cut_short(text: str, pick: Pick) -> str:
    return text[: 1 + pick(len(text) - 1)]


def without_a_sign(text: str, pick: Pick) -> str:
    """Without a bracket or colon of the JSON itself."""
    signs = [match.start() for match in re.finditer(r'"(?:\\.|[^"\\])*"|[][{}:]', text) if len(match[0]) == 1]
    place = signs[pick(len(signs))]
    return text[:place] + text[place + 1 :]


def cut_anywhere(fault: Fault | None) -> Callable[[list[bytes], Pick], Injected]:
    def inject(events: list[bytes], pick: Pick) -> Injected:
        body = b"".join(events)
        end = pick(len(body))
        body = body[:end]
        kept, reads = 0, list[bytes]()
        while body:
            reads.append(body[: len(events[kept])])
            body = body[len(events[kept]) :]
            kept += 1
        whole = sum(len(read) == len(event) for read, event in zip(reads, events, strict=False))
        return Injected(reads, {says(event) for event in events[whole:]}, fault)

    return inject


def in_member(value: bytes) -> Change:
    """A vendor's own member holds this."""
    return lambda event, pick: event.removesuffix(b"}\n\n") + b',"x":"' + value + b'"}\n\n'


def without_a_byte(events: list[bytes], pick: Pick) -> Injected | None:
    """A character of several bytes lacks one."""
    found = [(n, place) for n, event in enumerate(events) for place, byte in enumerate(event) if byte >= 0x80]
    if not found:
        return None
    n, place = found[pick(len(found))]
    return Injected([*events[:n], events[n][:place] + events[n][place + 1 :], *events[n + 1 :]])


def merged(events: list[bytes], pick: Pick) -> Injected:
    """Two events run into each other, since one line feed is missing between them."""
    n = pick(len(events) - 1)
    return Injected([*events[:n], events[n][:-1], *events[n + 1 :]], {says(events[n]), says(events[n + 1])})


def rechunked(events: list[bytes], pick: Pick) -> Injected:
    """The same bytes in other reads, each of which comes when its last byte came."""
    body, size = b"".join(events), (1, 7, 300, 1 << 20)[pick(4)]
    arrivals = [float(number) for number, event in enumerate(events) for _ in event]
    first, step = 1 + pick(size), 1 + pick(size)
    ends = [*range(min(first, len(body) - 1), len(body), step), len(body)]
    reads = [body[one:other] for one, other in pairwise([0, *ends])]
    return Injected(reads, times=[arrivals[end - 1] for end in ends])


def line_ends(end: bytes) -> Callable[[list[bytes], Pick], list[bytes]]:
    return lambda events, pick: [event.replace(b"\n", end) for event in events]


def by_turns(events: list[bytes], pick: Pick) -> list[bytes]:
    """Lines end in LF from one event on, in CRLF before, or the other way about."""
    first, place = pick(2), 1 + pick(len(events) - 1)
    return [event.replace(b"\n", b"\r\n") if (number < place) == bool(first) else event for number, event in enumerate(events)]


def reencoded(coding: str) -> Callable[[list[bytes], Pick], list[bytes]]:
    return lambda events, pick: [b"".join(events).decode().encode(coding)]


def fields(*lines: bytes) -> Change:
    return lambda event, pick: lines[pick(len(lines))] + b"\n" + event


def over_lines(event: bytes, pick: Pick) -> bytes:
    """The JSON goes over two data lines, where white space may stand."""
    gaps = [match.end() for match in re.finditer(rb'"(?:\\.|[^"\\])*"|[{},]', event) if match[0] in (b"{", b"}", b",")]
    place = gaps[pick(len(gaps))]
    return event[:place] + b"\ndata: " + event[place:]


def within_a_string(event: bytes, pick: Pick) -> bytes:
    """A line feed gets into a string unescaped, so the JSON goes over two lines where it must not."""
    place = event.index(b"reference-model") + pick(10)
    return event[:place] + b"\ndata: " + event[place:]

"""When a stream arrives: as it is generated, or all at once when everything is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from conformance.model import Detail, Finding, Level, Place
from conformance.observation import AbsentError, Asked, Evidence, Gap, Observation, UnmetError
from conformance.recent import once
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import at, ended, parts
from conformance.strictjson import get, show
from conformance.subjects.reply import Stream, StreamedChunk, streamed_answer
from conformance.view import View

LATE: Final = 0.95
"""Share of a stream's time after which its text is late: what comes then comes when all is done."""

SLOWER: Final = 2.0
"""How many times as long as a short stream a long one has to take before the time goes into generating text."""

PAUSE: Final = 0.3
"""Seconds. A difference below this may be a pause of our own process, so nothing is told of it: schedulers and collectors of garbage make
pauses of tens of milliseconds on a busy machine. It accuses nobody; it only withholds a judgement."""

WORDS: Final = 16
"""Words that a long stream has at least: far more than fit into the shortest one, and few enough for the cap."""

CHUNKS: Final = 24
"""Chunks with text that a stream has at least before the rhythm in which they came is looked at."""

BURSTS: Final = 4
"""Bursts of text that so many chunks come in at most, where a buffer sits in between: six or more at a time."""

PIECES: Final = 4
"""Chunks with text that a text of `WORDS` comes in at least, unless it is sent in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a stream came, in seconds since it was asked for."""

    first: float
    """Its first text."""
    total: float
    """Its end; where we hung up, the moment at which we did."""
    words: int
    whole: bool = True
    """Whether we read it to its end."""
    times: tuple[float, ...] = ()
    """When each chunk with text came."""

    @property
    def in_blocks(self) -> bool:
        """Whether many chunks came in a few bursts with long silence between: a buffer was filled, passed on, and filled again."""
        span = self.times[-1] - self.times[0] if self.times else 0.0
        if len(self.times) < CHUNKS or span < PAUSE:
            return False
        return 1 + sum(later - sooner > span / (4 * len(self.times)) for sooner, later in pairwise(self.times)) <= BURSTS


def held_back(long: Sequence[Arrival], short: Sequence[Arrival]) -> bool | None:
    """Tell whether text is kept until all of it is there; None where that cannot be told. Pure.

    No measure of time is good for all servers and machines, so streams are held against each other. Every long one has to take twice
    as long as the slowest short one: so generating is what takes the time, not the way, the queue or the prompt. And every long one has
    to have its first text in the last twentieth of its time. A pause of ours or on the way makes one stream late, or a short one slow, or
    long ones unlike each other: none of these ends in an accusation. One stream that came bit by bit shows that the server sends so,
    if it took longer than any pause of ours; where one is over sooner nothing is told, so that runs agree however busy a machine is.

    A buffer smaller than the stream is known by the rhythm: every stream comes in a few bursts of many chunks. One pause makes one burst.
    """
    whole = [each for each in long if each.whole and each.words >= WORDS]
    if not whole or min(each.total for each in long if each.whole) < PAUSE:
        return None
    if len(whole) > 1 and all(each.in_blocks for each in whole):
        return True
    early = [each.total - each.first for each in whole if each.first < LATE * each.total]
    if early:
        return False if max(early) > PAUSE else None
    if len(whole) < 2 or len(long) < 3 or len(short) < 2:
        return None
    slowest, quickest = max(each.total for each in short), min(each.first for each in long)
    differ = max(each.total for each in whole) - min(each.total for each in whole)
    return True if quickest > SLOWER * slowest and quickest - slowest > max(PAUSE, 2 * differ) else None


def texts(stream: Stream) -> list[tuple[StreamedChunk, str]]:
    """The chunks that have text, and the text."""
    found = [(part.chunk, get(part.value, "delta", "content")) for part in parts(stream)]
    return [(chunk, text) for chunk, text in found if isinstance(text, str) and text]


def arrival(stream: Stream) -> Arrival | None:
    """When the text of a stream came; None where there is none, or where it broke off or failed."""
    exchange = stream.exchange
    if exchange.fault is not None or not stream.objects or stream.failed:
        return None
    found = texts(stream)
    if not found:
        return None
    words = len("".join(text for _, text in found).split())
    total = max(exchange.elapsed, exchange.chunks[-1].at)
    times = tuple(chunk.event.at for chunk, _ in found)
    return Arrival(first=times[0], total=total, words=words, whole=not exchange.hung_up, times=times)


@dataclass(frozen=True, slots=True)
class Delivery:
    """All streams of a run that were asked for one after the other, when nothing else was under way."""

    observation: Observation
    """The last of the long ones."""
    long: tuple[Arrival, ...]
    short: tuple[Arrival, ...]


@once
def _arrivals(evidence: Evidence) -> tuple[tuple[Arrival, ...], tuple[Arrival, ...]]:
    """The long streams of a run, and the short ones."""
    long, short = (tuple(_about(evidence, topic)) for topic in ("delivery", "short-delivery"))
    return long, short


def _about(evidence: Evidence, topic: str) -> Iterator[Arrival]:
    for key in evidence.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
        purpose = evidence.records.purpose(key)
        asked = evidence.asked(key) if purpose is not None and topic in purpose.topics else None
        if asked is not None and asked.answer is not None and asked.answer.succeeded and asked.answer.is_event_stream:
            try:
                found = arrival(Stream(asked.answer))
            except UnmetError:
                continue
            if found is not None:
                yield found


def _delivery(asked: Asked) -> Iterator[Delivery | Gap]:
    for stream in streamed_answer.see(asked):
        yield stream if isinstance(stream, Gap) else Delivery(stream.observation, *_arrivals(asked.evidence))


delivery: Final = View("streams one after the other", streamed_answer.covers, _delivery).where(
    lambda purpose: "delivery" in purpose.topics and "after-hang-up" in purpose.topics, "streams one after the other"
)


@requirement(
    "STREAM-INCREMENTAL",
    Level.SHOULD,
    on=delivery,
    cites=[contract("/x-stream/incremental"), incident("lm-sys/FastChat#2337"), incident("dstackai/dstack#4269")],
    rests_on=[Detail.ARRIVAL, Detail.PURPOSE],
)
def text_comes_as_it_is_generated(seen: Delivery) -> Iterator[Finding]:
    """The text of a stream comes as it is generated, not all at once when everything is done.

    Look for a proxy that buffers (nginx: `proxy_buffering off`, or send `X-Accel-Buffering: no`), a compressor, a writer that is not
    flushed. Told only of streams that take long enough to tell, and only if all of them came so.
    """
    held = held_back(seen.long, seen.short)
    if held is None:
        raise AbsentError("the streams are too short or too fast to tell")
    if held:
        last = seen.long[-1]
        received = f"silence, and then much at once: in the last stream the first text after {last.first:.2f} s of {last.total:.2f} s"
        yield Finding(code="held-back", expected="text from early on", received=received)


@requirement(
    "STREAM-INCREMENTAL-TOOLS",
    Level.SHOULD,
    on=streamed_answer.about("tools-unused"),
    cites=[contract("/x-stream/incremental"), incident("youssofal/MTPLX#13"), incident("seaavey/SRouter#104")],
    rests_on=[Detail.PURPOSE],
)
def tools_do_not_stop_the_stream(stream: Stream) -> Iterator[Finding]:
    """A long text comes in several chunks whether tools are offered or not.

    Servers that wait for the end of an answer to look for calls in it make one chunk of it all. Told only where the same text comes in
    several chunks when no tool is offered.
    """
    ended(stream)
    first, other = texts(stream), _plain(stream.observation.evidence)
    words = len("".join(text for _, text in first).split())
    if words < WORDS or len(other) < PIECES:
        raise UnmetError("there is no long text, with and without tools")
    if len(first) == 1:
        yield Finding(code="one-chunk", expected=f"about {len(other)} chunks", received=show(first[0][1][:120]), at=at(first[0][0]))


def _plain(evidence: Evidence) -> list[tuple[StreamedChunk, str]]:
    """The text of the same question without tools."""
    asked = evidence.asked("delivery/1")
    for stream in streamed_answer.see(asked) if asked is not None else ():
        if isinstance(stream, Stream) and not stream.broken:
            return texts(stream)
    return []


@requirement(
    "STREAM-OBFUSCATION-OFF",
    Level.SHOULD,
    on=streamed_answer.about("unpadded"),
    cites=[contract("/x-stream/obfuscation-off"), incident("dongri/openai-api-rs#186")],
    shows=["obfuscation-off"],
)
def no_padding_when_unwanted(stream: Stream) -> Iterator[Finding]:
    """With `include_obfuscation: false` no chunk is padded."""
    for chunk in stream.chunks:
        if chunk.value.get("obfuscation"):
            received = show(chunk.value.get("obfuscation"))
            yield Finding(code="padded", expected="(absent)", received=received, at=Place(pointer="/obfuscation", event=chunk.event.number))
            return

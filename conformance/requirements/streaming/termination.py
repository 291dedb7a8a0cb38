"""How a stream ends."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Detail, FaultKind, Finding, Level, Place
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.streaming.reading import ended, noted
from conformance.sse import NoteCode
from conformance.subjects.reply import DONE, Stream, streamed_answer

HTML = "https://html.spec.whatwg.org/multipage/server-sent-events.html"


@requirement(
    "STREAM-DONE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/terminator"), incident("huggingface/text-generation-inference#2221"), incident("oobabooga/textgen#4778")],
)
def stream_ends_with_done(stream: Stream) -> Iterator[Finding]:
    """A successful stream has an event whose data is exactly `[DONE]`.

    Clients that read the bytes themselves wait for it; without it a stream that was cut looks like one that ended.
    """
    if any(event.data == DONE for event in stream.events):
        return
    ended(stream)
    last = stream.events[-1]
    unclosed = any(note.code is NoteCode.UNTERMINATED and note.detail.strip() == DONE for note in stream.notes)
    if not unclosed:
        yield Finding(code="no-done", expected=DONE, received=last.data[:200], at=Place(event=last.number, span=last.span))


@requirement(
    "STREAM-DONE-CLOSED",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/terminator-closed"), standard("HTML §9.2.6", f"{HTML}#event-stream-interpretation")],
    rests_on=[Detail.CLOSE],
)
def done_is_closed(stream: Stream) -> Iterator[Finding]:
    """A blank line follows `data: [DONE]`; without it no decoder that keeps to the standard delivers the event."""
    fault = stream.exchange.fault
    if fault is not None and fault.kind is not FaultKind.TIMEOUT:
        raise UnmetError("the stream broke off")
    for note in noted(stream, NoteCode.UNTERMINATED):
        if note.detail.strip() == DONE:
            yield Finding(code="unclosed", expected="a blank line, then the end", received="the end", at=Place(span=note.span))


@requirement(
    "STREAM-DONE-ONCE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/terminator-once"), incident("songquanpeng/one-api#1628"), incident("nyroway/nyro#162")],
)
def done_comes_once(stream: Stream) -> Iterator[Finding]:
    """`[DONE]` comes once.

    A gateway that forwards its upstream's terminator must not add one of its own.
    """
    done = [event for event in stream.events if event.data.strip() == DONE]
    if len(done) > 1:
        yield Finding(code="repeated", expected="1", received=str(len(done)), at=Place(event=done[1].number, span=done[1].span))


@requirement(
    "STREAM-NOTHING-AFTER-DONE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/nothing-after"), incident("Continuum-AI-Corp/OrcaRouter-Lite#127")],
)
def nothing_follows_done(stream: Stream) -> Iterator[Finding]:
    """No event follows `[DONE]`, nor the beginning of one; clients have stopped reading."""
    done = stream.terminator
    if done is None:
        return
    for event in stream.events:
        if event.number > done.number and event.data.strip() != DONE:
            place = Place(event=event.number, span=event.span)
            yield Finding(code="data-after-done", expected="the end of the stream", received=event.data[:200], at=place)
    for note in noted(stream, NoteCode.UNTERMINATED):
        if note.span[0] >= done.span[1] and note.detail.strip() != DONE:
            rest = stream.exchange.body[slice(*note.span)][:200].decode(errors="replace")
            yield Finding(code="rest-after-done", expected="the end of the stream", received=rest, at=Place(span=note.span))


@requirement(
    "STREAM-COMPLETE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/clean-end"), incident("npuichigo/openai_trtllm#31"), incident("konveyor/kai#622")],
    rests_on=[Detail.CLOSE],
)
def body_ends_cleanly(stream: Stream) -> Iterator[Finding]:
    """The body of a stream ends as HTTP has it: with its last chunk, not with a broken connection, and soon after `[DONE]`.

    Looked at when no attempt came to a clean end. Clients raise an error after the last token, or take a cut answer for a whole one.
    """
    fault = stream.exchange.fault
    if fault is None:
        return
    done = any(event.data == DONE for event in stream.observation.decoded.events)
    if fault.kind in {FaultKind.TIMEOUT, FaultKind.OVERSIZE} and not done:
        # A slow model, or one that was asked for more than we read, breaks no rule.
        raise UnmetError(f"it had not come to its end: {fault.detail}")
    code = "broken-off" if not done else "no-end"
    size = len(stream.exchange.body)
    yield Finding(code=code, expected="the end of the body", received=fault.detail, at=Place(span=(size, size)))

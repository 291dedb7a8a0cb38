"""How a stream ends."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, Place
from conformance.registry import contract, incident, requirement, standard
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
    if stream.failed or any(event.data == DONE for event in stream.events):
        return
    last = stream.events[-1]
    unclosed = any(note.code is NoteCode.UNTERMINATED and note.detail.strip() == DONE for note in stream.notes)
    if not unclosed:
        yield Finding(code="no-done", expected=DONE, received=last.data[:200], at=Place(event=last.number, span=last.span))


@requirement(
    "STREAM-DONE-CLOSED",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/terminator-closed"), standard("HTML §9.2.6", f"{HTML}#event-stream-interpretation")],
)
def done_is_closed(stream: Stream) -> Iterator[Finding]:
    """A blank line follows `data: [DONE]`; without it no decoder that keeps to the standard delivers the event."""
    for note in stream.notes:
        if note.code is NoteCode.UNTERMINATED and note.detail.strip() == DONE:
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
    """No event follows `[DONE]`; clients have stopped reading."""
    done = next((event.number for event in stream.events if event.data == DONE), None)
    for event in stream.events if done is not None else ():
        if done is not None and event.number > done and event.data.strip() != DONE:
            place = Place(event=event.number, span=event.span)
            yield Finding(code="data-after-done", expected="the end of the stream", received=event.data[:200], at=place)

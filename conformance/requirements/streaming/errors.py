"""Failures around a stream: before the first chunk by the status, later by an event."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level, Place
from conformance.observation import Observation, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import at
from conformance.strictjson import get, show
from conformance.subjects.failure import exchange
from conformance.subjects.pair import ProbeTwins, probe_twins
from conformance.subjects.reply import Stream, streamed_answer


def _begins_with_an_error(stream: Stream) -> bool:
    """Whether a failure is reported before any chunk."""
    return bool(stream.objects) and stream.objects[0] in stream.errors


@requirement(
    "STREAM-ERROR-STATUS",
    Level.MUST,
    on=exchange.where(lambda purpose: purpose.stream, "exchange about a stream"),
    cites=[contract("/x-stream/error-before-first-token"), incident("lmstudio-ai/lmstudio-bug-tracker#2322")],
)
def early_errors_have_a_status(seen: Observation) -> Iterator[Finding]:
    """What goes wrong before the first chunk is told by an HTTP status, not by an event in a stream with status 200."""
    if seen.status >= 400:
        return
    if not seen.succeeded or not seen.is_event_stream:
        raise UnmetError("it was not answered with a stream")
    stream = Stream(seen)
    if stream.events and _begins_with_an_error(stream):
        first = stream.errors[0]
        yield Finding(code="status-200", expected="a 4xx or 5xx status", received=f"{seen.status}, then {show(first.value)}", at=at(first))


@requirement(
    "STREAM-REFUSED-ALIKE",
    Level.MUST,
    on=probe_twins.where(lambda purpose: "auth" not in purpose.topics, "one invalid request, whole and streamed"),
    cites=[contract("/x-errors/same-when-streamed"), contract("/x-errors/no-200-with-error")],
)
def streams_are_refused_alike(pair: ProbeTwins) -> Iterator[Finding]:
    """A request that is refused without `stream` is refused with `stream` too, before the stream begins."""
    whole, streamed = pair.whole.observation, pair.streamed.observation
    if not whole.refused:
        raise UnmetError("it is accepted without stream as well")
    if streamed.refused:
        return
    if get(streamed.json, "error") not in (None, MISSING) or (
        streamed.is_event_stream and streamed.decoded.events and _begins_with_an_error(Stream(streamed))
    ):
        raise UnmetError("the refusal came with status 200")
    yield Finding(code="accepted", expected=f"refused, as with {whole.status} before", received=f"status {streamed.status}", at=Place())


@requirement(
    "STREAM-ERROR-EVENT",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/error-event"), incident("aaif-goose/goose#8027"), incident("genkit-ai/genkit#6079")],
)
def error_events_hold_an_error(stream: Stream) -> Iterator[Finding]:
    """An event that reports a failure holds an `error` object with a message, as the body of an HTTP error does."""
    if not stream.objects:
        raise UnmetError("the stream has no JSON object")
    for event in stream.errors:
        message = get(event.value, "error", "message")
        if not isinstance(message, str):
            yield Finding(code="shape", expected='{"error": {"message": …}}', received=show(event.value), at=at(event, "/error"))

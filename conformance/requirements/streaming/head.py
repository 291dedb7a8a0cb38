"""What a stream is before its first event: asked for and delivered, labelled, readable, not empty."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Area, Detail, Finding, Level, Place
from conformance.observation import AbsentError, Asked, UnmetError, accepted
from conformance.registry import contract, excluded, incident, requirement, standard
from conformance.requirements.streaming.reading import coded, ended
from conformance.strictjson import get
from conformance.subjects.failure import valid_request
from conformance.subjects.reply import Stream, streamed_answer

EVENT_STREAM = "text/event-stream"

UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
"""Labels under which UTF-8 can be read; the last two for text that was written in escapes."""


@requirement(
    "STREAM-HONOURED",
    Level.MUST,
    on=valid_request.where(lambda purpose: purpose.stream, "valid request for a stream"),
    cites=[contract("/x-stream/not-json-instead"), incident("sankalp-happy/switchboard#31")],
    shows=["streaming"],
)
def stream_is_honoured(asked: Asked) -> Iterator[Finding]:
    """A request with `stream: true` that succeeds is answered with a stream, not with one JSON body.

    A server that cannot stream refuses the request and names `stream`.
    """
    successes = [each for each in asked.answers if each.succeeded and get(each.json, "error") in (None, MISSING)]
    # What breaks off before its first byte is neither a stream nor a body; that it breaks off is told by others.
    successes = [each for each in successes if each.exchange.fault is None or each.exchange.body]
    if not successes and (not accepted(asked.purpose) or (asked.unclaimed() and any(each.refused for each in asked.answers))):
        raise AbsentError("refused")
    if not successes:
        raise UnmetError("it was not answered with success")
    for each in successes:
        if not each.is_event_stream:
            received = f"{each.exchange.media_type or 'no media type'}: {each.exchange.body[:80].decode(errors='replace')}"
            place = Place(header="content-type")
            yield Finding(code="whole", expected=EVENT_STREAM, received=received, at=place, exchange=each.exchange.id)


@requirement(
    "STREAM-MEDIA-TYPE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/media-type"), incident("ollama/ollama#8991"), incident("sigoden/aichat#651")],
    rests_on=[Detail.LABEL],
)
def media_type_is_event_stream(stream: Stream) -> Iterator[Finding]:
    """A stream is labelled `text/event-stream`; parameters such as a charset may follow.

    Browsers and libraries for event streams read nothing that is labelled otherwise.
    """
    label = stream.exchange.header("content-type")
    if stream.exchange.media_type != EVENT_STREAM:
        yield Finding(code="label", expected=EVENT_STREAM, received=label or "(absent)", at=Place(header="content-type"))


@requirement(
    "STREAM-CHARSET",
    Level.SHOULD,
    on=streamed_answer,
    cites=[
        standard("HTML §16.3.2", "https://html.spec.whatwg.org/multipage/iana.html#text/event-stream"),
        contract("/x-stream/utf-8"),
    ],
    rests_on=[Detail.LABEL],
)
def charset_is_utf_8(stream: Stream) -> Iterator[Finding]:
    """The label of a stream names no charset other than UTF-8: browsers give up on any other, and libraries read other characters."""
    if (charset := stream.exchange.charset) and charset not in UTF_8:
        yield Finding(code="charset", expected="utf-8", received=charset, at=Place(header="content-type"))


@requirement(
    "STREAM-CODING",
    Level.MUST,
    on=streamed_answer,
    cites=[
        standard("RFC 9110 §12.5.3", "https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3"),
        incident("Kludex/starlette#2753"),
        incident("tower-rs/tower-http#419"),
    ],
    rests_on=[Detail.HEADERS],
)
def stream_is_not_compressed(stream: Stream) -> Iterator[Finding]:
    """A stream is not compressed for a client that asked for it as it is (`Accept-Encoding: identity`).

    Such a client cannot read it; and what a compressor holds back arrives late or all at once.
    """
    if coded(stream):
        coding = stream.exchange.header("content-encoding") or ""
        yield Finding(code="compressed", expected="identity", received=coding, at=Place(header="content-encoding"))


@requirement(
    "STREAM-HAS-CHUNKS",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/has-chunks"), incident("mudler/LocalAI#1886"), incident("earendil-works/pi#2537")],
)
def stream_has_chunks(stream: Stream) -> Iterator[Finding]:
    """A successful stream has at least one chunk with a choice; a stream of nothing passes for an empty answer."""
    ended(stream)
    if coded(stream):
        raise UnmetError("the body is compressed")
    events = stream.observation.decoded.events
    if not events or not any(list(chunk.choices()) for chunk in stream.objects):
        yield Finding(code="empty", expected="a chunk with a choice", received=f"{len(events)} events without one", at=Place(span=(0, 0)))


excluded(
    "a stream begins within a deadline",
    because="no deadline is documented, and a model may think for long; a stream that never begins is reported as inconclusive",
    area=Area.STREAMING,
    incidents=["microsoft/foundry-local#422"],
)

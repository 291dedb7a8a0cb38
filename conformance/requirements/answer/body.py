"""The body of a successful answer that was not to be streamed, before anybody asks what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Level, Place, Purpose
from conformance.observation import Asked, Gap, Observation, UnmetError, accepted, gap
from conformance.registry import contract, incident, requirement, standard
from conformance.strictjson import JsonNote, NoteCode, Parsed, show
from conformance.view import View

RFC8259: Final = "https://www.rfc-editor.org/rfc/rfc8259"

UTF_8: Final = ("utf-8", "utf8", "us-ascii", "ascii")
"""Labels under which UTF-8 can be read; the last two for text that was written in escapes."""


def _whole_wanted(purpose: Purpose) -> bool:
    return not purpose.stream


def _successes(asked: Asked) -> Iterator[Observation | Gap]:
    found = [attempt for attempt in asked.answers if attempt.succeeded and not asked.purpose.stream]
    yield from found
    if not found:
        yield gap(asked)


success: Final = View("success without stream", _whole_wanted, _successes).where(accepted, "success of a valid request without stream")
"""Every success of a valid request that was to come in one piece, whatever its body is."""


def _document(answered: Observation) -> Parsed:
    """The body read as JSON. Raises `UnmetError` when it is none: another requirement owns that."""
    if answered.is_event_stream or not isinstance(answered.document, Parsed):
        raise UnmetError("the body is not JSON")
    return answered.document


def _notes(answered: Observation, code: NoteCode) -> list[JsonNote]:
    return [note for note in _document(answered).notes if note.code is code]


@requirement(
    "ANSWER-NOT-STREAMED",
    Level.MUST,
    on=success,
    cites=[contract("/x-stream/not-json-instead"), contract("/x-http/body-decides")],
)
def no_stream_unasked(answered: Observation) -> Iterator[Finding]:
    """Without `stream` the answer is not an event stream."""
    if answered.is_event_stream:
        start = answered.exchange.body[:80].decode("utf-8", "replace")
        yield Finding(code="streamed", expected="one JSON object", received=start or answered.exchange.media_type)


@requirement(
    "ANSWER-JSON",
    Level.MUST,
    on=success,
    cites=[
        contract("/x-answer/shape"),
        standard("RFC 8259 §2", f"{RFC8259}#section-2"),
        standard("RFC 8259 §8.1", f"{RFC8259}#section-8.1"),
        incident("sgl-project/sglang#5984"),
    ],
    rests_on=[Detail.END],
)
def body_is_a_json_object(answered: Observation) -> Iterator[Finding]:
    """The body of an answer is one JSON object to the letter of RFC 8259: without NaN, a byte order mark, or anything after its end."""
    if answered.is_event_stream:
        raise UnmetError("the body is an event stream")
    read = answered.document
    if not isinstance(read, Parsed):
        place = Place(span=(min(read.offset, len(answered.exchange.body)), len(answered.exchange.body)))
        yield Finding(code="not-json", expected="one JSON object", received=str(read), at=place)
        return
    if not isinstance(read.value, dict):
        yield Finding(code="not-an-object", expected="a JSON object", received=show(read.value), at=Place(pointer=""))
    for note in _notes(answered, NoteCode.NOT_A_NUMBER):
        yield Finding(code="not-a-number", expected="a number or null", received=note.detail)
    for _ in _notes(answered, NoteCode.BYTE_ORDER_MARK):
        yield Finding(code="mark", expected="one JSON object", received="a byte order mark before it")
    for note in _notes(answered, NoteCode.TEXT_AFTER):
        yield Finding(code="text-after", expected="nothing after the object", received=show(note.detail))


@requirement(
    "ANSWER-JSON-NAMES",
    Level.SHOULD,
    on=success,
    cites=[contract("/x-http/json-strict"), standard("RFC 8259 §4", f"{RFC8259}#section-4"), incident("tinyhumansai/openhuman#4207")],
)
def names_are_unique(answered: Observation) -> Iterator[Finding]:
    """No object of an answer has two members of one name; strict decoders drop the whole answer."""
    for note in _notes(answered, NoteCode.DUPLICATE_NAME):
        yield Finding(code="repeated-name", expected="each name once", received=note.detail)


@requirement(
    "ANSWER-JSON-UNICODE",
    Level.SHOULD,
    on=success,
    cites=[standard("RFC 8259 §8.2", f"{RFC8259}#section-8.2"), incident("Aider-AI/aider#3693"), incident("MoonshotAI/kimi-cli#994")],
    rests_on=[Detail.BYTES],
)
def text_is_unicode(answered: Observation) -> Iterator[Finding]:
    """No string of an answer holds half a surrogate pair; readers that encode it as UTF-8 fail."""
    for _ in _notes(answered, NoteCode.LONE_SURROGATE):
        yield Finding(code="lone-surrogate", expected="whole characters", received="an escape for half of one")


@requirement(
    "ANSWER-CHARSET",
    Level.SHOULD,
    on=success,
    cites=[
        contract("/x-http/json-utf-8"),
        standard("RFC 8259 §8.1", f"{RFC8259}#section-8.1"),
        standard("RFC 8259 §11", f"{RFC8259}#section-11"),
    ],
    rests_on=[Detail.LABEL],
)
def charset_is_utf_8(answered: Observation) -> Iterator[Finding]:
    """The label of an answer names no charset other than UTF-8: JSON has no other, and libraries that believe the label garble the text."""
    _document(answered)
    if (charset := answered.exchange.charset) and charset not in UTF_8:
        yield Finding(code="charset", expected="utf-8", received=charset, at=Place(header="content-type"))


@requirement(
    "ANSWER-MEDIA-TYPE",
    Level.MUST,
    on=success,
    cites=[contract("/x-http/json-media-type"), incident("janhq/cortex.cpp#465")],
    rests_on=[Detail.LABEL],
)
def labelled_as_json(answered: Observation) -> Iterator[Finding]:
    """An answer in JSON has the media type application/json, with whatever parameters."""
    _document(answered)
    if answered.exchange.media_type != "application/json":
        received = answered.exchange.header("content-type") or "(absent)"
        yield Finding(code="media-type", expected="application/json", received=received, at=Place(header="content-type"))

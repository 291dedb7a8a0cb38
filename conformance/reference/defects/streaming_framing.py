"""Defects in the lines of streams and in the JSON of their events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conformance.reference.behaviour import FRAMES, STREAM, Call, Frames, defect
from conformance.reference.frames import DONE
from conformance.reference.transport import Reply


def _event(frames: Frames, number: int, change: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Change one event, counted from 0; the terminator is never meant."""
    for position, frame in enumerate(frames):
        if isinstance(frame, bytes):
            yield change(frame) if position == number and frame != DONE else frame


def _before_done(frames: Frames, more: bytes) -> Iterator[bytes]:
    """Put bytes before the terminator."""
    for frame in frames:
        if isinstance(frame, bytes):
            yield more + frame if frame == DONE else frame


@defect("utf8-broken", seam=FRAMES, trips={"STREAM-UTF8"}, incident="cohere-ai/cohere-typescript#151")
def utf8_broken(frames: Frames, _: Call) -> Frames:
    """One event has a stray byte in a comment before it, left over from a character cut in two."""
    return _event(frames, 1, lambda frame: b": \xe6\x9d\n" + frame)


@defect("bom", seam=FRAMES, trips={"STREAM-BOM"})
def bom(frames: Frames, _: Call) -> Frames:
    """The stream begins with a byte order mark."""
    return _event(frames, 0, lambda frame: b"\xef\xbb\xbf" + frame)


@defect("line-bare", seam=FRAMES, trips={"STREAM-LINES"})
def line_bare(frames: Frames, _: Call) -> Frames:
    """Statistics are logged into the stream as a line of bare JSON."""
    return _before_done(frames, b'{"tokens_per_second": 71.3}\n\n')


@defect("field-capital", seam=FRAMES, trips={"STREAM-LINES"})
def field_capital(frames: Frames, _: Call) -> Frames:
    """A keep-alive is sent in a field that nobody knows for its capital letter."""
    return _event(frames, 2, lambda frame: b"Event: ping\n" + frame)


@defect("retry-alone", seam=FRAMES, trips={"STREAM-DATALESS"})
def retry_alone(frames: Frames, _: Call) -> Frames:
    """A reconnection time opens the stream, in a block of its own."""
    return _event(frames, 0, lambda frame: b"retry: 3000\n\n" + frame)


@defect("ping-event", seam=FRAMES, trips={"STREAM-DATALESS"})
def ping_event(frames: Frames, _: Call) -> Frames:
    """The connection is kept alive by an event without data."""
    return _event(frames, 3, lambda frame: b"event: ping\n\n" + frame)


@defect("event-ids", seam=FRAMES, trips={"STREAM-DATA-ONLY"})
def event_ids(frames: Frames, _: Call) -> Frames:
    """Events are numbered."""
    for number, frame in enumerate(frames):
        yield f"id: {number}\n".encode() + frame if isinstance(frame, bytes) else frame


@defect("event-names", seam=FRAMES, trips={"STREAM-DATA-ONLY"})
def event_names(frames: Frames, _: Call) -> Frames:
    """Every event is called `message`, the way a general library for event streams writes it."""
    for frame in frames:
        yield b"event: message\n" + frame if isinstance(frame, bytes) else frame


@defect("data-lines", seam=FRAMES, trips={"STREAM-ONE-LINE"})
def data_lines(frames: Frames, _: Call) -> Frames:
    """The data of an event is written over two lines."""
    return _event(frames, 1, lambda frame: frame.replace(b',"object"', b',\ndata: "object"', 1))


@defect("space-missing", seam=FRAMES, trips={"STREAM-DATA-SPACE"}, incident="openai/openai-python#498")
def space_missing(frames: Frames, _: Call) -> Frames:
    """No space follows the colon of `data:`."""
    for frame in frames:
        yield frame.replace(b"data: ", b"data:", 1) if isinstance(frame, bytes) else frame


@defect("json-single-quotes", seam=FRAMES, trips={"STREAM-JSON"})
def json_single_quotes(frames: Frames, _: Call) -> Frames:
    """One event more is printed the way Python prints a dictionary."""
    return _before_done(frames, b"data: {'status': 'finished', 'error': None}\n\n")


@defect("json-text", seam=FRAMES, trips={"STREAM-JSON"})
def json_text(frames: Frames, _: Call) -> Frames:
    """A log message gets between the events, as a JSON string."""
    return _event(frames, 2, lambda frame: b'data: "still generating"\n\n' + frame)


@defect("json-nan", seam=FRAMES, trips={"STREAM-JSON-NUMBERS"})
def json_nan(frames: Frames, _: Call) -> Frames:
    """An extension member of the chunks is not a number."""
    return _event(frames, 1, lambda frame: frame.replace(b'{"id"', b'{"x_seconds":NaN,"id"', 1))


@defect("json-names-twice", seam=FRAMES, trips={"STREAM-JSON-NAMES"})
def json_names_twice(frames: Frames, _: Call) -> Frames:
    """A gateway adds the model to chunks that name it already."""
    return _event(frames, 1, lambda frame: re.sub(rb'("model":"[^"]*")', rb"\1,\1", frame, count=1))


@defect("surrogates-split", seam=FRAMES, trips={"STREAM-WHOLE-CHARACTERS"})
def surrogates_split(frames: Frames, _: Call) -> Frames:
    """Characters beyond U+FFFF are escaped and sent by halves, each in an event of its own."""
    for frame in frames:
        if not isinstance(frame, bytes) or "😀".encode() not in frame:
            yield frame
            continue
        yield frame.replace("😀".encode(), rb"\ud83d")
        before, _colon, after = frame.partition(b'"content":"')
        yield before + b'"content":"\\ude00"' + after.partition(b'"')[2]


@defect("characters-replaced", seam=FRAMES, trips={"STREAM-WHOLE-CHARACTERS"}, incident="mattn/tensai#110")
def characters_replaced(frames: Frames, _: Call) -> Frames:
    """Tokens are turned into text one by one, so that characters of several tokens are lost."""
    for frame in frames:
        yield frame.replace("😀".encode(), "\ufffd\ufffd".encode()) if isinstance(frame, bytes) else frame


@defect("charset-latin", seam=STREAM, trips={"STREAM-CHARSET"})
def charset_latin(reply: Reply, _: Call) -> Reply:
    """Streams are labelled with a charset that they do not have."""
    return reply.with_header("content-type", "text/event-stream; charset=ISO-8859-1")

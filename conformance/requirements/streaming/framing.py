"""Bytes into events: what the lines of a stream are made of."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Detail, Finding, Level, Place
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.streaming.reading import noted
from conformance.sse import Note, NoteCode
from conformance.subjects.reply import Stream, streamed_answer

PARSING = standard("HTML §9.2.5", "https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream")
INTERPRETING = standard("HTML §9.2.6", "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation")


def first(found: list[Note], code: str, expected: str, received: str) -> Iterator[Finding]:
    """One finding for all that was noted, at the first of them."""
    if found:
        times = f" ({len(found)} times)" if len(found) > 1 else ""
        yield Finding(code=code, expected=expected, received=received + times, at=Place(span=found[0].span))


def within(inner: Note, outer: Note) -> bool:
    """Whether the bytes of one note lie inside those of another."""
    return outer.span[0] <= inner.span[0] and inner.span[1] <= outer.span[1]


@requirement(
    "STREAM-UTF8",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/utf-8"), PARSING, incident("cohere-ai/cohere-typescript#151")],
    rests_on=[Detail.BYTES],
)
def stream_is_utf8(stream: Stream) -> Iterator[Finding]:
    """The bytes of a stream are valid UTF-8.

    What is not becomes U+FFFD in one client and an exception in another. A relay has to decode across the borders of its reads.
    """
    size = len(stream.exchange.body)
    # A character that the end of the body cuts in two: the stream was cut, not miscoded.
    found = [note for note in noted(stream, NoteCode.INVALID_UTF8) if note.span[1] < size]
    yield from first(found, "malformed", "UTF-8", f"bytes {found[0].detail}" if found else "")


@requirement(
    "STREAM-BOM", Level.SHOULD, on=streamed_answer, cites=[contract("/x-stream/no-byte-order-mark"), PARSING], rests_on=[Detail.BYTES]
)
def no_byte_order_mark(stream: Stream) -> Iterator[Finding]:
    """A stream does not begin with a byte order mark. The grammar allows one; the Python client then loses the first event."""
    yield from first(noted(stream, NoteCode.BOM), "mark", "data:", "a byte order mark")


@requirement(
    "STREAM-LINES",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/lines-are-fields"), contract("/x-stream/field-names"), INTERPRETING],
)
def lines_are_fields(stream: Stream) -> Iterator[Finding]:
    """Every line is blank, a comment, or a field named data, event, id or retry, in lower case.

    Readers drop any other line without a word: bare JSON, a second line of pretty-printed JSON, `Data:` with a capital.
    """
    found = noted(stream, NoteCode.UNKNOWN_FIELD)
    yield from first(found, "no-field", "a line that begins with `data: ` or a colon", found[0].detail if found else "")


@requirement("STREAM-DATALESS", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/no-dataless-block"), INTERPRETING])
def no_block_without_data(stream: Stream) -> Iterator[Finding]:
    """No block has an event, id or retry field and no data.

    The standard drops it; the Python client reads JSON from the empty string and raises. For keeping alive there are comments.
    """
    found = noted(stream, NoteCode.DATALESS_BLOCK, NoteCode.UNKNOWN_FIELD)
    strange = [note for note in found if note.code is NoteCode.UNKNOWN_FIELD]
    blocks = [block for block in found if block.code is NoteCode.DATALESS_BLOCK and not any(within(line, block) for line in strange)]
    received = stream.exchange.body[slice(*blocks[0].span)][:120].decode(errors="replace") if blocks else ""
    yield from first(blocks, "no-data", "a data field", received)


@requirement("STREAM-DATA-ONLY", Level.SHOULD, on=streamed_answer, cites=[contract("/x-stream/data-fields-only"), INTERPRETING])
def events_are_data_alone(stream: Stream) -> Iterator[Finding]:
    """Events consist of data alone, without event, id and retry fields.

    Legal, but no part of this API: an id once sent makes the Python client deliver an event for every comment that follows.
    """
    found = noted(stream, NoteCode.EVENT_FIELD, NoteCode.ID_FIELD, NoteCode.RETRY_FIELD, NoteCode.DATALESS_BLOCK)
    dataless = [note for note in found if note.code is NoteCode.DATALESS_BLOCK]
    fields = [note for note in found if note.code is not NoteCode.DATALESS_BLOCK and not any(within(note, block) for block in dataless)]
    yield from first(fields, "other-field", "data", f"{fields[0].code.removesuffix('-field')}: {fields[0].detail}" if fields else "")


@requirement("STREAM-ONE-LINE", Level.SHOULD, on=streamed_answer, cites=[contract("/x-stream/one-line-data"), INTERPRETING])
def data_is_one_line(stream: Stream) -> Iterator[Finding]:
    """The data of an event is one line. The grammar allows several; readers that take each line for an event do not."""
    found = noted(stream, NoteCode.MULTI_LINE)
    yield from first(found, "several-lines", "one data line", found[0].detail if found else "")


@requirement(
    "STREAM-DATA-SPACE",
    Level.MAY,
    on=streamed_answer,
    cites=[contract("/x-stream/space-after-colon"), incident("openai/openai-python#498"), incident("aaif-goose/goose#7929")],
)
def space_follows_the_colon(stream: Stream) -> Iterator[Finding]:
    """One space follows the colon of a field. The grammar does without; readers that look for `data: ` find no event at all."""
    found = noted(stream, NoteCode.NO_SPACE)
    yield from first(found, "no-space", "data: ", f"{found[0].detail}:" if found else "")


@requirement(
    "STREAM-LINE-ENDS", Level.MAY, on=streamed_answer, cites=[contract("/x-stream/line-endings"), PARSING], rests_on=[Detail.BYTES]
)
def lines_end_alike(stream: Stream) -> Iterator[Finding]:
    """All lines of a stream end alike: in LF, or in CRLF.

    Each is legal, and so is a mixture; but readers that split at the first kind they meet see two events as one.
    """
    # A body in another encoding, which has no event, has no lines either.
    found = noted(stream, NoteCode.MIXED_LINE_ENDINGS) if stream.events else []
    yield from first(found, "mixed", "one kind of line ending", "another one than before")

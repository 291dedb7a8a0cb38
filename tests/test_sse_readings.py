"""Any body at all is read as three others read it: the standard once more, its grammar, and httpx-sse."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import pairwise

from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.model import Chunk
from conformance.sse import MAX_EVENT, Decoded, NoteCode, decode

FIELDS = [b"data", b"data:", b"data: ", b"data: x", b"event: e", b"id: 1", b"id", b"id: a\0b", b"retry: 10", b"retry: x", b"Data: x", b"{}"]
ENDINGS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n"]
OTHERS = [b": c", b":", b" ", b"\0", b"data: x\n\n", b"data:{}\r\n\r\n", "é\u2028\x85\x0b\x0c\U0001f600".encode()]
MALFORMED = [b"\xef", b"\xff", b"\xe2\x80", b"\xf0\x9f\x98"]
PIECES = st.sampled_from([b"\xef\xbb\xbf", *FIELDS, *ENDINGS, *OTHERS, *MALFORMED])
BODIES = st.lists(PIECES, max_size=24).map(b"".join) | st.binary(max_size=40)


def read(*reads: bytes, max_event: int = MAX_EVENT) -> Decoded:
    """Decodes a body that came in these reads, at one moment."""
    return decode([Chunk(0.0, data) for data in reads], max_event=max_event)


def by_the_standard(body: bytes) -> list[tuple[str, str, str | None, int]]:
    """The standard once more, as naively as can be: data, type, id and data lines of each event."""
    events: list[tuple[str, str, str | None, int]] = []
    last_id: str | None = None
    kind, values = "", list[str]()
    text = body.decode(errors="replace").removeprefix("\ufeff")
    for line in re.split("\r\n|\r|\n", text)[:-1]:
        name, _, value = line.partition(":")
        value = re.sub("^ ", "", value)
        if line == "":
            if values:
                events.append(("".join(v + "\n" for v in values)[:-1], kind, last_id, len(values)))
            kind, values = "", []
        elif name == "data":
            values.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_id = value
    return events


EOL = rb"(?>\r\n|\r|\n)"
LINE = rb"(?::[^\r\n]*|[^\r\n:]+(?::[^\r\n]*)?)"
EVENT = re.compile(rb"(?:%b%b)*%b" % (LINE, EOL, EOL))
FIELD = re.compile(rb"([^\r\n:]+)(?::\x20?([^\r\n]*))?%b|:[^\r\n]*%b" % (EOL, EOL))
STREAM = re.compile(rb"(?:\xef\xbb\xbf)?((?:%b)*+)" % EVENT.pattern)
"""The grammar of 9.2.5 as it stands there, on bytes: every sign that it names is ASCII, and UTF-8 uses no ASCII within a character.

    stream  = [ bom ] *event
    event   = *( comment / field ) end-of-line
    comment = colon *any-char end-of-line
    field   = 1*name-char [ colon [ space ] *any-char ] end-of-line
"""


def by_the_grammar(body: bytes) -> list[tuple[str, str, str | None, tuple[int, int]]]:
    """The grammar cuts the body into events, and 9.2.6 says what their fields mean: data, type, id and bytes of each."""
    whole = STREAM.match(body)
    assert whole is not None
    found: list[tuple[str, str, str | None, tuple[int, int]]] = []
    last_id: str | None = None
    for event in EVENT.finditer(body, whole.start(1), whole.end(1)):
        fields = [(line[1], line[2] or b"") for line in FIELD.finditer(event[0]) if line[1] is not None]
        last_id = next((value.decode(errors="replace") for name, value in fields[::-1] if name == b"id" and b"\0" not in value), last_id)
        if data := [value for name, value in fields if name == b"data"]:
            kind = ([b"", *(value for name, value in fields if name == b"event")])[-1]
            found.append((b"\n".join(data).decode(errors="replace"), kind.decode(errors="replace"), last_id, event.span()))
    return found


@settings(deadline=None)
@given(body=BODIES, cuts=st.lists(st.integers(0, 80), max_size=6), max_event=st.sampled_from([1, 2, 3, 9, 20, MAX_EVENT]))
@example(body=b"\xef\xbb\xbfdata: x\n\n", cuts=[1, 2], max_event=1)
def test_how_a_body_is_cut_into_reads_changes_nothing(body: bytes, cuts: list[int], max_event: int) -> None:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    assert read(*(body[a:b] for a, b in pairwise(places)), max_event=max_event) == read(body, max_event=max_event)
    assert read(*(bytes([byte]) for byte in body), max_event=max_event) == read(body, max_event=max_event)


@settings(deadline=None)
@given(BODIES)
def test_any_body_reads_as_the_standard_says(body: bytes) -> None:
    assert [(e.data, e.type, e.id, e.lines) for e in read(body).events] == by_the_standard(body)


@settings(deadline=None, max_examples=300)
@given(BODIES)
def test_any_body_is_cut_into_events_where_the_grammar_cuts_it(body: bytes) -> None:
    assert [(e.data, e.type, e.id, e.span) for e in read(body).events] == by_the_grammar(body)


@settings(deadline=None)
@given(BODIES)
def test_comments_and_lines_that_are_no_fields_are_those_of_the_grammar(body: bytes) -> None:
    whole = STREAM.match(body)
    assert whole is not None
    lines = list(FIELD.finditer(body, whole.start(1), whole.end(1)))
    noted = [note for note in read(body).notes if note.span[1] <= whole.end(1)]
    comments = [note.span[0] for note in noted if note.code is NoteCode.COMMENT]
    assert comments == [line.start() for line in lines if line[1] is None]
    unknown = [note.span[0] for note in noted if note.code is NoteCode.UNKNOWN_FIELD]
    assert unknown == [line.start() for line in lines if line[1] is not None and line[1] not in (b"data", b"event", b"id", b"retry")]


@settings(deadline=None)
@given(BODIES)
def test_spans_are_disjoint_and_each_holds_its_event_alone(body: bytes) -> None:
    decoded = read(body)
    assert [event.number for event in decoded.events] == list(range(len(decoded.events)))
    last = 0
    for event in decoded.events:
        assert last <= event.span[0] < event.span[1] <= len(body)
        last = event.span[1]
        # A mark at the start of a slice would be taken for the byte order mark of a body of its own.
        [alone] = read(b"\n" + body[slice(*event.span)]).events
        assert (alone.data, alone.type, alone.lines) == (event.data, event.type, event.lines)
    assert body.endswith(decoded.tail)
    assert all(0 <= note.span[0] <= note.span[1] <= len(body) for note in decoded.notes)


@settings(deadline=None)
@given(BODIES)
def test_malformed_bytes_are_noted_exactly_when_there_are_some(body: bytes) -> None:
    decoded = read(body)
    notes = [note for note in decoded.notes if note.code is NoteCode.INVALID_UTF8]
    try:
        body.decode()
    except UnicodeDecodeError as bad:
        assert notes[0].span == (bad.start, bad.end)
    else:
        assert notes == []


def httpx_sse(reads: list[bytes]) -> Iterator[tuple[str, str, str]]:
    utf8, lines, decoder = getincrementaldecoder("utf-8")(errors="replace"), SSELineDecoder(), SSEDecoder()
    found = [line for data in reads for line in lines.decode(utf8.decode(data))]
    for line in [*found, *lines.decode(utf8.decode(b"", final=True)), *lines.flush()]:
        if (event := decoder.decode(line)) is not None:
            yield event.data, event.event, event.id


# No byte order mark and no block without data: there httpx-sse and the standard differ.
LINES = st.sampled_from(
    ["data: a", "data:b", "data", "data: é\u2028\x85", ": c", "event: e", "id: 7", "id: \0", "retry: 5", "Data: x", "junk"]
)
BLOCKS = st.lists(LINES, max_size=4).map(lambda lines: [*lines, "data: z"])


@settings(deadline=None)
@given(blocks=st.lists(BLOCKS, max_size=6), ending=st.sampled_from(["\n", "\r", "\r\n"]), cut=st.integers(0, 200))
def test_httpx_sse_finds_the_same_where_it_follows_the_standard(blocks: list[list[str]], ending: str, cut: int) -> None:
    body = "".join(ending.join([*lines, "", ""]) for lines in blocks).encode()
    reads = [body[:cut], body[cut:]]
    assert [(e.data, e.type or "message", e.id or "") for e in read(*reads).events] == list(httpx_sse(reads))

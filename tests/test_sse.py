"""The event stream decoder against the HTML Standard, 9.2.5 and 9.2.6: what it makes of known streams, notes of them, and holds."""

from __future__ import annotations

import pytest

from conformance.errors import HarnessError
from conformance.model import Chunk
from conformance.sse import Decoded, Decoder, NoteCode, decode
from tests.test_sse_readings import by_the_grammar, by_the_standard, read


def tr(body: bytes) -> Decoded:
    """Decodes a body whole, byte by byte and cut in two at every place, which must all be the same."""
    whole = read(body)
    assert read(*(bytes([byte]) for byte in body)) == whole
    for cut in range(len(body) + 1):
        assert read(body[:cut], body[cut:]) == whole
    return whole


def data(body: bytes) -> list[str]:
    return [event.data for event in tr(body).events]


def codes(body: bytes) -> list[str]:
    return [note.code.value for note in tr(body).notes]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"data: x\n\n", ["x"]),
        (b"data: x\r\r", ["x"]),
        (b"data: x\r\n\r\n", ["x"]),
        (b"data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\n", ["a", "b", "c", "d"]),
        (b"\n\n\r\rdata: x\n\n\n\n", ["x"]),
        (b"\xef\xbb\xbfdata: x\n\n", ["x"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\ndata: y\n\n", ["y"]),
        (b": ping\n\ndata: x\n\n", ["x"]),
        (b"data: a\n: ping\ndata: b\n\n", ["a\nb"]),
        (b"data:x\n\n", ["x"]),
        (b"data:  x \n\n", [" x "]),
        (b"data:\tx\n\n", ["\tx"]),
        (b"data: a: b\n\n", ["a: b"]),
        (b"data\n\n", [""]),
        (b"data:\n\n", [""]),
        (b"data\ndata\n\n", ["\n"]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]),
        (b"Data: x\n\nDATA: y\n\n data: z\n\n", []),
        (b"event: e\n\n", []),
        (b"id: 1\n\n", []),
        (b"retry: 10\n\n", []),
        (b"data: x", []),
        (b"data: x\n", []),
        (b"data: x\r", []),
        (b"data: x\r\n", []),
        (b"data: x\n\ndata: [DONE]\n", ["x"]),
        (b"data: [DONE] \n\n", ["[DONE] "]),
        (b"data: [DONE]\n\ndata: x\n\n", ["[DONE]", "x"]),
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"]),
        ("data: é\U0001f600\n\n".encode(), ["é\U0001f600"]),
        (b"data: a\0b\n\n", ["a\0b"]),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"data: \xe2\x82\n\n", ["\ufffd"]),
        (b"data: \xe0\x80\x80\n\n", ["\ufffd\ufffd\ufffd"]),
        (b"data: \xed\xa0\x80\n\n", ["\ufffd\ufffd\ufffd"]),
        (b"data: \xf0\x9f\x98x\n\n", ["\ufffdx"]),
    ],
)
def test_events_are_those_of_the_standard_however_they_are_read(body: bytes, expected: list[str]) -> None:
    assert data(body) == expected
    assert [event[0] for event in by_the_standard(body)] == expected
    assert [event[0] for event in by_the_grammar(body)] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: x\n\n", []),
        (b"\n\ndata:\n\n", []),
        (b"\xef\xbb\xbfdata: x\n\n", ["bom"]),
        (b"data: x\r\n\r\n", ["crlf"]),
        (b"data: x\r\rdata: y\r\r", ["cr"]),
        (b"data: x\n\r\ndata: x\n\r", ["crlf", "mixed-line-endings", "cr"]),
        (b": ping\n\n", ["comment"]),
        (b":\n", ["comment"]),
        (b"data:x\n\n", ["no-space"]),
        (b"data\n\n", ["colonless-line"]),
        (b"Data: x\n\n", ["unknown-field", "dataless-block"]),
        (b'{"error": 1}\n\n', ["unknown-field", "dataless-block"]),
        (b"oops\n\n", ["colonless-line", "unknown-field", "dataless-block"]),
        (b"event: e\ndata: x\n\n", ["event-field"]),
        (b"event: e\n\n", ["event-field", "dataless-block"]),
        (b"id: 1\ndata: x\n\n", ["id-field"]),
        (b"id: a\0b\ndata: x\n\n", ["id-field", "ignored-value"]),
        (b"retry: 10\n\n", ["retry-field", "dataless-block"]),
        (b"retry: 1.5\ndata: x\n\n", ["retry-field", "ignored-value"]),
        (b"retry\ndata: x\n\n", ["colonless-line", "retry-field", "ignored-value"]),
        ("retry: \u0661\ndata: x\n\n".encode(), ["retry-field", "ignored-value"]),
        (b"data: a\ndata: b\n\n", ["multi-line"]),
        (b"data: [DONE]", ["unterminated"]),
        (b"data: [DONE]\n", ["unterminated"]),
        (b"dat", ["unterminated"]),
        (b"event: e\n", ["event-field", "unterminated"]),
        (b": ping", []),
        (b": ping\n", ["comment"]),
        (b"data: \xff\xff\n\n", ["invalid-utf8"]),
        (b": \xff\n\n", ["invalid-utf8", "comment"]),
        (b"data: caf\xc3", ["invalid-utf8", "unterminated"]),
        (b"\xef\xbb", ["invalid-utf8", "unterminated"]),
    ],
)
def test_what_the_events_hide_is_noted(body: bytes, expected: list[str]) -> None:
    assert codes(body) == expected


ODDITIES: dict[str, tuple[bytes, list[str], set[str]]] = {
    "9.2.5, stream: one byte order mark may lead, and openai-python loses the first event over it": (
        b"\xef\xbb\xbfdata: a\n\ndata: b\n\n",
        ["a", "b"],
        {"bom"},
    ),
    "9.2.5, bom: a second one belongs to the name of a field": (
        b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n",
        [],
        {"bom", "unknown-field", "dataless-block"},
    ),
    "9.2.5: event streams are decoded as UTF-8, and malformed bytes become U+FFFD, where openai-python raises": (
        b"data: a\xc3\n\n",
        ["a\ufffd"],
        {"invalid-utf8"},
    ),
    "9.2.5, end-of-line: CRLF, LF and CR end lines, by turns too": (
        b"data: a\r\n\ndata: b\r\rdata: c\n\r\n",
        ["a", "b", "c"],
        {"crlf", "cr", "mixed-line-endings"},
    ),
    "9.2.5, any-char: no other line break of Unicode ends one, as str.splitlines has it": (
        "data: a\u2028\x0bb\n\n".encode(),
        ["a\u2028\x0bb"],
        set(),
    ),
    "9.2.6: a blank line dispatches, and only where there is data": (b"\n\ndata: a\n\n\n", ["a"], set()),
    "9.2.6: a line that begins with a colon is ignored": (b": a\n\n:\ndata: b\n:data: c\n\n", ["b"], {"comment"}),
    "9.2.6: the name ends at the first colon, and one space after it is dropped": (
        b"data:{}\n\ndata:  a:b\n\n",
        ["{}", " a:b"],
        {"no-space"},
    ),
    "9.2.6: a line without a colon is a name, with the empty string for its value": (b"data\n\n", [""], {"colonless-line"}),
    "9.2.6, process the field: names are compared case by case, and what has another is ignored": (
        b"Data: a\n\ndata : b\n\n",
        [],
        {"unknown-field", "dataless-block"},
    ),
    "9.2.6, process the field: data lines are joined with LF, and the last LF is dropped": (
        b"data: {\ndata: }\n\ndata\ndata\n\n",
        ["{\n}", "\n"],
        {"multi-line", "colonless-line"},
    ),
    "9.2.6, process the field: an id with NUL is ignored": (b"id: a\0\ndata: a\n\n", ["a"], {"id-field", "ignored-value"}),
    "9.2.6, process the field: a retry that is not all digits is ignored": (
        b"retry: 1e3\ndata: a\n\n",
        ["a"],
        {"retry-field", "ignored-value"},
    ),
    "9.2.6, dispatch the event: an event field alone is nothing, of which openai-python makes an event without data": (
        b"event: ping\n\ndata: a\n\n",
        ["a"],
        {"event-field", "dataless-block"},
    ),
    "9.2.6, dispatch the event: an id stays, and a comment is no event for it, of which openai-python makes one": (
        b"id: 1\ndata: a\n\n: ping\n\ndata: b\n\n",
        ["a", "b"],
        {"id-field", "comment"},
    ),
    "9.2.6, dispatch the event: a retry alone is nothing, of which openai-python makes an event without data": (
        b"retry: 10\n\ndata: a\n\n",
        ["a"],
        {"retry-field", "dataless-block"},
    ),
    "9.2.6: the end of the body discards what no blank line has closed": (b"data: a\n\ndata: [DONE]\n", ["a"], {"unterminated"}),
    "openai-python, `_streaming.py`: the terminator is a prefix there, so what is behind it must not get lost here": (
        b"data: [DONE]x\n\ndata: [DONE] \n\n",
        ["[DONE]x", "[DONE] "],
        set(),
    ),
    "9.2.7: comments keep a connection alive, and may come before the first event": (
        b": still working\n\ndata: a\n\n",
        ["a"],
        {"comment"},
    ),
}
"""What readers of event streams are known to differ on, each with the clause of the HTML Standard that settles it."""


@pytest.mark.parametrize("source", ODDITIES)
def test_every_known_oddity_is_read_as_the_standard_says_and_noted(source: str) -> None:
    body, events, notes = ODDITIES[source]
    decoded = tr(body)
    assert [event.data for event in decoded.events] == events == [event[0] for event in by_the_grammar(body)]
    assert {str(note.code) for note in decoded.notes} == notes


@pytest.mark.parametrize("rest", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r", b"data: [DONE]\r\n", b": c\ndata:[DONE]"])
def test_an_unclosed_event_is_no_event_and_its_data_and_bytes_are_still_there(rest: bytes) -> None:
    body = b"data: x\n\n" + rest
    decoded = tr(body)
    [note] = [note for note in decoded.notes if note.code is NoteCode.UNTERMINATED]
    assert [event.data for event in decoded.events] == ["x"]
    assert note.detail == "[DONE]"
    assert body[slice(*note.span)] == decoded.tail == rest


def test_the_data_of_an_unclosed_event_is_not_shortened() -> None:
    assert read(b"data: " + b"x" * 5000).notes[-1].detail == "x" * 5000


def test_a_long_unknown_line_is_shortened() -> None:
    assert len(read(b"x" * 5000 + b"\n\n").notes[-2].detail) < 300


def test_an_event_type_lasts_for_its_block_and_an_id_until_the_next() -> None:
    events = tr(
        b"event: e\n\ndata: a\n\nid: 1\nevent: f\ndata: b\n\ndata: c\n\nid: 2\n\ndata: d\n\nid: x\0\ndata: e\n\nid\ndata: f\n\n"
    ).events
    assert [(e.data, e.type, e.id) for e in events] == [
        ("a", "", None),
        ("b", "f", "1"),
        ("c", "", "1"),
        ("d", "", "2"),
        ("e", "", "2"),
        ("f", "", ""),
    ]


@pytest.mark.parametrize(
    ("value", "counts"), [(b"10", True), (b"9" * 5000, True), (b"-1", False), (b"1s", False), (b"", False), ("٣".encode(), False)]
)
def test_retry_counts_only_when_all_of_it_is_digits(value: bytes, counts: bool) -> None:
    noted = read(b"retry: " + value + b"\n").noted
    assert noted[NoteCode.RETRY_FIELD] == 1
    assert (NoteCode.IGNORED_VALUE not in noted) is counts


def test_spans_are_bytes_of_the_body() -> None:
    body = "\ufeff: é\r\ndata: é\r\n\r\n\ndata: \ud7ff".encode() + b"\xff!\nx:\n\n"
    decoded = tr(body)
    assert [body[slice(*event.span)] for event in decoded.events] == [
        ": é\r\ndata: é\r\n\r\n".encode(),
        "data: \ud7ff".encode() + b"\xff!\nx:\n\n",
    ]
    assert {note.code: body[slice(*note.span)] for note in decoded.notes} == {
        NoteCode.BOM: b"\xef\xbb\xbf",
        NoteCode.COMMENT: ": é".encode(),
        NoteCode.CRLF: b"\r\n",
        NoteCode.MIXED_LINE_ENDINGS: b"\n",
        NoteCode.INVALID_UTF8: b"\xff",
        NoteCode.UNKNOWN_FIELD: b"x:",
    }


def test_line_endings_and_comments_are_noted() -> None:
    decoded = tr(b": a\r\n: b\r: c\n\n")
    assert {NoteCode.CRLF, NoteCode.CR, NoteCode.MIXED_LINE_ENDINGS} <= decoded.noted.keys()
    assert decoded.noted[NoteCode.COMMENT] == 3


def test_an_event_came_when_the_read_came_that_closed_it() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\n", 1.0) == []
    assert [(e.number, e.data, e.at) for e in decoder.feed(b"\ndata: b\n\nda", 2.0)] == [(0, "a", 2.0), (1, "b", 2.0)]
    assert decoder.feed(b"", 3.0) == []
    assert [(e.number, e.data, e.at) for e in decoder.feed(b"ta: c\n\n", 4.0)] == [(2, "c", 4.0)]
    assert len(decoder.close().events) == 3


@pytest.mark.parametrize("following", [b"\n", b"\ndata: y\n\n", b"data: y\n\n", b""])
def test_an_event_closed_by_a_cr_came_with_the_cr(following: bytes) -> None:
    decoded = decode([Chunk(1.0, b"data: x\r\n\r"), Chunk(2.0, following)])
    assert (decoded.events[0].data, decoded.events[0].at) == ("x", 1.0)


def test_a_decoder_may_be_closed_twice_and_not_fed_after() -> None:
    decoder = Decoder()
    decoder.feed(b"data: x\n\n")
    assert decoder.close() == decoder.close()
    with pytest.raises(HarnessError):
        decoder.feed(b"data: y\n\n")


@pytest.mark.parametrize("block", [b"data: xxxx\n\n", b"data: x\r\n\r\n", b"data:\n:\n:\n\n"])
def test_a_block_may_be_as_large_as_the_bound_and_no_larger(block: bytes) -> None:
    for fits, bound in ((True, len(block)), (False, len(block) - 1)):
        decoded = read(block, block, max_event=bound)
        assert decoded == read(*(bytes([byte]) for byte in block + block), max_event=bound)
        assert len(decoded.events) == (2 if fits else 0)
        assert (NoteCode.EVENT_TOO_LARGE in decoded.noted) is not fits
        assert decoded.tail == (b"" if fits else block[:-1])


def test_after_a_block_that_is_too_large_nothing_is_read_or_held() -> None:
    decoder = Decoder(max_event=64)
    decoder.feed(b"data: a\n\n")
    for _ in range(100):
        decoder.feed(b"x" * 1000)
    assert decoder.feed(b"\n\ndata: b\n\n") == []
    decoded = decoder.close()
    assert [event.data for event in decoded.events] == ["a"]
    assert [(note.code, note.span) for note in decoded.notes] == [(NoteCode.EVENT_TOO_LARGE, (9, 73))]
    assert decoded.tail == b"x" * 64


def test_no_more_notes_are_kept_than_allowed_and_all_are_counted() -> None:
    decoder = Decoder(max_notes=2)
    decoder.feed(b":\n" * 50 + b"data:x\n\n" * 50)
    decoded = decoder.close()
    assert [note.code for note in decoded.notes] == [NoteCode.COMMENT] * 2 + [NoteCode.NO_SPACE] * 2
    assert decoded.noted[NoteCode.COMMENT] == decoded.noted[NoteCode.NO_SPACE] == 50

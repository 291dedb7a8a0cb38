"""Bytes are shown as they came, and exactly those that matter are marked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.render.hexdump import LINES, WIDTH, dump


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=6 * WIDTH), st.data())
def test_what_is_marked_is_the_span_and_nothing_else(body: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start + 1, len(body)))
    made = dump(body, (start, end))
    assert made is not None
    marked = "".join(piece.hexadecimal for line in made.lines for piece in line.pieces if piece.marked)
    assert bytes.fromhex(marked) == body[start:end]


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=6 * WIDTH))
def test_both_columns_hold_the_same_bytes_and_nothing_that_acts(body: bytes) -> None:
    made = dump(body, (0, 1))
    assert made is not None
    for line in made.lines:
        data = bytes.fromhex("".join(piece.hexadecimal for piece in line.pieces))
        text = "".join(piece.text for piece in line.pieces)
        assert body[int(line.offset, 16) :].startswith(data)
        assert len(text) == len(data)
        assert text.isprintable()
        assert sum(len(piece.hexadecimal) for piece in line.pieces) + len(line.padding) == 3 * WIDTH


def test_a_line_of_what_surrounds_it_is_shown_on_either_side() -> None:
    made = dump(bytes(200), (70, 71))
    assert made is not None
    assert [line.offset for line in made.lines] == ["00000030", "00000040", "00000050"]


def test_a_long_span_is_shown_by_its_ends() -> None:
    made = dump(b"x" * 1_000_000, (160, 900_000))
    assert made is not None
    assert len(made.lines) == LINES + 1
    assert made.lines[LINES - 2].padding == "899,744 more bytes"
    assert made.lines[-1].offset == f"{900_000 // WIDTH * WIDTH:08x}"


def test_an_empty_span_points_at_the_byte_after_it() -> None:
    made = dump(b"abc", (1, 1))
    assert made is not None
    assert [piece.text for piece in made.lines[0].pieces if piece.marked] == ["b"]


def test_a_span_outside_the_body_shows_nothing() -> None:
    assert dump(b"abc", (3, 9)) is None
    assert dump(b"", (0, 0)) is None
    assert dump(b"abc", (-1, 2)) is None

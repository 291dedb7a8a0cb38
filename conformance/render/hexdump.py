"""Bytes as a hex editor shows them: a window around those that matter, which are marked, in hexadecimal and as text side by side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

WIDTH: Final = 16
"""Bytes on one line."""

LINES: Final = 8
"""Most lines shown; of a longer window the first ones and the last two."""

_END: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Neighbouring bytes of a line that are all marked, or all not."""

    hexadecimal: str
    """`64 61 74 61 `, a blank after each byte."""
    text: str
    """A character for each byte; `·` where it is none that ASCII can print."""
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HexLine:
    """Up to sixteen bytes."""

    offset: str
    """Of the first byte within the body, in hexadecimal; `…` for lines that are left out."""
    pieces: tuple[Piece, ...]
    padding: str
    """What brings a short line to the width of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The window. No byte of it can act: every character is printable ASCII or `·`."""

    start: int
    """First marked byte, and the one after the last."""
    end: int
    lines: tuple[HexLine, ...]


def dump(body: bytes, span: tuple[int, int]) -> Dump | None:
    """Show the bytes of a half-open span, with the line before it and the one after; None when it lies outside the body.

    An empty span points at the byte that it stands before.
    """
    start, end = span[0], min(max(span[1], span[0] + 1), len(body))
    if not 0 <= start < end:
        return None
    first = max(start // WIDTH - 1, 0)
    offsets = [number * WIDTH for number in range(first, (end - 1) // WIDTH + 2) if number * WIDTH < len(body)]
    if len(offsets) <= LINES:
        lines = [_line(body, offset, start, end) for offset in offsets]
    else:
        left_out = HexLine(offset="…", pieces=(), padding=f"{(len(offsets) - LINES) * WIDTH:,} more bytes")
        lines = [_line(body, offset, start, end) for offset in offsets[: LINES - _END]]
        lines += [left_out, *(_line(body, offset, start, end) for offset in offsets[-_END:])]
    return Dump(start=start, end=end, lines=tuple(lines))


def _line(body: bytes, offset: int, start: int, end: int) -> HexLine:
    data = body[offset : offset + WIDTH]
    pieces = []
    for marked, group in groupby(enumerate(data, offset), key=lambda each: start <= each[0] < end):
        values = [value for _, value in group]
        text = "".join(chr(value) if 0x20 <= value < 0x7F else "·" for value in values)
        pieces.append(Piece(hexadecimal="".join(f"{value:02x} " for value in values), text=text, marked=marked))
    return HexLine(offset=f"{offset:08x}", pieces=tuple(pieces), padding=" " * 3 * (WIDTH - len(data)))

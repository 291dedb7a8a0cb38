"""Keeps secrets out of the record: what a target echoes is masked byte for byte, so that offsets, spans and chunks stay. Pure.

The guarantee: no secret stands in the record in any of the spellings that `spelling.py` names, be it

* in one piece, in a header, a body or the words of a fault, also when the body is cut off within it (fewer than eight letters of it
  may then stay);
* spread over successive strings under the same name, as the deltas of a stream spread a text, those of several choices interleaved
  or not, or over successive `data:` lines that hold no JSON;
* compressed: a body with a content coding is unpacked as far as a bound.

A packed body with a secret in it is masked as a whole, and so is any text of which nobody can tell with bounded effort what is in it.

A part of the key that a target chooses to show (`sk-ab...yz`) stays; so does what was encrypted, reversed or written in an alphabet
of the target's own. Secrets of fewer than eight letters are masked where they stand alone and in one piece.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Final

from conformance.model import Chunk
from conformance.secrecy.spelling import SHORT, Span, Spelling, TangledError

MOST_UNPACKED: Final = 4 * 1024 * 1024
"""Bytes up to which a compressed body is unpacked in search of a secret; what unpacks to more is masked unread."""

MOST_PIECES: Final = 200_000
"""Strings among which one that is spread over several is looked for; a whole stream has no more."""

LONGEST_KNOWN: Final = 128
"""Letters of a text that is kept to be known again."""

MOST_KNOWN: Final = 1024
"""How many such texts are kept; headers that differ each time soon fill it, and those that do not were met before."""

MOST_INDEXES: Final = 4
"""Indexes that tell apart what is spread: of a choice, and of a tool call in it."""

_MEMBER: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)"\s*+:\s*+"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_INDEX: Final = re.compile(rb'"index"\s*+:\s*+(\d++)')
_LINE: Final = re.compile(rb"[^\r\n]++")
_DATA: Final = re.compile(rb"data: ?([^{].*+)")
_GZIP: Final = b"\x1f\x8b"
_UNPACKED: Final = ("gzip", "x-gzip", "deflate")
_STEP: Final = 1 << 16
_ANY_FORMAT: Final = 32 + zlib.MAX_WBITS
"""Tells zlib to find out by itself whether there is a header of gzip or of zlib."""


class Redactor:
    """Masks secrets; without any it changes nothing. Thread-safe."""

    def __init__(self, *secrets: str | None) -> None:
        # Longest first: one secret may hold another.
        wanted = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._spellings = tuple(Spelling(secret) for secret in wanted)
        self._splittable = tuple(Spelling(secret) for secret in wanted if len(secret) >= SHORT)
        self._known: dict[str, tuple[str, int]] = {}
        """What became of short texts: the headers of one request are those of the next."""

    def text(self, value: str) -> tuple[str, int]:
        """Return the text without secrets, and how many were found."""
        known = self._known.get(value)
        if known is None:
            known = self._cleaned(value)
            if len(value) <= LONGEST_KNOWN and len(self._known) < MOST_KNOWN:
                self._known[value] = known
        return known

    def _cleaned(self, value: str) -> tuple[str, int]:
        clean, found = self.data(value.encode("utf-8", "surrogatepass"))
        return (clean.decode("utf-8", "surrogatepass"), found) if found else (value, 0)

    def data(self, value: bytes) -> tuple[bytes, int]:
        """Return the bytes without secrets, and how many were found in one piece or in several."""
        try:
            return self._clean(value)
        except TangledError:
            return b"*" * len(value), 1

    def _clean(self, value: bytes) -> tuple[bytes, int]:
        whole = [span for spelling in self._spellings for span in spelling.spans(value)]
        value = _masked(value, whole)
        lanes = _lanes(value) if self._splittable else ()
        # A set, since what belongs to one choice belongs to all of them together too.
        split = {tuple(lane.parts(span)) for lane in lanes for spelling in self._splittable for span in spelling.spans(lane.text)}
        return _masked(value, (part for parts in split for part in parts)), len(whole) + len(split)

    def headers(self, fields: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], int]:
        """Return the header fields without secrets in names or values, and how many were found."""
        cleaned, total = [], 0
        for name, value in fields:
            clean_name, in_name = self.text(name)
            clean_value, in_value = self.text(value)
            cleaned.append((clean_name, clean_value))
            total += in_name + in_value
        return tuple(cleaned), total

    def chunks(self, chunks: tuple[Chunk, ...], *, coding: str = "") -> tuple[tuple[Chunk, ...], int]:
        """Return chunks of the same sizes and times without secrets, not even one that is split over several; and how many.

        `coding` is the content coding that the answer declares.
        """
        body = b"".join(chunk.data for chunk in chunks)
        clean, found = (b"*" * len(body), 1) if self._hidden(body, coding) else self.data(body)
        if not found:
            return chunks, 0
        ends = accumulate(len(chunk.data) for chunk in chunks)
        return tuple(Chunk(chunk.at, clean[end - len(chunk.data) : end]) for chunk, end in zip(chunks, ends, strict=True)), found

    def _hidden(self, body: bytes, coding: str) -> bool:
        """Whether a secret is in a packed body, or may be."""
        if not self._spellings or not (body.startswith(_GZIP) or coding.strip().lower() not in ("", "identity")):
            return False
        if coding.strip().lower() in ("", *_UNPACKED):
            unpacked = _unpacked(body)
            return len(unpacked) > MOST_UNPACKED or self.data(unpacked)[1] > 0
        # Some label what they have not packed; what is no text may have been packed in ways that we cannot undo.
        return not _is_text(body)


class _Lane:
    """Pieces of a text that belong together, and where in the text they stand."""

    def __init__(self) -> None:
        self._starts, self._stops, self._ends = array("I"), array("I"), array("I")
        self.text = b""

    def add(self, start: int, stop: int) -> None:
        """Append a piece."""
        self._starts.append(start)
        self._stops.append(stop)
        self._ends.append(stop - start + (self._ends[-1] if self._ends else 0))

    def read(self, text: bytes) -> bool:
        """Put the pieces together; False where there are not several, so that nothing can be spread over them."""
        if len(self._starts) > 1 and self._ends[-1] >= SHORT:
            self.text = b"".join(text[start:stop] for start, stop in zip(self._starts, self._stops, strict=True))
        return bool(self.text)

    def parts(self, span: Span) -> Iterator[Span]:
        """Where in the text lies what has this span when all pieces are put together."""
        number = bisect_right(self._ends, span[0])
        while number < len(self._ends):
            start, stop = self._starts[number], self._stops[number]
            begin = self._ends[number] - (stop - start)
            if begin >= span[1]:
                return
            yield start + max(span[0] - begin, 0), start + min(span[1] - begin, stop - start)
            number += 1


def _lanes(text: bytes) -> Iterator[_Lane]:
    """Read a body as clients do: strings of one name one after the other, once over all choices and once for each apart.

    Raises `TangledError`.
    """
    lanes: dict[object, _Lane] = {}
    for number, (name, choice, start, stop) in enumerate(_pieces(text)):
        if number >= MOST_PIECES:
            raise TangledError
        for lane in (name, (name, choice)):
            lanes.setdefault(lane, _Lane()).add(start, stop)
    return (lane for lane in lanes.values() if lane.read(text))


def _pieces(text: bytes) -> Iterator[tuple[bytes, tuple[bytes, ...], int, int]]:
    """Each string with a name: that name, the indexes of choices and calls on its line, and where it stands."""
    for line in _LINE.finditer(text):
        choice = tuple(islice((index[1] for index in _INDEX.finditer(text, *line.span())), MOST_INDEXES))
        for member in _MEMBER.finditer(text, *line.span()):
            yield member[1], choice, *member.span(2)
        if data := _DATA.match(text, *line.span()):
            yield b"", (), *data.span(1)


def _masked(text: bytes, spans: Iterable[Span]) -> bytes:
    masked = None
    for start, end in spans:
        masked = masked or bytearray(text)
        masked[start:end] = b"*" * (end - start)
    return text if masked is None else bytes(masked)


def _unpacked(body: bytes) -> bytes:
    """What a body of gzip or deflate holds as far as it can be read, and no more of it than shows that it is too much."""
    unpacked = b""
    while body and len(unpacked) <= MOST_UNPACKED:
        unpacker = zlib.decompressobj(_ANY_FORMAT)
        try:
            for start in range(0, len(body), _STEP):
                # The rest of a step that was too much is never asked for: then it is too much anyway.
                unpacked += unpacker.decompress(body[start : start + _STEP], MOST_UNPACKED + 1 - len(unpacked))
                if unpacker.eof or len(unpacked) > MOST_UNPACKED:
                    break
            else:
                return unpacked
        except zlib.error:
            return unpacked
        # One gzip text may follow another (RFC 1952, section 2.2).
        body = unpacker.unused_data + body[start + _STEP :]
    return unpacked


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True

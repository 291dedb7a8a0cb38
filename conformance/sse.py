"""Server-sent events from bytes, to the letter of the HTML Standard, with everything a lenient decoder would hide.

No I/O: bytes go in as reads delivered them, events and notes come out. How the bytes were cut into reads never changes what comes
out, except for the arrival times.

Rule 1: the standard decides what is an event. What it ignores, repairs or discards is ignored, repaired or discarded here too.
Rule 2: whatever was ignored, repaired or discarded, or is legal and yet known to break clients, leaves a `Note`. Notes carry no
verdict; requirements do.
Rule 3: every event and note says which bytes of the body it is about.

Sources: HTML Standard 9.2.5 "Parsing an event stream" (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
9.2.6 "Interpreting an event stream" (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation),
Encoding Standard "UTF-8 decode" (https://encoding.spec.whatwg.org/#utf-8-decode).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from conformance.errors import HarnessError
from conformance.model import Chunk

MAX_EVENT: Final = 32 * 1024 * 1024
"""Bytes that one block may have before decoding stops; our own bound, the standard knows none."""

MAX_NOTES: Final = 1000
"""Notes kept of each code. A line of two bytes can earn a note, so a hostile body must not decide how many we hold."""

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_DETAIL: Final = 200
_DIGITS: Final = re.compile(r"[0-9]+")


class NoteCode(StrEnum):
    """What a note says about its bytes."""

    BOM = "bom"
    """The body begins with a byte order mark. Legal and stripped (9.2.5, `stream`); several SDKs lose the first event over it."""
    CRLF = "crlf"
    """Some line ends with CRLF. Legal; noted at the first."""
    CR = "cr"
    """Some line ends with a lone CR. Legal; noted at the first."""
    MIXED_LINE_ENDINGS = "mixed-line-endings"
    """Another style of line ending than before. Legal; noted at the first."""
    COMMENT = "comment"
    """A line that begins with a colon (9.2.6). The detail is its text."""
    NO_SPACE = "no-space"
    """A value follows its colon without a space. Legal; breaks clients that look for `data: `."""
    COLONLESS_LINE = "colonless-line"
    """A line without colon: all of it is the name of a field whose value is empty (9.2.6)."""
    UNKNOWN_FIELD = "unknown-field"
    """Neither data, event, id nor retry, in exactly this case; ignored (9.2.6, "process the field"). The detail is the line."""
    EVENT_FIELD = "event-field"
    """An `event` field; the detail is its value."""
    ID_FIELD = "id-field"
    """An `id` field; the detail is its value."""
    RETRY_FIELD = "retry-field"
    """A `retry` field; the detail is its value."""
    IGNORED_VALUE = "ignored-value"
    """An `id` with a NUL in it, or a `retry` that is not all ASCII digits (9.2.6): as if it had not been sent."""
    MULTI_LINE = "multi-line"
    """An event of several data lines, joined with LF. Legal; the span is the block."""
    DATALESS_BLOCK = "dataless-block"
    """A block with fields and no data: no event (9.2.6, "dispatch the event"). A block of comments alone is not one."""
    UNTERMINATED = "unterminated"
    """The body ended inside a block with fields, which is discarded (9.2.6). The detail is, in full, the data it would have had."""
    INVALID_UTF8 = "invalid-utf8"
    """Malformed bytes, read as U+FFFD. The span is the first such sequence of its line; one note a line."""
    EVENT_TOO_LARGE = "event-too-large"
    """A block passed the caller's bound. Decoding stopped there and everything after is unread."""


class Event(NamedTuple):
    """One event that the standard dispatches.

    A tuple, since making a frozen dataclass takes longer than all the rest of decoding an event.
    """

    number: int
    """From 0."""
    data: str
    type: str
    """Value of the `event` field; empty when there was none (a browser then says `message`)."""
    id: str | None
    """Last event ID in force: an id set once holds for later events (9.2.6). None while none was ever set."""
    span: tuple[int, int]
    """Bytes of the body, half open: from its block's first line, comments included, to the end of the blank line."""
    at: float
    """Arrival time of the read that completed it."""
    lines: int
    """How many `data` lines it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about the bytes that the events do not show."""

    code: NoteCode
    span: tuple[int, int]
    """Bytes of the body, half open; the line without its end, unless the code says otherwise."""
    detail: str = ""
    """Text from the target, shortened unless the code says otherwise. Never to be printed unescaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A whole body."""

    events: tuple[Event, ...]
    notes: tuple[Note, ...]
    """In the order of their lines; at most `max_notes` of each code."""
    noted: Mapping[NoteCode, int]
    """How often each code occurred, dropped notes included. Absent means never."""
    tail: bytes
    """What came after the last blank line; when decoding stopped at the bound, the refused block up to the bound."""


class _LineEnds:
    """Line ends of a buffer, in order: LF, CR and CRLF, and no other character that Unicode calls a line break (9.2.5)."""

    def __init__(self, buffer: bytearray, start: int, *, final: bool) -> None:
        self._buffer = buffer
        self._final = final
        self._lf = buffer.find(b"\n", start)
        self._cr = buffer.find(b"\r", start)

    def first_from(self, line: int) -> tuple[int, int, str]:
        """Where the line that begins at `line` ends, where the next begins, and the style; (-1, -1, "") when that is not known yet."""
        # Looked up again only when passed, so that a body without one of the two is not scanned to its end for every line.
        if 0 <= self._lf < line:
            self._lf = self._buffer.find(b"\n", line)
        lf, cr = self._lf, self.cr_from(line)
        if cr < 0 or 0 <= lf < cr:
            return (lf, lf + 1, "lf") if lf >= 0 else (-1, -1, "")
        if lf == cr + 1:
            return cr, cr + 2, "crlf"
        if self._final or cr + 1 < len(self._buffer):
            return cr, cr + 1, "cr"
        return -1, -1, ""

    def cr_from(self, line: int) -> int:
        """Where the first CR at or after `line` is; -1 when there is none."""
        if 0 <= self._cr < line:
            self._cr = self._buffer.find(b"\r", line)
        return self._cr


class Decoder:
    """Decodes one body incrementally; memory beyond the results is bounded by `max_event` and the size of one read."""

    def __init__(self, *, max_event: int = MAX_EVENT, max_notes: int = MAX_NOTES) -> None:
        self._max_event = max_event
        self._max_notes = max_notes
        self._events: list[Event] = []
        self._notes: list[Note] = []
        self._noted: Counter[NoteCode] = Counter()
        self._endings: set[str] = set()
        self._id: str | None = None
        # The block being read; `_buffer` begins with its first byte whenever no method is running.
        self._buffer = bytearray()
        self._base = 0  # offset of the buffer's first byte in the body
        self._line = 0  # where the current line begins, in the buffer
        self._searched = 0  # no line end before this, from `_line` on
        self._data: list[str] = []
        self._type = ""
        self._has_fields = False
        self._at = 0.0
        self._begun = False  # whether the question of a byte order mark is settled
        self._stopped = False
        self._decoded: Decoded | None = None

    def feed(self, data: bytes, at: float = 0.0) -> list[Event]:
        """Events that this read completed.

        A CR that ends the read is held back, since an LF may follow and belong to it; an event completed by such a CR is returned
        by the next call, with the time at which the CR came.
        """
        if self._decoded is not None:
            raise HarnessError("A closed event stream decoder was fed.")
        before = len(self._events)
        if data and not self._stopped and self._buffer.endswith(b"\r"):
            if data.startswith(b"\n"):
                self._buffer += b"\n"
                data = data[1:]
            self._advance(final=True)
        if data and not self._stopped:
            self._at = at
            if self._begun and not self._buffer:
                taken = self._plain_events(data, 0, data.find(b"\r"))
                self._base += taken
                data = data[taken:]
            if data:
                self._buffer += data
                self._advance(final=False)
        return self._events[before:]

    def close(self) -> Decoded:
        """Everything, once the body has ended; the incomplete block is discarded and noted. May be called again."""
        if self._decoded is None:
            if not self._stopped:
                self._advance(final=True)
                self._discard()
            self._decoded = Decoded(
                events=tuple(self._events),
                notes=tuple(self._notes),
                noted=dict(self._noted),
                tail=bytes(self._buffer),
            )
        return self._decoded

    def _advance(self, *, final: bool) -> None:
        """Reads as many whole lines as the buffer holds; `final` says that no LF can follow a CR at its end."""
        if not self._begun and not self._settle_bom(final=final):
            return
        buffer, line, searched = self._buffer, self._line, self._searched
        ends = _LineEnds(buffer, searched, final=final)
        block = 0
        while True:
            if line == block == searched:
                block = line = searched = self._plain_events(buffer, line, ends.cr_from(line))
            limit = block + self._max_event
            end, after, style = ends.first_from(line)
            if end < 0 or after > limit:
                break
            self._line_ending(style, (self._base + end, self._base + after))
            if end == line:
                self._dispatch((self._base + block, self._base + after))
                block = after
            else:
                self._process_line(bytes(buffer[line:end]), self._base + line)
            line = searched = after
        held = int(buffer.endswith(b"\r"))
        del buffer[:block]
        self._base += block
        self._line = line - block
        self._searched = max(self._line, len(buffer) - held)
        if len(buffer) > self._max_event:
            del buffer[self._max_event :]
            self._stopped = True
            self._note(NoteCode.EVENT_TOO_LARGE, (self._base, self._base + self._max_event), f"more than {self._max_event} bytes")

    def _settle_bom(self, *, final: bool) -> bool:
        """Strips one leading byte order mark; false while too little has come to tell."""
        if not final and len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        self._begun = True
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
            self._base = len(_BOM)
            self._note(NoteCode.BOM, (0, len(_BOM)))
        return True

    def _plain_events(self, body: bytes | bytearray, start: int, cr: int) -> int:
        """The short way for what nearly all events are: `data: `, text, LF, LF. Returns where the first block begins that is not so.

        The caller knows where the next CR is, or -1: to look for it here, for every event, would cost a tenth of the time.
        """
        # Locals throughout: this loop is where the time of a run's decoding goes.
        events, base, last_id, at, bound, size = self._events, self._base, self._id, self._at, self._max_event, len(body)
        number, has_lf = len(events), "lf" in self._endings
        while body.startswith(b"data: ", start):
            end = body.find(b"\n", start + 6)
            after = end + 2
            if end < 0 or after > size or body[end + 1] != _LF or end > cr >= 0 or after - start > bound:
                break
            try:
                data = body[start + 6 : end].decode()
            except UnicodeDecodeError:
                break
            events.append(Event(number, data, "", last_id, (base + start, base + after), at, 1))
            number += 1
            start = after
            if not has_lf:
                self._line_ending("lf", (base + end, base + end + 1))
                has_lf = True
        return start

    def _process_line(self, raw: bytes, start: int) -> None:
        """9.2.6: a line that is not blank."""
        span = (start, start + len(raw))
        text = self._text(raw, start)
        name, colon, rest = text.partition(":")
        if colon and not name:
            self._note(NoteCode.COMMENT, span, rest)
            return
        self._has_fields = True
        value = rest.removeprefix(" ")
        if not colon:
            self._note(NoteCode.COLONLESS_LINE, span, text)
        if name not in ("data", "event", "id", "retry"):
            self._note(NoteCode.UNKNOWN_FIELD, span, text)
            return
        if rest and value == rest:
            self._note(NoteCode.NO_SPACE, span, name)
        if name == "data":
            self._data.append(value)
        else:
            self._process_lesser_field(name, value, span)

    def _process_lesser_field(self, name: str, value: str, span: tuple[int, int]) -> None:
        """9.2.6, "process the field", for `event`, `id` and `retry`."""
        self._note(NoteCode(f"{name}-field"), span, value)
        if name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "id" or not _DIGITS.fullmatch(value):
            self._note(NoteCode.IGNORED_VALUE, span, value)

    def _dispatch(self, span: tuple[int, int]) -> None:
        """9.2.6, "dispatch the event": a blank line ends the block."""
        if self._data:
            if len(self._data) > 1:
                self._note(NoteCode.MULTI_LINE, span, f"{len(self._data)} data lines")
            self._events.append(
                Event(
                    number=len(self._events),
                    data="\n".join(self._data),
                    type=self._type,
                    id=self._id,
                    span=span,
                    at=self._at,
                    lines=len(self._data),
                )
            )
        elif self._has_fields:
            self._note(NoteCode.DATALESS_BLOCK, span)
        self._data = []
        self._type = ""
        self._has_fields = False

    def _discard(self) -> None:
        """9.2.6: at the end of the body, what no blank line has closed is no event."""
        # Of a line cut short nobody can say what it was going to be: it adds to the data and earns no note about its form.
        cut = bytes(self._buffer[self._line :])
        text = self._text(cut, self._base + self._line)
        name, _, rest = text.partition(":")
        if name == "data":
            self._data.append(rest.removeprefix(" "))
        if self._has_fields or (text and not text.startswith(":")):
            span = (self._base, self._base + len(self._buffer))
            self._note(NoteCode.UNTERMINATED, span, "\n".join(self._data), shorten=False)

    def _text(self, raw: bytes, start: int) -> str:
        """UTF-8 decode. Line by line is the same as all at once: no malformed sequence swallows a CR or LF."""
        try:
            return raw.decode()
        except UnicodeDecodeError as bad:
            self._note(NoteCode.INVALID_UTF8, (start + bad.start, start + bad.end), raw[bad.start : bad.end].hex(" "))
            return raw.decode(errors="replace")

    def _line_ending(self, style: str, span: tuple[int, int]) -> None:
        if style in self._endings:
            return
        if style != "lf":
            self._note(NoteCode(style), span)
        if self._endings and NoteCode.MIXED_LINE_ENDINGS not in self._noted:
            self._note(NoteCode.MIXED_LINE_ENDINGS, span, f"{style} after {min(self._endings)}")
        self._endings.add(style)

    def _note(self, code: NoteCode, span: tuple[int, int], detail: str = "", *, shorten: bool = True) -> None:
        self._noted[code] += 1
        if self._noted[code] <= self._max_notes:
            if shorten and len(detail) > _DETAIL:
                detail = detail[:_DETAIL] + "…"
            self._notes.append(Note(code=code, span=span, detail=detail))


def decode(chunks: Iterable[Chunk], *, max_event: int = MAX_EVENT) -> Decoded:
    """A body as its reads delivered it. Never raises, whatever the bytes."""
    decoder = Decoder(max_event=max_event)
    for chunk in chunks:
        decoder.feed(chunk.data, chunk.at)
    return decoder.close()

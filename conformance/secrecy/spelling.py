r"""How else a secret may be written: escaped for JSON, URLs or HTML, letter by letter or not, or encoded as a whole. Pure.

A secret is recognised as it is, in hexadecimal, and in base64 at each of the three positions which it may have within a group; and
each of these also where any of its letters are written as `\u0073` or `\x73`, as `%73`, or as `&#115;`, `&#x73;` or `&lowbar;`, up to
`LEVELS` times over (`\\u0073`, `%2573`, `&amp;#115;`).
"""

from __future__ import annotations

import base64
import html
import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

SHORT: Final = 8
"""A secret with fewer characters is looked for only where it stands alone: inside a longer word or number it is a coincidence, and
masking there would turn a good answer into a bad one. Its base64 and hexadecimal forms are not looked for, for the same reason."""

LEVELS: Final = 3
"""How many escapes around one another are undone: an error in JSON that quotes another one, in a page."""

MOST_ESCAPES: Final = 100_000
"""Escapes that are undone in one text. A whole stream has no more, and each costs us a hundred times what it costs a target."""

Span = tuple[int, int]


class TangledError(ValueError):
    """A text with so much in it that nobody will look whether a secret is among it."""


_WORD: Final = re.compile(rb"[A-Za-z0-9_]")
_ESCAPE: Final = re.compile(
    rb"\\(?:u00(?P<u>[2-7][0-9A-Fa-f])|x(?P<x>[2-7][0-9A-Fa-f])|(?P<self>[\\\"'/]))"
    rb"|%(?P<percent>[2-7][0-9A-Fa-f])"
    rb"|&(?:#0{0,6}(?P<decimal>[0-9]{2,3})|#[xX]0{0,6}(?P<hex>[2-7][0-9A-Fa-f])|(?P<name>[A-Za-z]{2,16}));?"
)
"""An escape for a printable character of ASCII: what a key is made of, and all that an HTTP header carries."""
_BEGUN: Final = re.compile(rb"(?:\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|%[0-9A-Fa-f]?|&[#0-9A-Za-z]{0,16})\Z")


class Spelling:
    """One secret, and where it stands in a text."""

    def __init__(self, secret: str) -> None:
        self._alone = len(secret) < SHORT
        forms = dict.fromkeys(form for form in _forms(secret) if form)
        for text in (secret.encode(),) if self._alone else (secret.encode(), *_encoded(secret.encode())):
            forms |= dict.fromkeys(plain.text for plain in _levels(text))
        # Longest first: one form may begin with another, and the end of the longer one is masked too.
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def spans(self, text: bytes) -> Iterator[Span]:
        """Yield every place at which the secret stands, none twice; at the end of a text that was cut off, also its first part.

        Of that part fewer than `SHORT` letters may stay. Raises `TangledError`.
        """
        seen: list[Span] = []
        for level in _levels(text):
            for span in self._found(level.text):
                start, end = level.origin(span)
                if not any(start < other_end and other_start < end for other_start, other_end in seen):
                    seen.append((start, end))
                    yield start, end

    def _found(self, text: bytes) -> Iterator[Span]:
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                if not (self._alone and _within_word(text, start, end)):
                    yield start, end
                start = text.find(form, end)
        if not self._alone:
            begun = _BEGUN.search(text, max(0, len(text) - 2 * SHORT))
            for end in {len(text), begun.start() if begun else len(text)}:
                if part := max((_beginning(form, text, end) for form in self._forms), default=0):
                    yield end - part, len(text)


class _Level:
    """A text with its escapes undone, and where in the text everything came from."""

    def __init__(self, text: bytes, below: _Level | None = None) -> None:
        self.text = text
        self._below = below
        self._here, self._there = array("I", [0]), array("I", [0])

    @classmethod
    def above(cls, below: _Level) -> _Level | None:
        """Undo one escape around each character; None where there is none. Raises `TangledError`."""
        level = cls(b"", below)
        pieces, last, size = [], 0, 0
        for found in _ESCAPE.finditer(below.text):
            char = _meant(found)
            if char is not None:
                pieces += [below.text[last : found.start()], char]
                size += found.start() - last
                # The character that was escaped comes from all of its escape.
                level._here.extend((size, size + 1))
                level._there.extend(found.span())
                last, size = found.end(), size + 1
                if len(pieces) > 2 * MOST_ESCAPES:
                    raise TangledError
        if not pieces:
            return None
        level.text = b"".join((*pieces, below.text[last:]))
        return level

    def origin(self, span: Span) -> Span:
        """Where in the first text a place in this one came from."""
        if self._below is None:
            return span
        return self._below.origin((self._before(span[0]), self._before(span[1])))

    def _before(self, at: int) -> int:
        number = bisect_right(self._here, at) - 1
        return self._there[number] + at - self._here[number]


def _levels(text: bytes) -> Iterator[_Level]:
    level: _Level | None = _Level(text)
    for _ in range(LEVELS + 1):
        if level is None:
            return
        yield level
        level = _Level.above(level)


def _meant(escape: re.Match[bytes]) -> bytes | None:
    """The printable character of ASCII that an escape stands for; None for any other."""
    kind = escape.lastgroup or ""
    value = escape[kind]
    match kind:
        case "self":
            return value
        case "name":
            char = html.unescape(f"&{value.decode()};")
            return char.encode() if len(char) == 1 and "!" <= char <= "~" else None
        case _:
            code = int(value, 10 if kind == "decimal" else 16)
            return bytes((code,)) if 0x20 <= code < 0x7F else None


def _beginning(form: bytes, text: bytes, end: int) -> int:
    """How much of a form, but not all of it, the text ends with; 0 for less than `SHORT`."""
    # Searched for, not tried letter by letter: this is asked of every header and every body.
    start = text.find(form[:SHORT], max(0, end - len(form) + 1), end)
    while start >= 0 and not form.startswith(text[start:end]):
        start = text.find(form[:SHORT], start + 1, end)
    return end - start if start >= 0 else 0


def _within_word(text: bytes, start: int, end: int) -> bool:
    return bool(_WORD.fullmatch(text[max(0, start - 1) : start]) or _WORD.match(text, end))


def _forms(secret: str) -> Iterator[bytes]:
    """The secret as the usual functions escape it. Undoing escapes finds these too, but not where a secret itself looks escaped."""
    escaped = json.dumps(secret)[1:-1]
    for text in (secret, escaped, escaped.replace("/", "\\/"), html.escape(secret)):
        yield text.encode()
    for percent in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield percent.encode()
        yield re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), percent).encode()


def _encoded(secret: bytes) -> Iterator[bytes]:
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield from _base64_forms(secret)


def _base64_forms(secret: bytes) -> Iterator[bytes]:
    """Those letters of a base64 text that depend on the secret alone, wherever in the text it begins (RFC 4648, section 4)."""
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + secret)[first:last]

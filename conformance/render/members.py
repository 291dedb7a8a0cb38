"""A JSON text broken into lines, one for each member, with every literal as it was sent.

Written anew, `1.0` might become `1` and a name that occurs twice would be seen once; that is the very thing a report has to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance import json_pointer, strictjson

_DEEPEST: Final = 24
"""Indentation stops here, so that a body of brackets does not become a page of blanks."""

_LEXEME: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def members(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield lines of a valid JSON text, each with the JSON Pointer of the member that begins on it; None where one only ends."""
    return ((written, pointer) for written, pointer, _ in located(text))


def located(text: str) -> Iterator[tuple[str, str | None, tuple[int, int]]]:
    """The same, and which characters of the text a line is made of, a comma at its end apart."""
    lexemes = list(_LEXEME.finditer(text))
    taken = 0
    for written, pointer in _lines([each.group() for each in lexemes]):
        count = len(_LEXEME.findall(written))
        own = lexemes[taken : taken + count]
        if len(own) > 1 and own[-1].group() == ",":
            own.pop()
        taken += count
        yield written, pointer, (own[0].start(), own[-1].end())


def _lines(lexemes: list[str]) -> Iterator[tuple[str, str | None]]:
    pen = _Pen()
    for before, lexeme, after in zip(["", *lexemes], lexemes, [*lexemes[1:], ""], strict=False):
        match lexeme:
            case "{" | "[" if after not in ("}", "]"):
                yield pen.open(lexeme)
            case "}" | "]" if before not in ("{", "["):
                yield pen.line()
                pen.close(lexeme)
            case ",":
                pen.text += lexeme
                yield pen.line()
                pen.next()
            case _:
                pen.write(lexeme)
    yield pen.line()


class _Pen:
    """Where in the document we are, and the line that is being written."""

    def __init__(self) -> None:
        self.text = ""
        self._path: list[str | int] = []
        self._objects: list[bool] = []
        self._at_name = False
        self._ends = False

    def line(self) -> tuple[str, str | None]:
        """What was written so far."""
        return self.text, None if self._ends else self._pointer()

    def open(self, bracket: str) -> tuple[str, str | None]:
        """Go into an array or object that is not empty."""
        self.text += bracket
        done = self.line()
        self._objects.append(bracket == "{")
        self._path.append("" if bracket == "{" else 0)
        self._begin()
        return done

    def next(self) -> None:
        """Go to the next member."""
        last = self._path[-1]
        self._path[-1] = last + 1 if isinstance(last, int) else last
        self._begin()

    def close(self, bracket: str) -> None:
        """Go out of it."""
        self._objects.pop()
        self._path.pop()
        self._begin()
        self.text += bracket
        self._at_name, self._ends = False, True

    def write(self, lexeme: str) -> None:
        """Write a name, a colon, a value, or one half of an empty container."""
        if self._at_name:
            self._path[-1] = str(strictjson.parse(lexeme).value)
            self._at_name = False
        self.text += ": " if lexeme == ":" else lexeme

    def _begin(self) -> None:
        self.text = "  " * min(len(self._objects), _DEEPEST)
        self._at_name = bool(self._objects) and self._objects[-1]
        self._ends = False

    def _pointer(self) -> str:
        return json_pointer.write(self._path)

"""A file of TOML, and where in it each key stands: the parser of the standard library tells places for broken syntax alone.

No second parser is needed to find the others. A file that is cut after a whole statement is still TOML, and one that is cut within a
statement is not. So the statement that brings a key in lies between the last two cuts that parse, the first of which lacks the key.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from conformance.errors import TargetError

_AT: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
"""How `tomllib.TOMLDecodeError` says where."""

Table: TypeAlias = "dict[str, Value]"
Value: TypeAlias = object
"""What TOML knows; the reader of a key checks what it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; lines and columns count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}, column {self.column}"


class Document:
    """A file of TOML that was read; `table` is what stands in it. Raises `TargetError` for what cannot be read or is not TOML."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        try:
            # An editor may have put a mark before the text (U+FEFF).
            self._text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise TargetError(f"{path} cannot be read: {error.strerror}.", hint="Name a target file with --target FILE.") from None
        except UnicodeDecodeError as error:
            raise TargetError(f"{path} is not UTF-8: byte {error.start} is wrong.", hint="Save it as UTF-8.") from None
        try:
            self.table: Table = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise TargetError(
                self._syntax(str(error)), hint='Texts stand in quotes, `name = "value"`; tables in brackets, `[run]`.'
            ) from None

    def members(self, key: str) -> Table:
        """The members of a table; none where there is no such table."""
        table = self.table.get(key)
        return table if isinstance(table, dict) else {}

    def place(self, *keys: str, item: str | None = None) -> Place:
        """Where a key stands, or an item of the list under it; a table is where it is first opened."""
        first, last = self._statement(keys)
        lines = self._text.split("\n")[first:last]
        wanted = [rf"(?<![\w-])[\"']?{re.escape(keys[-1])}[\"']?\s*[=.\]]"]
        if item is not None:
            wanted.insert(0, rf"[\"']{re.escape(item)}[\"']")
        for pattern in wanted:
            for number, line in enumerate(lines, first + 1):
                if found := re.search(pattern, line):
                    return Place(self.path, number, found.start() + 1)
        return Place(self.path, first + 1, 1)

    def _statement(self, keys: tuple[str, ...]) -> tuple[int, int]:
        """Lines of the statement that brings a key in, half open."""
        lines = self._text.split("\n")
        before = 0
        for end in range(1, len(lines) + 1):
            try:
                table: Value = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            for key in keys:
                table = table.get(key) if isinstance(table, dict) else None
            if table is not None:
                return before, end
            before = end
        return 0, 1

    def _syntax(self, said: str) -> str:
        """The sentence of the parser with the place at its beginning."""
        found = _AT.search(said)
        words = said[: found.start()] if found else said
        if found and found["line"]:
            where = str(Place(self.path, int(found["line"]), int(found["column"])))
        else:
            lines = self._text.rstrip("\n").split("\n")
            where = str(Place(self.path, len(lines), len(lines[-1]) + 1))
        return f"{where}: this is not TOML: {words[:1].lower()}{words[1:]}."

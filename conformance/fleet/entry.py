"""One target of a manifest, read as the target file that it is."""

from __future__ import annotations

import re

from conformance.target.toml_places import Document, Place, Table


class Entry(Document):
    """One target of a manifest as a target file of its own, which knows where in the manifest its keys stand."""

    def __init__(self, path: str, table: Table, text: str = "", number: int = 0) -> None:
        self.path, self.table = path, table
        self.number = number
        self._lines = text.split("\n")

    def place(self, *keys: str, item: str | None = None) -> Place:
        """Where a key stands: in the lines of its target, else in those above all targets, else the beginning of its target."""
        heads = [number for number, line in enumerate(self._lines) if re.match(r"\s*\[\[\s*targets\s*\]\]", line)]
        begin, end = (heads[self.number], [*heads, len(self._lines)][self.number + 1]) if self.number < len(heads) else (0, 0)
        for text in filter(None, (item, ".".join(keys), keys[-1])):
            for first, last in ((begin, end), (0, heads[0] if heads else len(self._lines))):
                for number, line in enumerate(self._lines[first:last], first + 1):
                    if found := re.search(rf"(?<![\w-])[\"']?{re.escape(text)}[\"']?(?=\s*[=.,\]])", line):
                        return Place(self.path, number, found.start() + 1)
        return Place(self.path, begin + 1, 1)

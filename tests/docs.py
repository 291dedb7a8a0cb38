"""What the documents hold: blocks of code, commands, names and links. Read by markdown-it, as the pages that show them are.

A block of `sh` is run by tests/test_docs.py. One that cannot be run here has a comment of its own right above it:

    <!-- not run: why -->
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
GENERATED = {"catalogue.md", "incidents.md", "quality.md", "speed.md"}
"""Made from the catalogue, or measured; they hold no command beyond the one that makes them."""
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "openapi/README.md", "field/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
WRITTEN = [name for name in NAMES if Path(name).name not in GENERATED]
"""Those that people write."""

_NOT_RUN = re.compile(r"<!-- not run: (\S.*) -->")


@dataclass(frozen=True)
class Block:
    """A block of code in a document."""

    document: str
    line: int
    language: str
    title: str
    """What stands behind the language."""
    text: str
    reason: str = ""
    """Why it is not run; empty for one that is."""

    @property
    def commands(self) -> Iterator[list[str]]:
        """The words of every simple command in it; comments, variables and pipes apart."""
        for line in self.text.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
            lexer.whitespace_split = True
            command: list[str] = []
            for word in [*lexer, ";"]:
                if word and not word.strip("|&;"):
                    yield from [command] if command else []
                    command = []
                else:
                    command.append(word)


@cache
def tokens(document: str) -> tuple[Token, ...]:
    """A document, parsed as GitHub does."""
    return tuple(MarkdownIt("gfm-like", {"linkify": False}).parse((ROOT / document).read_text("utf-8")))


def blocks(document: str) -> Iterator[Block]:
    """Every block of code."""
    for before, token in pairwise((Token("", "", 0), *tokens(document))):
        if token.type in {"fence", "code_block"}:
            language, _, title = token.info.strip().partition(" ")
            marked = _NOT_RUN.fullmatch(before.content.strip()) if before.type == "html_block" else None
            line = token.map[0] + 1 if token.map else 0
            yield Block(document, line, language, title, token.content, marked[1] if marked else "")


def block(document: str, title: str) -> str:
    """The text of the one block with this title."""
    (found,) = [each.text for each in blocks(document) if each.title == title]
    return found


def inline(document: str) -> Iterator[Token]:
    """Every piece of text, code and link."""
    for token in tokens(document):
        yield from token.children or ()


def code(document: str) -> list[str]:
    """Every `piece of code` within the text."""
    return [token.content for token in inline(document) if token.type == "code_inline"]


def links(document: str) -> list[str]:
    """Where every link and image leads."""
    found = (token.attrGet("href") or token.attrGet("src") for token in inline(document))
    return [str(each) for each in found if each]


def anchors(document: str) -> set[str]:
    """What a link to a heading of the document may name, as GitHub makes it."""
    found: set[str] = set()
    for before, token in pairwise(tokens(document)):
        if before.type == "heading_open":
            text = "".join(child.content for child in token.children or ())
            found.add(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
    return found

"""The folder of several runs, and how a worker knows whether it shares it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from conformance.errors import RecordError

MARK: Final = ".fleet"
"""A file in the folder that tells a worker whether it shares that folder."""


def marked(folder: Path) -> str:
    """Make a folder, and return the mark that is left in it, by which workers know it. Raises `RecordError`."""
    mark = secrets.token_hex(16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(mark, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The folder {folder} cannot be used: {error.strerror}.", hint="Name another one with --output DIR.") from None
    return mark


def is_shared(folder: Path, mark: str) -> bool:
    """Whether a folder is, seen from here, the one that was given the mark."""
    try:
        return bool(mark) and (folder / MARK).read_text("utf-8") == mark
    except OSError:
        return False

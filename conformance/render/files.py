"""Writes a file that a command was asked for."""

from __future__ import annotations

from pathlib import Path

from conformance.errors import RecordError


def write(path: Path, text: str, what: str) -> None:
    """Write a text, and make the folder that it goes to. Raises `RecordError`, which says that `what` cannot be written, where and why."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        hint = "Name another place with --output."
        raise RecordError(f"{what} cannot be written to {path}: {error.strerror}.", hint=hint) from None

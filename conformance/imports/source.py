"""Finds out what a file of captured traffic is, and reads it whole. The only part that touches files."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.errors import RecordError
from conformance.imports import access_log, har
from conformance.imports.captured import Capture, UnreadableError
from conformance.model import MISSING, Json, Missing

STDIN: Final = "-"

SUFFIXES: Final = (".har", ".jsonl", ".har.gz", ".jsonl.gz")
"""Files of a folder that are read."""

_FORMS: Final = "Known are HAR 1.2, one JSON object per line as docs/offline.md has it, and the run.jsonl of a run."
_HINT: Final = "--skip-unreadable leaves out and counts what is none."


def read(path: Path, *, skip: bool) -> Capture:
    """Read a file, the files of a folder, or standard input (`-`). Raises `RecordError`."""
    if path.is_dir():
        return _together([_one(each, skip=skip) for each in _files(path)])
    return _one(path, skip=skip)


def name(path: Path) -> str:
    """What a report calls it: no folder, since that says where somebody keeps his files."""
    return "standard input" if str(path) == STDIN else path.resolve().name


def is_record(path: Path) -> bool:
    """Whether a file is the record of a run, by its first line; one that cannot be read is left to whoever reads it."""
    try:
        with path.open("rb") as file:
            return file.read(64).startswith(b'{"kind":"header","record":')
    except OSError:
        return False


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.name.lower().endswith(SUFFIXES))
    if not found:
        hint = "Name the folder of a run, or one with files that end in .har, .jsonl, .har.gz or .jsonl.gz."
        raise RecordError(f"There is neither a record nor captured traffic in {folder}.", hint=hint)
    return found


def _together(captures: list[Capture]) -> Capture:
    forms, tools = (dict.fromkeys(each for each in named if each) for named in zip(*((c.form, c.tool) for c in captures), strict=True))
    return Capture(
        form=", ".join(forms),
        tool=", ".join(tools),
        entries=tuple(entry for capture in captures for entry in capture.entries),
        unreadable=sum(capture.unreadable for capture in captures),
    )


def _one(path: Path, *, skip: bool) -> Capture:
    data = _plain(path).removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise RecordError(f"{name(path)} is empty.")
    document = _document(data)
    try:
        if har.is_har(document):
            assert not isinstance(document, Missing)
            return har.capture(document, skip=skip)
        return access_log.capture(_lines(data), skip=skip)
    except UnreadableError as error:
        raise RecordError(f"In {name(path)}, {error.message}.", hint=f"{_FORMS} {_HINT}") from None


def _plain(path: Path) -> bytes:
    try:
        data = sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.", hint=_FORMS) from None


def _document(data: bytes) -> Json | Missing:
    """The file as one JSON text, where it is one."""
    try:
        document: Json = json.loads(data)
    except (ValueError, RecursionError):
        return MISSING
    return document


def _lines(data: bytes) -> Iterator[bytes]:
    yield from data.split(b"\n")

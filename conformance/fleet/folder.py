"""The folder of several runs: how it is called, and how a worker knows whether it shares it."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.errors import RecordError

if TYPE_CHECKING:
    from conformance.fleet.job import Job
    from conformance.fleet.manifest import Fleet

MARK: Final = ".fleet"
"""A file in the folder that tells a worker whether it shares that folder."""


def fresh(output: str, kind: str = "fleet") -> Path:
    """A folder that is not there yet."""
    return Path(output) / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{kind}-{secrets.token_hex(2)}"


def marked(found: Fleet, folder: Path) -> Fleet:
    """Make the folder, and leave the mark in it by which workers know it. Raises `RecordError`."""
    mark = secrets.token_hex(16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(mark, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The folder {folder} cannot be used: {error.strerror}.", hint="Name another one with --output DIR.") from None
    return replace(found, jobs=tuple(replace(job, mark=mark) for job in found.jobs))


def is_shared(job: Job) -> bool:
    """Whether the folder that a job names is the one that was marked, seen from here."""
    try:
        return bool(job.mark) and (Path(job.folder) / MARK).read_text("utf-8") == job.mark
    except OSError:
        return False

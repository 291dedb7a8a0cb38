"""Saved runs: where their records are, and what today's requirements make of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance import contract, registry, reporting, session
from conformance.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.record.runlog import Record
    from conformance.report import Report


def path(run: Path) -> Path:
    """The record of a run that is named by its folder or by the record itself."""
    return run / session.RECORD if run.is_dir() else run


def below(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Every record in these folders and the folders within them, each once. Raises `RecordError` where there is none."""
    found: dict[Path, Path] = {}
    for folder in folders:
        records = sorted(folder.rglob(session.RECORD)) if folder.is_dir() else [folder]
        if not records:
            raise RecordError(f"There is no {session.RECORD} in {folder}.", hint="Name the folder that runs were written to.")
        for record in records:
            found.setdefault(record.resolve(), record)
    return tuple(found.values())


def judged(record: Record, dialect: str = "", *, strict: bool = False) -> Report:
    """Judge a record by all of today's requirements, in the reading of its run unless another is named."""
    reading = contract.load(dialect or record.header.reading)
    catalogue = registry.load()
    catalogue.verify(reading)
    return reporting.judged(record, reading, catalogue, catalogue.requirements, strict=strict)

"""Saved runs: where their records are, and what today's requirements make of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance import contract, registry, reporting
from conformance.errors import RecordError
from conformance.provenance import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract import Contract
    from conformance.provenance import Accepted, Header
    from conformance.record.runlog import Record
    from conformance.registry import Catalogue, Requirement
    from conformance.report import Report


def path(run: Path) -> Path:
    """The record of a run that is named by its folder or by the record itself."""
    return run / RECORD if run.is_dir() else run


def below(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Every record in these folders and the folders within them, each once. Raises `RecordError` where there is none."""
    found: dict[Path, Path] = {}
    for folder in folders:
        records = sorted(folder.rglob(RECORD)) if folder.is_dir() else [folder]
        if not records:
            raise RecordError(f"There is no {RECORD} in {folder}.", hint="Name the folder that runs were written to.")
        for record in records:
            found.setdefault(record.resolve(), record)
    return tuple(found.values())


def sources(header: Header, dialect: str = "") -> tuple[Contract, Catalogue]:
    """What a record is judged by today: the reading of its run, unless another is named, and the catalogue."""
    reading, catalogue = contract.load(dialect or header.reading), registry.load()
    catalogue.verify(reading)
    return reading, catalogue


def wanted(header: Header, catalogue: Catalogue) -> tuple[Requirement, ...]:
    """The requirements that a run asked for, as far as there still are such."""
    return tuple(each for each in catalogue.requirements if not header.wanted or each.id in header.wanted)


def judged(
    record: Record, dialect: str = "", *, everything: bool = True, strict: bool = False, accepted: tuple[Accepted, ...] | None = None
) -> Report:
    """Judge a record by all of today's requirements, or by those that its run asked for; `accepted` as in `reporting.judged`."""
    reading, catalogue = sources(record.header, dialect)
    requirements = catalogue.requirements if everything else wanted(record.header, catalogue)
    return reporting.judged(record, reading, catalogue, requirements, strict=strict, accepted=accepted)

"""`conformance baseline`: from a run to the file that accepts what fails in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.errors import ConfigurationError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.baseline import Proposal
    from conformance.contract import Contract
    from conformance.provenance import Accepted
    from conformance.registry import Catalogue
    from conformance.report import Report


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--baseline", "old", type=click.Path(path_type=Path), metavar="FILE", help="Baseline to renew; else the one of the run.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File to write; else standard output.")
@click.option("--strict", is_flag=True, help="Propose to accept failing SHOULD requirements as well, as for a run with --strict.")
def baseline(*, run: Path, old: Path | None, output: Path | None, strict: bool) -> None:
    """Propose a baseline: an entry for each thing that keeps a saved run from being green. Asks nobody.

    RUN is the folder of a run, or its run.jsonl. New entries have an empty reason, and a run refuses them until somebody has written one.
    Entries that are there already keep their reasons; those that no longer occur are dropped, and named.
    """
    from conformance import saved
    from conformance.baseline import baseline_file, propose
    from conformance.model import Level
    from conformance.record.runlog import Record
    from conformance.render import files

    if output is not None and output.exists() and (old is None or not old.exists() or not output.samefile(old)):
        hint = f"Name it with --baseline {output} as well, to keep its reasons; or choose another name."
        raise ConfigurationError(f"There is a file {output} already.", hint=hint)
    path = saved.path(run)
    with Record.open(path) as record:
        if record.plan is None:
            raise RecordError(f"The target of {path} could not be tested, so there is nothing to accept.", hint="Name another run.")
        reading, catalogue = saved.sources(record.header)
        entries, unknown = (_still(record.header.accepted, catalogue), ()) if old is None else _renewable(old, reading, catalogue)
        report = saved.judged(record, everything=False, accepted=entries)
    rows = [row for row in report.rows if row.scored]
    levels = (Level.MUST, Level.SHOULD) if strict or report.header.strict else (Level.MUST,)
    marks = {row.requirement.id: row.mark for row in rows if row.mark}
    proposal = propose([row.verdict for row in rows], marks, entries, levels)
    order = [each.id for each in catalogue.requirements]
    listed = sorted((*proposal.kept, *proposal.added), key=lambda entry: (order.index(entry.rule), entry.code))
    text = baseline_file.write((entry, _comment(entry, reading, catalogue)) for entry in listed)
    if output is None:
        click.echo(text, nl=False)
    else:
        files.write(output, text, "The baseline")
    for line in (*_told(proposal, report), *(f"Dropped: {reason}" for reason in unknown)):
        click.echo(line, err=True)


def _renewable(path: Path, reading: Contract, catalogue: Catalogue) -> tuple[tuple[Accepted, ...], tuple[str, ...]]:
    """The entries of a file that still name something, whatever their reasons and days; and what is wrong with the others."""
    from conformance.baseline import baseline_file
    from conformance.baseline.codes import Known

    known = Known(reading, catalogue)
    good: list[Accepted] = []
    wrong: list[str] = []
    for entry in baseline_file.read(path):
        try:
            baseline_file.check_names(entry, catalogue, known)
        except ConfigurationError as error:
            wrong.append(error.message)
        else:
            good.append(entry.accepted)
    return tuple(good), tuple(wrong)


def _still(entries: tuple[Accepted, ...], catalogue: Catalogue) -> tuple[Accepted, ...]:
    """The entries of requirements that there still are."""
    ids = {each.id for each in catalogue.requirements}
    return tuple(entry for entry in entries if entry.rule in ids)


def _comment(entry: Accepted, reading: Contract, catalogue: Catalogue) -> str:
    from conformance.registry import level

    requirement = catalogue.find(entry.rule)
    return f"{level(requirement, reading)}: {requirement.text}"


def _told(proposal: Proposal, report: Report) -> Iterator[str]:
    from conformance.render import wording

    if cut := wording.cut_off(report):
        yield f"INCOMPLETE RUN: {wording.ended(cut)} What it did not reach is not proposed."
    yield f"{len(proposal.kept)} kept, {len(proposal.added)} added, {len(proposal.dropped)} dropped."
    if proposal.added:
        yield 'Write a reason for each that has reason = "": a run refuses the file until then.'
    for entry in proposal.dropped:
        yield f"Dropped, as it no longer occurs: {entry.name}"

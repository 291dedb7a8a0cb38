"""`conformance compare`: saved runs side by side."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from conformance.gate import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.comparing.comparison import Comparison
    from conformance.render.compare import Evidence
    from conformance.report import Report


@click.command()
@click.argument("runs", metavar="RUN RUN…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--only-differences", is_flag=True, help="Leave out of the page what came to the same in all runs.")
@click.option("--common", is_flag=True, help="Compare what the runs have in common, where they were not asked the same.")
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to judge all of them by; else that of each run.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html", help="Write the comparison as a page.")
@click.option("--fail-on-regression", is_flag=True, help="Exit with 1 when a MUST that held in the first run fails in the last.")
@click.option("--strict", is_flag=True, help="Let SHOULD requirements decide as well.")
def compare(
    *,
    runs: tuple[Path, ...],
    only_differences: bool,
    common: bool,
    dialect: str,
    output: Path | None,
    fail_on_regression: bool,
    strict: bool,
) -> int:
    """Lay any number of saved runs side by side: of several targets, or of one over time. Asks nobody.

    RUN is the folder of a run, or its run.jsonl. All records are judged anew, by the same requirements. Runs of one target are put in
    the order of time, and what changed from one to the next is marked.

    Exit status: 0 compared; with --fail-on-regression 1 when the last run fails what the first one held, 2 when it does not tell;
    4 when the runs cannot be compared, or for wrong options.
    """
    from conformance.errors import ConfigurationError
    from conformance.render import compare as pages
    from conformance.render import console

    if len(runs) < 2:
        raise ConfigurationError("One run alone cannot be compared.", hint="Name two or more folders of runs.")
    result = write(runs, output, common=common, dialect=dialect, strict=strict, only_differences=only_differences)
    pages.table(result, console.terminal())
    if output is not None:
        click.echo(f"Comparison: {output}")
    return _status(result, strict=strict) if fail_on_regression else ExitStatus.CONFORMS


def write(
    runs: Sequence[Path],
    output: Path | None,
    *,
    common: bool = False,
    dialect: str = "",
    strict: bool = False,
    only_differences: bool = False,
) -> Comparison:
    """Compare saved runs, and write the page where it is wanted. Raises `RecordError` and `ConfigurationError`."""
    from conformance.comparing import comparison
    from conformance.record import saved
    from conformance.record.runlog import Record

    paths = [saved.path(run) for run in runs]
    with ExitStack() as stack:
        records = [stack.enter_context(Record.open(path)) for path in paths]
        reports = [saved.judged(record, dialect, strict=strict) for record in records]
        folders = {id(report): path.parent for report, path in zip(reports, paths, strict=True)}
        result = comparison.compare(reports, common=common)
        if output is not None:
            show(result, folders, output, only_differences=only_differences)
    return result


def show(result: Comparison, folders: Mapping[int, Path], output: Path, *, only_differences: bool = False) -> None:
    """Write a comparison as a page; `folders` are those of the runs, by the `id` of their reports. Raises `RecordError`."""
    from conformance.errors import RecordError
    from conformance.render import compare as pages

    evidence = [_evidence(report, folders[id(report)], output.parent) for report in result.reports]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(pages.render(result, evidence, only_differences=only_differences), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The comparison cannot be written to {output}: {error.strerror}.") from None


def _evidence(report: Report, folder: Path, page: Path) -> Evidence:
    """Where the report beside a record is, seen from the page, and what it has rows for."""
    from conformance.render import artefacts
    from conformance.render.compare import Evidence

    path = folder / artefacts.HTML
    try:
        anchors = frozenset(re.findall(r'id="([A-Z0-9-]+)"', path.read_text("utf-8", "replace")))
        href = quote(Path(os.path.relpath(path.resolve(), page.resolve())).as_posix())
    except (OSError, ValueError):
        return Evidence()
    return Evidence(href=href, anchors=anchors & {row.requirement.id for row in report.rows})


def _status(result: Comparison, *, strict: bool) -> ExitStatus:
    from conformance.comparing.comparison import Change, complete
    from conformance.model import Level

    levels = (Level.MUST, Level.SHOULD) if strict else (Level.MUST,)
    if result.since_the_first(Change.REGRESSION, levels):
        return ExitStatus.VIOLATIONS
    if not complete(result.reports[-1]) or result.since_the_first(Change.LOST, levels):
        return ExitStatus.NOT_JUDGED
    return ExitStatus.CONFORMS

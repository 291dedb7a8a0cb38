"""`conformance compare`: saved runs side by side."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.gate import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.comparing.comparison import Comparison


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
    result = _compared(runs, output, common=common, dialect=dialect, strict=strict, only_differences=only_differences)
    pages.table(result, console.terminal())
    if output is not None:
        click.echo(f"Comparison: {output}")
    return _status(result, strict=strict) if fail_on_regression else ExitStatus.CONFORMS


def _compared(runs: Sequence[Path], output: Path | None, *, common: bool, dialect: str, strict: bool, only_differences: bool) -> Comparison:
    """Compare saved runs, and write the page where it is wanted. Raises `RecordError` and `ConfigurationError`."""
    from conformance import saved
    from conformance.comparing import comparison
    from conformance.record.runlog import Record
    from conformance.render import compare as pages

    paths = [saved.path(run) for run in runs]
    with ExitStack() as stack:
        records = [stack.enter_context(Record.open(path)) for path in paths]
        reports = [saved.judged(record, dialect, strict=strict) for record in records]
        folders = {id(report): path.parent for report, path in zip(reports, paths, strict=True)}
        result = comparison.compare(reports, common=common)
        if output is not None:
            pages.write(result, folders, output, only_differences=only_differences)
    return result


def _status(result: Comparison, *, strict: bool) -> ExitStatus:
    from conformance.comparing.comparison import Change
    from conformance.model import Level

    levels = (Level.MUST, Level.SHOULD) if strict else (Level.MUST,)
    if result.since_the_first(Change.REGRESSION, levels):
        return ExitStatus.VIOLATIONS
    if not result.reports[-1].complete or result.since_the_first(Change.LOST, levels):
        return ExitStatus.NOT_JUDGED
    return ExitStatus.CONFORMS

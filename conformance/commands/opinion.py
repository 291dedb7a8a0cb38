"""`conformance opinion`: what schemathesis makes of a run, beside what the requirements make of it."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.gate import ExitStatus


@click.command()
@click.argument("record", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to judge by; else the one of the run.")
def opinion(*, record: Path, dialect: str) -> int:
    """Compare the verdicts on a saved run with schemathesis' own checks of the same answers. Asks nobody.

    RUN is the folder of a run, or its run.jsonl. Exit status: 0 every difference is explained, 1 one is not, 4 wrong options.
    """
    from conformance import saved
    from conformance.opinion import second_opinion
    from conformance.record.runlog import Record
    from conformance.render import opinion as words

    with Record.open(saved.path(record)) as opened:
        report = saved.judged(opened, dialect)
        comparison = second_opinion.compare(report, report.contract)
    for line in words.full(comparison):
        click.echo(line)
    return ExitStatus.VIOLATIONS if comparison.unexplained else ExitStatus.CONFORMS

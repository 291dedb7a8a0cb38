"""`conformance contract`: look at one reading of the contract, or at what differs between two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.gate import ExitStatus

if TYPE_CHECKING:
    from conformance.contract.contract_diff import Difference

_HEADINGS = {
    "request": "Request",
    "answer": "Answer",
    "stream": "Chunk of a stream",
    "usage": "Usage",
    "errors": "Errors",
    "statuses": "Statuses and headers",
    "rules": "Rules between members of a request",
    "clauses": "Clauses",
    "levels": "Levels of requirements",
    "features": "Features",
    "other": "Other parts",
}


@click.group()
def contract() -> None:
    """Show a reading of the contract, compare two, or check an overlay of your own."""


@contract.command()
@click.option("--dialect", default="openai-compatible", show_default=True, metavar="NAME|FILE", help="Reading of the contract.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
def show(*, dialect: str, as_json: bool) -> None:
    """Print the OpenAPI document with the overlays of a dialect applied."""
    from conformance import contract as contracts
    from conformance.contract import documents

    document = contracts.load(dialect).document
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else documents.write(document), nl=as_json)


@contract.command()
@click.argument("first", metavar="NAME|FILE")
@click.argument("second", metavar="NAME|FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def diff(*, first: str, second: str, as_json: bool) -> None:
    """Say in what the second reading differs from the first."""
    from conformance import contract as contracts
    from conformance.contract.contract_diff import differences

    found = differences(contracts.load(first), contracts.load(second))
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], indent=2, ensure_ascii=False))
        return
    count = f"in {len(found)} places" if len(found) > 1 else "in one place" if found else "in nothing"
    click.echo(f"{second} differs from {first} {count}.")
    group = ""
    for each in found:
        if each.place.group != group:
            group = each.place.group
            click.echo(f"\n{_HEADINGS[group]}")
        click.echo(f"  {each.words}")


@contract.command()
@click.argument("overlay", metavar="NAME|FILE")
def lint(overlay: str) -> int:
    """Look for mistakes in an overlay, as it is applied; exit status 4 when there are any."""
    from conformance import contract as contracts
    from conformance.contract.lint import problems

    reading = contracts.load(overlay)
    found = problems(reading.document)
    for problem in found:
        click.echo(problem)
    if not found:
        click.echo(f"{' < '.join(reversed(reading.chain))}: no mistakes. Fingerprint {reading.digest[:12]}.")
    return ExitStatus.BAD_CONFIGURATION if found else ExitStatus.CONFORMS


@contract.command()
@click.argument("record", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to go by; else the one of the run.")
@click.option("--missing", is_flag=True, help="List what was never seen as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def coverage(*, record: Path, dialect: str, missing: bool, as_json: bool) -> None:
    """Count what a saved run saw of the contract: properties, values, statuses and headers on the wire, of those that there are.

    RUN is the folder of a run, or its run.jsonl.
    """
    from conformance import saved
    from conformance.contract import untried
    from conformance.overview.exercised import exercised
    from conformance.record.runlog import Record
    from conformance.render import contract_view

    with Record.open(saved.path(record)) as opened:
        report = saved.judged(opened, dialect)
        walked = exercised(report)
    if as_json:
        unseen = [{"place": path, "because": untried.reason(path)} for path in walked.missing()]
        numbers = [{"part": str(c.group), "kind": str(c.kind), "exercised": c.exercised, "total": c.total} for c in walked.coverage()]
        click.echo(json.dumps({"dialect": report.contract.dialect, "coverage": numbers, "missing": unseen}, indent=2))
        return
    for line in contract_view.lines(walked):
        click.echo(line)
    if missing:
        by_reason: dict[str, list[str]] = {}
        for path in walked.missing():
            by_reason.setdefault(untried.reason(path), []).append(path)
        for why, paths in sorted(by_reason.items()):
            click.echo(f"\nNever seen, and not tried on purpose. {why}" if why else "\nNever seen in this run")
            for path in paths:
                click.echo(f"  {path}")


def _plain(difference: Difference) -> dict[str, str | bool | list[str] | None]:
    sides = {
        name: sorted(side) if isinstance(side, frozenset) else side
        for name, side in (("before", difference.before), ("after", difference.after))
    }
    place = difference.place
    return {"group": str(place.group), "place": place.path, "aspect": difference.aspect, **sides, "text": difference.words}

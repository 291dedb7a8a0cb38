"""`conformance history`: what changed between the runs of a target, and since when a requirement fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.comparing.history import Past


@click.command()
@click.argument("folders", metavar="FOLDER…", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to judge all of them by; else that of each run.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html", help="Write the history as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print the history as JSON.")
def history(*, folders: tuple[Path, ...], dialect: str, output: Path | None, as_json: bool) -> None:
    """Tell what became of each requirement over all runs in these folders, by target. Asks nobody.

    Every record is judged anew by the same requirements, and a part of the catalogue that a run was narrowed down to counts for what it
    covers.
    """
    from conformance import registry, saved
    from conformance.comparing import history as histories
    from conformance.errors import RecordError
    from conformance.record.runlog import Record
    from conformance.render import files, linked
    from conformance.render import history as pages

    moments = []
    for path in saved.below(folders):
        with Record.open(path) as record:
            if record.header.imported is None and not record.header.shard:
                moments.append(histories.moment(saved.judged(record, dialect), str(path.parent)))
    found = histories.pasts(moments, registry.load().requirements)
    if not found:
        raise RecordError("None of the records is a run of its own.", hint="Captured traffic and parts of a run have no history.")
    if output is not None:
        files.write(output, pages.render(found, lambda name: linked.href(Path(name), output.parent)), "The history")
    if as_json:
        click.echo(json.dumps([_plain(past) for past in found], indent=2, ensure_ascii=False))
        return
    for line in pages.lines(found):
        click.echo(line)
    if output is not None:
        click.echo(f"History: {output}")


def _plain(past: Past) -> dict[str, object]:
    runs = past.moments

    def at(number: int | None) -> str | None:
        return None if number is None else runs[number].name

    return {
        "base_url": past.target[0],
        "model": past.target[1],
        "dialect": list(past.dialect),
        "runs": [
            {"folder": each.name, "started": each.started, "complete": each.complete, "exit_status": int(each.status)} for each in runs
        ],
        "requirements": [
            {
                "id": course.requirement.id,
                "level": str(course.level),
                "fails": course.fails,
                "since": at(course.since),
                "otherwise_until": at(course.before),
                "turns": course.turns,
                "outcomes": [str(outcome) for outcome in course.outcomes],
            }
            for course in past.courses
        ],
    }

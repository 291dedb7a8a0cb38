"""`conformance differential`: the same requests to an upstream and to the gateway before it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.commands.run_options import options
from conformance.options import RUN_OPTIONS, Options

if TYPE_CHECKING:
    from conformance.report import Report

PAGE: Final = "differential.html"

_OF_ONE_RUN: Final = frozenset({"target", "base-url", "resume", "shard", "baseline", "key-variable"})
"""Options that have no meaning here, or are given for each hop."""


@click.command()
@click.option("--upstream", required=True, metavar="URL|FILE.toml|RUN", help="The endpoint behind: base URL, target file, or a run of it.")
@click.option("--gateway", required=True, metavar="URL|FILE.toml|RUN", help="The endpoint before it, in the same way.")
@click.option("--upstream-model", default="", metavar="NAME", help="Its name of the model, where it differs.")
@click.option("--gateway-model", default="", metavar="NAME", help="Its name of the model, where it differs.")
@click.option("--upstream-key-variable", default="", metavar="NAME", help="Environment variable with its key.")
@click.option("--gateway-key-variable", default="", metavar="NAME", help="Environment variable with its key.")
@click.option("--blame", type=click.Choice(["gateway", "any"]), default="gateway", help="Whose failures decide on the exit status.")
@options(option.name for option in RUN_OPTIONS if option.name not in _OF_ONE_RUN)
def differential(*, upstream: str, gateway: str, blame: str, **values: Any) -> int:
    """Ask an upstream and the gateway before it the same, and tell for each clause which hop is to blame.

    What fails at both is the upstream's; what fails at the gateway alone is the gateway's; what fails at the upstream alone is mended.

    Exit status: 0 the gateway adds no failure, 1 it does (with --blame any: there is a failure at both as well), 2 could not be judged,
    3 our own error, 4 wrong options.
    """
    from conformance.comparing.differential import differential as compare
    from conformance.errors import ConfigurationError
    from conformance.provenance import RECORD
    from conformance.record.folder import fresh
    from conformance.record.runlog import Record
    from conformance.render import differential as pages
    from conformance.render import files, linked

    extra = {hop: {each: values.pop(f"{hop}_{each}") for each in ("model", "key_variable")} for hop in ("upstream", "gateway")}
    given = Options.given(values)
    folder = fresh(given.output, "differential")
    told = {hop: _given(given, what, extra[hop]) for hop, what in (("upstream", upstream), ("gateway", gateway))}
    asked = {hop: each for hop, each in told.items() if isinstance(each, Options)}
    _conduct(asked, folder)
    runs = [each if isinstance(each, Path) else folder / hop for hop, each in told.items()]
    with ExitStack() as stack:
        records = [stack.enter_context(Record.open(run / RECORD)) for run in runs]
        if any(record.header.shard or record.header.imported for record in records):
            raise ConfigurationError("A hop is told by a whole run of its own.", hint="Merge the shards of a run first.")
        first, last = _judged(records, given.dialect if "dialect" in given.named else "", strict=given.strict)
        found = compare(first, last, blame_any=blame == "any", strict=given.strict)
        page = pages.render(found, (linked.href(runs[0], folder), linked.href(runs[1], folder)))
        files.write(folder / PAGE, page, "The page")
    for line in pages.lines(found):
        click.echo(line)
    click.echo(f"Page: {folder / PAGE}")
    return found.gate.status


def _given(given: Options, what: str, extra: dict[str, str]) -> Options | Path:
    """How a hop is asked; the folder of its run where it was asked already."""
    from dataclasses import replace

    from conformance.provenance import RECORD

    path = Path(what)
    if path.is_dir() or path.name == RECORD:
        return path if path.is_dir() else path.parent
    own = {name: value for name, value in extra.items() if value}
    own |= {"target": what} if what.endswith(".toml") else {"base_url": what}
    return replace(given, **own, named=given.named | own.keys())  # type: ignore[arg-type]


def _conduct(asked: dict[str, Options], folder: Path) -> None:
    """Ask the hops, one after the other. Raises `ConformanceError` before anything is sent, or where a hop left no record."""
    from conformance.errors import CannotTestError
    from conformance.fleet import sequence
    from conformance.fleet.job import Job
    from conformance.fleet.manifest import Fleet, Group
    from conformance.provenance import RECORD
    from conformance.render.text import line
    from conformance.run import Run

    if not asked:
        return
    for each in asked.values():
        Run(each)
    jobs = tuple(Job(name=hop, slug=hop, group="", manifest="", table="", folder=str(folder.resolve())) for hop in asked)
    for done in sequence.conduct(Fleet(jobs=jobs, groups={"": Group()}).within(folder), lambda job: asked[job.name]):
        click.echo(f"{done.job.name.capitalize()}: {line(done.sentence, 400)}", err=True)
        if not (folder / done.job.slug / RECORD).is_file():
            raise CannotTestError(f"The {done.job.name} was not asked: {line(done.sentence, 400)}")


def _judged(records: list[Any], dialect: str, *, strict: bool) -> tuple[Report, Report]:
    from conformance import reporting, saved
    from conformance.comparing import comparison
    from conformance.errors import ConfigurationError

    upstream, gateway = records
    if (found := comparison.disagreements([upstream.header, gateway.header])) and not dialect:
        names = "; ".join(f"{each.name} ({', '.join(each.values)})" for each in found)
        raise ConfigurationError(f"The hops were not asked the same, they differ in {names}.", hint="Give both the same options.")
    reading, catalogue = saved.sources(gateway.header, dialect)
    wanted = saved.wanted(gateway.header, catalogue)
    first, last = (reporting.judged(record, reading, catalogue, wanted, strict=strict) for record in records)
    return first, last

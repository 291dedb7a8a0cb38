"""`conformance fleet`: many endpoints, models and readings in one command; and a run with several models."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.fleet.job import Done, Job
    from conformance.fleet.manifest import Fleet
    from conformance.gate import ExitStatus
    from conformance.options import Options


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--scheduler", default="", metavar="ADDRESS", help="Dask scheduler whose workers do it; else processes of this machine.")
@click.option("--workers", type=click.IntRange(min=0), metavar="N", help="Processes on this machine; 0 for one target after the other.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="For the fleet; one that is there is gone on with.",
)
@click.option("--list", "only_list", is_flag=True, help="Print what would be tested, and ask nobody.")
def fleet(*, manifest: Path, scheduler: str, workers: int | None, output: Path | None, only_list: bool) -> int:
    """Test everything that a manifest names: every endpoint, with every model, in every reading.

    MANIFEST is a file of TOML with [[targets]], or a target file, which may name several models. Every target gets a folder of its own
    in that of the fleet, and an index.html and a compare.html stand beside them.

    Exit status: the worst of all targets: 1 before 3, 4, 2 and 0.
    """
    from importlib.util import find_spec

    from conformance.fleet import cluster, job, sequence
    from conformance.fleet.manifest import read
    from conformance.record.folder import fresh
    from conformance.run import Run

    folder = output or fresh("reports", "fleet")
    found = read(manifest, folder)
    if only_list:
        for each in found.jobs:
            click.echo(f"{each.slug}  {each.name}  group {each.group}")
        return 0
    for each in found.jobs:
        Run(job.options(each))
    known = found.within(folder)
    if scheduler or workers or (workers is None and len(found.jobs) > 1 and find_spec("distributed")):
        return _told(cluster.conduct(known, address=scheduler, workers=workers or 0), known, folder)
    return _told(sequence.conduct(known), known, folder)


def models(options: Options) -> tuple[str, ...]:
    """The models that the target file of a run names, where none is named otherwise; none where it cannot be read, which the run tells."""
    from conformance.errors import ConfigurationError
    from conformance.target import target_file

    try:
        file = None if options.named & {"model", "resume"} else target_file.chosen(options)
    except ConfigurationError:
        file = None
    return file.models if file is not None else ()


def several(options: Options, named: tuple[str, ...], more: tuple[str, ...]) -> ExitStatus:
    """What `conformance run` does with several models: a run for each, one after the other, in a folder of their own.

    `more` are options of pytest, which choose within a single run. Raises `ConfigurationError` before anything is sent.
    """
    from conformance.errors import ConfigurationError
    from conformance.fleet import sequence
    from conformance.fleet.job import Job
    from conformance.fleet.manifest import Fleet, Group, slug
    from conformance.options import Options
    from conformance.record.folder import fresh
    from conformance.run import Run

    if single := [*(f"--{option}" for option in ("resume", "shard") if option in options.named), *more[:1]]:
        raise ConfigurationError(f"{single[0]} is given with {len(named)} models.", hint="It is about a single run: name one model.")
    if twice := next((model for model in named if named.count(model) > 1), ""):
        raise ConfigurationError(f"The model {twice!r} is named twice.", hint="Name each model once.")

    def read(job: Job) -> Options:
        return replace(options, model=job.name, output=Options().output, named=(options.named | {"model"}) - {"output"})

    folder = fresh(options.output, "fleet")
    jobs = [
        Job(name=model, slug=f"{number}-{slug(model)}", group="", manifest="", table="", folder=str(folder.resolve()))
        for number, model in enumerate(named, 1)
    ]
    for each in jobs:
        Run(read(each))
    known = Fleet(jobs=tuple(jobs), groups={"": Group()}).within(folder)
    return _told(sequence.conduct(known, read), known, folder)


def _told(coming: Iterable[Done], fleet: Fleet, folder: Path) -> ExitStatus:
    """Tell of each target as it is done, and of all of them in the end."""
    from conformance.fleet import overview
    from conformance.fleet.job import Done
    from conformance.gate import ExitStatus
    from conformance.render import fleet as words

    found: list[Done] = []
    # Interrupted while others do the work: what is whole is kept, and the rest is gone on with another time.
    with suppress(KeyboardInterrupt):
        for done in coming:
            if not done.shared:
                overview.keep(done, folder)
                if all(each.shared for each in found):
                    click.echo(f"Workers do not share {folder}: a run whose worker is lost is begun anew.", err=True)
            found.append(done)
            click.echo(words.told(done, len(found), len(fleet.jobs)))
    known = {done.job.slug for done in found}
    left = [job for job in fleet.jobs if job.slug not in known]
    found += [Done(job=job, status=ExitStatus.NOT_JUDGED, sentence="Not tested: the fleet was interrupted.") for job in left]
    place = {job.slug: number for number, job in enumerate(fleet.jobs)}
    found.sort(key=lambda done: place[done.job.slug])
    overview.write(found, folder)
    for line in words.table(found):
        click.echo(line)
    status = overview.worst(found)
    click.echo(f"{len(found)} targets: {words.counted(found)}. Exit status {int(status)}.")
    if left:
        go_on = f" The same command goes on with --output {folder}." if fleet.jobs[0].manifest else ""
        click.echo(f"Interrupted: {len(left)} of {len(fleet.jobs)} targets are left.{go_on}")
    click.echo(f"Overview: {folder / overview.INDEX}")
    return status

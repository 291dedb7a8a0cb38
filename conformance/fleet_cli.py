"""`conformance fleet`: many endpoints, models and readings in one command."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.fleet.job import Done
    from conformance.fleet.manifest import Fleet
    from conformance.gate import ExitStatus


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
    folder = output or Path("reports") / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-fleet-{secrets.token_hex(2)}"
    if only_list:
        from conformance.fleet.manifest import read

        for job in read(manifest, folder).jobs:
            click.echo(f"{job.slug}  {job.name}  group {job.group}")
        return 0
    return conduct(manifest, folder, scheduler=scheduler, workers=workers)


def conduct(manifest: Path, folder: Path, *, scheduler: str = "", workers: int | None = None, models: tuple[str, ...] = ()) -> ExitStatus:
    """Test a fleet, tell of each target as it is done, and write the pages. Raises `ConfigurationError` before anything is sent."""
    from conformance.fleet import overview
    from conformance.fleet.manifest import read
    from conformance.render import fleet as words

    found: list[Done] = []
    chosen = _marked(read(manifest, folder, models=models), folder)
    unshared = False
    for done in _engine(chosen, scheduler, workers):
        if not done.shared:
            overview.keep(done, folder)
            if not unshared:
                click.echo(f"Workers do not share {folder}: a run whose worker is lost is begun anew.", err=True)
            unshared = True
        found.append(done)
        click.echo(words.told(done, len(found), len(chosen.jobs)))
    place = {job.slug: number for number, job in enumerate(chosen.jobs)}
    found.sort(key=lambda done: place[done.job.slug])
    overview.write(found, folder)
    for line in words.table(found):
        click.echo(line)
    status = overview.worst(found)
    click.echo(f"{len(found)} targets: {words.counted(found)}. Exit status {int(status)}.")
    click.echo(f"Overview: {folder / overview.INDEX}")
    return status


def _marked(found: Fleet, folder: Path) -> Fleet:
    """Check every target, make the folder, and leave the mark in it by which workers know it."""
    from dataclasses import replace

    from conformance.errors import RecordError
    from conformance.fleet import job as jobs
    from conformance.run import Run

    for job in found.jobs:
        Run(jobs.options(job))
    mark = secrets.token_hex(16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / jobs.MARK).write_text(mark, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The folder {folder} cannot be used: {error.strerror}.", hint="Name another one with --output DIR.") from None
    return replace(found, jobs=tuple(replace(job, mark=mark) for job in found.jobs))


def _engine(found: Fleet, scheduler: str, workers: int | None) -> Iterator[Done]:
    from importlib.util import find_spec

    from conformance.fleet import cluster, sequence

    if scheduler or workers or (workers is None and len(found.jobs) > 1 and find_spec("distributed")):
        return cluster.conduct(found, address=scheduler, workers=workers or 0)
    return sequence.conduct(found)

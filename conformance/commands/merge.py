"""`conformance merge`: the shards of one run become that run."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click


@click.command()
@click.argument("shards", metavar="FOLDER…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Folder of the whole run."
)
@click.option("--strict", is_flag=True, help="Let failing SHOULD requirements gate as well.")
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to judge by; needed where the run was given an overlay file.")
def merge(*, shards: tuple[Path, ...], output: Path, strict: bool, dialect: str) -> int:
    """Make one run of all its shards, and judge it. Asks nobody.

    FOLDER is that of a run with --shard I/N, or its run.jsonl. Each shard asked the preflight for itself; all of those answers are kept.

    Exit status: that of the whole run; 4 when the shards are not those of one run.
    """
    from conformance import saved
    from conformance.provenance import RECORD
    from conformance.record import runlog, sharding
    from conformance.render import artefacts, console

    paths = [saved.path(shard) for shard in shards]
    with ExitStack() as stack:
        named = [(str(shard), stack.enter_context(runlog.Record.open(path))) for shard, path in zip(shards, paths, strict=True)]
        records = sharding.one_run(named)
        header, footer = sharding.whole(records, [record.gap for record in records])
        runlog.merge(records, header, footer, output / RECORD)
    with runlog.Record.open(output / RECORD) as whole:
        report = saved.judged(whole, dialect, everything=False, strict=strict or header.strict)
        artefacts.write(report, output)
        screen = console.terminal()
        console.failures(report, screen)
        console.summary(report, screen, path=str(output / artefacts.HTML))
    return report.gate.status

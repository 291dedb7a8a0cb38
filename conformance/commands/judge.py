"""`conformance judge`: a saved record, or traffic that was captured elsewhere, by today's requirements."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.errors import ConfigurationError

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.provenance import Accepted, Header
    from conformance.registry import Catalogue


@click.command()
@click.argument("source", metavar="RECORD|FILE.har|FILE.jsonl|FOLDER|-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dialect", default="", metavar="NAME|FILE", help="Reading to judge by; else the one of the run.")
@click.option("--strict", is_flag=True, help="Let failing SHOULD requirements gate as well, as a run with --strict does by itself.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Baseline to gate by; else the one of the run.")
@click.option("--all", "everything", is_flag=True, help="Judge the whole catalogue, though the run was narrowed down.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder for the reports; else beside the record.")
@click.option("--base-url", default="", metavar="URL", help="Captured traffic: the endpoint that is judged, where there are several.")
@click.option("--whole", is_flag=True, help="Captured traffic: every answer was recorded to its end, so that what is missing there is.")
@click.option("--skip-unreadable", is_flag=True, help="Captured traffic: leave out and count entries that cannot be read.")
def judge(
    *,
    source: Path,
    dialect: str,
    strict: bool,
    baseline: Path | None,
    everything: bool,
    output: Path | None,
    base_url: str,
    whole: bool,
    skip_unreadable: bool,
) -> int:
    """Judge what was recorded by today's requirements, and write the reports. Asks nobody.

    The record of a run (its folder, or its run.jsonl) is judged by the requirements that the run asked for. From a HAR file, an access
    log, a folder of such files or standard input the chat completions are taken, cleared of keys, and kept as a record of their own;
    every requirement that needs no request of its own is judged on them.

    Exit status: 0 nothing found, 1 violations, 2 could not be judged, 3 our own error, 4 wrong options.
    """
    from conformance import contract, registry, saved
    from conformance.imports import importing
    from conformance.imports import source as files
    from conformance.provenance import RECORD
    from conformance.record.runlog import Record
    from conformance.render import artefacts, console

    path = source / RECORD if (source / RECORD).is_file() else source
    folder = output or path.parent
    if not files.is_record(path) and (str(source) == files.STDIN or source.exists()):
        if baseline is not None:
            raise _no_baseline()
        reading = contract.load(dialect or contract.DEFAULT)
        folder = output or Path("reports") / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{_stem(source)}"
        path = folder / RECORD
        importing.record(
            files.read(source, skip=skip_unreadable),
            path,
            source=files.name(source),
            contract=reading,
            catalogue=registry.load(),
            whole=whole,
            base_url=base_url,
            strict=strict,
        )
    elif misplaced := [name for name, given in (("base-url", base_url), ("whole", whole), ("skip-unreadable", skip_unreadable)) if given]:
        raise ConfigurationError(f"--{misplaced[0]} is for captured traffic; {source} is the record of a run.", hint="Leave it out.")
    with Record.open(path) as opened:
        accepted = None if baseline is None else _accepted(baseline, opened.header, *saved.sources(opened.header, dialect))
        report = saved.judged(opened, dialect, everything=everything, strict=strict or opened.header.strict, accepted=accepted)
        folder.mkdir(parents=True, exist_ok=True)
        artefacts.write(report, folder)
        screen = console.terminal()
        console.failures(report, screen)
        console.summary(report, screen, path=str(folder / artefacts.HTML))
    return report.gate.status


def _accepted(path: Path, header: Header, reading: Contract, catalogue: Catalogue) -> tuple[Accepted, ...]:
    """Entries of a baseline, which has to be good on the day of the run."""
    from conformance.baseline import baseline_file

    if header.imported is not None:
        raise _no_baseline()
    return baseline_file.load(path, reading, catalogue, datetime.fromtimestamp(header.started, UTC).date())


def _no_baseline() -> ConfigurationError:
    hint = "Nobody planned these requests, so nothing can be said of what no longer occurs."
    return ConfigurationError("There is no baseline for captured traffic.", hint=hint)


def _stem(source: Path) -> str:
    return "stdin" if str(source) == "-" else source.resolve().name.partition(".")[0] or "recorded"

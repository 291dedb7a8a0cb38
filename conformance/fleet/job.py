"""One target of a fleet, from its entry in the manifest to its reports; done by whichever process it is sent to.

A job travels, so it is plain text, and no key is in it: whoever does it reads the key, and whatever else refers to the environment, out
of its own. It is done where its folder is. A job that was begun, there or elsewhere, is gone on with: what is recorded is not asked again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.errors import ConformanceError, RecordBusyError
from conformance.fleet.entry import Entry
from conformance.fleet.folder import is_shared
from conformance.gate import ExitStatus, Gate
from conformance.model import Verdict
from conformance.options import Options
from conformance.provenance import RECORD, Footer, Header
from conformance.record.runlog import Record
from conformance.run import Run
from conformance.sending.progress import Unwatched
from conformance.target import target_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.report import Report

PATIENCE: Final = 60.0
"""Seconds to wait for a record that somebody else still writes: a worker that was given up and is not gone yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One endpoint, one model, one reading."""

    name: str
    """For people."""
    slug: str
    """Name of its folder."""
    group: str
    manifest: str
    """Path of the file that it stands in; paths in there are relative to that."""
    table: str
    """JSON of the keys of a target file."""
    number: int = 0
    """Its target's place among those of the manifest."""
    folder: str
    """Of the fleet, as an absolute path."""
    rate: float | None = None
    """Most requests per second that its group has for it."""
    mark: str = ""
    """What `folder.MARK` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a run came to, without its exchanges: as much as a comparison needs, and small enough to travel."""

    header: Header
    footer: Footer | None
    torn: bool
    gate: Gate
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a job came to."""

    job: Job
    status: ExitStatus
    sentence: str
    requests: int = 0
    """In the record: those from before it was gone on with included."""
    seconds: float = 0.0
    worker: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and compressed content of each, where the worker does not share the folder."""
    shared: bool = True
    judged: Judged | None = None
    """None where no run came about."""


def options(job: Job) -> Options:
    """The options of a run, with what the environment of this process has to add. Raises `TargetError`."""
    path = Path(job.manifest)
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    found = target_file.parsed(Entry(job.manifest, json.loads(job.table), text, job.number)).completed(Options())
    if job.rate is not None:
        rate = min(job.rate, float(found.rate)) if found.rate else job.rate
        found = replace(found, rate=str(rate), named=found.named | {"rate"})
    return replace(found, output=Options().output, named=found.named - {"output"})


def conduct(job: Job, read: Callable[[Job], Options] | None = None, stop: threading.Event | None = None) -> Done:
    """Do it, and say what it came to; raises nothing for what a target, a file or this suite did.

    `read` stands in for `options` where the options do not come from a manifest; `stop` ends it in good order.
    """
    begun, worker = time.monotonic(), f"{os.uname().nodename if hasattr(os, 'uname') else 'here'}:{os.getpid()}"
    shared = is_shared(Path(job.folder), job.mark)
    root = Path(job.folder) if shared else Path(tempfile.mkdtemp(prefix="conformance-fleet-"))
    folder = root / job.slug
    try:
        report = _report((read or options)(job), folder, stop or threading.Event())
        if isinstance(report.records, Record):
            report.records.close()
        done = Done(job=job, status=report.gate.status, sentence=report.gate.sentence, requests=report.requests, judged=_judged(report))
        files = () if shared else tuple((each.name, zlib.compress(each.read_bytes())) for each in sorted(folder.iterdir()))
    except ConformanceError as error:
        words = " ".join(filter(None, (error.message, error.hint)))
        done, files = Done(job=job, status=ExitStatus(error.exit_status), sentence=words), ()
    except Exception as bug:  # noqa: BLE001 - one target must not end the others, whatever is wrong with us
        done, files = Done(job=job, status=ExitStatus.OUR_ERROR, sentence=f"The suite itself failed: {type(bug).__name__}: {bug}"), ()
    finally:
        if not shared:
            shutil.rmtree(root, ignore_errors=True)
    return replace(done, seconds=time.monotonic() - begun, worker=worker, files=files, shared=shared)


def _report(given: Options, folder: Path, stop: threading.Event) -> Report:
    """Begin the run, or go on with it, or judge it where all of it is there."""
    record = folder / RECORD
    if _is_begun(record):
        with Record.open(record) as found:
            complete = found.complete
        if not complete:
            given = replace(given, resume=str(folder))
    else:
        record.unlink(missing_ok=True)
        complete = False
    run = Run(given)
    run.folder = folder
    folder.mkdir(parents=True, exist_ok=True)
    wanted = tuple(each for each in run.catalogue.requirements if run.wants(each))
    if complete:
        return run.report(wanted)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return run.conduct(wanted, Unwatched(), stop)
        except RecordBusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _judged(report: Report) -> Judged:
    verdicts = tuple(row.verdict for row in report.rows)
    return Judged(header=report.header, footer=report.footer, torn=report.torn, gate=report.gate, verdicts=verdicts)


def _is_begun(record: Path) -> bool:
    """Whether there is at least its first line."""
    try:
        with record.open("rb") as file:
            return file.readline().endswith(b"\n")
    except OSError:
        return False

"""Runs the suite on a server, once in each reading of the contract that fits it, and keeps what it leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from conformance.provenance import RECORD
from field import install, launch
from field.errors import FieldError
from field.manifest import Server

TRIAL: Final = "trial.json"
"""What is kept beside the record: who was tested, in which version, by which commit of the suite."""

VARIABLE: Final = "CONFORMANCE_API_KEY"

_PATIENCE: Final = 1800.0
_OUR_ERROR: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the suite on one server."""

    server: str
    title: str
    version: str
    home_page: str
    behind: str
    note: str
    dialect: str
    commit: str
    seconds: float
    exit_status: int


def trials(server: Server, servers: Mapping[str, Server], folder: Path, *, dialects: tuple[str, ...] = ()) -> Iterator[Trial]:
    """Install and start a server, and yield each run once it is kept in `folder/NAME/DIALECT`. Raises `FieldError`."""
    if server.behind:
        install.install(servers[server.behind])
    install.install(server)
    version = install.version(server)
    own = folder / server.name
    own.mkdir(parents=True, exist_ok=True)
    with launch.running(server, servers, own / "server.log") as target:
        for dialect in dialects or server.dialects:
            begun = time.monotonic()
            status = _run(server, target, dialect, own / dialect)
            trial = Trial(
                server=server.name,
                title=server.title,
                version=version,
                home_page=server.home_page,
                behind=server.behind,
                note=server.note,
                dialect=dialect,
                commit=_commit(),
                seconds=round(time.monotonic() - begun, 1),
                exit_status=status,
            )
            (own / dialect / TRIAL).write_text(json.dumps(asdict(trial), indent=2) + "\n", "utf-8")
            yield trial


def read(folder: Path) -> Trial:
    """Return the trial that a folder keeps. Raises `FieldError`."""
    try:
        return Trial(**json.loads((folder / TRIAL).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FieldError(f"{folder / TRIAL} cannot be read: {error}.") from None


def _run(server: Server, target: launch.Running, dialect: str, folder: Path) -> int:
    """Leave the files of the run in `folder`, without the name that a run gives its own; return its exit status."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "conformance", "run", "--base-url", target.base_url, "--model", target.model, "--dialect", dialect]
    for header in target.headers:
        command += ["--header", header]
    command += ["--output", str(folder / "runs"), *server.options]
    log = folder / "console.txt"
    with log.open("wb") as output:
        done = subprocess.run(
            command, env=os.environ | {VARIABLE: target.key}, stdout=output, stderr=output, timeout=_PATIENCE, check=False
        )
    for run in (folder / "runs").glob("*"):
        for file in run.iterdir():
            file.rename(folder / file.name)
    shutil.rmtree(folder / "runs", ignore_errors=True)
    if done.returncode >= _OUR_ERROR or not (folder / RECORD).exists():
        raise FieldError(f"{server.name} in {dialect}: exit status {done.returncode}: {log.read_text('utf-8', 'replace')[-800:].strip()}")
    return done.returncode


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip()

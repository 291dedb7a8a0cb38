"""The `conformance` command as a user has it: a process of its own, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.reference.service import KEY

PATIENCE = 60.0
"""Seconds after which a process that should have ended is taken for hung."""

CLEAN = {
    name: value for name, value in os.environ.items() if name not in {"CONFORMANCE_API_KEY", "OPENAI_API_KEY"} and "PYTEST" not in name
}

KEYED = {"CONFORMANCE_API_KEY": KEY}


@dataclass(frozen=True)
class Ended:
    """A process that ended."""

    status: int
    out: str
    err: str
    output: Path

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def folder(self) -> Path:
        """The one folder of the one run."""
        (folder,) = self.output.iterdir()
        return folder

    @property
    def summary(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "summary.json").read_text("utf-8"))
        return loaded

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome of each requirement, by id."""
        return {verdict["id"]: verdict["outcome"] for verdict in self.summary["verdicts"]}

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the record."""
        return lines(self.folder / "run.jsonl")

    @property
    def sent(self) -> list[str]:
        """Keys of what was sent, in the order of the record."""
        return [line["purpose"]["key"] for line in self.lines if line["kind"] == "exchange"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def start(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start `conformance`; away from this repository, and without its settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=cwd,
        env={**CLEAN, **(KEYED if environment is None else environment)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def end(process: subprocess.Popen[str], output: Path) -> Ended:
    """Wait for a process; kill it when it hangs."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"conformance did not end.\n{out}\n{err}") from None
    return Ended(process.returncode, out, err, output)


def command(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run `conformance` to its end."""
    return end(start(*arguments, cwd=cwd, environment=environment), cwd / "reports")


def record_of(output: Path, exchanges: int, process: subprocess.Popen[str]) -> Path:
    """Wait until a run has recorded so many exchanges."""

    def there() -> Path | None:
        assert process.poll() is None, f"ended too soon: {process.communicate()}"
        path = next(output.glob("*/run.jsonl"), None)
        return path if path is not None and path.read_bytes().count(b'"kind":"exchange"') >= exchanges else None

    return wait_for(there)


def wait_for(there: Callable[[], Path | None]) -> Path:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := there():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came about")


@contextmanager
def served(*arguments: str, cwd: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `conformance serve`, and say where; whoever asks may kill it."""
    process = start("serve", *arguments, cwd=cwd, environment={})
    assert process.stdout is not None
    try:
        name, _, url = process.stdout.readline().strip().partition("=")
        assert name == "BASE_URL", process.communicate()
        yield url, process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)

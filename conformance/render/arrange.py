"""In which order rows are shown, under which headings, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import Area, Level, Outcome
from conformance.render import wording
from conformance.report import Report, Row

OUTCOMES: Final = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INAPPLICABLE, Outcome.NOT_RUN, Outcome.ERROR)
"""In the order of a table's columns."""

UNSCORED: Final = "not-scored"
"""Anchor of the section of what is not scored yet."""

_STALE: Final = "The baseline accepts something that no longer occurs. Take the entry out: what holds again has to be held from now on."
_ACCEPTED: Final = "Failures, listed in the baseline with the reason why they may stay for now. They do not gate."
_NEWER: Final = "Newer than the revision that this run is scored by. Judged like everything else, never gated, and in no count above."

_HARM: Final = (Area.STREAMING, Area.ANSWER, Area.ERRORS, Area.USAGE, Area.VALIDATION)
"""Areas, the one first whose failures cost a client most; `wording.ORDER` says it to readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows under one heading."""

    anchor: str
    title: str
    about: str
    """What it means for a row to be here."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """Requirements that were not tested, and why."""

    outcome: Outcome
    because: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many requirements of one level came to what; `area` is None for the level as a whole."""

    level: Level
    area: Area | None
    by_outcome: tuple[tuple[Outcome, int], ...]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(number for _, number in self.by_outcome)


_SECTIONS: Final = (
    ("must-failures", Outcome.FAIL, Level.MUST, "Failures: MUST", "The endpoint breaks what the contract demands."),
    ("should-failures", Outcome.FAIL, Level.SHOULD, "Failures: SHOULD", "A recommendation is not followed. Gated only when strict."),
    ("observations", Outcome.FAIL, Level.MAY, "Observations: MAY", "The endpoint does without something that is optional. Never gated."),
    ("errors", Outcome.ERROR, None, "Errors of this suite", "The suite failed, not the endpoint: please report it."),
    ("inconclusive", Outcome.INCONCLUSIVE, None, "Inconclusive", "Asked, and not to be judged: neither held nor broken."),
    ("passed", Outcome.PASS, None, "Passed", "Every observation held, and there was at least one."),
    ("inapplicable", Outcome.INAPPLICABLE, None, "Inapplicable", "The endpoint does not claim the feature, or refused it honestly."),
    ("not-run", Outcome.NOT_RUN, None, "Not run", "Nothing that this run sent bears on it."),
)  # fmt: skip


def sections(report: Report) -> tuple[Section, ...]:
    """Return every row once, most harmful first, what is not scored yet last. Empty sections are left out."""
    kept = {row.requirement.id for rows in (stale(report), accepted(report)) for row in rows}
    made = (
        Section(
            anchor=anchor,
            title=title,
            about=about,
            rows=_harmful(
                row
                for row in report.rows
                if row.scored and row.requirement.id not in kept and row.verdict.outcome is outcome and level in (None, row.verdict.level)
            ),
        )
        for anchor, outcome, level, title, about in _SECTIONS
    )
    first = Section(anchor="stale", title="Stale in the baseline", about=_STALE, rows=stale(report))
    after = Section(anchor="accepted", title="Accepted failures", about=_ACCEPTED, rows=accepted(report))
    newer = Section(anchor=UNSCORED, title="Not scored yet", about=_NEWER, rows=unscored(report))
    return tuple(section for section in (first, *_behind_failures(made, after), newer) if section.rows)


def stale(report: Report) -> tuple[Row, ...]:
    """Return the rows of which the baseline accepts what no longer occurs, but those that are red for what it does not list."""
    return _harmful(row for row in report.rows if row.scored and row.is_stale)


def accepted(report: Report) -> tuple[Row, ...]:
    """Return the rows that do not hold, and all of whose faults the baseline lists, but those with something stale."""
    return _harmful(row for row in report.rows if row.scored and row.is_accepted and not row.is_stale)


def _behind_failures(made: Iterable[Section], after: Section) -> Iterator[Section]:
    for section in made:
        if section.anchor == "errors":
            yield after
        yield section


def unscored(report: Report) -> tuple[Row, ...]:
    """Return the rows that came after the revision at which the run is frozen: failures first, then in the order of the columns."""
    worst = (Outcome.FAIL, *(outcome for outcome in OUTCOMES if outcome is not Outcome.FAIL))
    return tuple(sorted((row for row in report.rows if not row.scored), key=lambda row: worst.index(row.verdict.outcome)))


def failures(report: Report) -> tuple[Row, ...]:
    """Return the failing rows that count, most harmful first."""
    return tuple(row for level in Level for row in _harmful(_failing(report, level)))


def _failing(report: Report, level: Level) -> Iterator[Row]:
    return (row for row in report.rows if row.scored and row.verdict.outcome is Outcome.FAIL and row.verdict.level is level)


def _harmful(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows by area, in each the one that failed most often first; what failed equally often stays in the order of the catalogue."""
    return tuple(sorted(rows, key=lambda row: (_HARM.index(row.requirement.area), -row.verdict.failed)))


def untested(report: Report) -> tuple[Untested, ...]:
    """Put together what was not tested for the same reason, the most frequent reason of each outcome first."""
    found: dict[tuple[Outcome, str], list[str]] = {}
    for row in report.rows:
        if row.scored and row.verdict.outcome in {Outcome.NOT_RUN, Outcome.INAPPLICABLE}:
            reason = next(iter(wording.why(row, report)), "no reason was recorded")
            found.setdefault((row.verdict.outcome, reason), []).append(row.requirement.id)
    made = [Untested(outcome=outcome, because=because, requirements=tuple(names)) for (outcome, because), names in found.items()]
    return tuple(sorted(made, key=lambda each: (OUTCOMES.index(each.outcome), -len(each.requirements))))


def totals(report: Report) -> dict[Outcome, int]:
    """Count the scored requirements by outcome; every outcome has a number."""
    found = Counter(row.verdict.outcome for row in report.rows if row.scored)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def counts(report: Report) -> tuple[Count, ...]:
    """Count what is scored by level, then by area within the level; the ones that nobody declared are left out."""
    return tuple(_counts(report))


def _counts(report: Report) -> Iterator[Count]:
    found = Counter((row.verdict.level, row.requirement.area, row.verdict.outcome) for row in report.rows if row.scored)
    for level in Level:
        areas = [area for area in Area if any(found[level, area, outcome] for outcome in OUTCOMES)]
        if areas:
            summed = tuple((outcome, sum(found[level, area, outcome] for area in areas)) for outcome in OUTCOMES)
            yield Count(level=level, area=None, by_outcome=summed)
        for area in areas:
            yield Count(level=level, area=area, by_outcome=tuple((outcome, found[level, area, outcome]) for outcome in OUTCOMES))

"""What became of each requirement over the runs of one target: since when it fails, when it was mended, how often it changed. Pure.

All runs are judged by the same requirements, today's, so that a change is one of the target and not of this suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from conformance.model import Area, Level, Outcome

if TYPE_CHECKING:
    from conformance.gate import ExitStatus
    from conformance.registry import Requirement
    from conformance.report import Report

_TOLD: Final = frozenset({Outcome.PASS, Outcome.FAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One run: little enough to hold hundreds of them."""

    name: str
    """How its folder is found again."""
    target: tuple[str, str]
    """Base URL and model; the reference server listens elsewhere each time, and counts as one."""
    dialect: tuple[str, ...]
    started: float
    """Seconds since the epoch."""
    suite: str
    complete: bool
    status: ExitStatus
    sentence: str
    verdicts: Mapping[str, tuple[Level, Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One requirement over all runs of a target."""

    requirement: Requirement
    level: Level
    outcomes: tuple[Outcome, ...]
    """By run, in order of time; NOT RUN where it was not asked for."""

    @property
    def last(self) -> int | None:
        """The latest run that came to a verdict on it."""
        return next((number for number in reversed(range(len(self.outcomes))) if self.outcomes[number] in _TOLD), None)

    @property
    def fails(self) -> bool:
        """Whether it failed when it was last judged."""
        return self.last is not None and self.outcomes[self.last] is Outcome.FAIL

    @property
    def since(self) -> int | None:
        """The run that began its present state: the first failure after it last held, or the first pass after it last failed."""
        if self.last is None:
            return None
        began = self.last
        for number in reversed(range(self.last)):
            if self.outcomes[number] in _TOLD:
                if self.outcomes[number] is not self.outcomes[self.last]:
                    break
                began = number
        return began

    @property
    def before(self) -> int | None:
        """The latest run in which it was judged otherwise than it is now; None where it never was."""
        told = [number for number in range(self.since or 0) if self.outcomes[number] in _TOLD]
        return told[-1] if told else None

    @property
    def turns(self) -> int:
        """How often it changed between holding and failing."""
        told = [outcome for outcome in self.outcomes if outcome in _TOLD]
        return sum(one is not other for one, other in pairwise(told))

    @property
    def is_new(self) -> bool:
        """Whether the latest run of all changed it."""
        return self.last == self.since == len(self.outcomes) - 1 and self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All runs of one target in one reading, in order of time."""

    target: tuple[str, str]
    dialect: tuple[str, ...]
    moments: tuple[Moment, ...]
    courses: tuple[Course, ...]
    """Of every requirement that ever failed; those that fail come first, then by level, area and id."""

    @property
    def failing(self) -> tuple[Course, ...]:
        """What fails now."""
        return tuple(course for course in self.courses if course.fails)

    @property
    def mended(self) -> tuple[Course, ...]:
        """What failed once and holds now."""
        return tuple(course for course in self.courses if not course.fails)

    def count(self, level: Level, outcome: Outcome) -> tuple[int, ...]:
        """How many requirements of a level came to this, by run."""
        return tuple(sum(each == (level, outcome) for each in moment.verdicts.values()) for moment in self.moments)


def moment(report: Report, name: str) -> Moment:
    """Take from a judged run what its history needs."""
    header = report.header
    return Moment(
        name=name,
        target=("the reference server", header.target.model) if header.embedded else (header.target.base_url, header.target.model),
        dialect=header.dialect,
        started=header.started,
        suite=header.suite_version,
        complete=report.complete,
        status=report.gate.status,
        sentence=report.gate.sentence,
        verdicts={row.requirement.id: (row.verdict.level, row.verdict.outcome) for row in report.rows},
    )


def pasts(moments: Iterable[Moment], requirements: Iterable[Requirement]) -> tuple[Past, ...]:
    """Sort runs by target and time, and follow each requirement through them; targets in the order of their names."""
    catalogue = tuple(requirements)
    groups: dict[tuple[tuple[str, str], tuple[str, ...]], list[Moment]] = {}
    for each in moments:
        groups.setdefault((each.target, each.dialect), []).append(each)
    return tuple(
        Past(target=target, dialect=dialect, moments=ordered, courses=_courses(ordered, catalogue))
        for (target, dialect), group in sorted(groups.items())
        for ordered in [tuple(sorted(group, key=lambda one: (one.started, one.name)))]
    )


def _courses(moments: tuple[Moment, ...], catalogue: tuple[Requirement, ...]) -> tuple[Course, ...]:
    found = []
    for requirement in catalogue:
        verdicts = [moment.verdicts.get(requirement.id, (requirement.level, Outcome.NOT_RUN)) for moment in moments]
        if any(outcome is Outcome.FAIL for _, outcome in verdicts):
            found.append(Course(requirement=requirement, level=verdicts[-1][0], outcomes=tuple(outcome for _, outcome in verdicts)))
    levels, areas = list(Level), list(Area)
    return tuple(
        sorted(found, key=lambda one: (not one.fails, levels.index(one.level), areas.index(one.requirement.area), one.requirement.id))
    )

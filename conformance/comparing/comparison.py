"""Runs side by side: what each requirement came to in each of them, and what changed from one run of a target to the next. Pure.

Runs are compared by verdicts of today's requirements on their records, so that a difference is one of the targets and not of two
versions of this suite. What was asked has to be the same all the same: `disagreements` says by name what was not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from conformance.errors import ConfigurationError
from conformance.model import Area, Level, Outcome
from conformance.revisions import scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.model import Verdict
    from conformance.provenance import Header
    from conformance.registry import Requirement
    from conformance.report import Report


class Change(StrEnum):
    """What became of a verdict since the latest earlier run of the same target that came to one."""

    REGRESSION = "regression"
    """It held, and fails now."""
    FIX = "fix"
    """It failed, and holds now."""
    LOST = "lost"
    """It was judged, and is inconclusive now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Something in which runs have to agree to be comparable, and do not."""

    name: str
    values: tuple[str, ...]
    """One for each run, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One requirement in one run."""

    verdict: Verdict
    change: Change | None = None
    accepted: bool = False
    """Whether the baseline of that run lists all that is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One requirement in all runs."""

    requirement: Requirement
    cells: tuple[Cell, ...]
    """One for each run, in order."""

    @property
    def levels(self) -> tuple[Level, ...]:
        """Its levels in the readings of the runs, each once, the most binding first."""
        return tuple(level for level in Level if any(cell.verdict.level is level for cell in self.cells))

    @property
    def differs(self) -> bool:
        """Whether it did not come to the same everywhere: another outcome, or a failure for other reasons."""
        return len({_essence(cell.verdict) for cell in self.cells}) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """A requirement that is left out, because not all of the runs asked for it."""

    requirement: str
    asked: tuple[int, ...]
    """The runs that did, by their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many requirements of a level, in an area or in all, came to what in each run."""

    level: Level
    area: Area | None
    by_run: tuple[tuple[tuple[Outcome, int], ...], ...]
    """For each run the outcomes that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Any number of runs, one line for each requirement that was asked for in all of them."""

    reports: tuple[Report, ...]
    lines: tuple[Line, ...]
    disagreements: tuple[Disagreement, ...] = ()
    """In what the runs are not comparable, where only what they have in common is compared."""
    omitted: tuple[Omission, ...] = ()
    before: tuple[int | None, ...] = ()
    """For each run the place of the one before it of the same target."""

    @property
    def differences(self) -> tuple[Line, ...]:
        """The lines that are not the same for all runs."""
        return tuple(line for line in self.lines if line.differs)

    def changed(self, change: Change) -> int:
        """How often something changed in this way from one run to the next."""
        return sum(cell.change is change for line in self.lines for cell in line.cells)

    def since_the_first(self, change: Change, levels: Iterable[Level]) -> tuple[str, ...]:
        """Ids of what changed in this way from the first run to the last, without what the last one is not scored by."""
        binding, frozen = frozenset(levels), self.reports[-1].header.scored_revision
        scored = (line for line in self.lines if scores(frozen, line.requirement.since))
        ends = ((line.requirement.id, line.cells[0].verdict, line.cells[-1].verdict) for line in scored)
        return tuple(name for name, first, last in ends if last.level in binding and _change(first, last) is change)

    def counts(self) -> tuple[Count, ...]:
        """Count by level, then by area within the level; the ones that nobody declared are left out."""
        found = Counter(
            (cell.verdict.level, area, number, cell.verdict.outcome)
            for line in self.lines
            for area in (None, line.requirement.area)
            for number, cell in enumerate(line.cells)
        )
        present = {(level, area) for level, area, _, _ in found}
        return tuple(
            Count(
                level=level,
                area=area,
                by_run=tuple(
                    tuple((outcome, found[level, area, number, outcome]) for outcome in Outcome if found[level, area, number, outcome])
                    for number in range(len(self.reports))
                ),
            )
            for level in Level
            for area in (None, *Area)
            if (level, area) in present
        )


_VALUE: Final = 80
_CONCLUSIVE: Final = frozenset({Outcome.PASS, Outcome.FAIL})


def compare(reports: Sequence[Report], *, common: bool = False) -> Comparison:
    """Lay runs side by side, in the order given or, when all are of one target, in that of time.

    `common` leaves out what was not asked in all of them. Without it, runs that cannot be compared raise `ConfigurationError`, which
    says in what they differ.
    """
    ordered = _in_order(reports)
    found = disagreements([report.header for report in ordered])
    if found and not common:
        told = "; ".join(f"{each.name} ({', '.join(each.values)})" for each in found)
        raise ConfigurationError(f"The runs cannot be compared, they differ in {told}.", hint="--common compares what they have in common.")
    before = tuple(_before(number, ordered) for number in range(len(ordered)))
    by_run = [{row.requirement.id: row for row in report.rows} for report in ordered]
    lines, omitted = [], []
    requirements = {row.requirement.id: row.requirement for report in ordered for row in report.rows}
    for name, requirement in requirements.items():
        verdicts = [rows[name].verdict if name in rows else None for rows in by_run]
        asked = tuple(number for number, verdict in enumerate(verdicts) if verdict and _asked(verdict, common=common))
        present = [verdict for verdict in verdicts if verdict is not None]
        if len(asked) == len(ordered):
            accepted = [rows[name].is_accepted for rows in by_run]
            lines.append(Line(requirement=requirement, cells=_cells(present, accepted, before)))
        elif asked:
            omitted.append(Omission(requirement=name, asked=asked))
    areas = list(Area)
    lines.sort(key=lambda line: (areas.index(line.requirement.area), line.requirement.id))
    return Comparison(reports=ordered, lines=tuple(lines), disagreements=found, omitted=tuple(omitted), before=before)


def disagreements(headers: Sequence[Header]) -> tuple[Disagreement, ...]:
    """Name everything in which runs differ that have to ask the same to be compared."""
    facts = {
        "traffic": ["recorded elsewhere" if header.imported else "requests of its own" for header in headers],
        "contract digest": [header.contract_digest[:12] for header in headers],
        "catalogue digest": [header.catalogue_digest[:12] for header in headers],
        "dialect": [" → ".join(header.dialect) for header in headers],
        "tier": [str(header.tier) for header in headers],
        "seed": [str(header.seed) for header in headers],
        "selection": [header.selection or "everything" for header in headers],
        "shard": [header.shard or "none" for header in headers],
    }
    return tuple(
        Disagreement(name=name, values=tuple(shorten(value, _VALUE, placeholder=" …") for value in values))
        for name, values in facts.items()
        if len(set(values)) > 1
    )


def same_target(one: Header, other: Header) -> bool:
    """Whether two runs are of the same target; the reference server listens elsewhere each time."""
    if one.embedded or other.embedded:
        return one.embedded and other.embedded
    return (one.target.base_url, one.target.model) == (other.target.base_url, other.target.model)


def _in_order(reports: Sequence[Report]) -> tuple[Report, ...]:
    headers = [report.header for report in reports]
    if all(same_target(headers[0], header) for header in headers[1:]):
        return tuple(sorted(reports, key=lambda report: report.header.started))
    return tuple(reports)


def _before(number: int, reports: Sequence[Report]) -> int | None:
    """Place of the latest of the runs of the same target that began earlier."""
    header = reports[number].header
    earlier = [
        (other.header.started, place)
        for place, other in enumerate(reports)
        if same_target(other.header, header) and other.header.started < header.started
    ]
    return max(earlier)[1] if earlier else None


def _cells(verdicts: list[Verdict], accepted: list[bool], before: tuple[int | None, ...]) -> tuple[Cell, ...]:
    """Set each verdict against the latest one before it, of the same target, that said anything."""
    cells = []
    for verdict, excused, place in zip(verdicts, accepted, before, strict=True):
        earlier = place
        while earlier is not None and verdicts[earlier].outcome not in _CONCLUSIVE:
            earlier = before[earlier]
        change = None if earlier is None else _change(verdicts[earlier], verdict)
        cells.append(Cell(verdict=verdict, change=change, accepted=excused))
    return tuple(cells)


def _change(earlier: Verdict, later: Verdict) -> Change | None:
    match earlier.outcome, later.outcome:
        case Outcome.PASS, Outcome.FAIL:
            return Change.REGRESSION
        case Outcome.FAIL, Outcome.PASS:
            return Change.FIX
        case outcome, Outcome.INCONCLUSIVE if outcome in _CONCLUSIVE:
            return Change.LOST
        case _:
            return None


def _asked(verdict: Verdict, *, common: bool) -> bool:
    """Whether a run asked for it; between comparable runs, that nothing bears on it in one of them is a difference to show."""
    return not common or verdict.outcome is not Outcome.NOT_RUN


def _essence(verdict: Verdict) -> tuple[Outcome, frozenset[str]]:
    """What a verdict is compared by."""
    codes = frozenset(code for code, _ in verdict.codes) | {finding.code for finding in verdict.findings}
    return verdict.outcome, codes if verdict.outcome is Outcome.FAIL else frozenset()

"""Evidence and requirements in, verdicts out. Pure: the same record gives the same verdicts, today's or last year's.

One pass over the requests of a run, in the order of the plan; what is kept per requirement is bounded, so that memory stays flat
however long the record is.

How observations add up, worst first: a failure makes FAIL; our own exception makes ERROR; something planned and lost makes INCONCLUSIVE,
since it might have failed; one that held makes PASS; only unmet premises make INCONCLUSIVE; only honest refusals make INAPPLICABLE;
nothing at all makes NOT RUN, an optional thing that never occurred included. A request that was never sent, for want of an answer to
build it from, is an unmet premise like any other, unless the requirement is about such an optional thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final, assert_never

from conformance.model import Expectation, Finding, Level, Outcome, Purpose, Verdict
from conformance.observation import AbsentError, Asked, Evidence, Gap, GapKind, Observation, UnmetError
from conformance.registry import Requirement, level
from conformance.view import View

KEPT_FINDINGS: Final = 25
"""Findings kept per requirement, whatever they say. Beyond them the first of each further code is kept."""

KEPT_CODES: Final = 250
"""Different codes kept and counted per requirement. More than any requirement has: there is one for each constraint of a request."""

KEPT_REASONS: Final = 10

KEPT_EVIDENCE: Final = 5


@dataclass(slots=True)
class _Tally:
    """Running total of one requirement."""

    findings: list[Finding] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    losses: dict[str, None] = field(default_factory=dict)
    """Why observations got lost, and so on for the next two: what decides an outcome that is open is told first."""
    premises: dict[str, None] = field(default_factory=dict)
    reasons: dict[str, None] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    """What went wrong in the first few of our own bugs."""
    bugs: int = 0
    passed: int = 0
    failed: int = 0
    lost: int = 0
    unmet: int = 0
    unsent: int = 0
    """How many of the unmet were never sent."""
    absent: int = 0
    inapplicable: int = 0

    def gap(self, found: Gap) -> None:
        """Count an observation that did not come about."""
        match found.kind:
            case GapKind.LOST:
                self.lost += 1
                _note(found.reason, self.losses)
            case GapKind.UNMET:
                self.unmet += 1
                self.unsent += found.unsent
                _note(found.reason, self.premises)
            case GapKind.INAPPLICABLE:
                self.inapplicable += 1
                _note(found.reason, self.reasons)
            case _:
                assert_never(found.kind)

    def judge(self, requirement: Requirement, subject: object) -> None:
        """Judge one subject and count the result."""
        try:
            findings = tuple(requirement.judge(subject))
        except UnmetError as premise:
            self.gap(Gap(GapKind.UNMET, f"{_observation(subject)}: {premise}"))
        except AbsentError as absent:
            self.absent += 1
            if len(self.reasons) < KEPT_REASONS:
                _note(f"{_observation(subject)}: {absent}", self.reasons)
        except Exception as bug:  # noqa: BLE001 - whatever a check does wrong is our ERROR and nobody's FAIL
            self.bug(_observation(subject), bug)
        else:
            if findings:
                self.failed += 1
                for finding in findings:
                    self.keep(finding, _observation(subject))
            else:
                self.passed += 1
                if len(self.evidence) < KEPT_EVIDENCE:
                    self.evidence.append(_observation(subject))

    def keep(self, finding: Finding, observation: str) -> None:
        """Count a finding under its code; keep it if it is one of the first, or the first that says so."""
        new = finding.code not in self.codes
        if new and len(self.codes) >= KEPT_CODES:
            return
        self.codes[finding.code] = self.codes.get(finding.code, 0) + 1
        if new or len(self.findings) < KEPT_FINDINGS:
            self.findings.append(replace(finding, exchange=finding.exchange or observation))

    def bug(self, observation: str, bug: Exception) -> None:
        """Count an observation that we were not able to judge for a mistake of our own."""
        self.bugs += 1
        if len(self.accounts) < KEPT_REASONS:
            self.accounts.append(f"{observation}: {type(bug).__name__}: {bug}")

    def outcome(self) -> Outcome:
        """What it adds up to."""
        if self.failed:
            return Outcome.FAIL
        if self.bugs:
            return Outcome.ERROR
        if self.lost:
            return Outcome.INCONCLUSIVE
        if self.passed:
            return Outcome.PASS
        if self.unmet > (self.unsent if self.absent else 0):
            return Outcome.INCONCLUSIVE
        if self.inapplicable and not self.absent:
            return Outcome.INAPPLICABLE
        return Outcome.NOT_RUN


def _note(reason: str, kept: dict[str, None]) -> None:
    """Keep the first few reasons, each once."""
    if len(kept) < KEPT_REASONS:
        kept.setdefault(reason)


def judge(evidence: Evidence, requirements: Iterable[Requirement]) -> tuple[Verdict, ...]:
    """Give every requirement its verdict, in the order given."""
    wanted = [(requirement, _Tally()) for requirement in requirements]
    views = _Views(wanted)
    for asked in evidence.all():
        for alike in views.of(asked.purpose):
            _show(asked, alike)
    return tuple(_verdict(requirement, tally, level(requirement, evidence.contract)) for requirement, tally in wanted)


def _show(asked: Asked, alike: Iterable[_Judged]) -> None:
    """Show a request to views that all see the same in it, if they look at it: so it is looked at once for all of them."""
    subjects: tuple[object, ...] | None = None
    for view, judged in alike:
        try:
            if not view.chosen(asked.purpose):
                continue
            if subjects is None:
                subjects = tuple(view.look(asked))
        except Exception as bug:  # noqa: BLE001 - a mistake in reading an answer is no more the target's than one in judging it
            for _, tally in judged:
                tally.bug(asked.purpose.key, bug)
            continue
        if not subjects:
            return
        for subject in subjects:
            _judge(subject, asked.purpose, view, judged)


def _judge(subject: object, purpose: Purpose, view: View[Any], judged: list[tuple[Requirement, _Tally]]) -> None:
    """Have everybody who looks at a view judge one of its subjects; a gap counts where a subject was to be expected."""
    if not isinstance(subject, Gap):
        for requirement, tally in judged:
            tally.judge(requirement, subject)
    elif view.covers(purpose):
        for _, tally in judged:
            tally.gap(subject)


def counts(verdicts: Iterable[Verdict]) -> Mapping[tuple[Level, Outcome], int]:
    """How many verdicts there are of each level and outcome."""
    ordered = sorted((verdict.level, verdict.outcome) for verdict in verdicts)
    return {pair: len(list(group)) for pair, group in groupby(ordered)}


_Judged = tuple[View[Any], list[tuple[Requirement, _Tally]]]
"""A view, and who looks at it."""


class _Views:
    """What the requirements look at. Those that look at the same share its subjects, and so what was parsed; so do views of one look."""

    def __init__(self, wanted: Iterable[tuple[Requirement, _Tally]]) -> None:
        views: dict[int, _Judged] = {}
        for requirement, tally in wanted:
            views.setdefault(id(requirement.on), (requirement.on, []))[1].append((requirement, tally))
        self._all = list(views.values())
        self._known: dict[tuple[Expectation, frozenset[str], frozenset[str]], list[list[_Judged]]] = {}

    def of(self, purpose: Purpose) -> list[list[_Judged]]:
        """Those that may see something in a request, by their look: not those of a kind that it is not of."""
        kind = purpose.expect, purpose.needs, purpose.topics
        if kind not in self._known:
            found: dict[object, list[_Judged]] = {}
            for view, judged in self._all:
                if view.may_see(purpose):
                    found.setdefault(view.look, []).append((view, judged))
            self._known[kind] = list(found.values())
        return self._known[kind]


def _verdict(requirement: Requirement, tally: _Tally, effective: Level) -> Verdict:
    return Verdict(
        requirement=requirement.id,
        level=effective,
        outcome=tally.outcome(),
        findings=tuple(tally.findings),
        codes=tuple(tally.codes.items()),
        passed=tally.passed,
        failed=tally.failed,
        lost=tally.lost,
        unmet=tally.unmet,
        reasons=(*tally.accounts, *tuple(tally.losses | tally.premises | tally.reasons)[:KEPT_REASONS]),
        evidence=tuple(tally.evidence),
    )


def _observation(subject: object) -> str:
    """Id of the exchange that a subject was read from."""
    if isinstance(subject, Observation):
        return subject.exchange.id
    inner = getattr(subject, "observation", None)
    if isinstance(inner, Observation):
        return inner.exchange.id
    purpose = getattr(subject, "purpose", None)
    return getattr(purpose, "key", "")

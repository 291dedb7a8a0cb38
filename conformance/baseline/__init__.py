"""Failures that are accepted for now, and what they make of a verdict. Pure.

A baseline lets a gate be adopted while the endpoint still fails: what is listed is no longer red, and nothing else is let through. An
entry pins one code of one requirement, so that a failure for another reason is red; and one that no longer occurs is red as well, so
that the list can only grow shorter. An accepted failure is never shown as a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from conformance.model import Level, Outcome, Verdict
from conformance.provenance import Accepted, Expect


class Standing(StrEnum):
    """What a run makes of one entry."""

    SEEN = "accepted"
    """It is as the entry says."""
    GONE = "stale"
    """It was looked for and is no longer so: the entry has to go."""
    CALM = "held this time"
    """A flaky one that did not show."""
    UNTOLD = "not judged in this run"
    """Nothing in this run tells: not selected, not asked, inapplicable, or hidden behind another outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the baseline makes of one verdict."""

    entries: tuple[tuple[Accepted, Standing], ...]
    """Everything that is listed of the requirement."""
    new: tuple[str, ...] = ()
    """Codes that were found and are not listed."""
    is_accepted: bool = False
    """Whether all that is wrong with the verdict is listed."""

    def having(self, standing: Standing) -> tuple[Accepted, ...]:
        """The entries of which the run makes this."""
        return tuple(entry for entry, what in self.entries if what is standing)

    @property
    def stale(self) -> tuple[Accepted, ...]:
        """The entries that have to go."""
        return self.having(Standing.GONE)

    @property
    def seen(self) -> tuple[Accepted, ...]:
        """The entries that were needed."""
        return self.having(Standing.SEEN)


def weigh(verdict: Verdict, entries: Iterable[Accepted], asked: Callable[[Accepted], bool] = lambda _: True) -> Mark:
    """Hold a verdict against what is listed of its requirement; `asked` says whether this run sent what an entry is about."""
    listed = tuple(entries)
    found = _found(verdict)
    told = tuple((entry, _standing(entry, verdict, found, asked)) for entry in listed)
    if verdict.outcome is Outcome.FAIL:
        pinned = {entry.code for entry in listed}
        new = tuple(code for code in found if code not in pinned)
        return Mark(entries=told, new=new, is_accepted=bool(found) and not new)
    seen = any(standing is Standing.SEEN for _, standing in told)
    return Mark(entries=told, is_accepted=verdict.outcome is Outcome.INCONCLUSIVE and seen)


def marked(verdicts: Iterable[Verdict], entries: Iterable[Accepted], asked: Callable[[Accepted], bool]) -> Mapping[str, Mark]:
    """Hold every verdict of which something is listed against that, by id of the requirement."""
    listed: dict[str, list[Accepted]] = {}
    for entry in entries:
        listed.setdefault(entry.rule, []).append(entry)
    return {verdict.requirement: weigh(verdict, of, asked) for verdict in verdicts if (of := listed.get(verdict.requirement))}


def _standing(entry: Accepted, verdict: Verdict, found: tuple[str, ...], asked: Callable[[Accepted], bool]) -> Standing:
    gone = Standing.CALM if entry.expect is Expect.FLAKY else Standing.GONE
    match verdict.outcome:
        case Outcome.FAIL if entry.code in found:
            return Standing.SEEN
        case Outcome.FAIL:
            # What got lost, or lacked its premise, may have shown it; and a failure hides what was inconclusive beside it.
            whole = not verdict.lost and not verdict.unmet and bool(entry.code)
            return gone if whole and asked(entry) else Standing.UNTOLD
        case Outcome.PASS:
            return gone if asked(entry) else Standing.UNTOLD
        case Outcome.INCONCLUSIVE:
            return Standing.UNTOLD if entry.code else Standing.SEEN
        case Outcome.INAPPLICABLE | Outcome.NOT_RUN | Outcome.ERROR:
            return Standing.UNTOLD
        case _:
            assert_never(verdict.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A baseline that fits a run, and how it differs from the one before."""

    kept: tuple[Accepted, ...]
    added: tuple[Accepted, ...]
    """Without a reason, which somebody has to give."""
    dropped: tuple[Accepted, ...]
    """What no longer occurs."""


def propose(verdicts: Iterable[Verdict], marks: Mapping[str, Mark], entries: Iterable[Accepted], levels: Iterable[Level]) -> Proposal:
    """List everything that keeps a run from being green: failures by code, and what is inconclusive, of requirements at these levels."""
    binding, added = frozenset(levels), list[Accepted]()
    gone = {entry for mark in marks.values() for entry in mark.stale}
    for verdict in verdicts:
        listed = {entry.code for entry, _ in marks[verdict.requirement].entries} if verdict.requirement in marks else set()
        if verdict.level in binding and verdict.outcome is Outcome.FAIL:
            added += [Accepted(rule=verdict.requirement, code=code) for code in _found(verdict) if code not in listed]
        elif verdict.level in binding and verdict.outcome is Outcome.INCONCLUSIVE and "" not in listed:
            added.append(Accepted(rule=verdict.requirement, expect=Expect.INCONCLUSIVE))
    known = tuple(entries)
    return Proposal(
        kept=tuple(entry for entry in known if entry not in gone),
        added=tuple(added),
        dropped=tuple(entry for entry in known if entry in gone),
    )


def _found(verdict: Verdict) -> tuple[str, ...]:
    """Every code of a verdict, in the order in which they were first found."""
    return tuple(dict.fromkeys([*(code for code, _ in verdict.codes), *(finding.code for finding in verdict.findings)]))

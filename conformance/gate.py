"""From verdicts to one answer: the exit status, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from conformance.baseline import Mark, Standing
from conformance.model import Level, Outcome, Verdict
from conformance.provenance import Accepted, Expect

_NAMED: Final = 3
"""Stale entries that the sentence names."""


class ExitStatus(IntEnum):
    """What a process says to whoever called it. The numbers are pytest's where pytest has one for the same thing."""

    CONFORMS = 0
    VIOLATIONS = 1
    NOT_JUDGED = 2
    OUR_ERROR = 3
    BAD_CONFIGURATION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The decision, and the words for it."""

    status: ExitStatus
    sentence: str
    accepted: int = 0
    """Gating requirements that do not hold and are let through by the baseline. Above 0, a green run does not simply conform."""
    stale: bool = False
    """Whether nothing but entries of the baseline that have to go makes it red."""


def decide(
    verdicts: Iterable[Verdict],
    *,
    complete: bool,
    reason: str = "",
    strict: bool = False,
    marks: Mapping[str, Mark] = MappingProxyType({}),
) -> Gate:
    """Decide over a run. `reason` says why it is not complete; `strict` lets SHOULD gate as well; `marks` are what a baseline makes of it.

    A failure outweighs everything else: an interrupted run that found one has found it. Our own error comes next, then a stale baseline,
    then whatever could not be judged. A run in which nothing passed is never green, unless all of it is accepted.
    """
    tally = _Tally(verdicts, marks, strict=strict)
    cut = "" if complete else f" The run is incomplete: {reason.rstrip('.')}."
    status, sentence = _decided(tally, cut)
    only_stale = status is ExitStatus.VIOLATIONS and not tally.failed
    return Gate(status=status, sentence=sentence, accepted=len(tally.accepted), stale=only_stale)


class _Tally:
    """The verdicts of a run, by what they mean for the gate."""

    def __init__(self, verdicts: Iterable[Verdict], marks: Mapping[str, Mark], *, strict: bool) -> None:
        every = tuple(verdicts)
        binding = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
        excused = {name for name, mark in marks.items() if mark.is_accepted}
        self.levels = "MUST and SHOULD" if strict else "MUST"
        self.gating = [v for v in every if v.level in binding]
        self.accepted = [v for v in self.gating if v.requirement in excused]
        self.failed = [v for v in self.gating if v.outcome is Outcome.FAIL and v.requirement not in excused]
        self.unjudged = [v for v in self.gating if v.outcome is Outcome.INCONCLUSIVE and v.requirement not in excused]
        self.broken = [v for v in every if v.outcome is Outcome.ERROR]
        self.has_passed = any(v.outcome is Outcome.PASS for v in every)
        self.marks = [marks[v.requirement] for v in every if v.requirement in marks]
        self.stale = [entry for mark in self.marks for entry in mark.stale]
        self.unlisted = sum(v.requirement in marks for v in self.failed)
        """Failures of requirements that the baseline names, in a way that it does not list."""
        warnings = [v for v in every if v.outcome is Outcome.FAIL and v.level is Level.SHOULD and v.level not in binding]
        self.beside = _beside(warnings, excused) + _flaky(self.marks)
        self.apart = _apart(self.accepted)


def _decided(tally: _Tally, cut: str) -> tuple[ExitStatus, str]:
    """The status and its sentence; `cut` is the one that says of an incomplete run that it is."""
    open_ends = f"; {len(tally.unjudged)} inconclusive" if tally.unjudged else ""
    more = f"; apart from them, {tally.apart}" if tally.apart else ""
    if tally.failed:
        ways = f", {tally.unlisted} of them in a way that the baseline does not list" if tally.unlisted else ""
        gone = f"; {_count(len(tally.stale), 'entry', 'entries')} of the baseline stale" if tally.stale else ""
        counted = f"{len(tally.failed)} of {len(tally.gating)} {tally.levels} requirements failed"
        return ExitStatus.VIOLATIONS, f"Does not conform: {counted}{ways}{more}{gone}{open_ends}{tally.beside}.{cut}"
    if tally.broken:
        return ExitStatus.OUR_ERROR, f"The suite itself failed, judging {', '.join(v.requirement for v in tally.broken)}.{cut}"
    if tally.stale:
        what = f"The baseline is stale: {_gone(tally.stale)}{open_ends}{tally.beside}."
        return ExitStatus.VIOLATIONS, f"{what} Take what is stale out of it.{cut}"
    if cut:
        return ExitStatus.NOT_JUDGED, f"Could not be judged.{cut}"
    if tally.unjudged:
        counted = f"{len(tally.unjudged)} of {len(tally.gating)} {tally.levels} requirements are inconclusive"
        return ExitStatus.NOT_JUDGED, f"Could not be judged: {counted}{more}{tally.beside}."
    if not tally.has_passed and not tally.accepted:
        return ExitStatus.NOT_JUDGED, f"Could not be judged: nothing was observed{tally.beside}."
    held = sum(v.outcome is Outcome.PASS for v in tally.gating)
    verdict = f"Conforms apart from {tally.apart}" if tally.apart else "Conforms"
    return ExitStatus.CONFORMS, f"{verdict}: {held} {tally.levels} requirements hold{tally.beside}."


def _apart(accepted: list[Verdict]) -> str:
    """Say how much is let through by the baseline; empty when nothing is."""
    failures = sum(v.outcome is Outcome.FAIL for v in accepted)
    said = [_count(failures, "accepted failure", "accepted failures")] if failures else []
    if open_ends := len(accepted) - failures:
        said.append(f"{open_ends} accepted as inconclusive")
    return " and ".join(said)


def _beside(warnings: list[Verdict], excused: set[str]) -> str:
    accepted = sum(v.requirement in excused for v in warnings)
    some = f", {accepted} of them accepted" if accepted else ""
    return f"; {len(warnings)} SHOULD failed as well{some}" if warnings else ""


def _flaky(marks: list[Mark]) -> str:
    """Count the flaky entries: they may hold or not, and are told either way."""
    calm = sum(len(mark.having(Standing.CALM)) for mark in marks)
    shown = sum(entry.expect is Expect.FLAKY for mark in marks for entry in mark.seen)
    return f"; flaky by the baseline: {shown} showed, {calm} held" if calm or shown else ""


def _gone(stale: list[Accepted]) -> str:
    names = ", ".join(entry.name for entry in stale[:_NAMED])
    more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
    return f"{_count(len(stale), 'thing', 'things')} that it accepts no longer {'occurs' if len(stale) == 1 else 'occur'}: {names}{more}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"

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
    all_of_them = tuple(verdicts)
    binding = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
    excused = {name for name, mark in marks.items() if mark.is_accepted}
    gating = [v for v in all_of_them if v.level in binding]
    accepted = [v for v in gating if v.requirement in excused]
    failed = [v for v in gating if v.outcome is Outcome.FAIL and v not in accepted]
    broken = [v for v in all_of_them if v.outcome is Outcome.ERROR]
    unjudged = [v for v in gating if v.outcome is Outcome.INCONCLUSIVE and v not in accepted]
    passed = [v for v in all_of_them if v.outcome is Outcome.PASS]
    stale = [entry for v in all_of_them if v.requirement in marks for entry in marks[v.requirement].stale]
    name = "MUST and SHOULD" if strict else "MUST"
    beside = _beside([v for v in all_of_them if v.outcome is Outcome.FAIL and v.level is Level.SHOULD and v not in gating], excused)
    beside += _flaky([marks[v.requirement] for v in all_of_them if v.requirement in marks])
    open_ends = f"; {len(unjudged)} inconclusive" if unjudged else ""
    cut = "" if complete else f" The run is incomplete: {reason.rstrip('.')}."
    apart = _apart(accepted)
    if failed:
        new = sum(v.requirement in marks for v in failed)
        ways = f", {new} of them in a way that the baseline does not list" if new else ""
        more = f"; apart from them, {apart}" if apart else ""
        gone = f"; {_count(len(stale), 'entry', 'entries')} of the baseline stale" if stale else ""
        sentence = f"Does not conform: {len(failed)} of {len(gating)} {name} requirements failed{ways}{more}{gone}{open_ends}{beside}.{cut}"
        return Gate(status=ExitStatus.VIOLATIONS, sentence=sentence, accepted=len(accepted))
    if broken:
        return Gate(
            status=ExitStatus.OUR_ERROR, sentence=f"The suite itself failed, judging {', '.join(v.requirement for v in broken)}.{cut}"
        )
    if stale:
        sentence = f"The baseline is stale: {_gone(stale)}{open_ends}{beside}. Take what is stale out of it.{cut}"
        return Gate(status=ExitStatus.VIOLATIONS, sentence=sentence, accepted=len(accepted), stale=True)
    if not complete:
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=f"Could not be judged.{cut}", accepted=len(accepted))
    if unjudged or not (passed or accepted):
        what = f"{len(unjudged)} of {len(gating)} {name} requirements are inconclusive" if unjudged else "nothing was observed"
        more = f"; apart from them, {apart}" if apart else ""
        sentence = f"Could not be judged: {what}{more}{beside}."
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=sentence, accepted=len(accepted))
    held = sum(v.outcome is Outcome.PASS for v in gating)
    verdict = f"Conforms apart from {apart}" if apart else "Conforms"
    return Gate(status=ExitStatus.CONFORMS, sentence=f"{verdict}: {held} {name} requirements hold{beside}.", accepted=len(accepted))


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

"""From verdicts to one answer: the exit status, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from conformance.model import Level, Outcome, Verdict


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


def decide(verdicts: Iterable[Verdict], *, complete: bool, reason: str = "", strict: bool = False) -> Gate:
    """Decide over a run. `reason` says why it is not complete; `strict` lets SHOULD gate as well.

    A failure outweighs everything else: an interrupted run that found one has found it. Our own error comes next, then whatever could
    not be judged. A run in which nothing passed is never green.
    """
    all_of_them = tuple(verdicts)
    binding = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
    gating = [v for v in all_of_them if v.level in binding]
    failed = [v for v in gating if v.outcome is Outcome.FAIL]
    broken = [v for v in all_of_them if v.outcome is Outcome.ERROR]
    unjudged = [v for v in gating if v.outcome is Outcome.INCONCLUSIVE]
    passed = [v for v in all_of_them if v.outcome is Outcome.PASS]
    warnings = [v for v in all_of_them if v.outcome is Outcome.FAIL and v.level is Level.SHOULD and v not in failed]
    name = "MUST and SHOULD" if strict else "MUST"
    beside = f"; {len(warnings)} SHOULD failed as well" if warnings else ""
    open_ends = f"; {len(unjudged)} inconclusive" if unjudged else ""
    cut = "" if complete else f" The run is incomplete: {reason.rstrip('.')}."
    if failed:
        sentence = f"Does not conform: {len(failed)} of {len(gating)} {name} requirements failed{open_ends}{beside}.{cut}"
        return Gate(status=ExitStatus.VIOLATIONS, sentence=sentence)
    if broken:
        return Gate(
            status=ExitStatus.OUR_ERROR, sentence=f"The suite itself failed, judging {', '.join(v.requirement for v in broken)}.{cut}"
        )
    if not complete:
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=f"Could not be judged.{cut}")
    if unjudged or not passed:
        what = f"{len(unjudged)} of {len(gating)} {name} requirements are inconclusive" if unjudged else "nothing was observed"
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=f"Could not be judged: {what}{beside}.")
    held = [v for v in gating if v.outcome is Outcome.PASS]
    return Gate(status=ExitStatus.CONFORMS, sentence=f"Conforms: {len(held)} {name} requirements hold{beside}.")

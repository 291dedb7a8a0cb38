"""The rows of constraints in words, and in the order in which they are shown.

`temperature ≤ 2: not refused (sent 2.1, 99, 3)` is the sentence that a terminal, a CI server and a page have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, assert_never

from conformance.model import Level, Outcome
from conformance.overview.constraints import ConstraintRow, Reaction, Treatment, Trial
from conformance.render.text import line
from conformance.report import Report
from conformance.subjects.fate import Effect

_SENT: Final = 60
"""Characters shown of one value; the row of a list of 129 tools is no longer than that of a number."""

_VALUES: Final = 6
"""Values named in one sentence; the others are counted."""


def sentences(report: Report, requirement: str) -> tuple[str, ...]:
    """What fails under a requirement, constraint by constraint; what reads the same is said once, with how often."""
    said: dict[str, int] = {}
    for row in report.constraints:
        if any(holder.requirement == requirement for holder in row.broken):
            words = sentence(row)
            said[words] = said.get(words, 0) + 1
    return tuple(f"{words}, in {times} places of the contract" if times > 1 else words for words, times in said.items())


def sentence(row: ConstraintRow) -> str:
    """A constraint, and what went wrong with which values; for one on which nothing fails, what came of all of them."""
    wrong = [trial for trial in row.trials if _is_wrong(trial)] if row.outcome is Outcome.FAIL else []
    parts = [f"{words} (sent {values})" for words, values in _grouped(wrong or row.trials, _in_short)]
    parts += [f"{more} more values are in run.jsonl" for more in _untold(row)]
    return f"{line(row.rule, 300).rstrip('.')}: {'; '.join(parts)}"


def outcomes(row: ConstraintRow) -> tuple[tuple[str, str], ...]:
    """What came of the values of a row, with a stream and without, and of which."""
    return (*_grouped(row.trials, _at_length), *(("more values, in run.jsonl", more) for more in _untold(row)))


def treatment(told: Treatment) -> str:
    """How one request was answered."""
    match told.reaction:
        case Reaction.REFUSED:
            return f"refused with {told.status}"
        case Reaction.REFUSED_IN_STREAM:
            return f"refused inside a stream with status {told.status}"
        case Reaction.NOT_BLAMED:
            return f"answered {told.status}, which says nothing about the value"
        case Reaction.SERVER_ERROR:
            return f"{told.status} on every attempt"
        case Reaction.ACCEPTED if told.fate is None or told.fate.effect is Effect.UNKNOWN:
            return "not refused"
        case Reaction.ACCEPTED:
            return f"not refused, {told.fate.words.removeprefix('it was ')}" if told.fate else "not refused"
        case Reaction.LOST:
            return f"answered {told.status}" if told.status else "no answer"
        case _:
            assert_never(told.reaction)


def arranged(report: Report) -> tuple[tuple[ConstraintRow, ...], tuple[ConstraintRow, ...], tuple[ConstraintRow, ...]]:
    """Rows that fail, the most binding first; rows that are open; rows that hold. Each in the order of the contract."""
    rows = report.constraints
    failing = tuple(row for level in Level for row in rows if row.outcome is Outcome.FAIL and row.level is level)
    held = tuple(row for row in rows if row.outcome is Outcome.PASS)
    return failing, tuple(row for row in rows if row.outcome not in {Outcome.FAIL, Outcome.PASS}), held


def _untold(row: ConstraintRow) -> tuple[str, ...]:
    """How many values a row does not hold; nothing where it holds all of them."""
    more = row.planned - len(row.trials)
    return (f"{more:,}",) if more else ()


def _is_wrong(trial: Trial) -> bool:
    """Whether this value is one of those for which a row fails."""
    reactions = [trial.whole.reaction, *([trial.streamed.reaction] if trial.streamed else [])]
    return any(each in {Reaction.ACCEPTED, Reaction.SERVER_ERROR, Reaction.REFUSED_IN_STREAM} for each in reactions)


def _in_short(trial: Trial) -> str:
    """What came of one value; a stream is mentioned where it was treated differently."""
    whole = treatment(trial.whole)
    streamed = treatment(trial.streamed) if trial.streamed else whole
    return whole if streamed == whole else f"{whole}; streamed: {streamed}"


def _at_length(trial: Trial) -> str:
    """The same, and a stream is always mentioned."""
    alike = trial.streamed is not None and treatment(trial.streamed) == treatment(trial.whole)
    return f"{_in_short(trial)}, streamed as well" if alike else _in_short(trial)


def _grouped(trials: Iterable[Trial], words: Callable[[Trial], str]) -> list[tuple[str, str]]:
    """Put together the values of which the same came, in the order in which they were sent."""
    found: dict[str, dict[str, None]] = {}
    for trial in trials:
        found.setdefault(words(trial), {}).setdefault("nothing" if trial.sent == "(absent)" else line(trial.sent, _SENT))
    return [(came, _listed(list(values))) for came, values in found.items()]


def _listed(values: list[str]) -> str:
    more = len(values) - _VALUES
    return ", ".join(values[:_VALUES]) + (f" and {more} more" if more > 0 else "")

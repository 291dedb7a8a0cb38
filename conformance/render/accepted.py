"""What every view says of a baseline, in the same words. An accepted failure is told as a failure that is accepted, never as a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from conformance.baseline import Standing
from conformance.model import Outcome
from conformance.provenance import Accepted
from conformance.render import wording
from conformance.render.text import line
from conformance.report import Report, Row

_REASON: Final = 300
_CODES: Final = 8
"""Codes named in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry of the baseline, and what the run makes of it."""

    entry: Accepted
    standing: Standing
    judged: bool
    """Whether the requirement is among those that were judged."""


def verdict(row: Row) -> str:
    """Say what a row came to: `FAIL`, `FAIL (accepted)`, `PASS (stale baseline)`."""
    outcome = str(row.verdict.outcome)
    if row.mark is None:
        return outcome
    if row.mark.is_accepted:
        return f"{outcome} (accepted)"
    return f"{outcome} (stale baseline)" if row.mark.stale and row.verdict.outcome is Outcome.PASS else outcome


def because(entry: Accepted) -> str:
    """Say why an entry is there, where it is dealt with and for how long, on one line."""
    parts = (entry.reason.rstrip(". "), entry.issue, f"until {entry.until}" if entry.until else "")
    return "; ".join(line(part, _REASON) for part in parts if part)


def sentences(row: Row) -> tuple[str, ...]:
    """Say what the baseline makes of a row; nothing where it lists nothing of it."""
    if row.mark is None:
        return ()
    new = f"not listed: {_codes(row.mark.new)}" if row.mark.new else ""
    said = tuple(f"{_name(entry)}{_standing(standing)}: {because(entry)}" for entry, standing in row.mark.entries)
    return (new, *said) if new else said


def gist(row: Row) -> str:
    """Say the same on one line."""
    return "; ".join(sentences(row))


def entries(report: Report) -> tuple[Told, ...]:
    """Every entry of the baseline, in the order of its file."""
    told = {entry: standing for row in report.rows if row.mark for entry, standing in row.mark.entries}
    rules = {row.requirement.id for row in report.rows}
    return tuple(Told(entry=entry, standing=told.get(entry, Standing.UNTOLD), judged=entry.rule in rules) for entry in report.accepted)


def counted(report: Report) -> str:
    """Count the entries by what the run makes of them: `12 entries: 9 accepted, 1 stale, 2 not judged in this run`; empty without any."""
    listed = entries(report)
    if not listed:
        return ""
    parts = [f"{number} {what}" for what in Standing if (number := sum(told.standing is what for told in listed))]
    return f"{len(listed)} {'entry' if len(listed) == 1 else 'entries'}: {', '.join(parts)}"


def untold(report: Report) -> tuple[str, ...]:
    """Note the entries of which this run tells nothing."""
    return tuple(told.entry.name for told in entries(report) if told.standing is Standing.UNTOLD)


def stale(report: Report) -> tuple[str, ...]:
    """Name the entries that have to go."""
    return tuple(told.entry.name for told in entries(report) if told.standing is Standing.GONE)


def meaning(report: Report) -> str:
    """Say what the exit status of a run means, the baseline included."""
    if report.gate.stale:
        return "stale baseline"
    if report.gate.status == 0 and report.gate.accepted:
        return "conforms apart from what is accepted"
    return wording.outcome(report)


def _name(entry: Accepted) -> str:
    return f"[{line(entry.code, 80)}] " if entry.code else ""


def _standing(standing: Standing) -> str:
    match standing:
        case Standing.SEEN:
            return "accepted"
        case Standing.GONE:
            return "accepted and no longer so, take the entry out"
        case Standing.CALM:
            return "accepted as flaky, held this time"
        case Standing.UNTOLD:
            return "accepted, not judged in this run"
        case _:
            assert_never(standing)


def _codes(codes: tuple[str, ...]) -> str:
    more = f" and {len(codes) - _CODES} more" if len(codes) > _CODES else ""
    return ", ".join(line(code, 80) for code in codes[:_CODES]) + more

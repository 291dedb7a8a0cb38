"""What a trial found, read from the summaries of its runs: one entry for each server and requirement that failed or was left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

SHOWN: Final = 3
"""Codes of one entry that are told with an example."""

LEVELS: Final = ("MUST", "SHOULD", "MAY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The first finding of one code: what was asked, and what came back."""

    code: str
    count: int
    exchange: str
    expected: str
    received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A requirement that a server failed, or that could not be judged of it."""

    server: str
    requirement: str
    text: str
    outcome: str
    """FAIL where any reading has it so, else INCONCLUSIVE or ERROR."""
    levels: dict[str, str] = field(default_factory=dict)
    """Level by reading, of the readings in which it has that outcome."""
    examples: tuple[Example, ...] = ()
    codes: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """The most binding of its levels."""
        return min(self.levels.values(), key=LEVELS.index)


def entries(server: str, readings: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Entry]:
    """Return what failed and what was left open, at any level, by the summaries of one server: pairs of a reading and its document."""
    found: dict[str, Entry] = {}
    for reading, document in readings:
        for verdict in document["verdicts"]:
            if verdict["outcome"] in {"FAIL", "INCONCLUSIVE", "ERROR"}:
                told = _told(server, reading, verdict)
                before = found.get(told.requirement)
                found[told.requirement] = told if before is None else _merged(before, told)
    return sorted(found.values(), key=lambda each: (each.outcome, LEVELS.index(each.level), each.requirement))


def _told(server: str, reading: str, verdict: dict[str, Any]) -> Entry:
    counts = {each["code"]: each["count"] for each in verdict["codes"]}
    first: dict[str, Example] = {}
    for each in verdict["findings"]:
        first.setdefault(
            each["code"],
            Example(
                code=each["code"],
                count=counts.get(each["code"], 1),
                exchange=each["exchange"],
                expected=each["expected"],
                received=each["received"],
            ),
        )
    return Entry(
        server=server,
        requirement=verdict["id"],
        text=verdict["text"],
        outcome=verdict["outcome"],
        levels={reading: verdict["level"]},
        examples=tuple(first.values()),
        codes=frozenset(counts),
        reasons=tuple(verdict["reasons"]),
        clauses=tuple(cite["label"] for cite in verdict["cites"] if cite["kind"] != "incident"),
    )


def _merged(before: Entry, after: Entry) -> Entry:
    """One entry of two readings; a failure outweighs what is open."""
    if before.outcome != after.outcome:
        return before if before.outcome == "FAIL" else after
    known = {each.code for each in before.examples}
    return replace(
        before,
        levels=before.levels | after.levels,
        examples=before.examples + tuple(each for each in after.examples if each.code not in known),
        codes=before.codes | after.codes,
        reasons=tuple(dict.fromkeys((*before.reasons, *after.reasons))),
    )

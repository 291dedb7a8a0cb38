"""What a trial found, read from its summaries: one entry for each server and requirement that failed or stayed open, over all readings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

SUMMARY: Final = "summary.json"
SHOWN: Final = 3
"""Codes of one entry that are told with an example."""


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
        return min(self.levels.values(), key=("MUST", "SHOULD", "MAY").index)


def entries(server: str, readings: Iterable[tuple[str, Path]]) -> list[Entry]:
    """Return what the summaries of one server hold, as (reading, folder): failures at MUST and SHOULD, and what is open at MUST."""
    found: dict[str, Entry] = {}
    for reading, folder in readings:
        document = json.loads((folder / SUMMARY).read_text("utf-8"))
        for verdict in document["verdicts"]:
            told = _told(server, reading, verdict)
            if told is not None:
                before = found.get(told.requirement)
                found[told.requirement] = told if before is None else _merged(before, told)
    return sorted(found.values(), key=lambda each: (each.outcome, ("MUST", "SHOULD").index(each.level), each.requirement))


def _told(server: str, reading: str, verdict: dict[str, Any]) -> Entry | None:
    outcome, level = verdict["outcome"], verdict["level"]
    failed = outcome == "ERROR" or (outcome == "FAIL" and level in {"MUST", "SHOULD"})
    if not failed and not (outcome == "INCONCLUSIVE" and level == "MUST"):
        return None
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
        outcome=outcome,
        levels={reading: level},
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
    more = tuple(each for each in after.examples if each.code not in known)
    return replace(before, levels=before.levels | after.levels, examples=before.examples + more, codes=before.codes | after.codes)

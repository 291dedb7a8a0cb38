"""A requirement and whatever opens below it: what the contract says, what was found, the bytes, the exchanges, how to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model import Citation, Finding, Outcome
from conformance.render import clauses, wording
from conformance.render.clauses import Excerpt
from conformance.render.evidence import FULL, GLANCE, Gallery, Link, Shown
from conformance.render.hexdump import Dump
from conformance.render.text import line
from conformance.report import Report, Row

FINDINGS: Final = 5
"""Different findings of one requirement that are shown; the others are counted."""

PLACES: Final = 4
"""Places shown of findings that say the same."""

EXCHANGES: Final = 2
"""Exchanges shown where nothing is wrong and nothing is right either."""

SEEN: Final = 3
"""Exchanges named on which one that passed was seen; the first of them is shown."""

_VALUE: Final = 600
_BRIEF: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlace:
    """An exchange, and where in it."""

    link: Link
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """What was found once or, in the same words, at several places."""

    code: str
    expected: str
    received: str
    impact: str
    """What a user of the official client sees of the answer; empty when nothing can be told."""
    dump: Dump | None
    """The bytes at the first place."""
    places: tuple[ShownPlace, ...]
    more: int
    """Places that are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One requirement, with whatever opens below it."""

    row: Row
    clauses: tuple[Excerpt, ...]
    """What it cites of the contract."""
    cites: tuple[Citation, ...]
    """What else it rests on: standards, and reports of the mistake."""
    observations: str
    reasons: tuple[str, ...]
    findings: tuple[ShownFinding, ...]
    more: int
    """Recorded findings that are not shown."""
    codes: str
    """Every code and how often it was found; empty where there is but one."""
    exchanges: tuple[Shown, ...]
    evidence: tuple[Link, ...]
    """Where it was seen to hold."""
    rerun: str
    """The command that asks it again; empty where it was not asked."""
    reading: str
    """The dialect that was judged by."""
    brief: bool
    """Whether something was left out to keep the page small."""


def shown(row: Row, report: Report, gallery: Gallery) -> ShownRow:
    """Prepare a row. Exchanges that a row above has shown are pointed to."""
    verdict, requirement = row.verdict, row.requirement
    brief = gallery.is_full
    alike = _alike(verdict.findings)
    chosen = alike[: 1 if brief else FINDINGS]
    limit = _BRIEF if brief else _VALUE
    codes = _codes(verdict.codes) if len(verdict.codes) > 1 and not brief else ""
    quoted = [] if brief else [clauses.excerpt(report.contract, cite.label) for cite in requirement.cites if cite.kind == "contract"]
    gallery.charge(codes, *(text[:limit] for same in chosen for text in (same[0].expected, same[0].received)))
    gallery.charge(*(text for each in quoted for text in (each.pointer, each.prose, each.schema)))
    return ShownRow(
        row=row,
        clauses=tuple(quoted),
        cites=tuple(cite for cite in requirement.cites if brief or cite.kind != "contract"),
        observations=wording.observations(row),
        reasons=wording.why(row, report),
        exchanges=() if brief else _exchanges(row, chosen, gallery),
        findings=tuple(_finding(same, gallery, limit) for same in chosen),
        more=len(verdict.findings) - sum(len(same) for same in chosen),
        codes=codes,
        evidence=tuple(gallery.link(identifier) for identifier in verdict.evidence[:SEEN]),
        rerun=wording.again(report, requirement.id),
        reading=report.contract.dialect,
        brief=brief and bool(verdict.findings),
    )


def _exchanges(row: Row, chosen: list[list[Finding]], gallery: Gallery) -> tuple[Shown, ...]:
    """Those that are wrong in full; of those that are right, one at a glance."""
    if row.verdict.outcome is Outcome.PASS:
        return gallery.new(row.verdict.evidence[:1], GLANCE)
    wanted = [*(same[0].exchange for same in chosen), *row.verdict.evidence[:EXCHANGES]]
    return gallery.new(dict.fromkeys(identifier for identifier in wanted if identifier), FULL)


def _alike(findings: tuple[Finding, ...]) -> list[list[Finding]]:
    """Put together the findings that say the same of different places, in the order in which each was first said."""
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.code, finding.expected, finding.received), []).append(finding)
    return list(found.values())


def _codes(codes: tuple[tuple[str, int], ...]) -> str:
    """Write codes as one line, most of them once, the others with how often they were found."""
    return ", ".join(line(code, 80) + (f" ({count} times)" if count > 1 else "") for code, count in codes)


def _finding(same: list[Finding], gallery: Gallery, limit: int) -> ShownFinding:
    places = list(dict.fromkeys((finding.exchange, wording.where(finding.at)) for finding in same))
    return ShownFinding(
        code=line(same[0].code, 80),
        expected=line(same[0].expected, limit),
        received=line(same[0].received, limit),
        impact=gallery.impact(same[0].exchange),
        dump=gallery.dump(same[0]),
        places=tuple(ShownPlace(link=gallery.link(exchange), where=where) for exchange, where in places[:PLACES]),
        more=max(len(places) - PLACES, 0),
    )

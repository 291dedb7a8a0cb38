"""The same requests to an upstream and to the gateway before it, compared clause by clause: which of the two hops is to blame. Pure.

A failure is told by its requirement and its code. What fails at both comes from the upstream and is passed on; what fails at the gateway
and holds at the upstream is of the gateway's own making; what fails at the upstream alone the gateway mends. Nobody is blamed where one
side does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.gate import ExitStatus, Gate
from conformance.model import Finding, Level, Outcome

if TYPE_CHECKING:
    from conformance.model import Verdict
    from conformance.registry import Requirement
    from conformance.report import Report


class Blame(StrEnum):
    """Where a failure comes from; what a gateway's team has to mend first."""

    GATEWAY = "gateway"
    """It fails at the gateway, and holds at the upstream."""
    UPSTREAM = "upstream"
    """It fails at both."""
    UNTOLD = "untold"
    """It fails at one, and the other was not judged on it."""
    MENDED = "mended"
    """It fails at the upstream, and holds at the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way in which a requirement fails at a hop or at both."""

    requirement: Requirement
    level: Level
    """In the reading of the gateway's run."""
    code: str
    blame: Blame
    upstream: Finding | None
    """The first of its kind there; None where it did not fail so."""
    gateway: Finding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A requirement that was judged at the upstream and could not be judged at the gateway."""

    requirement: Requirement
    level: Level
    upstream: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differential:
    """Two runs, hop by hop."""

    upstream: Report
    gateway: Report
    failures: tuple[Failure, ...]
    """Those to blame on the gateway first, within them in the order of the catalogue."""
    lost: tuple[Lost, ...]
    gate: Gate

    def of(self, blame: Blame) -> tuple[Failure, ...]:
        """The failures that come from there."""
        return tuple(each for each in self.failures if each.blame is blame)


def differential(upstream: Report, gateway: Report, *, blame_any: bool = False, strict: bool = False) -> Differential:
    """Lay the runs over each other. Only the gateway's own failures decide, unless `blame_any`; `strict` lets SHOULD decide as well."""
    before = {row.requirement.id: row.verdict for row in upstream.rows}
    pairs = [(row, before[row.requirement.id]) for row in gateway.rows if row.requirement.id in before and row.scored]
    failures = [failure for row, verdict in pairs for failure in _failures(row.requirement, verdict, row.verdict)]
    lost = tuple(
        Lost(requirement=row.requirement, level=row.verdict.level, upstream=verdict.outcome, reasons=row.verdict.reasons)
        for row, verdict in pairs
        if row.verdict.outcome is Outcome.INCONCLUSIVE and verdict.outcome in {Outcome.PASS, Outcome.FAIL}
    )
    order = list(Blame)
    ordered = tuple(sorted(failures, key=lambda each: order.index(each.blame)))
    binding = frozenset({Level.MUST, Level.SHOULD} if strict else {Level.MUST})
    return Differential(
        upstream=upstream,
        gateway=gateway,
        failures=ordered,
        lost=lost,
        gate=_gate(upstream, gateway, ordered, lost, binding, blame_any=blame_any),
    )


def _failures(requirement: Requirement, upstream: Verdict, gateway: Verdict) -> Iterator[Failure]:
    there, here = _codes(upstream), _codes(gateway)
    for code in dict.fromkeys([*here, *there]):
        if code in here and code in there:
            blame = Blame.UPSTREAM
        elif not _holds(upstream if code in here else gateway):
            blame = Blame.UNTOLD
        else:
            blame = Blame.GATEWAY if code in here else Blame.MENDED
        yield Failure(
            requirement=requirement, level=gateway.level, code=code, blame=blame, upstream=there.get(code), gateway=here.get(code)
        )


def _codes(verdict: Verdict) -> dict[str, Finding]:
    """The first finding of each code; none where the verdict is no failure."""
    found: dict[str, Finding] = {}
    for finding in verdict.findings if verdict.outcome is Outcome.FAIL else ():
        found.setdefault(finding.code, finding)
    return found


def _holds(verdict: Verdict) -> bool:
    """Whether a code that was not found would have been, were it there."""
    return verdict.outcome is Outcome.PASS or (verdict.outcome is Outcome.FAIL and not verdict.lost and not verdict.unmet)


def _gate(
    upstream: Report,
    gateway: Report,
    failures: tuple[Failure, ...],
    lost: tuple[Lost, ...],
    binding: frozenset[Level],
    *,
    blame_any: bool,
) -> Gate:
    deciding = [each for each in failures if each.level in binding]
    number = {blame: sum(each.blame is blame for each in deciding) for blame in Blame}
    open_ends = sum(each.level in binding for each in lost)
    name = " and ".join(level for level in Level if level in binding)
    told = (
        f"{number[Blame.GATEWAY]} {name} failures are the gateway's, {number[Blame.UPSTREAM]} the upstream's; "
        f"{number[Blame.MENDED]} of the upstream's are mended, {number[Blame.UNTOLD]} cannot be told"
    )
    told += f"; {open_ends} could not be judged at the gateway." if open_ends else "."
    bugs = [row.requirement.id for report in (upstream, gateway) for row in report.rows if row.verdict.outcome is Outcome.ERROR]
    cut = [word for word, report in (("upstream", upstream), ("gateway", gateway)) if report.plan is None or not report.complete]
    if number[Blame.GATEWAY] or (blame_any and number[Blame.UPSTREAM]):
        return Gate(status=ExitStatus.VIOLATIONS, sentence=told)
    if bugs:
        return Gate(status=ExitStatus.OUR_ERROR, sentence=f"The suite itself failed, judging {', '.join(dict.fromkeys(bugs))}. {told}")
    if cut:
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=f"The {' and the '.join(cut)} could not be tested to the end. {told}")
    if open_ends or any(each.blame is Blame.UNTOLD and each.gateway is not None for each in deciding):
        return Gate(status=ExitStatus.NOT_JUDGED, sentence=told)
    return Gate(status=ExitStatus.CONFORMS, sentence=f"The gateway adds nothing: {told}")

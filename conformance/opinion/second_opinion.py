"""What schemathesis makes of the answers of a run, beside what the requirements make of them. Reads a record; sends nothing.

Where the two differ, one of them is wrong, or the one cannot know what the other knows: then `explanations.EXPLAINED` says why.
The verdicts of a run and its exit status stay as they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.errors import ConformanceError, HarnessError
from conformance.judge import judge
from conformance.model import Area, Expectation, Outcome
from conformance.observation import Asked, Evidence, Observation
from conformance.opinion.explanations import CLAIMED, Difference, Explanation, Side, cited, explain
from conformance.opinion.schemathesis_checks import PATH, Check, Checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Contract
    from conformance.model import Exchange, Finding
    from conformance.registry import Requirement
    from conformance.report import Report

_TWINS: Final = ("/x-errors/same-when-streamed", "/x-errors/no-200-with-error", "/x-stream/error-before-first-token")
"""Clauses by which a requirement outside validation may say that a request was not refused as it should be."""

MOST_COMPARED: Final = 256 * 1024
"""Bytes of an answer that is put to schemathesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far the two opinions of a run agree."""

    exchanges: int
    """Exchanges that were put to the checks."""
    left_out: int
    """Exchanges that they cannot be put to: without a whole answer, or with another path or method."""
    agreed: int
    """Exchanges on which there is no difference."""
    both: tuple[tuple[Check, str, int], ...]
    """Check, id of a requirement, and on how many exchanges both object."""
    differences: tuple[tuple[Difference, Explanation | None], ...]

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """Differences in which one side is wrong."""
        return tuple(difference for difference, explanation in self.differences if explanation is None)


def compare(report: Report, contract: Contract) -> Comparison:
    """Put every exchange of a judged run to the checks, and set what they say against the findings.

    Raises `HarnessError` when schemathesis fails itself.
    """
    try:
        return _compare(report, contract, Checks(contract))
    except ConformanceError:
        raise
    except Exception as bug:
        raise HarnessError(f"schemathesis has no opinion on this run: {type(bug).__name__}: {bug}") from bug


def _compare(report: Report, contract: Contract, checks: Checks) -> Comparison:
    evidence = Evidence(report.records, contract, report.header.target)
    failing = tuple(row.requirement for row in report.rows if row.verdict.outcome is Outcome.FAIL)
    both: Counter[tuple[Check, str]] = Counter()
    found: list[tuple[Difference, Explanation | None]] = []
    exchanges = left_out = 0
    for asked in evidence.all():
        put = [attempt for attempt in asked.attempts if _comparable(attempt.exchange)]
        left_out += len(asked.attempts) - len(put)
        exchanges += len(put)
        objections = {attempt.exchange.id: checks.objections(attempt.exchange) for attempt in put}
        accused = list(_accusations(evidence, asked, failing)) if put else []
        alone: list[Difference] = []
        for attempt in put:
            for check, words in objections[attempt.exchange.id].items():
                same = {each.id for each, finding in accused if _concerns(finding, attempt) and _about(check, each, finding)}
                both.update((check, identifier) for identifier in same)
                if not same:
                    alone.append(Difference(side=Side.THEIRS, check=check, observation=attempt, words=words))
        found += [(each, explain(each)) for each in (*alone, *_ours_alone(accused, put, objections))]
    return Comparison(
        exchanges=exchanges,
        left_out=left_out,
        agreed=exchanges - len({each.observation.exchange.id for each, _ in found}),
        both=tuple((check, identifier, number) for (check, identifier), number in sorted(both.items())),
        differences=tuple(found),
    )


def _ours_alone(
    accused: list[tuple[Requirement, Finding]], put: list[Observation], objections: Mapping[str, Mapping[Check, str]]
) -> Iterator[Difference]:
    """The first finding of each requirement on one request that a check claims to watch for and does not see."""
    told: set[tuple[Check, str]] = set()
    for requirement, finding in accused:
        concerned = [attempt for attempt in put if _concerns(finding, attempt)]
        for check in Check:
            silent = concerned and not any(check in objections[each.exchange.id] for each in concerned)
            if silent and (check, requirement.id) not in told and _claims(check, requirement, concerned[-1]):
                told.add((check, requirement.id))
                words = f"{finding.code}: expected {finding.expected}, received {finding.received}"
                yield Difference(
                    side=Side.OURS, check=check, observation=concerned[-1], words=words, requirement=requirement, finding=finding
                )


def _comparable(exchange: Exchange) -> bool:
    whole = exchange.status is not None and exchange.fault is None
    # schemathesis knows no bound on what it reads, and gives an account of every fault in it.
    return whole and len(exchange.body) <= MOST_COMPARED and exchange.sent.method == "POST" and exchange.sent.url.endswith(PATH)


def _concerns(finding: Finding, attempt: Observation) -> bool:
    """Whether a finding sits on an exchange, or on the request where all its attempts were judged as one."""
    return finding.exchange in {attempt.exchange.id, attempt.purpose.key}


def _claims(check: Check, requirement: Requirement, attempt: Observation) -> bool:
    """Whether a check ought to see what a requirement finds."""
    if not any(label.startswith(CLAIMED[check]) for label in cited(requirement)):
        return False
    of_requests, valid = requirement.area is Area.VALIDATION, attempt.purpose.expect is Expectation.ACCEPTED
    match check:
        case Check.REJECTION:
            return of_requests and not valid
        case Check.ACCEPTANCE:
            return of_requests and valid
        case Check.SERVER_ERROR:
            return attempt.status >= 500
        case Check.STATUS | Check.MEDIA_TYPE | Check.HEADERS | Check.SCHEMA:
            return not of_requests


def _about(check: Check, requirement: Requirement, finding: Finding) -> bool:
    """Whether a finding says in its own way what an objection says."""
    match check:
        case Check.REJECTION | Check.ACCEPTANCE:
            return requirement.area is Area.VALIDATION or any(label in _TWINS for label in cited(requirement))
        case Check.SERVER_ERROR:
            return finding.code == "5xx" or any(label.startswith(CLAIMED[check]) for label in cited(requirement))
        case Check.STATUS:
            return "status" in finding.code
        case Check.MEDIA_TYPE:
            return finding.at.header == "content-type" or finding.code == "html"
        case Check.HEADERS:
            return finding.at.header is not None
        case Check.SCHEMA:
            # A body in a coding that nobody asked for cannot be read at all.
            readable = finding.at.header in {None, "content-encoding"}
            return requirement.area is not Area.VALIDATION and readable and "status" not in finding.code


def _accusations(evidence: Evidence, asked: Asked, failing: tuple[Requirement, ...]) -> Iterator[tuple[Requirement, Finding]]:
    """What the failing requirements find on one request; the verdicts of a run keep the first findings only."""
    for requirement, verdict in zip(failing, judge(_One(evidence, asked.purpose.key), failing), strict=True):
        for finding in verdict.findings:
            yield requirement, finding


class _One(Evidence):
    """All the evidence, of which one request is to be judged."""

    def __init__(self, whole: Evidence, key: str) -> None:
        self.records, self.contract, self.claims, self.asked = whole.records, whole.contract, whole.claims, whole.asked
        self._key = key

    def all(self) -> Iterator[Asked]:
        """The one."""
        asked = self.asked(self._key)
        if asked is not None:
            yield asked

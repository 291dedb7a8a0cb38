"""What a few answers show when every requirement looks at them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import HarnessError
from conformance.judge import judge
from conformance.model import Finding, Level, Outcome
from conformance.observation import Evidence, Records, Standing
from conformance.provenance import Identity
from conformance.registry import Requirement, level

if TYPE_CHECKING:
    from conformance.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One thing that a requirement found, the first of its code."""

    requirement: Requirement
    level: Level
    finding: Finding
    key: str
    """Of the request whose answer shows it."""

    @property
    def kind(self) -> tuple[str, str]:
        """What makes two finds the same: requirement and code."""
        return self.requirement.id, self.finding.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Holds answers against the requirements of one reading."""

    contract: Contract
    identity: Identity
    requirements: tuple[Requirement, ...]

    def examine(self, records: Records) -> tuple[Shown, ...]:
        """Everything that these answers show, each kind once. Raises `HarnessError` where a requirement itself fails.

        Nothing is made of a request whose answer was lost: a rate limit or a broken connection says nothing about it.
        """
        evidence = Evidence(records, self.contract, self.identity)
        shown = []
        for requirement, verdict in zip(self.requirements, judge(evidence, self.requirements), strict=True):
            if verdict.outcome is Outcome.ERROR:
                raise HarnessError(f"{requirement.id} could not judge what was found: {verdict.reasons[0]}")
            codes = set()
            for finding in verdict.findings:
                key = finding.exchange.partition("#")[0]
                asked = evidence.asked(key)
                if finding.code not in codes and asked is not None and asked.standing is not Standing.LOST:
                    codes.add(finding.code)
                    shown.append(Shown(requirement=requirement, level=level(requirement, self.contract), finding=finding, key=key))
        return tuple(shown)

    def is_answered(self, records: Records, key: str) -> bool:
        """Whether it is settled how the target treats a request."""
        asked = Evidence(records, self.contract, self.identity).asked(key)
        return asked is not None and asked.standing is not Standing.LOST

    def only(self, requirements: Iterable[Requirement]) -> Examiner:
        """The same for some of the requirements."""
        return Examiner(contract=self.contract, identity=self.identity, requirements=tuple(requirements))

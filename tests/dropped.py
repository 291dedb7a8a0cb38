"""How many constraints of the contract a server may fail to hold to before somebody notices: none, but for those listed.

For each constraint there is a server that keeps to the contract but for this one. It can answer otherwise than the conforming server only
where nothing but the lost constraint makes a request invalid; so it is asked these invalid requests of the scored run, and no others. Its
answers are judged as in a run, the accepted control beside them.

`python -m tests.dropped [DIALECT…]` prints for each reading how many constraints there are, how many of their servers fail a requirement
and at which level, and which are left out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance import contract as contracts
from conformance import preflight, registry, session
from conformance.generate import corpus
from conformance.generate.loosening import Constraint, Loosened, constraints
from conformance.judge import judge
from conformance.model import Area, Finding, Level, Outcome, Purpose, Request, Tier
from conformance.observation import Evidence
from conformance.provenance import Identity
from conformance.reference.behaviour import Behaviour
from conformance.reference.dropping import dropped
from conformance.reference.service import MODEL, Service
from conformance.steps import Step
from conformance.target import Target
from tests.evidence import Held
from tests.inprocess import Remembered
from tests.recording import exchange

REQUIREMENTS: Final = tuple(each for each in registry.load().requirements if each.area is Area.VALIDATION)
STRONGEST: Final = (Level.MUST, Level.SHOULD, Level.MAY)


@dataclass(frozen=True, slots=True)
class Caught:
    """A requirement that failed on a server."""

    requirement: str
    level: Level
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the server that does not hold to one constraint."""

    constraint: Constraint
    asked: tuple[Purpose, ...]
    """The requests that only the lost constraint makes invalid."""
    caught: tuple[Caught, ...]
    loudest: Level
    """How binding the contract calls what these requests break, at most."""

    @property
    def level(self) -> Level | None:
        """The strongest level at which it was caught."""
        return next((level for level in STRONGEST for each in self.caught if each.level is level), None)

    @property
    def is_open(self) -> bool:
        """Whether the reading says of all these requests that they may go either way."""
        return bool(self.asked) and self.loudest is Level.MAY


class Trial:
    """Servers of one reading, and the requests of its scored run that are to be refused for their content."""

    def __init__(self, dialect: str) -> None:
        self.contract = contracts.load(dialect)
        catalogue = registry.load()
        target = Target(base_url="http://127.0.0.1:1/v1", model=MODEL)
        assignment = session.Assignment(
            target=target, contract=self.contract, catalogue=catalogue, requirements=REQUIREMENTS, tier=Tier.REFUSALS
        )
        self.control = next(iter(preflight.steps(assignment.ask())))
        self.steps = tuple(step for step in assignment.steps().first if step.purpose.scenario == "invalid" and not step.purpose.twin)
        self._memo = Remembered(self.contract)

    def fates(self, wanted: Iterable[Constraint] | None = None) -> Iterator[Fate]:
        """Try the server without each constraint that is wanted, or without each there is, in the order of the contract."""
        levels = {f"invalid/{mutant.key}": mutant.level for mutant in corpus.load(self.contract).mutants}
        bodies = [(step, body, self._memo.request_faults(body)) for step in self.steps for body in [json.loads(_request(step).body)]]
        for constraint in constraints(self.contract) if wanted is None else wanted:
            loosened = Loosened(self.contract, constraint)
            admitted = [step for step, body, faults in bodies if loosened.admits(body, faults)]
            service = Service(self._memo, behaviour=Behaviour(dropped(self.contract, constraint)), obliging=True)
            caught = tuple(self.judged(service, admitted)) if admitted else ()
            loudest = min((levels[step.key] for step in admitted), key=STRONGEST.index, default=Level.MAY)
            yield Fate(constraint, tuple(step.purpose for step in admitted), caught, loudest)

    def conforming(self) -> Service:
        """The server that keeps to the contract."""
        return Service(self._memo, obliging=True)

    def judged(self, service: Service, steps: Iterable[Step]) -> Iterator[Caught]:
        """What the requirements of validation have against the answers of a server to these requests."""
        records = Held()
        for step in (self.control, *steps):
            records.add(step.purpose, exchange(service, step.purpose, _request(step)))
        evidence = Evidence(records, self.contract, Identity(base_url="http://127.0.0.1:1/v1", model=MODEL))
        for verdict in judge(evidence, REQUIREMENTS):
            assert verdict.outcome is not Outcome.ERROR, verdict.reasons
            if verdict.outcome is Outcome.FAIL:
                yield Caught(verdict.requirement, verdict.level, verdict.findings)


def _request(step: Step) -> Request:
    assert isinstance(step.request, Request)
    return step.request


def main(dialects: list[str]) -> int:
    """Print the table of each reading named, or of the default one."""
    for dialect in dialects or [contracts.DEFAULT]:
        fates = list(Trial(dialect).fates())
        levels = Counter(fate.level for fate in fates)
        caught = ", ".join(f"{levels[level]} at {level}" for level in STRONGEST)
        print(f"{dialect}: {len(fates)} constraints, {len(fates) - levels[None]} of their servers caught ({caught}), {levels[None]} not:")
        for fate in fates:
            if fate.level is None:
                print(f"    {fate.constraint.name}  {[purpose.key for purpose in fate.asked]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

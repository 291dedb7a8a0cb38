"""Answers of the reference server, recorded without a socket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from conformance import contract, preflight, registry, session
from conformance.model import Exchange, Expectation, Purpose, Request
from conformance.reference.service import KEY, MODEL, Service
from conformance.target import Target
from tests import inprocess

READING = contract.load("openai-compatible")

TARGET = Target(base_url=inprocess.BASE_URL, model=MODEL, key=KEY, key_variable="CONFORMANCE_API_KEY")

PACE = 0.01
"""Seconds between two frames of a stream."""


@dataclass(frozen=True, slots=True)
class Records:
    """A record in memory. What broke off was asked for again, and broke off in the same way."""

    exchanges: dict[str, Exchange]
    only: str = ""
    """The one that is judged, beside which the others are there to be compared with; all, if empty."""

    def purpose(self, key: str) -> Purpose | None:
        return self.exchanges[key].purpose if key in self.exchanges else None

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        first = self.exchanges[key]
        return (first,) if first.fault is None else (first, replace(first, attempt=2))

    def keys(self) -> tuple[str, ...]:
        return (self.only,) if self.only else tuple(self.exchanges)


@cache
def asked() -> tuple[tuple[Purpose, Request], ...]:
    """Every valid request for a stream of a scored run, and those they are compared with; what is built from an answer is left out."""
    catalogue = registry.load()
    assignment = session.Assignment(target=TARGET, contract=READING, catalogue=catalogue, requirements=catalogue.requirements)
    first, planned = next(preflight.steps(assignment.ask())), assignment.steps()
    steps = [first, *(step for step in planned.every if step.purpose.expect is Expectation.ACCEPTED)]
    twins = {step.purpose.twin for step in steps if step.purpose.stream}
    wanted = [(step.purpose, step.request) for step in steps if step.purpose.stream or step.key in twins]
    return tuple((purpose, request) for purpose, request in wanted if isinstance(request, Request))


def exchange(service: Service, purpose: Purpose, request: Request) -> Exchange:
    """One request and its answer, as the wire records them."""
    return inprocess.to(service, pace=PACE)(TARGET).send(request, purpose, 1)

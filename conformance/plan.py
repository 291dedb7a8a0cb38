"""Which requests are sent, in which order they are judged, and what they may cost at most. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from conformance import strictjson
from conformance.ask import Ask
from conformance.errors import CatalogueError
from conformance.model import Expectation, Request
from conformance.provenance import Plan
from conformance.registry import Catalogue, Requirement
from conformance.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Everything that is to be sent."""

    first: tuple[Step, ...]
    """Sent concurrently."""
    last: tuple[Step, ...]
    """Sent when all others are settled: whether the target is still there."""

    @property
    def every(self) -> tuple[Step, ...]:
        """All of it, in the order of the plan."""
        return (*self.first, *self.last)


LAST_TOPIC = "last"
"""Marks a step that is sent after all others."""


def build(catalogue: Catalogue, requirements: Iterable[Requirement], ask: Ask, *, denies: frozenset[str]) -> Steps:
    """Plan a run: every step of the tier that some requirement asked for wants to see, and whatever such a step is compared with.

    Steps that need a feature the target denies are left out, and those that follow them: nothing is asked that is known not to be there.
    So are steps that the reading at hand does not allow: a vendor may document fewer forms than others.
    """
    wanted = tuple(requirements)
    steps = {step.key: step for step in _steps(catalogue, replace(ask, denies=denies))}
    allowed = _allowed({key: step for key, step in steps.items() if _is_valid(step, ask)}, denies)
    seen = {key for key, step in allowed.items() if any(r.on.covers(step.purpose) for r in wanted)}
    needed = _closure(seen, allowed)
    chosen = [step for key, step in allowed.items() if key in needed]
    return Steps(
        first=tuple(step for step in chosen if LAST_TOPIC not in step.purpose.topics),
        last=tuple(step for step in chosen if LAST_TOPIC in step.purpose.topics),
    )


def price(steps: Iterable[Step]) -> Plan:
    """Add up what steps may cost on a conforming endpoint."""
    listed = tuple(steps)
    billed = [step for step in listed if step.billed]
    return Plan(
        purposes=tuple(step.purpose for step in listed),
        requests=sum(step.tries for step in listed),
        billed=sum(step.tries for step in billed),
        output_tokens=sum(step.tries * step.output_tokens for step in billed),
    )


def _steps(catalogue: Catalogue, ask: Ask) -> Iterator[Step]:
    keys: set[str] = set()
    for scenario in catalogue.scenarios:
        if ask.tier not in scenario.tiers:
            continue
        for step in scenario.build(replace(ask, scenario=scenario.name)):
            if step.key in keys:
                raise CatalogueError(f"Two steps are called {step.key!r}.")
            keys.add(step.key)
            yield step


def _is_valid(step: Step, ask: Ask) -> bool:
    """Whether a request that is to be accepted fits the contract; one built from an answer is not known yet."""
    if step.purpose.expect is not Expectation.ACCEPTED or not isinstance(step.request, Request):
        return True
    return not ask.contract.request_faults(strictjson.parse(step.request.body).value)


def _allowed(steps: dict[str, Step], denies: frozenset[str]) -> dict[str, Step]:
    """The steps that need nothing denied, and follow none that does."""
    allowed = {key: step for key, step in steps.items() if not step.purpose.needs & denies}
    while orphans := [key for key, step in allowed.items() if step.after and step.after not in allowed]:
        for key in orphans:
            del allowed[key]
    return allowed


def _closure(keys: set[str], steps: dict[str, Step]) -> set[str]:
    """The keys, and those of every twin, control and predecessor that they are judged with."""
    found: set[str] = set()
    pending = list(keys)
    while pending:
        key = pending.pop()
        if key in found or key not in steps:
            continue
        found.add(key)
        step = steps[key]
        pending += [step.after, step.purpose.twin, step.purpose.control]
    return found

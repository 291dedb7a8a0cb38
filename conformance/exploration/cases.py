"""A request made for exploration, and what the contract says of it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from conformance.ask import MINIMAL_CAP
from conformance.generate.features import used
from conformance.generate.flaws import labelled
from conformance.generate.mutants import Labelled, slug
from conformance.generate.sense import sensible
from conformance.model import CAP_FIELDS, Expectation, Json, Level, Purpose, Request
from conformance.scenarios.refusals import JUDGED_APART
from conformance.steps import Step

if TYPE_CHECKING:
    from conformance.contract import Contract

VALID: Final = "explored"
"""Scenario of valid requests. Invalid ones are of the scenario `invalid`, so that the same requirements look at them as in a run."""

MOST_TOKENS: Final = 2 * MINIMAL_CAP
"""Ceiling on the output tokens of one explored request: two choices at most, each under the smallest cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request body and its purpose."""

    body: dict[str, Json]
    purpose: Purpose

    @property
    def step(self) -> Step:
        """The request as it is sent."""
        data = json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return Step(purpose=self.purpose, request=Request(body=data), output_tokens=MOST_TOKENS, billed=self.is_valid)

    @property
    def is_valid(self) -> bool:
        """Whether the contract wants it accepted."""
        return self.purpose.expect is Expectation.ACCEPTED


def valid(contract: Contract, body: dict[str, Json], *, name: str) -> Case:
    """A case of a valid body. Its key ends in the name of its cap, by which requirements know that the target heeds that one."""
    cap = next((field for field in CAP_FIELDS if field in body), "uncapped")
    needs = used(contract, body) - {field.replace("_", "-") for field in CAP_FIELDS}
    purpose = Purpose(key=f"{VALID}/{name}/{cap}", scenario=VALID, stream=body.get("stream") is True, needs=needs)
    return Case(body=body, purpose=purpose)


def invalid(body: dict[str, Json], found: Labelled, *, number: int, control: str) -> Case:
    """A case of a body that breaks one clause. Its key says which and where, whatever the number of the message or part."""
    place = slug(re.sub(r"/\d+(?=/|$)", "", found.violation.pointer))
    # As in a run: what has a requirement of its own is always to be refused there; what else binds nobody may go either way.
    either = found.level is Level.MAY and found.violation.constraint not in JUDGED_APART
    purpose = Purpose(
        key=f"invalid/{place}/{found.violation.constraint}/{number}",
        scenario="invalid",
        expect=Expectation.EITHER if either else Expectation.REFUSED,
        stream=body.get("stream") is True,
        violation=found.violation,
        control=control,
    )
    return Case(body=body, purpose=purpose)


def like(contract: Contract, case: Case, body: dict[str, Json]) -> Case | None:
    """The case with another body, if that is still wrong in the same way, or still right; else None.

    The key stays, and with it the code of what is found. A feature that the new body makes no use of is no longer needed.
    """
    stream = body.get("stream") is True
    violation = case.purpose.violation
    if violation is None:
        if contract.request_faults(body) or not sensible(body):
            return None
        needs = case.purpose.needs & used(contract, body)
        return Case(body=body, purpose=replace(case.purpose, needs=needs, stream=stream))
    found = labelled(contract, body)
    if found is None or (found.violation.clause, found.violation.constraint) != (violation.clause, violation.constraint):
        return None
    return Case(body=body, purpose=replace(case.purpose, violation=found.violation, stream=stream))

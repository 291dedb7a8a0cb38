"""The invalid requests of a run, sorted by what is wrong with them, and what to say of one that was accepted.

Only the unstreamed one of two twins is looked at here: that streams are refused alike has a requirement of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import Expectation, Finding, Purpose, Violation
from conformance.observation import AbsentError
from conformance.requirements.validation.rule import rule, spot
from conformance.subjects.cap import is_ignored
from conformance.subjects.failure import Probe, probe
from conformance.subjects.fate import fate
from conformance.subjects.known import passed_over
from conformance.view import View

CAPS: Final = frozenset({"/max_tokens", "/max_completion_tokens"})
"""The two names of one member. A server need know only one, and ignores the other as it ignores any unknown name."""


@dataclass(frozen=True, slots=True)
class Refusals(View[Probe]):
    """Invalid requests that one requirement wants refused, and no other: it owns the constraints that they break."""


def kind(*constraints: str) -> Callable[[Purpose, Violation], bool]:
    """Pick requests that break a constraint of these kinds, and that the reading wants refused."""
    return lambda purpose, violation: violation.constraint in constraints and purpose.expect is Expectation.REFUSED


def is_core(purpose: Purpose, violation: Violation) -> bool:
    """Whether the fault sits where this target cannot claim not to know the member."""
    return violation.core and (violation.pointer not in CAPS or purpose.control.endswith(violation.pointer))


def broken(name: str, wrong: Callable[[Purpose, Violation], bool]) -> View[Probe]:
    """View of the generated and malformed requests for which `wrong` holds."""

    def chosen(purpose: Purpose) -> bool:
        fault = purpose.violation
        return fault is not None and purpose.scenario in {"invalid", "malformed"} and not purpose.twin and wrong(purpose, fault)

    return probe.where(chosen, f"request with {name}")


def invalid(name: str, wrong: Callable[[Purpose, Violation], bool]) -> Refusals:
    """The same for the one requirement that wants these refused."""
    view = broken(name, wrong)
    return Refusals(view.name, view.covers, view.look, view.chosen)


def unrefused(probe: Probe) -> Iterator[Finding]:
    """One finding if it was accepted in a member that the target knows."""
    if not _taken(probe):
        return
    if passed_over(probe.observation.evidence, probe.violation):
        place = spot(probe.violation.pointer)
        raise AbsentError(f"nothing shows that the target knows {place}, and what it does not know it may pass over")
    yield _told(probe)


def unread(probe: Probe) -> Iterator[Finding]:
    """One finding if it was accepted and nothing in the run shows that the target looks at that member at all."""
    if _taken(probe) and passed_over(probe.observation.evidence, probe.violation):
        yield _told(probe)


def _taken(probe: Probe) -> bool:
    """Whether something that is wrong for certain was accepted. Raises `AbsentError` where it is not certain."""
    if not probe.observation.succeeded:
        return False
    if probe.violation.pointer in CAPS and is_ignored(probe.observation.evidence, probe.violation.pointer.removeprefix("/")):
        raise AbsentError("the target does not know this name of the cap; it heeds the other")
    if probe.observation.purpose.scenario == "invalid" and not probe.observation.contract.request_faults(probe.observation.request_json):
        # A record may be held against another contract than the one it was made for; nobody is accused of taking what is right there.
        raise AbsentError("the contract has nothing against this request")
    return True


def _told(probe: Probe) -> Finding:
    """What became of the value; the code names place and constraint."""
    _, _, name = probe.observation.purpose.key.partition("/")
    stem, _, number = name.rpartition("/")
    code = stem if number.isdigit() else name
    expected = f"refused with a 4xx, since {rule(probe.violation, probe.observation.contract)}"
    received = f"{probe.observation.status}, though this was sent: {probe.violation.sent}"
    effect = fate(probe.observation, probe.violation).words
    return Finding(code=code, expected=expected, received=f"{received}; {effect}" if effect else received)

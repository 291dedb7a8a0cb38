"""Values of a wrong type that a reader may well take for the right one, since there is only one thing they could mean."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import json_pointer
from conformance.contract import Schema
from conformance.model import Expectation, Finding, Json, Level, Missing, Purpose, Violation
from conformance.observation import AbsentError
from conformance.registry import contract, requirement
from conformance.requirements.validation.broken import broken, unrefused
from conformance.subjects.failure import Probe


def _of_another_type(purpose: Purpose, violation: Violation) -> bool:
    return purpose.expect is Expectation.REFUSED and violation.constraint == "type"


@requirement(
    "REQUEST-SHORTHAND",
    Level.MUST,
    on=broken("something of a wrong type", _of_another_type),
    cites=[contract("/x-request/refuses-invalid")],
)
def shorthand_is_refused(probe: Probe) -> Iterator[Finding]:
    """An element is not taken for a list of one, nor a text for a message: who learns here to write so is refused elsewhere."""
    if not is_shorthand(probe):
        raise AbsentError("there is nothing that it can mean")
    yield from unrefused(probe)


def is_shorthand(probe: Probe) -> bool:
    """Whether the value is an element where a list of such belongs, or a text where a message of the user or a part of one does.

    To take it so is lenient, and harms nobody: what is meant is what is done.
    """
    body, steps = probe.observation.request_json, json_pointer.steps(probe.violation.pointer)
    value = json_pointer.at(body, probe.violation.pointer)
    if isinstance(value, Missing):
        return False
    return any(probe.observation.contract.is_valid(Schema.REQUEST, _with(body, steps, meant)) for meant in _meant(value, steps))


def _meant(value: Json, steps: list[str]) -> Iterator[Json]:
    yield [value]
    if isinstance(value, str) and steps[:1] == ["messages"]:
        yield {"role": "user", "content": value}
        yield {"type": "text", "text": value}


def _with(body: Json, steps: list[str], value: Json) -> Json:
    """The body with another value in one place, which is there."""
    if not steps:
        return value
    first, *rest = steps
    if isinstance(body, list):
        place = int(first)
        return [*body[:place], _with(body[place], rest, value), *body[place + 1 :]]
    return {**body, first: _with(body[first], rest, value)} if isinstance(body, dict) else body

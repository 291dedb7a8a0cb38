"""Status and headers of a successful answer, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jsonschema import Draft202012Validator

from conformance.model import Finding, Json, Level, Place
from conformance.observation import AbsentError, Asked, Gap, Observation, accepted, gap
from conformance.registry import contract, requirement
from conformance.strictjson import get
from conformance.view import View

_RESPONSE: Final = "/paths/~1chat~1completions/post/responses/200"


def _successes(asked: Asked) -> Iterator[Observation | Gap]:
    found = [attempt for attempt in asked.answers if attempt.succeeded]
    yield from found
    if not found:
        yield gap(asked)


succeeded: Final = View("success of a valid request", accepted, _successes).where(accepted, "success of a valid request, whole or streamed")
"""Every success, whatever its body is."""


@requirement("ANSWER-STATUS", Level.SHOULD, on=succeeded, cites=[contract(_RESPONSE)])
def status_is_200(answered: Observation) -> Iterator[Finding]:
    """A success has the status 200: nothing was created that could be fetched, and nothing is left to be done."""
    if answered.status != 200:
        yield Finding(code=str(answered.status), expected="200", received=str(answered.status))


@requirement("ANSWER-HEADERS", Level.MAY, on=succeeded, cites=[contract(f"{_RESPONSE}/headers")])
def headers_have_their_form(answered: Observation) -> Iterator[Finding]:
    """The headers that the contract documents have the documented form, where they are sent: the time that was spent is a whole number.

    Those about limits are looked after by ERROR-RATE-HEADERS, on every answer.
    """
    sent = [(name, schema, value) for name, schema in _documented(answered) if (value := answered.exchange.header(name)) is not None]
    if not sent:
        raise AbsentError("none of the documented headers")
    for name, schema, value in sent:
        if not Draft202012Validator(schema).is_valid(value.strip()):
            expected = str(schema.get("pattern", "a text that is not empty"))
            yield Finding(code=name, expected=expected, received=value, at=Place(header=name))


def _documented(answered: Observation) -> Iterator[tuple[str, dict[str, Json]]]:
    """Name and schema of every header of a success."""
    headers = answered.contract.at(f"{_RESPONSE}/headers")
    for name, header in headers.items() if isinstance(headers, dict) else ():
        pointer = get(header, "$ref")
        schema = get(answered.contract.at(pointer.removeprefix("#")) if isinstance(pointer, str) else header, "schema")
        if isinstance(schema, dict) and not name.startswith("x-ratelimit-"):
            yield name, schema

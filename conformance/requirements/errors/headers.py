"""Headers that help a client to wait, and its author to ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from conformance.model import Detail, Exchange, Finding, Level, Place
from conformance.observation import AbsentError, Asked, Observation
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.errors.own import PROXY, RFC_9110
from conformance.subjects.failure import exchange
from conformance.view import View

_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_REQUEST_ID: Final = re.compile(r"(.*-)?(request|trace|correlation|call)-?id|cf-ray", re.IGNORECASE)
"""The documented name is x-request-id; others in wide use serve as well."""


@requirement(
    "ERROR-RETRY-AFTER",
    Level.SHOULD,
    on=exchange,
    cites=[
        contract("/x-errors/retry-after"),
        standard("RFC 9110 §10.2.3", f"{RFC_9110}#section-10.2.3"),
        incident("BerriAI/litellm#30098"),
    ],
)
def retry_after_can_be_read(seen: Observation) -> Iterator[Finding]:
    """Retry-After, when it is sent, is a number of seconds or an HTTP date."""
    after = seen.exchange.header("retry-after")
    if after is None:
        raise AbsentError("no Retry-After")
    if not _NUMBER.fullmatch(after.strip()) and not _is_date(after):
        yield Finding(code="unreadable", expected="seconds or an HTTP date", received=after, at=Place(header="retry-after"))


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


@requirement(
    "ERROR-REQUEST-ID",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-http/request-id"), incident("kekzl/imp#1561"), incident("BerriAI/litellm#40089")],
    rests_on=[Detail.HEADERS],
)
def answers_have_a_request_id(seen: Observation) -> Iterator[Finding]:
    """Every answer, success or error, has an x-request-id by which its sender can find it again; a proxy's own pages apart."""
    if not seen.status or seen.status in PROXY or seen.exchange.sent.method == "OPTIONS":
        # What a browser asks beforehand is answered by a layer that knows of origins alone, and never shown to whoever sent the request.
        raise AbsentError("no answer of the API's own")
    if not _request_id(seen.exchange):
        yield Finding(code="absent", expected="x-request-id", received=f"a {seen.status} without", at=Place(header="x-request-id"))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Two answers of one run."""

    first: Observation
    observation: Observation


def _neighbours(asked: Asked) -> Iterator[Neighbours]:
    control = asked.control()
    if control is not None and control.answer is not None and asked.answer is not None:
        yield Neighbours(control.answer, asked.answer)


neighbours: Final = View("answers to a request and its control", lambda purpose: bool(purpose.control), _neighbours)
"""Pairs of answers to two requests; none where either has no answer, which others report."""


@requirement(
    "ERROR-REQUEST-ID-UNIQUE",
    Level.SHOULD,
    on=neighbours,
    cites=[contract("/x-http/request-id"), incident("openai/openai-agents-python#4243")],
)
def request_ids_differ(pair: Neighbours) -> Iterator[Finding]:
    """Two answers have two different x-request-ids."""
    first, second = _request_id(pair.first.exchange), _request_id(pair.observation.exchange)
    if not first or not second:
        raise AbsentError("no request id")
    if first == second:
        expected = f"another one than {pair.first.exchange.id} had"
        yield Finding(code="repeated", expected=expected, received=second, at=Place(header="x-request-id"))


def _request_id(seen: Exchange) -> str:
    named = seen.header("x-request-id")
    return named or next((value for name, value in seen.headers if _REQUEST_ID.fullmatch(name)), "")

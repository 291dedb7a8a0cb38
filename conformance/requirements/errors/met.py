"""Rate limits and failures that nobody asked for, whenever they are met: who waits has to know for what, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance import strictjson
from conformance.model import MISSING, Detail, Finding, Level, Place
from conformance.observation import AbsentError, Observation
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.own import PROXY, envelope, is_page, shown
from conformance.settle import RATE_LIMITED
from conformance.strictjson import get, show
from conformance.subjects.failure import ErrorReply, exchange

_NO_CREDIT: Final = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a 429 that no waiting mends."""

_WAIT: Final = frozenset({"rate_limit_exceeded", "slow_down"})

_COUNT: Final = re.compile(r"\d+(\.\d+)?")
_SPAN: Final = re.compile(r"(\d+(\.\d+)?(ms|us|µs|ns|h|m|s|d))+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ].+|[A-Z][a-z]{2}, \d.+")


def _limited(seen: Observation) -> ErrorReply:
    if seen.status != RATE_LIMITED or seen.exchange.fault is not None:
        raise AbsentError("no 429")
    return ErrorReply(seen)


def _edge(seen: Observation) -> ErrorReply:
    """An answer with a status that a server in front gives as often as the one behind. Raises `AbsentError` for any other."""
    if seen.status not in PROXY - {RATE_LIMITED} or seen.exchange.fault is not None or seen.exchange.sent.method != "POST":
        raise AbsentError("no failure of a server in front")
    return ErrorReply(seen)


@requirement(
    "ERROR-RATE-ENVELOPE",
    Level.MUST,
    on=exchange,
    cites=[contract("/x-errors/rate-limit"), contract("/x-errors/envelope")],
)
def limits_are_told_in_the_envelope(seen: Observation) -> Iterator[Finding]:
    """A 429, whenever it is met, has the envelope of any other error."""
    reply = _limited(seen)
    if not isinstance(reply.error, dict):
        yield Finding(code="no-envelope", expected='{"error": {…}}', received=shown(reply))


@requirement(
    "ERROR-RATE-CODE",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-errors/rate-limit"), incident("langchain-ai/langchainjs#1929"), incident("2389-research/tracker#547")],
)
def limits_are_told_from_want_of_credit(seen: Observation) -> Iterator[Finding]:
    """The code of a 429 says whether waiting helps: `rate_limit_exceeded`, or `insufficient_quota` where credit has run out."""
    code = get(envelope(_limited(seen)), "code")
    if code is MISSING or (code is not None and not isinstance(code, str)):
        raise AbsentError("no code")
    if code not in _WAIT | _NO_CREDIT:
        yield Finding(code="code", expected="rate_limit_exceeded", received=show(code), at=Place(pointer="/error/code"))


@requirement(
    "ERROR-RATE-RETRY-AFTER",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-errors/retry-after-given"), incident("api7/aisix#144"), incident("BerriAI/litellm#4706")],
    rests_on=[Detail.HEADERS],
)
def limits_say_how_long(seen: Observation) -> Iterator[Finding]:
    """A 429 that waiting can mend says in Retry-After how long; without it all clients come back at once."""
    reply = _limited(seen)
    if reply.member("code") in _NO_CREDIT:
        raise AbsentError("waiting does not help")
    if all(seen.exchange.header(name) is None for name in ("retry-after", "retry-after-ms")):
        yield Finding(code="absent", expected="Retry-After", received="(absent)", at=Place(header="retry-after"))


@requirement(
    "ERROR-RATE-HEADERS",
    Level.MAY,
    on=exchange,
    cites=[contract("/x-http/rate-limit-headers")],
)
def limits_can_be_read(seen: Observation) -> Iterator[Finding]:
    """The x-ratelimit headers of an error hold numbers, and numbers, durations or dates for when the limit is lifted."""
    if seen.status < 400:
        raise AbsentError("no error")
    headers = [(name.lower(), value.strip()) for name, value in seen.exchange.headers if name.lower().startswith("x-ratelimit-")]
    if not headers:
        raise AbsentError("no x-ratelimit header")
    for name, value in headers:
        if name.startswith(("x-ratelimit-limit", "x-ratelimit-remaining")):
            fits = bool(_COUNT.fullmatch(value))
        elif name.startswith("x-ratelimit-reset"):
            fits = any(form.fullmatch(value) for form in (_COUNT, _SPAN, _DATE))
        else:
            continue
        if not fits:
            yield Finding(code="unreadable", expected="a number, or a duration such as 6m0s", received=value, at=Place(header=name))


@requirement(
    "ERROR-EDGE-JSON",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-errors/edge"), incident("Significant-Gravitas/AutoGPT#944")],
    rests_on=[Detail.END],
)
def failures_in_front_are_json(seen: Observation) -> Iterator[Finding]:
    """A 408, 413, 502, 503 or 504, whenever it is met, is JSON, and no page of the server in front.

    Gateways that read it stumble over a page, and what went wrong is lost.
    """
    reply = _edge(seen)
    if is_page(reply) or isinstance(seen.document, strictjson.NotJsonError):
        code = "html" if is_page(reply) else "not-json"
        yield Finding(code=code, expected="a JSON object", received=shown(reply))


@requirement(
    "ERROR-EDGE-ENVELOPE",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-errors/edge")],
)
def failures_in_front_have_the_envelope(seen: Observation) -> Iterator[Finding]:
    """A 408, 413, 502, 503 or 504 that is JSON has the envelope of any other error."""
    reply = _edge(seen)
    if isinstance(seen.document, strictjson.NotJsonError):
        raise AbsentError("not JSON")
    if not isinstance(reply.error, dict):
        yield Finding(code="no-envelope", expected='{"error": {…}}', received=show(seen.json), at=Place(pointer=""))

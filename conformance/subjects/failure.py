"""Refusals and failures, and the views that yield them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import Expectation, Json, Missing, Purpose, Violation
from conformance.observation import Asked, Gap, GapKind, Observation, Standing, accepted, gap, unanswered
from conformance.strictjson import get
from conformance.view import View, everything


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An answer whose status says that something failed."""

    observation: Observation

    @property
    def error(self) -> Json | Missing:
        """The `error` member of the body."""
        return get(self.observation.json, "error")

    def member(self, name: str) -> Json | Missing:
        """A member of the envelope."""
        return get(self.error, name)


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that breaks one clause, and how it was answered. Its control was accepted in the same run."""

    observation: Observation
    violation: Violation

    @property
    def reply(self) -> ErrorReply:
        """The answer read as an error."""
        return ErrorReply(self.observation)


def breaks_anyway(asked: Asked) -> bool:
    """Whether the request that this one varies is answered with a 5xx each time as well, so that the variation is not to blame."""
    control = asked.control()
    return control is not None and control.standing is Standing.BROKEN


def _probes(asked: Asked) -> Iterator[Probe | Gap]:
    violation = asked.purpose.violation
    if violation is None:
        return
    control = asked.control()
    if asked.answer is None:
        yield gap(asked)
    elif control is not None and not control.accepted:
        yield Gap(GapKind.LOST, f"{control.purpose.key}: the control was not accepted, so a refusal of its mutants proves nothing")
    elif asked.answer.fails_in_stream:
        yield Gap(GapKind.UNMET, f"{asked.purpose.key}: refused, but inside a stream")
    elif asked.answer.succeeded or asked.answer.refused:
        yield Probe(asked.answer, violation)
    else:
        yield Gap(GapKind.LOST, f"{asked.purpose.key}: answered {asked.answer.status}, which says nothing about the body")


def _error_replies(asked: Asked) -> Iterator[ErrorReply | Gap]:
    whole = [attempt for attempt in asked.attempts if attempt.status >= 400 and attempt.exchange.fault is None]
    failures = {attempt.status: attempt for attempt in reversed(whole)}
    for attempt in reversed(failures.values()):
        yield ErrorReply(attempt)
    # What was let in and broke off was no error, so none is missing.
    if not failures and asked.answer is None and not any(attempt.succeeded for attempt in asked.heard):
        yield unanswered(asked)


def _to_be_refused(purpose: Purpose) -> bool:
    return purpose.expect is Expectation.REFUSED


def _asked(asked: Asked) -> Iterator[Asked | Gap]:
    if asked.standing is Standing.LOST:
        yield unanswered(asked)
    else:
        yield asked


def _observations(asked: Asked) -> Iterator[Observation | Gap]:
    yield from asked.attempts
    if not asked.attempts:
        yield unanswered(asked)


probe: Final = View("request that breaks one clause", _to_be_refused, _probes)
"""Mutants of accepted controls: invalid by exactly one clause. Those that may legally go either way are not covered but seen."""

error_reply: Final = View("error answer", _to_be_refused, _error_replies)
"""Answers with a status from 400 up, whatever was asked: of each request the first with each status, since a retry says the same again."""

request: Final = View("request", everything, _asked)
"""Every request with all its attempts, once it is settled how the target treats it."""

valid_request: Final = View("valid request", accepted, _asked)
"""Every request that the contract allows."""

exchange: Final = View("exchange", everything, _observations)
"""Every single exchange, whatever it was sent for and however it ended."""

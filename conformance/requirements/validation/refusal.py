"""The valid requests of a run, and how one was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.model import Finding, Purpose
from conformance.observation import Asked, Observation, UnmetError, View, accepted
from conformance.strictjson import show
from conformance.subjects.failure import ErrorReply, valid_request


def valid(name: str, chosen: Callable[[Purpose], bool]) -> View[Asked]:
    """View of the valid requests for which `chosen` holds, and of no other."""
    return valid_request.where(lambda purpose: accepted(purpose) and chosen(purpose), name)


def refusal(asked: Asked) -> Iterator[Finding]:
    """One finding if the target blamed the request. Raises `UnmetError` for anything but acceptance and refusal."""
    answer = asked.answer
    if answer is None:
        raise UnmetError("every attempt failed")
    if answer.refused:
        yield Finding(code="refused", expected="a status of 200", received=said(answer))
    elif not answer.succeeded:
        raise UnmetError(f"answered {answer.status}, which is not about the body")


def said(answer: Observation) -> str:
    """Status and message of an error, shortened."""
    message = ErrorReply(answer).member("message")
    if isinstance(message, str):
        return f"{answer.status}: {show(message)}"
    return f"{answer.status}: {answer.exchange.body[:160].decode(errors='replace')}"

"""The valid requests of a run, and how one was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.model import Finding, Purpose
from conformance.observation import AbsentError, Asked, Gap, GapKind, Observation, UnmetError, View, accepted
from conformance.strictjson import show
from conformance.subjects.failure import ErrorReply, valid_request


def valid(name: str, chosen: Callable[[Purpose], bool]) -> View[Asked]:
    """View of the valid requests for which `chosen` holds, and of no other.

    Where a request hangs on a call of a tool that the model never made, and tools are not claimed, there is nothing to judge.
    """

    def covers(purpose: Purpose) -> bool:
        return accepted(purpose) and chosen(purpose)

    return View(name, covers, lambda asked: _seen(asked) if covers(asked.purpose) else ())


def _seen(asked: Asked) -> Iterator[Asked | Gap]:
    for seen in valid_request.see(asked):
        silent = isinstance(seen, Gap) and seen.kind is GapKind.UNMET and asked.premise_missing() and asked.unclaimed()
        yield Gap(GapKind.INAPPLICABLE, f"{asked.purpose.key}: the feature is not claimed, and did not show") if silent else seen


def refusal(asked: Asked) -> Iterator[Finding]:
    """One finding if the target blamed the request. Raises `UnmetError` for anything but acceptance and refusal."""
    answer = asked.answer
    if answer is None:
        raise UnmetError("every attempt failed")
    if answer.refused:
        yield Finding(code="refused", expected="a status of 200", received=said(answer))
    elif not answer.succeeded:
        raise UnmetError(f"answered {answer.status}, which is not about the body")


def unless_the_model_lacks_it(asked: Asked) -> Iterator[Finding]:
    """The same, for members that a model may lack. Raises `AbsentError` where the refusal says so in its code, and nobody claims them."""
    if asked.answer is not None and asked.answer.refused and asked.unclaimed():
        code = ErrorReply(asked.answer).member("code")
        if isinstance(code, str) and code.startswith("unsupported_"):
            raise AbsentError(f"refused as {code}")
    yield from refusal(asked)


def said(answer: Observation) -> str:
    """Status and message of an error, shortened."""
    message = ErrorReply(answer).member("message")
    if isinstance(message, str):
        return f"{answer.status}: {show(message)}"
    return f"{answer.status}: {answer.exchange.body[:160].decode(errors='replace')}"

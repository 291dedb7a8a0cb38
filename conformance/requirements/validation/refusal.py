"""The valid requests of a run, and how one was refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from conformance.model import Finding, Json, Purpose
from conformance.observation import Asked, Gap, GapKind, Observation, UnmetError, accepted
from conformance.strictjson import show
from conformance.subjects.failure import ErrorReply, valid_request
from conformance.view import TO_BE_ACCEPTED, View

CLEAN: Final = frozenset({400, 404, 422})
"""Statuses by which servers of this API say that they lack something."""

CONVERSATION: Final = frozenset({"messages", "message", "content", "role", "part", "parts", "roles"})
"""Words that name a turn; a feature of the conversation has no member of its own."""


def valid(name: str, chosen: Callable[[Purpose], bool]) -> View[Asked]:
    """View of the valid requests for which `chosen` holds, and of no other.

    Where a request hangs on a call of a tool that the model never made, and tools are not claimed, there is nothing to judge.
    """
    return View(name, accepted, look, expects=TO_BE_ACCEPTED).where(chosen, name)


def look(asked: Asked) -> Iterator[Asked | Gap]:
    """A valid request, or why there is nothing to judge of it."""
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


def members_asked_for(asked: Asked) -> frozenset[str]:
    """Members by which an error can say which feature it is about."""
    features = asked.evidence.contract.features
    named = {field for need in asked.purpose.needs if need in features for field in features[need].fields}
    body = asked.attempts[-1].request_json
    sent = set(body) - {"model", "messages"} if isinstance(body, dict) else set()
    return frozenset(named | sent | (CONVERSATION if "messages" in named else set()))


def names_any(answer: Observation, members: Iterable[str]) -> bool:
    """Whether an error has one of these names in some text, as a word of its own."""
    words = "\n".join(_texts(answer.json)).lower() or answer.exchange.body.decode(errors="replace").lower()
    return any(re.search(rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])", words) for name in members)


def _texts(value: Json) -> Iterator[str]:
    """Every text in a JSON value, in whatever envelope; names of members say nothing."""
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)
        case _:
            return


def said(answer: Observation) -> str:
    """Status and message of an error, shortened."""
    message = ErrorReply(answer).member("message")
    if isinstance(message, str):
        return f"{answer.status}: {show(message)}"
    return f"{answer.status}: {answer.exchange.body[:160].decode(errors='replace')}"

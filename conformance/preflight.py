"""Can this target be tested at all? One or two requests; if not, one sentence that says why, and not a single verdict.

The question that is asked is the control of every invalid request to come, and it finds out under which of its two names the target
takes a cap on its output: `max_completion_tokens`, or `max_tokens`, which the first has superseded and which many servers still know
alone (BerriAI/litellm and others; openai/openai-openapi marks it deprecated).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from conformance import strictjson
from conformance.ask import MINIMAL_CAP, Ask
from conformance.diagnosis import blame, hopeless
from conformance.errors import CannotTestError
from conformance.model import CAP_FIELDS, Exchange
from conformance.settle import settled
from conformance.steps import Step
from conformance.strictjson import get

FAILED: Final = 500
"""The lowest status of those that tell of a failure of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The target can be tested, and what was learnt on the way."""

    cap_field: str
    asked: tuple[Step, ...]


def steps(ask: Ask) -> Iterator[Step]:
    """The requests of the preflight, in the order in which they are tried."""
    for field in CAP_FIELDS:
        named = replace(ask, cap_field=field, scenario="preflight")
        feature = field.replace("_", "-")
        step = named.step(field, named.minimal, needs=[feature], topics=["preflight"])
        # A conforming endpoint takes the current name, or refuses it: one of the two is billed, never both.
        yield replace(step, billed=field == CAP_FIELDS[0])


def check(ask: Ask, send: Callable[[Step], Exchange]) -> Readiness:
    """Ask the target one small question. `send` sends a step, asks again what gets lost, and returns the last attempt.

    Raises `CannotTestError` with what is wrong and what to do.
    """
    answers: dict[str, Exchange] = {}
    asked: list[Step] = []
    for step, field in zip(steps(ask), CAP_FIELDS, strict=True):
        exchange = send(step)
        asked.append(step)
        answers[field] = exchange
        reason = hopeless(exchange, ask.model)
        fails = exchange.status is not None and exchange.status >= FAILED
        if reason is not None and (not fails or field == CAP_FIELDS[-1]):
            # Who fails at one name of the cap may answer under the other: some servers know one of them alone, or count otherwise in it.
            raise reason
        if _completed(exchange) and _capped(exchange):
            return Readiness(cap_field=field, asked=tuple(asked))
    for field in CAP_FIELDS:
        if _completed(answers[field]):
            return Readiness(cap_field=field, asked=tuple(asked))
    last = answers[CAP_FIELDS[-1]]
    raise CannotTestError(
        f"The target refuses a trivial request under both names of the cap on output: {last.status} {blame(last)}",
        hint=(
            "If it takes the same request by hand without a cap, it knows neither name, and cannot be tested: the suite sends no request "
            "whose output it cannot bound. Otherwise its own words say what it lacks."
        ),
    )


def _completed(exchange: Exchange) -> bool:
    return settled(exchange) and exchange.status is not None and 200 <= exchange.status < 300


def _capped(exchange: Exchange) -> bool:
    """Whether the cap was obeyed, as far as the answer tells."""
    try:
        value = strictjson.read(exchange.body).value
    except strictjson.NotJsonError:
        return False
    tokens = get(value, "usage", "completion_tokens")
    if get(value, "choices", 0, "finish_reason") == "length":
        return True
    return isinstance(tokens, int) and 0 < tokens <= MINIMAL_CAP

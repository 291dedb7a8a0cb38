"""That the same mistake gets the same error: streamed or not, now or later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import FaultKind, Finding, Level, Purpose
from conformance.observation import AbsentError, Asked, Gap, Observation, Standing, unanswered
from conformance.registry import contract, incident, requirement
from conformance.strictjson import show
from conformance.subjects.failure import ErrorReply
from conformance.subjects.pair import ProbeTwins, probe_twins
from conformance.view import View


def _summary(seen: Observation) -> str:
    """All of an error that a program goes by."""
    reply = ErrorReply(seen)
    return f"{seen.status} " + ", ".join(f"{name} {show(reply.member(name))}" for name in ("type", "code", "param"))


@dataclass(frozen=True, slots=True)
class Alike:
    """Two answers that should be one error."""

    first: Observation
    observation: Observation


def _alike(first: Asked | None, second: Asked) -> Iterator[Alike | Gap]:
    if first is None:
        return
    for asked in (first, second):
        if asked.answer is None:
            yield unanswered(asked)
            return
    if first.answer is not None and second.answer is not None:
        yield Alike(first.answer, second.answer)


def _of_the_door(purpose: Purpose) -> bool:
    return purpose.scenario == "door" and bool(purpose.twin)


def _repeated(purpose: Purpose) -> bool:
    return "again" in purpose.topics


def _again(asked: Asked) -> Iterator[Alike | Gap]:
    first, _, again = asked.purpose.key.rpartition("/")
    if _repeated(asked.purpose) and again == "again":
        yield from _alike(asked.evidence.asked(first), asked)


door_twins: Final = View(
    "one request that is turned away at the door, whole and streamed",
    _of_the_door,
    lambda asked: _alike(asked.twin(), asked) if _of_the_door(asked.purpose) else (),
)
repeated: Final = View("one mistake, at the beginning of the run and at its end", _repeated, _again)


def _differing(pair: Alike, beside: str) -> Iterator[Finding]:
    if pair.first.succeeded or pair.observation.succeeded:
        raise AbsentError("not refused both times")
    first, second = _summary(pair.first), _summary(pair.observation)
    if first != second:
        yield Finding(code="differs", expected=f"{first}, as {beside}", received=second)


@requirement(
    "ERROR-STREAMED-SAME",
    Level.SHOULD,
    on=probe_twins.where(lambda p: p.scenario == "invalid", "one invalid request, whole and streamed"),
    cites=[contract("/x-errors/same-when-streamed"), incident("openbkn-ai/bkn-foundry#637"), incident("ggml-org/llama.cpp#16486")],
)
def errors_are_the_same_when_streamed(pair: ProbeTwins) -> Iterator[Finding]:
    """The same mistake has the same status, type, code and param, whether a stream was asked for or not."""
    if not (pair.whole.observation.refused and pair.streamed.observation.refused):
        raise AbsentError("not refused both times")
    yield from _differing(Alike(pair.whole.observation, pair.streamed.observation), "without stream")


@requirement(
    "ERROR-DOOR-STREAMED-SAME",
    Level.SHOULD,
    on=door_twins,
    cites=[contract("/x-errors/same-when-streamed"), incident("BerriAI/litellm#6054"), incident("sgl-project/sglang#21900")],
)
def the_door_is_the_same_for_streams(pair: Alike) -> Iterator[Finding]:
    """A wrong key and an unknown model have the same status, type, code and param, whether a stream was asked for or not."""
    yield from _differing(pair, "without stream")


@requirement(
    "ERROR-SAME-AGAIN",
    Level.SHOULD,
    on=repeated,
    cites=[contract("/x-errors/same-again"), incident("justrach/codegraff#748")],
)
def errors_do_not_change(pair: Alike) -> Iterator[Finding]:
    """The same mistake, made at the beginning of a run and at its end, has the same status, type, code and param."""
    yield from _differing(pair, "the first time")


def _streamed(purpose: Purpose) -> bool:
    return purpose.violation is not None and bool(purpose.twin)


def _awaited(asked: Asked) -> Iterator[Asked | Gap]:
    whole = asked.twin()
    if not _streamed(asked.purpose) or whole is None or whole.answer is None:
        return
    if asked.standing is Standing.LOST and not _hangs(asked):
        yield unanswered(asked)
    else:
        yield asked


def _hangs(asked: Asked) -> bool:
    """Whether nothing came of it twice, for as long as we wait."""
    faults = [(attempt.exchange.fault, attempt.exchange.chunks) for attempt in asked.attempts]
    return len(faults) > 1 and all(fault is not None and fault.kind is FaultKind.TIMEOUT and not chunks for fault, chunks in faults)


@requirement(
    "ERROR-STREAMED-ENDS",
    Level.MUST,
    on=View("refused request for a stream", _streamed, _awaited),
    cites=[contract("/x-errors/ends-when-streamed"), incident("easychen/openai-api-proxy#33")],
)
def refusals_arrive_when_streamed(asked: Asked) -> Iterator[Finding]:
    """A mistake that is answered without stream is answered with it too, and does not leave the client to wait in silence.

    Told when nothing came twice within the time that we wait, while the same request without stream was answered.
    """
    if _hangs(asked):
        waited = max(attempt.exchange.elapsed for attempt in asked.attempts)
        yield Finding(code="silence", expected="the error that comes without stream", received=f"nothing for {waited:.0f} s, twice")

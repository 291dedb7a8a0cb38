"""What has to be accepted, how a feature may be declined, and that nothing breaks the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from conformance.model import Detail, Expectation, Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, Standing
from conformance.registry import contract, incident, requirement
from conformance.requirements.validation.refusal import CLEAN, members_asked_for, names_any, refusal, said, valid
from conformance.requirements.validation.rule import spot
from conformance.requirements.validation.sampled import explained_by_parts, value_refusal
from conformance.strictjson import get, show
from conformance.subjects.failure import request
from conformance.subjects.reply import Answer, answer

REPEAT: Final = "repeat"


@requirement(
    "REQUEST-ACCEPTED",
    Level.MUST,
    on=valid("valid request that needs no feature", lambda p: not p.needs and not p.samples and REPEAT not in p.topics),
    cites=[contract("/x-request/accepts-valid"), incident("openzot/openzot#52"), incident("nashsu/llm_wiki#594")],
    rests_on=[Detail.PURPOSE],
)
def plain_requests_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A valid request that needs nothing but a model that answers text is accepted."""
    yield from refusal(asked)


@requirement(
    "REQUEST-CLAIMED-ACCEPTED",
    Level.MUST,
    on=valid("valid request that needs a feature", lambda p: bool(p.needs)),
    cites=[contract("/x-request/accepts-valid"), contract("/x-features")],
    rests_on=[Detail.PURPOSE],
)
def claimed_features_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A valid request is accepted when the target claims the feature that it needs.

    Whatever else it needs is claimed as well, or was accepted elsewhere; unless the claimed feature was not accepted anywhere.
    """
    features = [sample.needs for sample in asked.purpose.samples] or [asked.purpose.needs]
    if not any(_promised(asked, needs) for needs in features):
        raise AbsentError("not claimed")
    yield from value_refusal(asked)


def _promised(asked: Asked, needs: frozenset[str]) -> bool:
    """Whether one who claims what he claims may not refuse a request for these features."""
    claimed, others = needs & asked.evidence.claims, needs - asked.evidence.claims
    if not claimed or not others or asked.accepted:
        return bool(claimed)
    return asked.evidence.shows(others) or not any(asked.evidence.shows(frozenset({each})) for each in claimed)


@requirement(
    "REQUEST-REFUSAL-HONEST",
    Level.SHOULD,
    on=valid("valid request that needs a feature", lambda p: bool(p.needs) and len(p.samples) < 2),
    cites=[contract("/x-request/honour-or-refuse"), incident("tensorzero/tensorzero#925"), incident("mistralai/platform-docs-public#7")],
    rests_on=[Detail.PURPOSE],
)
def refusals_are_honest(asked: Asked) -> Iterator[Finding]:
    """A feature that the target lacks is refused with 400, 404 or 422, and the error names a member that asked for it.

    The name in `param` or the message, spelt as in the request: a client leaves the member out and tries again.
    """
    answer = asked.answer
    if answer is None or not answer.refused or asked.purpose.needs <= asked.evidence.claims:
        raise AbsentError("not refused")
    if answer.status not in CLEAN:
        yield Finding(code="status", expected="400, 404 or 422", received=str(answer.status))
    twin = asked.twin()
    if twin is not None and twin.answer is not None and twin.answer.refused:
        raise AbsentError("refused without stream as well")
    wanted = members_asked_for(asked)
    if not names_any(answer, wanted):
        expected = f"one of {', '.join(sorted(wanted))} in param or message"
        yield Finding(code="unnamed", expected=expected, received=said(answer), at=Place(pointer="/error"))


@requirement(
    "REQUEST-AUDIO-HONOURED",
    Level.SHOULD,
    on=answer.about("spoken"),
    cites=[contract("/x-request/honour-or-refuse"), incident("youssofal/MTPLX#191"), incident("sankalp-happy/switchboard#31")],
    shows=["audio"],
)
def audio_is_honoured(answer: Answer) -> Iterator[Finding]:
    """A request for a spoken answer is answered with audio or refused; it is not answered in writing as if nothing had been asked."""
    message = get(answer.body, "choices", 0, "message")
    if isinstance(message, dict) and not isinstance(message.get("audio"), dict):
        place = Place(pointer="/choices/0/message")
        yield Finding(code="ignored", expected="audio in the message, or a 4xx that names it", received=show(message), at=place)


def _every_5xx(asked: Asked) -> Iterator[Finding]:
    if asked.standing is Standing.BROKEN:
        explained_by_parts(asked)
        statuses, wrong = _listed(attempt.status for attempt in asked.attempts if attempt.status), asked.purpose.violation
        sent = f", when this was sent for {spot(wrong.pointer)}: {wrong.sent}" if wrong else ""
        received = f"{statuses} on every attempt{sent}; the last {said(asked.heard[-1])}"
        samples = asked.purpose.samples
        code = samples[0].slug if len(samples) == 1 else "5xx"
        expected = " to ".join(["an answer, or a refusal with a 4xx,", ", ".join(each.text for each in samples)]) if samples else ""
        yield Finding(code=code, expected=expected or "an answer, or a refusal with a 4xx", received=received)


@requirement(
    "REQUEST-VALID-NO-5XX",
    Level.MUST,
    on=valid("valid request", lambda p: REPEAT not in p.topics),
    cites=[contract("/x-request/accepts-valid"), incident("infiniflow/ragflow#15359"), incident("vllm-project/vllm#6862")],
    rests_on=[Detail.PURPOSE],
)
def valid_requests_break_nothing(asked: Asked) -> Iterator[Finding]:
    """A valid request is not answered with a 5xx each time it is sent; what the server lacks, it refuses with a 4xx."""
    yield from _every_5xx(asked)


def _wrong_body(purpose: Purpose) -> bool:
    return purpose.expect is not Expectation.ACCEPTED and purpose.scenario in {"invalid", "malformed"}


@requirement(
    "REQUEST-INVALID-NO-5XX",
    Level.MUST,
    on=request.where(_wrong_body, "invalid request"),
    cites=[
        contract("/x-errors/no-5xx-for-client-fault"),
        incident("sgl-project/sglang#3805"),
        incident("vllm-project/vllm#16990"),
        incident("julep-ai/julep#1364"),
    ],
)
def invalid_requests_break_nothing(asked: Asked) -> Iterator[Finding]:
    """An invalid request is not answered with a 5xx each time it is sent; clients would go on sending it."""
    yield from _every_5xx(asked)


@requirement(
    "REQUEST-STILL-ALIVE",
    Level.MUST,
    on=valid("last request", lambda p: REPEAT in p.topics),
    cites=[contract("/x-errors/stays-alive"), incident("vllm-project/vllm#17248"), incident("lm-sys/FastChat#1923")],
    rests_on=[Detail.PURPOSE],
)
def server_survives(asked: Asked) -> Iterator[Finding]:
    """After everything else, the good request that was accepted at the start is accepted again."""
    yield from _every_5xx(asked)
    if asked.standing is Standing.ANSWERED:
        yield from refusal(asked)


def _listed(statuses: Iterable[int]) -> str:
    return ", ".join(str(status) for status in sorted(set(statuses)))

"""What streams do to each other: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Area, Detail, Finding, Level, Place
from conformance.observation import AbsentError, Asked, Evidence, Standing
from conformance.recent import once
from conformance.registry import contract, excluded, requirement
from conformance.strictjson import show
from conformance.subjects.failure import valid_request
from conformance.subjects.reply import Reply, reply

MARK: Final = "sentinel="
"""Begins the topic of a request that names a word which stands in it and in few others; nobody would say it by chance."""

HUNG_UP: Final = "delivery/hung-up"
"""Key of the stream that we do not read to its end."""


@once
def marks(evidence: Evidence) -> frozenset[str]:
    """The words that requests of the run were marked with."""
    purposes = (evidence.records.purpose(key) for key in evidence.records.keys())  # noqa: SIM118 - a method of a record
    topics = {topic for purpose in purposes if purpose is not None for topic in purpose.topics}
    return frozenset(topic.removeprefix(MARK) for topic in topics if topic.startswith(MARK))


def words_of_others(evidence: Evidence, request: bytes) -> set[str]:
    """Those of them that this request does not hold."""
    return {word for word in marks(evidence) if word.encode() not in request}


@requirement(
    "STREAM-OWN-ANSWER",
    Level.MUST,
    on=reply,
    cites=[contract("/x-stream/own-answer")],
    rests_on=[Detail.PURPOSE],
)
def answers_do_not_mix(answered: Reply) -> Iterator[Finding]:
    """An answer holds nothing that only another request said.

    Some requests hold a word that no other has. Where it turns up in another answer, that one was read from a buffer, a cache or a slot
    that was not its own: what one user is told reaches another.
    """
    if not answered.choices:
        raise AbsentError("no choice")
    others = words_of_others(answered.observation.evidence, answered.exchange.sent.body)
    for position, choice in enumerate(answered.choices):
        told = " ".join([choice.text, *(call.arguments for call in choice.calls if isinstance(call.arguments, str))])
        strange = sorted(word for word in others if word in told)
        if strange:
            place = Place(pointer=f"/choices/{position}")
            yield Finding(code="mixed-up", expected="nothing of another request", received=show(f"{strange[0]} in: {told[:200]}"), at=place)


@requirement(
    "STREAM-HANG-UP",
    Level.SHOULD,
    on=valid_request.about("after-hang-up"),
    cites=[contract("/x-stream/hang-up")],
)
def hanging_up_harms_nobody(asked: Asked) -> Iterator[Finding]:
    """After a client hung up in the middle of a stream the next stream is answered as ever."""
    left = asked.evidence.asked(HUNG_UP)
    if left is None or left.answer is None or not left.answer.exchange.hung_up:
        raise AbsentError("there was no stream to hang up on")
    if asked.standing is Standing.BROKEN:
        yield Finding(code="failed", expected="an answer", received="a 5xx on every attempt", exchange=asked.attempts[-1].exchange.id)
    for each in asked.answers:
        if each.refused:
            received = f"{each.status}: {each.exchange.body[:120].decode(errors='replace')}"
            yield Finding(code="refused", expected="an answer", received=received, exchange=each.exchange.id)


excluded(
    "generation ends when the client has hung up",
    because="it shows in the load of the server alone; that the next request is answered as ever is STREAM-HANG-UP",
    area=Area.STREAMING,
    incidents=["ggml-org/llama.cpp#24496"],
)

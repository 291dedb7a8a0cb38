"""What identifies a stream, beyond the types of its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import Finding, Level
from conformance.observation import AbsentError, Asked, Gap, Observation
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import at, parts
from conformance.strictjson import get, is_integer, show
from conformance.subjects.reply import Stream, streamed_answer
from conformance.view import TO_BE_ACCEPTED, View

FIRST: Final = "streamed/usage"
"""Key of the stream that the others are compared with."""

MILLISECONDS: Final = 100_000_000_000
"""More seconds than this are the year 5138; milliseconds have been more since 1973."""


@requirement(
    "STREAM-MODEL-NAMED",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-answer/model"), incident("maximhq/bifrost#2613"), incident("letta-ai/letta#1258")],
)
def model_is_not_empty(stream: Stream) -> Iterator[Finding]:
    """From the first chunk with a choice on, the name of the model is not empty.

    A chunk about the prompt, which some vendors send before, need not know it yet.
    """
    first = parts(stream)[0].chunk.event.number
    for chunk in stream.chunks:
        value = get(chunk.value, "model")
        if chunk.event.number >= first and isinstance(value, str) and not value.strip():
            yield Finding(code="empty", expected="the name of a model", received=show(value), at=at(chunk, "/model"))


@requirement(
    "STREAM-CREATED-SECONDS",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-answer/created"), incident("EricLBuehler/mistral.rs#1805"), incident("mlc-ai/web-llm#829")],
)
def created_is_in_seconds(stream: Stream) -> Iterator[Finding]:
    """`created` is in seconds, not in milliseconds, which do not fit into 32 bits and lie in the far future."""
    for chunk in stream.chunks:
        value = get(chunk.value, "created")
        if is_integer(value) and isinstance(value, int | float) and value > MILLISECONDS:
            yield Finding(code="milliseconds", expected="seconds since 1970", received=show(value), at=at(chunk, "/created"))
            return


@requirement(
    "STREAM-NO-MESSAGE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/components/schemas/ChunkChoice"), incident("microsoft/foundry-local#221")],
)
def no_message_beside_the_delta(stream: Stream) -> Iterator[Finding]:
    """A choice in a chunk has a delta and no message; clients that take both double the text."""
    for part in parts(stream):
        if part.value.get("message"):
            yield Finding(code="message", expected="a delta alone", received=show(part.value.get("message")), at=part.at("/message"))
            return


@dataclass(frozen=True, slots=True)
class Two:
    """Two streams of one run."""

    first: Stream
    second: Stream

    @property
    def observation(self) -> Observation:
        """The later one."""
        return self.second.observation


def _two(asked: Asked) -> Iterator[Two | Gap]:
    other = asked.evidence.asked(FIRST)
    first = next((each for each in streamed_answer.see(other) if isinstance(each, Stream)), None) if other is not None else None
    if first is not None:
        seen = streamed_answer.see(asked)
        yield from (Two(first, each) if isinstance(each, Stream) else each for each in seen)


two: Final = View("streamed answer", streamed_answer.covers, _two, expects=TO_BE_ACCEPTED).where(
    lambda purpose: purpose.key != FIRST, "streamed answer after the first"
)


@requirement(
    "STREAM-ID-UNIQUE",
    Level.MUST,
    on=two,
    cites=[contract("/x-answer/id"), incident("huggingface/text-generation-inference#1782"), incident("predibase/lorax#788")],
)
def streams_have_their_own_id(pair: Two) -> Iterator[Finding]:
    """Two streams have two ids."""
    first, second = get(pair.first.head, "id"), get(pair.second.head, "id")
    if not isinstance(first, str) or not first:
        raise AbsentError("the first stream has no id")
    if first == second:
        other = pair.first.observation.exchange.id
        yield Finding(code="repeated-id", expected=f"another id than {other}", received=show(second), at=at(pair.second.chunks[0], "/id"))

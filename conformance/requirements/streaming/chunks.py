"""What every chunk is: its members, and which of them stay the same from chunk to chunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from conformance.contract import Schema
from conformance.model import Finding, Json, Level, Missing
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import at, choices_asked_for, parts
from conformance.strictjson import get, is_integer, show
from conformance.subjects.reply import Stream, streamed_answer

CHUNK: Final = "/components/schemas/CreateChatCompletionStreamResponse"
CHUNK_CHOICE: Final = "/components/schemas/ChunkChoice"

OWNED: Final = re.compile(
    r"|/(id|object|created|model|choices|usage(/.*)?)"
    r"|/choices/\d+(/(index|delta|finish_reason|logprobs(/.*)?|delta/(role|content|refusal|tool_calls(/\d+(/.*)?)?)))?"
)
"""Places in a chunk that requirements of their own look after."""


@requirement("STREAM-CHUNK", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/chunk-shape"), contract(CHUNK)])
def chunks_fit_the_schema(stream: Stream) -> Iterator[Finding]:
    """Every chunk fits the schema of chunks: fingerprint, service tier, obfuscation and all that no other requirement names."""
    for chunk in stream.chunks:
        for fault in stream.observation.contract.faults(Schema.CHUNK, chunk.value):
            if not OWNED.fullmatch(fault.pointer):
                yield Finding(code=fault.keyword, expected=fault.message, received=fault.value, at=at(chunk, fault.pointer))


@requirement(
    "STREAM-OBJECT",
    Level.MUST,
    on=streamed_answer,
    cites=[contract(f"{CHUNK}/properties/object"), incident("mlflow/mlflow#12767"), incident("64bit/async-openai#352")],
)
def object_names_a_chunk(stream: Stream) -> Iterator[Finding]:
    """`object` is `chat.completion.chunk` in every chunk."""
    for chunk in stream.chunks:
        value = get(chunk.value, "object")
        if value != "chat.completion.chunk":
            yield Finding(code="object", expected="chat.completion.chunk", received=show(value), at=at(chunk, "/object"))


@requirement(
    "STREAM-ID",
    Level.MUST,
    on=streamed_answer,
    cites=[
        contract(f"{CHUNK}/properties/id"),
        contract("/x-answer/id"),
        incident("openvinotoolkit/model_server#3553"),
        incident("predibase/lorax#788"),
    ],
)
def chunks_have_an_id(stream: Stream) -> Iterator[Finding]:
    """Every chunk has an `id`, a string that is not empty."""
    for chunk in stream.chunks:
        value = get(chunk.value, "id")
        if not isinstance(value, str) or not value:
            yield Finding(code="no-id", expected="a string", received=show(value), at=at(chunk, "/id"))


@requirement(
    "STREAM-ID-CONSTANT",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/identity"), incident("microsoft/foundry-local#144"), incident("BerriAI/litellm#14429")],
)
def id_stays(stream: Stream) -> Iterator[Finding]:
    """All chunks of a stream have the same `id`, the one with the usage included. The Go client puts nothing else together."""
    yield from _change(stream, "id", lambda value: isinstance(value, str) and bool(value))


@requirement(
    "STREAM-CREATED",
    Level.MUST,
    on=streamed_answer,
    cites=[contract(f"{CHUNK}/properties/created"), incident("EricLBuehler/mistral.rs#1805")],
)
def created_is_a_time(stream: Stream) -> Iterator[Finding]:
    """`created` is a whole number in every chunk."""
    for chunk in stream.chunks:
        value = get(chunk.value, "created")
        if not is_integer(value):
            yield Finding(code="created", expected="seconds since 1970", received=show(value), at=at(chunk, "/created"))


@requirement(
    "STREAM-CREATED-CONSTANT", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/identity"), incident("maximhq/bifrost#2613")]
)
def created_stays(stream: Stream) -> Iterator[Finding]:
    """All chunks of a stream have the same `created`: the time at which the answer was begun."""
    yield from _change(stream, "created", is_integer)


@requirement(
    "STREAM-MODEL",
    Level.MUST,
    on=streamed_answer,
    cites=[contract(f"{CHUNK}/properties/model"), incident("microsoft/autogen#222"), incident("vllm-project/vllm#15938")],
)
def chunks_name_a_model(stream: Stream) -> Iterator[Finding]:
    """`model` is a string in every chunk."""
    for chunk in stream.chunks:
        value = get(chunk.value, "model")
        if not isinstance(value, str):
            yield Finding(code="model", expected="a string", received=show(value), at=at(chunk, "/model"))


@requirement(
    "STREAM-MODEL-CONSTANT", Level.SHOULD, on=streamed_answer, cites=[contract("/x-stream/same-model"), incident("maximhq/bifrost#2613")]
)
def model_stays(stream: Stream) -> Iterator[Finding]:
    """All chunks of a stream name the same model."""
    yield from _change(stream, "model", lambda value: isinstance(value, str))


@requirement(
    "STREAM-CHOICES", Level.MUST, on=streamed_answer, cites=[contract(f"{CHUNK}/properties/choices"), incident("BerriAI/litellm#8751")]
)
def choices_are_a_list(stream: Stream) -> Iterator[Finding]:
    """`choices` is a list of objects in every chunk, the one with the usage included."""
    for chunk in stream.chunks:
        value = get(chunk.value, "choices")
        if not isinstance(value, list) or not all(isinstance(choice, dict) for choice in value):
            yield Finding(code="choices", expected="a list of objects", received=show(value), at=at(chunk, "/choices"))


@requirement(
    "STREAM-CHOICES-NONE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/choices-not-empty"), incident("microsoft/autogen#4311"), incident("openai/openai-python#1266")],
)
def only_usage_comes_alone(stream: Stream) -> Iterator[Finding]:
    """No chunk but the one with the usage has an empty list of choices; clients reach for the first choice of every other."""
    for chunk in stream.chunks:
        if get(chunk.value, "choices") == [] and not chunk.value.get("usage"):
            yield Finding(code="empty", expected="a choice", received="[]", at=at(chunk, "/choices"))


@requirement(
    "STREAM-INDEX",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/choice-indexes"), contract(f"{CHUNK_CHOICE}/properties/index")],
)
def indexes_are_of_choices(stream: Stream) -> Iterator[Finding]:
    """Every choice in a chunk has an `index` from 0 to one less than `n`."""
    number = choices_asked_for(stream)
    for part in parts(stream):
        index = get(part.value, "index")
        if not is_integer(index) or not isinstance(index, int | float) or not 0 <= index < number:
            yield Finding(code="index", expected=f"0 to {number - 1}", received=show(index), at=part.at("/index"))


@requirement(
    "STREAM-DELTA",
    Level.MUST,
    on=streamed_answer,
    cites=[contract(f"{CHUNK_CHOICE}/properties/delta"), incident("langchain-ai/langchain#18977"), incident("microsoft/autogen#6465")],
)
def choices_have_a_delta(stream: Stream) -> Iterator[Finding]:
    """Every choice in a chunk has a `delta`, an object that may be empty; the last one too."""
    for part in parts(stream):
        value = get(part.value, "delta")
        if not isinstance(value, dict):
            yield Finding(code="no-delta", expected="an object", received=show(value), at=part.at("/delta"))


def _change(stream: Stream, name: str, counts: Callable[[Json | Missing], bool]) -> Iterator[Finding]:
    """The first chunk in which a member differs from what it was; values of the wrong kind are another requirement's."""
    told = [(chunk, value) for chunk in stream.chunks if counts(value := get(chunk.value, name))]
    if not told:
        raise UnmetError(f"no chunk has a proper {name}")
    changed = next(((chunk, value) for chunk, value in told if value != told[0][1]), None)
    if changed is not None:
        yield Finding(code="changed", expected=show(told[0][1]), received=show(changed[1]), at=at(changed[0], f"/{name}"))

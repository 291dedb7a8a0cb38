"""Where a stream says its usage. What the numbers are is the business of the area usage."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import Part, at, ended, parts
from conformance.strictjson import get, show
from conformance.subjects.reply import Stream, StreamedChunk, streamed_answer

asked = streamed_answer.where(
    lambda purpose: "usage-in-stream" in purpose.needs and "no-usage" not in purpose.topics, "streamed answer asked for its usage"
)
unasked = streamed_answer.where(
    lambda purpose: purpose.violation is None and ("usage-in-stream" not in purpose.needs or "no-usage" in purpose.topics),
    "streamed answer not asked for its usage",
)


def _told(stream: Stream) -> list[StreamedChunk]:
    """The chunks that tell the usage. Raises `UnmetError` when it was not asked for, or none does: another requirement owns that."""
    if not stream.asks_usage or not stream.usage_chunks:
        raise UnmetError("no chunk has usage")
    return stream.usage_chunks


def _nested(stream: Stream) -> list[Part]:
    """The choices that hold usage themselves."""
    return [part for part in parts(stream) if part.value.get("usage")]


@requirement(
    "STREAM-USAGE-PRESENT",
    Level.MUST,
    on=asked,
    cites=[contract("/x-stream/usage-present"), incident("openvinotoolkit/model_server#2640"), incident("sgl-project/sglang#954")],
    shows=["usage-in-stream"],
)
def usage_is_told(stream: Stream) -> Iterator[Finding]:
    """With `include_usage: true` a stream tells its usage."""
    ended(stream)
    if not stream.asks_usage or (not stream.usage_chunks and _nested(stream)):
        raise UnmetError("it was not asked for, or is told in a choice")
    if not stream.usage_chunks:
        last = stream.chunks[-1]
        yield Finding(code="missing", expected="a chunk with usage", received="none", at=at(last, "/usage"))


@requirement(
    "STREAM-USAGE-ONCE",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-stream/usage-null-before"), incident("InternLM/lmdeploy#3832"), incident("langchain-ai/langchainjs#10164")],
)
def usage_is_told_once(stream: Stream) -> Iterator[Finding]:
    """Only one chunk has usage; clients that add up what they get count tokens several times otherwise."""
    told = _told(stream)
    if len(told) > 1:
        yield Finding(code="repeated", expected="1 chunk", received=f"{len(told)} chunks", at=at(told[0], "/usage"))


@requirement(
    "STREAM-USAGE-CHUNK",
    Level.MUST,
    on=asked,
    cites=[contract("/x-stream/usage-chunk"), incident("ROCm/ATOM#1711"), incident("Portkey-AI/gateway#1629")],
)
def usage_has_its_own_chunk(stream: Stream) -> Iterator[Finding]:
    """The chunk with the usage has `choices: []`."""
    last = _told(stream)[-1]
    choices = get(last.value, "choices")
    if not isinstance(choices, list):
        raise UnmetError("the chunk has no list of choices")
    if choices:
        yield Finding(code="choices", expected="[]", received=show(choices), at=at(last, "/choices"))


@requirement(
    "STREAM-USAGE-AFTER-FINISH",
    Level.MUST,
    on=asked,
    cites=[contract("/x-stream/usage-present"), incident("router-for-me/CLIProxyAPI#2531"), incident("AgentFlocks/flocks#110")],
)
def usage_comes_after_the_end(stream: Stream) -> Iterator[Finding]:
    """The usage comes with or after the last `finish_reason`: what is told earlier cannot be final."""
    last, ends = _told(stream)[-1], [part.chunk for part in parts(stream) if part.reason]
    if not ends:
        raise UnmetError("no choice has a finish_reason")
    if last.event.number < ends[-1].event.number:
        yield Finding(
            code="early", expected=f"event {ends[-1].event.number} or later", received=f"event {last.event.number}", at=at(last, "/usage")
        )


@requirement(
    "STREAM-USAGE-LAST",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-stream/usage-chunk"), incident("BerriAI/litellm#17136"), incident("openai/openai-agents-python#2126")],
)
def usage_comes_last(stream: Stream) -> Iterator[Finding]:
    """No chunk follows the one with the usage; clients that look at the last chunk find none otherwise."""
    last, final = _told(stream)[-1], stream.chunks[-1]
    if any(part.reason for part in parts(stream) if part.chunk.event.number > last.event.number):
        raise UnmetError("the usage comes before the end of a choice")
    if final.event.number > last.event.number:
        yield Finding(code="followed", expected="no more chunks", received=show(final.value), at=at(final))


@requirement(
    "STREAM-USAGE-NULL",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-stream/usage-null-before"), incident("BerriAI/litellm#9657"), incident("ai-dynamo/dynamo#3022")],
)
def usage_is_null_before(stream: Stream) -> Iterator[Finding]:
    """With `include_usage: true` every chunk before the one with the usage has `usage: null`."""
    last = _told(stream)[-1]
    for chunk in stream.chunks:
        if chunk.event.number < last.event.number and "usage" not in chunk.value:
            yield Finding(code="absent", expected="null", received="(absent)", at=at(chunk, "/usage"))
            return


@requirement(
    "STREAM-USAGE-UNASKED",
    Level.SHOULD,
    on=unasked,
    cites=[contract("/x-stream/usage-unasked"), incident("raullenchai/Rapid-MLX#792"), incident("ai-dynamo/dynamo#3022")],
)
def usage_is_not_told_unasked(stream: Stream) -> Iterator[Finding]:
    """Without `include_usage` no chunk has usage."""
    if stream.asks_usage:
        raise UnmetError("it was asked for")
    told = next((chunk for chunk in stream.chunks if get(chunk.value, "usage") not in (None, MISSING)), None)
    if told is not None:
        yield Finding(code="unasked", expected="(absent)", received=show(get(told.value, "usage")), at=at(told, "/usage"))


@requirement(
    "STREAM-USAGE-NESTED", Level.MUST, on=asked, cites=[contract("/x-stream/usage-chunk"), contract("/components/schemas/ChunkChoice")]
)
def usage_is_not_in_a_choice(stream: Stream) -> Iterator[Finding]:
    """Usage is a member of the chunk, not of a choice; no client looks for it there."""
    for part in _nested(stream)[:1]:
        yield Finding(code="nested", expected="usage beside choices", received=show(part.value.get("usage")), at=part.at("/usage"))

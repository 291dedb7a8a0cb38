"""Defects in where streams say their usage."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, Call, Chunks, defect
from conformance.reference.pieces import each_choice

if TYPE_CHECKING:
    from conformance.model import Json


def _split(chunks: Chunks, call: Call) -> tuple[list[dict[str, Json]], dict[str, Json] | None]:
    """The chunks with choices, and the one with the usage if it was asked for."""
    sent = list(chunks)
    return (sent[:-1], sent[-1]) if call.request.include_usage else (sent, None)


@defect("usage-chunk-missing", seam=CHUNKS, trips={"STREAM-USAGE-PRESENT"}, incident="openvinotoolkit/model_server#2640")
def usage_missing(chunks: Chunks, _: Call) -> Chunks:
    """The usage is not told though it was asked for."""
    return (chunk for chunk in chunks if not chunk.get("usage"))


@defect("usage-chunk-cumulative", seam=CHUNKS, trips={"STREAM-USAGE-ONCE"}, incident="InternLM/lmdeploy#3832")
def usage_cumulative(chunks: Chunks, call: Call) -> Chunks:
    """Every chunk tells the usage so far."""
    body, last = _split(chunks, call)
    for chunk in body:
        yield chunk | ({"usage": deepcopy(last["usage"])} if last else {})
    if last:
        yield last


@defect("usage-chunk-attached", seam=CHUNKS, trips={"STREAM-USAGE-CHUNK"}, incident="ROCm/ATOM#1711")
def usage_attached(chunks: Chunks, call: Call) -> Chunks:
    """The usage comes on the last chunk of the answer instead of one of its own."""
    body, last = _split(chunks, call)
    yield from body[:-1]
    yield body[-1] | ({"usage": last["usage"]} if last else {})


@defect("usage-chunk-early", seam=CHUNKS, trips={"STREAM-USAGE-AFTER-FINISH"}, incident="router-for-me/CLIProxyAPI#2531")
def usage_early(chunks: Chunks, call: Call) -> Chunks:
    """The usage comes before the reason for the end."""
    body, last = _split(chunks, call)
    yield from body[:-1]
    if last:
        yield last
    yield body[-1]


@defect("usage-chunk-followed", seam=CHUNKS, trips={"STREAM-USAGE-LAST"}, incident="BerriAI/litellm#17136")
def usage_followed(chunks: Chunks, call: Call) -> Chunks:
    """A chunk with an empty delta follows the usage."""
    body, last = _split(chunks, call)
    yield from body
    if last:
        yield last
        idle: dict[str, Json] = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": None}
        yield last | {"usage": None, "choices": [idle]}


@defect("usage-chunk-key-missing", seam=CHUNKS, trips={"STREAM-USAGE-NULL"}, incident="BerriAI/litellm#9657")
def usage_key_missing(chunks: Chunks, _: Call) -> Chunks:
    """Chunks before the one with the usage lack the member."""
    for chunk in chunks:
        yield chunk if chunk.get("usage") else {name: value for name, value in chunk.items() if name != "usage"}


@defect("usage-chunk-unasked", seam=CHUNKS, trips={"STREAM-USAGE-UNASKED"}, incident="ai-dynamo/dynamo#3022")
def usage_unasked(chunks: Chunks, call: Call) -> Chunks:
    """The last chunk tells the usage whether it was asked for or not."""
    body, last = _split(chunks, call)
    yield from body
    counts: Json = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    yield last or body[-1] | {"usage": counts, "choices": []}


@defect("usage-chunk-nested", seam=CHUNKS, trips={"STREAM-USAGE-NESTED"})
def usage_nested(chunks: Chunks, call: Call) -> Chunks:
    """The usage is a member of the last choice."""
    body, last = _split(chunks, call)
    for chunk in body:
        for choice in each_choice(chunk):
            if last and choice["finish_reason"]:
                choice["usage"] = deepcopy(last["usage"])
        yield chunk

"""Defects in what identifies streams and the calls in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, COMPLETION, FAULTS, Call, Chunks, defect
from conformance.reference.pieces import each_choice, each_fragment

if TYPE_CHECKING:
    from conformance.contract import SchemaFault
    from conformance.reference.completion import Completion


@defect("model-empty-at-end", seam=CHUNKS, trips={"STREAM-MODEL-CONSTANT", "STREAM-MODEL-NAMED"}, incident="maximhq/bifrost#2613")
def model_empty_at_end(chunks: Chunks, _: Call) -> Chunks:
    """The chunk with the usage is made by hand and names no model."""
    return (chunk | {"model": ""} if chunk.get("usage") else chunk for chunk in chunks)


@defect("created-in-milliseconds", seam=CHUNKS, trips={"STREAM-CREATED-SECONDS"}, incident="EricLBuehler/mistral.rs#1805")
def created_in_milliseconds(chunks: Chunks, _: Call) -> Chunks:
    """In streams the time is told in milliseconds."""
    return (chunk | {"created": int(str(chunk["created"])) * 1000} for chunk in chunks)


@defect("message-beside-delta", seam=CHUNKS, trips={"STREAM-NO-MESSAGE"}, incident="microsoft/foundry-local#221")
def message_beside_delta(chunks: Chunks, _: Call) -> Chunks:
    """Each choice of a chunk holds its piece of text once more, as a message."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            delta = choice["delta"]
            choice["message"] = {"role": "assistant", "content": delta.get("content") if isinstance(delta, dict) else None}
        yield chunk


@defect("streams-share-an-id", seam=COMPLETION, trips={"STREAM-ID-UNIQUE"}, incident="predibase/lorax#788")
def streams_share_an_id(completion: Completion, call: Call) -> Completion:
    """Every stream has the same id."""
    return replace(completion, id="chatcmpl-0") if call.request.stream else completion


@defect("calls-counted-from-one", seam=CHUNKS, trips={"STREAM-TOOL-COUNTED"}, incident="LibreChat-AI/agents#260")
def calls_counted_from_one(chunks: Chunks, _: Call) -> Chunks:
    """The first call of a streamed answer has the index 1."""
    for chunk in chunks:
        for fragment in each_fragment(chunk):
            fragment["index"] = int(str(fragment["index"])) + 1
        yield chunk


@defect("type-blanked-later", seam=CHUNKS, trips={"STREAM-TOOL-TYPE-KEPT"}, incident="vercel/ai#12901")
def type_blanked_later(chunks: Chunks, _: Call) -> Chunks:
    """Later fragments of a call have an empty string for its type."""
    for chunk in chunks:
        for fragment in each_fragment(chunk):
            if "id" not in fragment:
                fragment["type"] = ""
        yield chunk


@defect("empty-conversation-streamed", seam=FAULTS, trips={"STREAM-REFUSED-ALIKE"}, incident="sgl-project/sglang#21900")
def empty_conversation_streamed(faults: tuple[SchemaFault, ...], call: Call) -> tuple[SchemaFault, ...]:
    """The handler of streams does not look whether there are any messages."""
    body = call.body if isinstance(call.body, dict) else {}
    return () if body.get("stream") is True and body.get("messages") == [] else faults

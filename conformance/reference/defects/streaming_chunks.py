"""Defects in the members of chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, Call, Chunks, defect
from conformance.reference.pieces import each_choice

if TYPE_CHECKING:
    from conformance.model import Json


def _is_last(chunk: dict[str, Json]) -> bool:
    """Whether a chunk is the one with the usage, or ends a choice."""
    return bool(chunk.get("usage")) or any(choice["finish_reason"] for choice in each_choice(chunk))


@defect("fingerprint-number", seam=CHUNKS, trips={"STREAM-CHUNK"})
def fingerprint_number(chunks: Chunks, _: Call) -> Chunks:
    """The fingerprint of the last chunks is a number."""
    return (chunk | {"system_fingerprint": 1700} if _is_last(chunk) else chunk for chunk in chunks)


@defect("object-whole", seam=CHUNKS, trips={"STREAM-OBJECT"}, incident="mlflow/mlflow#12767")
def object_whole(chunks: Chunks, _: Call) -> Chunks:
    """Chunks call themselves whole answers."""
    return (chunk | {"object": "chat.completion"} for chunk in chunks)


@defect("object-last", seam=CHUNKS, trips={"STREAM-OBJECT"})
def object_last(chunks: Chunks, _: Call) -> Chunks:
    """The chunk with the usage has no `object`."""
    return ({name: chunk[name] for name in chunk if name != "object"} if chunk.get("usage") else chunk for chunk in chunks)


@defect("id-empty", seam=CHUNKS, trips={"STREAM-ID"}, incident="predibase/lorax#788")
def id_empty(chunks: Chunks, _: Call) -> Chunks:
    """The first chunk has an empty id."""
    return (chunk | {"id": ""} if number == 0 else chunk for number, chunk in enumerate(chunks))


@defect("id-fresh", seam=CHUNKS, trips={"STREAM-ID-CONSTANT"}, incident="microsoft/foundry-local#144")
def id_fresh(chunks: Chunks, _: Call) -> Chunks:
    """Every chunk has an id of its own."""
    return (chunk | {"id": f"{chunk['id']}-{number}"} for number, chunk in enumerate(chunks))


@defect("id-usage", seam=CHUNKS, trips={"STREAM-ID-CONSTANT"})
def id_usage(chunks: Chunks, call: Call) -> Chunks:
    """Only the chunk with the usage has another id."""
    return (chunk | {"id": f"chatcmpl-usage-{call.state.count('usage')}"} if chunk.get("usage") else chunk for chunk in chunks)


@defect("created-fraction", seam=CHUNKS, trips={"STREAM-CREATED"})
def created_fraction(chunks: Chunks, _: Call) -> Chunks:
    """The time has a fraction."""
    return (chunk | {"created": int(str(chunk["created"])) + 0.25} for chunk in chunks)


@defect("created-zero", seam=CHUNKS, trips={"STREAM-CREATED-CONSTANT"}, incident="maximhq/bifrost#2613")
def created_zero(chunks: Chunks, _: Call) -> Chunks:
    """The last chunks are built by hand, and `created` is left at 0."""
    return (chunk | {"created": 0} if _is_last(chunk) else chunk for chunk in chunks)


@defect("model-null", seam=CHUNKS, trips={"STREAM-MODEL"}, incident="microsoft/autogen#222")
def model_null(chunks: Chunks, _: Call) -> Chunks:
    """The chunk with the usage names no model."""
    return (chunk | {"model": None} if chunk.get("usage") else chunk for chunk in chunks)


@defect("model-changes", seam=CHUNKS, trips={"STREAM-MODEL-CONSTANT"}, incident="maximhq/bifrost#2613")
def model_changes(chunks: Chunks, _: Call) -> Chunks:
    """The last chunks name the model of the back end."""
    return (chunk | {"model": "backend/reference"} if _is_last(chunk) else chunk for chunk in chunks)


@defect("choices-null", seam=CHUNKS, trips={"STREAM-CHOICES"}, incident="BerriAI/litellm#8751")
def choices_null(chunks: Chunks, _: Call) -> Chunks:
    """The chunk with the usage has null for choices."""
    return (chunk | {"choices": None} if chunk.get("usage") else chunk for chunk in chunks)


@defect("choices-empty", seam=CHUNKS, trips={"STREAM-CHOICES-NONE"}, incident="openai/openai-python#1266")
def choices_empty(chunks: Chunks, _: Call) -> Chunks:
    """A chunk about the prompt opens the stream, without a choice."""
    for number, chunk in enumerate(chunks):
        if number == 0:
            yield chunk | {"choices": [], "prompt_filter_results": []}
        yield chunk


@defect("index-from-one", seam=CHUNKS, trips={"STREAM-INDEX"})
def index_from_one(chunks: Chunks, call: Call) -> Chunks:
    """Where several choices were asked for, they are counted from 1."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["index"] = int(str(choice["index"])) + (1 if call.request.n > 1 else 0)
        yield chunk


@defect("delta-null", seam=CHUNKS, trips={"STREAM-DELTA"}, incident="microsoft/autogen#6465")
def delta_null(chunks: Chunks, _: Call) -> Chunks:
    """The last chunk of a choice has null for a delta."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["delta"] = None if choice["finish_reason"] else choice["delta"]
        yield chunk

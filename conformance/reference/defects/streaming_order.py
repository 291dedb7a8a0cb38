"""Defects in the order of chunks."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, Call, Chunks, defect
from conformance.reference.pieces import each_choice
from conformance.strictjson import members

if TYPE_CHECKING:
    from conformance.model import Json


def _delta(choice: dict[str, Json]) -> dict[str, Json]:
    return members(choice, "delta")


@defect("role-missing", seam=CHUNKS, trips={"STREAM-ROLE-FIRST"}, incident="agentgateway/agentgateway#3005")
def role_missing(chunks: Chunks, _: Call) -> Chunks:
    """No delta says whose words these are."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            _delta(choice).pop("role", None)
        yield chunk


@defect("role-repeated", seam=CHUNKS, trips={"STREAM-ROLE-ONCE"}, incident="BerriAI/litellm#9986")
def role_repeated(chunks: Chunks, _: Call) -> Chunks:
    """Every delta says the role."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            _delta(choice)["role"] = "assistant"
        yield chunk


@defect("content-parts", seam=CHUNKS, trips={"STREAM-CONTENT"})
def content_parts(chunks: Chunks, _: Call) -> Chunks:
    """The empty text at the beginning is an empty list."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if _delta(choice).get("content") == "":
                _delta(choice)["content"] = []
        yield chunk


@defect("finish-key-missing", seam=CHUNKS, trips={"STREAM-FINISH-KEY"}, incident="maximhq/bifrost#7397")
def finish_key_missing(chunks: Chunks, _: Call) -> Chunks:
    """A finish_reason that is null is left out."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if choice["finish_reason"] is None:
                del choice["finish_reason"]
        yield chunk


@defect("finish-empty", seam=CHUNKS, trips={"STREAM-FINISH-NULL"}, incident="sgl-project/sglang#3912")
def finish_empty(chunks: Chunks, _: Call) -> Chunks:
    """A finish_reason that is not known yet is an empty string."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = choice["finish_reason"] or ""
        yield chunk


@defect("finish-word-null", seam=CHUNKS, trips={"STREAM-FINISH-NULL"}, incident="PowerShell/AIShell#350")
def finish_word_null(chunks: Chunks, _: Call) -> Chunks:
    """A finish_reason that is not known yet is the word null."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = choice["finish_reason"] or "null"
        yield chunk


@defect("finish-reason-missing", seam=CHUNKS, trips={"STREAM-FINISH-ONCE"}, incident="openclaw/openclaw#5898")
def finish_reason_missing(chunks: Chunks, _: Call) -> Chunks:
    """No chunk ever says why the choice ended."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = None
        yield chunk


@defect("finish-first-choice", seam=CHUNKS, trips={"STREAM-FINISH-ONCE"})
def finish_first_choice(chunks: Chunks, _: Call) -> Chunks:
    """Of several choices only the first is told why it ended."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = None if choice["index"] else choice["finish_reason"]
        yield chunk


@defect("finish-twice", seam=CHUNKS, trips={"STREAM-FINISH-ONCE"}, incident="QwenLM/qwen-code#2402")
def finish_twice(chunks: Chunks, _: Call) -> Chunks:
    """The last chunk of a choice is sent twice."""
    for chunk in chunks:
        yield chunk
        if any(choice["finish_reason"] for choice in each_choice(chunk)):
            yield deepcopy(chunk)


@defect("finish-early", seam=CHUNKS, trips={"STREAM-FINISH-LAST"})
def finish_early(chunks: Chunks, _: Call) -> Chunks:
    """The reason for the end comes before the last piece of text."""
    held: list[dict[str, Json]] = []
    for chunk in chunks:
        finishes = any(choice["finish_reason"] for choice in each_choice(chunk))
        if finishes:
            yield chunk
        yield from held
        held = []
        if not finishes and any(_delta(choice).get("content") for choice in each_choice(chunk)):
            held = [chunk]
        elif not finishes:
            yield chunk


@defect("finish-with-text", seam=CHUNKS, trips={"STREAM-FINISH-ALONE"}, incident="vllm-project/vllm#36944")
def finish_with_text(chunks: Chunks, call: Call) -> Chunks:
    """The last piece of text comes together with the reason for the end, where there is one choice."""
    held: dict[str, Json] | None = None
    for chunk in chunks:
        finish = next((choice["finish_reason"] for choice in each_choice(chunk) if choice["finish_reason"]), None)
        if held is not None and finish is not None and call.request.n == 1:
            for choice in each_choice(held):
                choice["finish_reason"] = finish
            continue
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held

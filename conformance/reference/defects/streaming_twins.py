"""Defects that a stream has and the answer in one piece has not, and small ones of form."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, FRAMES, Call, Chunks, Frames, defect
from conformance.reference.frames import DONE
from conformance.reference.pieces import each_choice, each_fragment
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.model import Json


@defect("line-ends-mixed", seam=FRAMES, trips={"STREAM-LINE-ENDS"})
def line_ends_mixed(frames: Frames, _: Call) -> Frames:
    """A relay writes the terminator with line ends of its own."""
    return (b"data: [DONE]\r\n\r\n" if frame == DONE else frame for frame in frames)


@defect("content-null-beside-role", seam=CHUNKS, trips={"STREAM-CONTENT-BESIDE-ROLE"}, incident="sgl-project/sglang#2026")
def content_null_beside_role(chunks: Chunks, _: Call) -> Chunks:
    """The chunk with the role has null for its content, though text follows."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if isinstance(delta := choice["delta"], dict) and "role" in delta:
                delta["content"] = None
        yield chunk


@defect("arguments-empty", seam=CHUNKS, trips={"STREAM-TOOL-EMPTY"}, incident="simonw/llm#1164")
def arguments_empty(chunks: Chunks, call: Call) -> Chunks:
    """A call without arguments is streamed with the empty text for them."""
    bare = isinstance(get(call.body, "tool_choice"), dict)
    for chunk in chunks:
        if not (bare and any("id" not in fragment for fragment in each_fragment(chunk))):
            yield chunk


@defect("calls-streamed-twice", seam=CHUNKS, trips={"STREAM-SAME-CALLS"}, incident="vllm-project/vllm#10395")
def calls_streamed_twice(chunks: Chunks, _: Call) -> Chunks:
    """When a call is complete it is sent once more, as another one."""
    held: list[dict[str, Json]] = []
    numbers = count()
    for chunk in chunks:
        if any(choice.get("finish_reason") for choice in each_choice(chunk)):
            offset = next(numbers) + len([each for each in held if any("id" in fragment for fragment in each_fragment(each))])
            yield from (_again(each, offset) for each in held)
        if each_fragment(chunk):
            held.append(chunk)
        yield chunk


def _again(chunk: dict[str, Json], offset: int) -> dict[str, Json]:
    """A chunk whose calls are other ones."""
    choices: list[Json] = []
    for choice in each_choice(chunk):
        other: list[Json] = []
        for fragment in items(choice, "delta", "tool_calls"):
            if isinstance(fragment, dict):
                renamed: dict[str, Json] = {"id": f"{fragment['id']}2"} if "id" in fragment else {}
                other.append(fragment | {"index": int(str(fragment["index"])) + offset} | renamed)
        choices.append(choice | {"delta": {"tool_calls": other}})
    return chunk | {"choices": choices}


@defect("logprobs-thinned", seam=CHUNKS, trips={"STREAM-SAME-LOGPROBS", "ANSWER-LOGPROBS-ALIGNED", "USAGE-LOGPROBS"})
def logprobs_thinned(chunks: Chunks, _: Call) -> Chunks:
    """Every other chunk of a stream lacks its log probabilities."""
    for number, chunk in enumerate(chunks):
        for choice in each_choice(chunk):
            if number % 2 and choice.get("logprobs") is not None:
                choice["logprobs"] = None
        yield chunk

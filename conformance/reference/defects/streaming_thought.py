"""Defects in how thought is shown, and in how failures show in the middle of a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, COMPLETION, FRAMES, Call, Chunks, Frames, defect
from conformance.reference.frames import frame
from conformance.reference.pieces import each_choice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json
    from conformance.reference.completion import Completion


def _speaking(chunk: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """The deltas of a chunk that have text."""
    for choice in each_choice(chunk):
        delta = choice["delta"]
        if isinstance(delta, dict) and delta.get("content"):
            yield delta


@defect("thought-object", seam=CHUNKS, trips={"STREAM-THOUGHT-TEXT"}, incident="langgenius/dify-official-plugins#2740")
def thought_object(chunks: Chunks, _: Call) -> Chunks:
    """Thought is streamed as an object."""
    for chunk in chunks:
        for delta in _speaking(chunk):
            delta["reasoning"] = {"text": "Let me count."}
        yield chunk


@defect("thought-twice", seam=CHUNKS, trips={"STREAM-THOUGHT-APART"}, incident="bytedance/deer-flow#3218")
def thought_twice(chunks: Chunks, _: Call) -> Chunks:
    """All text is streamed as thought as well."""
    for chunk in chunks:
        for delta in _speaking(chunk):
            delta["reasoning_content"] = delta["content"]
        yield chunk


@defect("thought-moves", seam=CHUNKS, trips={"STREAM-THOUGHT-NAME"}, incident="vllm-project/vllm#27755")
def thought_moves(chunks: Chunks, _: Call) -> Chunks:
    """Thought is in `reasoning_content` at first, and in `reasoning` afterwards."""
    name = "reasoning_content"
    for chunk in chunks:
        for delta in _speaking(chunk):
            delta[name], name = "hm, ", "reasoning"
        yield chunk


@defect("thought-mark-left", seam=COMPLETION, trips={"STREAM-THOUGHT-MARKS"}, incident="ggml-org/llama.cpp#27661")
def thought_mark_left(completion: Completion, call: Call) -> Completion:
    """The template opens a thought, and where the model closes it the mark stays in the text, when there are several choices."""
    if call.request.n < 2:
        return completion
    marked = (each if not each.pieces else replace(each, pieces=("Hm.</think>", *each.pieces[1:])) for each in completion.choices)
    return replace(completion, choices=tuple(marked))


@defect(
    "failure-hidden",
    seam=CHUNKS,
    trips={"STREAM-ERROR-SHOWS", "STREAM-CHOICES", "STREAM-FINISH-ONCE", "STREAM-USAGE-PRESENT"},
    incident="aaif-goose/goose#8027",
)
def failure_hidden(chunks: Chunks, call: Call) -> Chunks:
    """A stream of several choices fails after two chunks, and says so in a member that no client reads."""
    for number, chunk in enumerate(chunks):
        if number == 2 and call.request.n > 1:
            yield {name: value for name, value in chunk.items() if name != "choices"} | {"detail": "out of memory"}
            return
        yield chunk


@defect("failure-goes-on", seam=FRAMES, trips={"STREAM-ERROR-LAST"}, incident="genkit-ai/genkit#6079")
def failure_goes_on(frames: Frames, call: Call) -> Frames:
    """A failure is reported after two chunks of a stream of several choices, which then goes on to its end."""
    for number, piece in enumerate(frames):
        if number == 2 and call.request.n > 1:
            yield frame({"error": {"message": "out of memory", "type": "server_error", "param": None, "code": None}})
        yield piece

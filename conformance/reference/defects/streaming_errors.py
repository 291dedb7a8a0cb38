"""Defects in how failures show around streams, and in what makes a stream differ from the answer in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference import refusals
from conformance.reference.behaviour import CHUNKS, FAULTS, FRAMES, Call, Chunks, Frames, defect
from conformance.reference.frames import DONE, frame
from conformance.reference.pieces import each_choice
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.contract import SchemaFault


@defect("error-in-stream", seam=FRAMES, trips={"STREAM-ERROR-STATUS"}, incident="lmstudio-ai/lmstudio-bug-tracker#2322")
def error_in_stream(frames: Frames, call: Call) -> Frames:
    """Log probabilities in a stream are refused, by an event in a stream that has status 200."""
    if not call.request.logprobs:
        yield from frames
        return
    refusal = refusals.unsupported("logprobs", "Streaming of log probabilities")
    yield frame(refusal.envelope())
    yield DONE


@defect("stream-unchecked", seam=FAULTS, trips={"STREAM-REFUSED-ALIKE"})
def stream_unchecked(faults: tuple[SchemaFault, ...], call: Call) -> tuple[SchemaFault, ...]:
    """A request for a stream is checked less strictly: the range of temperature is not."""
    streamed = get(call.body, "stream") is True
    return tuple(fault for fault in faults if not (streamed and fault.pointer == "/temperature"))


@defect("error-string", seam=FRAMES, trips={"STREAM-ERROR-EVENT"})
def error_string(frames: Frames, _: Call) -> Frames:
    """The stream fails after two chunks, and the event that says so has a string for an error."""
    for number, piece in enumerate(frames):
        if number == 2:
            yield frame({"error": "out of memory"})
            return
        yield piece


@defect("stream-trimmed", seam=CHUNKS, trips={"STREAM-SAME-TEXT"}, incident="jundot/omlx#2492")
def stream_trimmed(chunks: Chunks, call: Call) -> Chunks:
    """Pieces of text are stripped of their white space, unless log probabilities go with them."""
    for chunk in chunks:
        for choice in () if call.request.logprobs else each_choice(chunk):
            if isinstance(delta := choice["delta"], dict) and isinstance(text := delta.get("content"), str):
                delta["content"] = text.strip()
        yield chunk


@defect("stream-piece-lost", seam=CHUNKS, trips={"STREAM-SAME-TEXT"})
def stream_piece_lost(chunks: Chunks, call: Call) -> Chunks:
    """One piece in the middle of the text is never sent, where there is no log probability to tell; the usage counts it."""
    plain = call.request.include_usage and not call.request.logprobs
    for number, chunk in enumerate(chunks):
        texts = [get(choice, "delta", "content") for choice in each_choice(chunk)]
        if not (plain and number == 4 and texts and all(isinstance(text, str) and text for text in texts)):
            yield chunk


@defect("stream-finish-differs", seam=CHUNKS, trips={"STREAM-SAME-FINISH"}, incident="vllm-project/vllm#9209")
def stream_finish_differs(chunks: Chunks, call: Call) -> Chunks:
    """In streams, a call that was demanded by name ends with `stop`, which is legal; in one piece it ends with `tool_calls`."""
    named = isinstance(get(call.body, "tool_choice"), dict)
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = "stop" if named and choice["finish_reason"] == "tool_calls" else choice["finish_reason"]
        yield chunk

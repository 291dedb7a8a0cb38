"""Defects in when streams arrive, and in what one does to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.model import Tier
from conformance.reference import refusals
from conformance.reference.behaviour import CHUNKS, COMPLETION, FRAMES, STREAM, Call, Chunks, Frames, defect
from conformance.reference.frames import encode
from conformance.reference.pieces import each_choice
from conformance.reference.request import Format
from conformance.reference.transport import Pause
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.reference.completion import Completion
    from conformance.reference.transport import Reply


@defect("stream-held-back", seam=FRAMES, trips={"STREAM-INCREMENTAL"}, incident="lm-sys/FastChat#2337")
def stream_held_back(frames: Frames, _: Call) -> Frames:
    """A proxy keeps the stream until it is complete, and passes it on in one piece."""
    sent = [frame for frame in frames if isinstance(frame, bytes)]
    yield Pause(0.03 * len(sent))
    yield b"".join(sent)


@defect(
    "stream-in-one-chunk-with-tools",
    seam=CHUNKS,
    trips={"STREAM-INCREMENTAL-TOOLS"},
    incident="youssofal/MTPLX#13",
    tier=Tier.FULL,
)
def stream_in_one_chunk_with_tools(chunks: Chunks, call: Call) -> Chunks:
    """Where tools are offered, the text comes in one chunk when all of it is there, since it might have been a call."""
    if not call.request.tools or call.request.logprobs:
        yield from chunks
        return
    sent = list(chunks)
    text = "".join(str(get(choice, "delta", "content") or "") for chunk in sent for choice in each_choice(chunk))
    for chunk in sent:
        for choice in each_choice(chunk):
            delta = choice["delta"]
            if isinstance(delta, dict) and delta.get("content"):
                delta["content"], text = text, ""
        if not any(get(choice, "delta", "content") == "" and "role" not in str(choice["delta"]) for choice in each_choice(chunk)):
            yield chunk


@defect("stream-padded-unasked", seam=CHUNKS, trips={"STREAM-OBFUSCATION-OFF"}, incident="dongri/openai-api-rs#186", tier=Tier.FULL)
def stream_padded_unasked(chunks: Chunks, _: Call) -> Chunks:
    """Chunks are padded whatever the client asks for."""
    return (chunk | {"obfuscation": "x7Gq"} for chunk in chunks)


@defect("stream-left-open", seam=FRAMES, trips={"STREAM-COMPLETE"})
def stream_left_open(frames: Frames, call: Call) -> Frames:
    """A stream of several choices is left open after its `[DONE]`."""
    yield from frames
    if call.request.n > 1:
        yield Pause(30)


@defect("answers-mixed", seam=COMPLETION, trips={"STREAM-OWN-ANSWER"})
def answers_mixed(completion: Completion, call: Call) -> Completion:
    """A short plain stream is followed by what is left in the buffer of the stream before."""
    request, first = call.request, completion.choices[0]
    if not request.stream or not first.pieces:
        return completion
    left = call.state.swap("buffer", (first.text or "").rpartition(" ")[2])
    plain = request.n == 1 and not (request.tools or request.logprobs or request.stops or request.include_usage)
    if not left or not plain or request.format is not Format.TEXT:
        return completion
    return replace(completion, choices=(replace(first, pieces=(*first.pieces, f" {left}")),))


@defect("hang-up-blocks", seam=STREAM, trips={"STREAM-HANG-UP", "REQUEST-REFUSAL-HONEST"})
def hang_up_blocks(reply: Reply, call: Call) -> Reply:
    """The slot of a stream that the client left is not set free: one of the next streams is turned away."""
    if call.state.counted("left") and call.state.count("turned away") == 0:
        refusal = refusals.Refusal(status=409, message="Another answer is still under way.")
        return replace(reply, status=409, body=encode(refusal.envelope())).with_header("content-type", "application/json")
    frames = () if isinstance(reply.body, bytes) else reply.body

    def watched() -> Frames:
        try:
            for number, frame in enumerate(frames):
                if number == 6:
                    yield Pause(0.1)  # long enough for a client to leave
                yield frame
        except GeneratorExit:
            call.state.count("left")
            raise

    return replace(reply, body=watched())

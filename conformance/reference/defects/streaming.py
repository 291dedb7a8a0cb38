"""Defects in the head and the end of streams."""

from __future__ import annotations

import zlib
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from conformance.reference.behaviour import FRAMES, REQUEST, STREAM, Call, Frames, defect
from conformance.reference.frames import DONE
from conformance.reference.transport import Abort

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply


@defect("done-missing", seam=FRAMES, trips={"STREAM-DONE"}, incident="huggingface/text-generation-inference#2221")
def done_missing(frames: Frames, _: Call) -> Frames:
    """The stream ends without its `[DONE]`."""
    return (frame for frame in frames if frame != DONE)


@defect("done-padded", seam=FRAMES, trips={"STREAM-DONE"})
def done_padded(frames: Frames, _: Call) -> Frames:
    """A space follows `[DONE]` on its line."""
    return (b"data: [DONE] \n\n" if frame == DONE else frame for frame in frames)


@defect("done-quoted", seam=FRAMES, trips={"STREAM-DONE"})
def done_quoted(frames: Frames, _: Call) -> Frames:
    """The terminator is a JSON string."""
    return (b'data: "[DONE]"\n\n' if frame == DONE else frame for frame in frames)


@defect("done-unclosed", seam=FRAMES, trips={"STREAM-DONE-CLOSED"})
def done_unclosed(frames: Frames, _: Call) -> Frames:
    """The body ends right behind `[DONE]`, without the blank line."""
    return (b"data: [DONE]\n" if frame == DONE else frame for frame in frames)


@defect("done-twice", seam=FRAMES, trips={"STREAM-DONE-ONCE"}, incident="songquanpeng/one-api#1628")
def done_twice(frames: Frames, _: Call) -> Frames:
    """A relay passes on the terminator and adds its own."""
    yield from frames
    yield DONE


@defect("done-early", seam=FRAMES, trips={"STREAM-NOTHING-AFTER-DONE"}, incident="Continuum-AI-Corp/OrcaRouter-Lite#127")
def done_early(frames: Frames, call: Call) -> Frames:
    """The usage comes after `[DONE]`."""
    sent = [piece for piece in frames if piece != DONE]
    late = sent[-1:] if call.request.include_usage else []
    yield from sent[: len(sent) - len(late)]
    yield DONE
    yield from late


@defect("done-trailed", seam=FRAMES, trips={"STREAM-NOTHING-AFTER-DONE"})
def done_trailed(frames: Frames, _: Call) -> Frames:
    """A log line is left behind `[DONE]`, without an end of its own."""
    yield from frames
    yield b"data: finished in 12 ms"


@defect("stream-cut", seam=FRAMES, trips={"STREAM-COMPLETE"})
def stream_cut(frames: Frames, _: Call) -> Frames:
    """The connection breaks after the third event."""
    yield from islice(frames, 3)
    yield Abort()


@defect("stream-unended", seam=FRAMES, trips={"STREAM-COMPLETE"}, incident="npuichigo/openai_trtllm#31")
def stream_unended(frames: Frames, _: Call) -> Frames:
    """All events are sent, and the connection is closed without the end that HTTP asks for."""
    yield from frames
    yield Abort()


@defect("stream-mislabelled", seam=STREAM, trips={"STREAM-MEDIA-TYPE"}, incident="ollama/ollama#8991")
def stream_mislabelled(reply: Reply, _: Call) -> Reply:
    """The stream is labelled as plain text."""
    return reply.with_header("content-type", "text/plain; charset=utf-8")


@defect("stream-ignored", seam=REQUEST, trips={"STREAM-HONOURED"}, incident="sankalp-happy/switchboard#31")
def stream_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Whoever asks for a stream gets the answer in one piece."""
    return replace(request, stream=False)


@defect("stream-empty", seam=FRAMES, trips={"STREAM-HAS-CHUNKS"}, incident="mudler/LocalAI#1886")
def stream_empty(_frames: Frames, _: Call) -> Frames:
    """The stream has a head and no body."""
    yield b""


@defect("stream-pinging", seam=FRAMES, trips={"STREAM-HAS-CHUNKS"})
def stream_pinging(_frames: Frames, _: Call) -> Frames:
    """The stream keeps alive, and ends without having said anything."""
    yield b": ping\n\n"
    yield DONE


@defect("stream-compressed", seam=STREAM, trips={"STREAM-CODING"}, incident="Kludex/starlette#2753")
def stream_compressed(reply: Reply, _: Call) -> Reply:
    """The stream is compressed, whether the client takes that or not."""
    frames = () if isinstance(reply.body, bytes) else reply.body

    def compressed() -> Frames:
        packer = zlib.compressobj(wbits=31)
        for frame in frames:
            if isinstance(frame, bytes) and (packed := packer.compress(frame)):
                yield packed
        yield packer.flush()

    return replace(reply, body=compressed()).with_header("content-encoding", "gzip")

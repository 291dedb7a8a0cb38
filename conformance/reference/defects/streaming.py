"""Defects in the framing, order and timing of streams."""

from __future__ import annotations

import zlib
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, FRAMES, STREAM, Call, Chunks, Frames, defect
from conformance.reference.chunks import each_choice
from conformance.reference.frames import DONE
from conformance.reference.transport import Abort

if TYPE_CHECKING:
    from conformance.reference.transport import Reply


@defect("done-missing", seam=FRAMES, trips={"STREAM-DONE"}, incident="huggingface/text-generation-inference#2221")
def done_missing(frames: Frames, _: Call) -> Frames:
    """The stream ends without its `[DONE]`."""
    return (frame for frame in frames if frame != DONE)


@defect("finish-reason-missing", seam=CHUNKS, trips={"STREAM-FINISH-ONCE"}, incident="openclaw/openclaw#5898")
def finish_reason_missing(chunks: Chunks, _: Call) -> Chunks:
    """No chunk ever says why the choice ended."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            choice["finish_reason"] = None
        yield chunk


@defect("stream-buffered", seam=FRAMES, trips={"STREAM-INCREMENTAL"}, incident="lm-sys/FastChat#2337")
def stream_buffered(frames: Frames, _: Call) -> Frames:
    """All events leave in one piece, when the last is ready."""
    yield b"".join(frame for frame in frames if isinstance(frame, bytes))


@defect("stream-cut", seam=FRAMES, trips={"STREAM-COMPLETE"})
def stream_cut(frames: Frames, _: Call) -> Frames:
    """The connection breaks after the third event."""
    yield from islice(frames, 3)
    yield Abort()


@defect("stream-compressed", seam=STREAM, trips={"STREAM-INCREMENTAL"}, incident="Kludex/starlette#2753")
def stream_compressed(reply: Reply, _: Call) -> Reply:
    """The stream is compressed, and held back until the compressor is full."""
    frames = () if isinstance(reply.body, bytes) else reply.body

    def compressed() -> Frames:
        packer = zlib.compressobj(wbits=31)
        for frame in frames:
            if isinstance(frame, bytes) and (packed := packer.compress(frame)):
                yield packed
        yield packer.flush()

    return replace(reply, body=compressed()).with_header("content-encoding", "gzip")

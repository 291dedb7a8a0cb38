"""Failures in the middle of a stream: that they show, and that they end it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import at
from conformance.strictjson import show
from conformance.subjects.reply import Stream, StreamedChunk, streamed_answer

_SIGNS: Final = ("detail", "message", "error_message", "error_code", "exception")
"""Members that servers report failures in, of which none belongs to a chunk."""


def _hides_a_failure(each: StreamedChunk) -> bool:
    """Whether an event reports a failure where no client looks: not in `error`."""
    if each.value.get("error") or "choices" in each.value:
        return False
    return each.event.type == "error" or each.value.get("type") == "error" or any(each.value.get(sign) for sign in _SIGNS)


@requirement(
    "STREAM-ERROR-SHOWS",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/error-shows"), contract("/x-stream/error-event"), incident("aaif-goose/goose#8027")],
)
def failures_are_told_as_errors(stream: Stream) -> Iterator[Finding]:
    """An event that reports a failure has a member `error`.

    It is the one thing that clients look for. What stands elsewhere is passed over, and a text that broke off is taken for whole.
    """
    if not stream.objects:
        raise UnmetError("the stream has no JSON object")
    if not stream.failed and not any(_hides_a_failure(each) for each in stream.objects):
        raise AbsentError("no failure is reported")
    for each in stream.objects:
        if _hides_a_failure(each):
            yield Finding(code="hidden", expected='{"error": {"message": …}}', received=show(each.value), at=at(each))


@requirement(
    "STREAM-ERROR-LAST",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/error-event"), incident("genkit-ai/genkit#6079")],
)
def nothing_follows_an_error(stream: Stream) -> Iterator[Finding]:
    """No chunk follows an event that reports a failure; clients have raised it and stopped reading."""
    if not stream.objects or not stream.failed:
        raise AbsentError("no failure is reported")
    error = stream.errors[0].event.number
    later = next((each for each in stream.objects if each.event.number > error and not each.value.get("error")), None)
    if later is not None:
        yield Finding(code="goes-on", expected="the end of the stream", received=show(later.value), at=at(later))

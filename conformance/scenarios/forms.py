"""Good requests in forms that not every server has met."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import PROMPT, Ask
from conformance.registry import scenario
from conformance.steps import Step


@scenario("spoken")
def spoken(ask: Ask) -> Iterator[Step]:
    """An answer that few models can give: to be spoken or refused, not written instead."""
    audio = ask.body(PROMPT, modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    yield ask.step("audio", audio, needs=["audio"], topics=["spoken"])

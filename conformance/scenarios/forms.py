"""Good requests in forms that not every server has met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.ask import PROMPT, Ask
from conformance.model import Request
from conformance.registry import scenario
from conformance.steps import Step


@scenario("labels")
def labels(ask: Ask) -> Iterator[Step]:
    """The question of the preflight, labelled as many HTTP clients do."""
    plain = ask.step("charset", ask.minimal, control=ask.control, topics=["charset"])
    if isinstance(plain.request, Request):
        yield replace(plain, request=replace(plain.request, content_type="application/json; charset=utf-8"))


@scenario("spoken")
def spoken(ask: Ask) -> Iterator[Step]:
    """An answer that few models can give: to be spoken or refused, not written instead."""
    audio = ask.body(PROMPT, modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    yield ask.step("audio", audio, needs=["audio"], topics=["spoken"])

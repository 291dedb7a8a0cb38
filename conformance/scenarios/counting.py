"""Pairs of requests between which the count of tokens must move in a known way, whatever the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import PROMPT, Ask
from conformance.registry import scenario
from conformance.scenarios.tools import PLAIN, WEATHER
from conformance.steps import Step

SENTENCE = " The quick brown fox jumps over the lazy dog near the river bank."
"""Appended twice, and twice more; long enough that no rounding hides it."""


@scenario("counting")
def counting(ask: Ask) -> Iterator[Step]:
    """The preflight's question made longer, and another one given a tool."""
    yield ask.step("longer", ask.body(PROMPT + SENTENCE * 2), control=ask.control, topics=["count", "longer"])
    yield ask.step("longest", ask.body(PROMPT + SENTENCE * 4), control=ask.key("longer"), topics=["count", "longer"])
    yield ask.step("without-tool", ask.body(PLAIN, cap=32), topics=["count"])
    yield ask.step(
        "with-tool", ask.body(PLAIN, cap=32, tools=[WEATHER]), needs=["tools"], control=ask.key("without-tool"), topics=["count", "tool"]
    )

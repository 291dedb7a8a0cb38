"""Prompts whose price is known, for targets whose user says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.ask import Ask
from conformance.model import Tier
from conformance.registry import scenario
from conformance.steps import Step

_MOST: Final = 3
"""Prompts that are asked where requests are few."""


@scenario("constants")
def constants(ask: Ask) -> Iterator[Step]:
    """Prompts from the file given with `--token-counts`, and nothing without one."""
    known = ask.token_counts if ask.tier is Tier.FULL else ask.token_counts[:_MOST]
    for number, each in enumerate(known, 1):
        topics = ["constant", f"prompt-tokens={each.prompt_tokens}"]
        yield ask.step(str(number), ask.body(each.prompt), topics=topics)

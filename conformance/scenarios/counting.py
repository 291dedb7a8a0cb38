"""Pairs of requests between which the count of tokens must move in a known way, whatever the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.ask import PROMPT, Ask
from conformance.model import Json, Tier
from conformance.registry import scenario
from conformance.scenarios.features import CITY
from conformance.scenarios.tools import WEATHER
from conformance.steps import Step

SENTENCE = " The quick brown fox jumps over the lazy dog near the river bank."
"""Appended twice, and twice more; long enough that no rounding hides it."""

_TIMES: Final = 4
"""How often one question is asked beside others."""


@scenario("counting")
def counting(ask: Ask) -> Iterator[Step]:
    """The preflight's question once more: longer, beside a tool, and with the members of its body in the opposite order."""
    yield ask.step("longer", ask.body(PROMPT + SENTENCE * 2), control=ask.control, topics=["count", "longer"])
    yield ask.step("longest", ask.body(PROMPT + SENTENCE * 4), control=ask.key("longer"), topics=["count", "longer"])
    yield ask.step("with-tool", {**ask.minimal, "tools": [WEATHER]}, needs=["tools"], control=ask.control, topics=["count", "tool"])
    yield ask.step("permuted", dict(reversed(ask.minimal.items())), control=ask.control, topics=["count", "permuted"])


@scenario("recounting", tiers=[Tier.FULL])
def recounting(ask: Ask) -> Iterator[Step]:
    """The preflight's question several times while much else is answered, and beside a schema."""
    for number in range(_TIMES):
        yield ask.step(f"in-company/{number + 1}", ask.minimal, control=ask.control, topics=["count", "company"])
    form: Json = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY}}
    shaped: dict[str, Json] = {**ask.minimal, "response_format": form}
    yield ask.step("with-schema", shaped, needs=["json-schema"], control=ask.control, topics=["count", "schema"])

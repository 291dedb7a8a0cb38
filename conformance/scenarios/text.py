"""Plain text: the question of the preflight in its other forms, and one that is answered to the end."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import USAGE, Ask
from conformance.model import Tier
from conformance.plan import LAST_TOPIC
from conformance.registry import scenario
from conformance.steps import Step

GREETING = "Say exactly: Hello there, all is well."
"""A question whose answer ends by itself well within the cap."""

GREETING_CAP = 48


@scenario("streamed", tiers=[Tier.SMOKE, Tier.GATE, Tier.FULL])
def streamed(ask: Ask) -> Iterator[Step]:
    """The preflight's question as a stream, which reports its usage unless the vendor says that it cannot."""
    if "usage-in-stream" in ask.contract.denies:
        yield ask.step("plain", {**ask.minimal, "stream": True}, needs=["streaming"], twin=ask.control, topics=["no-stream-options"])
        return
    yield ask.step("usage", {**ask.minimal, "stream": True, **USAGE}, needs=["streaming", "usage-in-stream"], twin=ask.control)


@scenario("text")
def text(ask: Ask) -> Iterator[Step]:
    """A stream that asks for nothing but itself, and an answer that ends by itself."""
    if "usage-in-stream" not in ask.contract.denies:
        yield ask.step("streamed", {**ask.minimal, "stream": True}, needs=["streaming"], twin=ask.control, topics=["no-stream-options"])
    yield from ask.twins("greeting", ask.body(GREETING, cap=GREETING_CAP), usage=True, topics=["short"])


@scenario("emoji")
def emoji(ask: Ask) -> Iterator[Step]:
    """Text in which a token need not end where a character does."""
    yield from ask.twins("echo", ask.body("Say exactly: 東京 😀 žluťoučký 👩‍👩‍👧 \u2028 end", cap=GREETING_CAP), topics=["unicode"])


@scenario("repeat")
def repeat(ask: Ask) -> Iterator[Step]:
    """The preflight's question once more when all else is done: is the target still there, and does it count alike?"""
    yield ask.step("after-all", ask.minimal, control=ask.control, topics=["repeat", LAST_TOPIC])

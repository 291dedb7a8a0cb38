"""Plain text: the question of the preflight in its other forms, and one that is answered to the end."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import USAGE, Ask
from conformance.model import Json, Tier
from conformance.plan import LAST_TOPIC
from conformance.registry import scenario
from conformance.scenarios.streams import marked, sentinel
from conformance.steps import TIMED, Step

ECHO = "Say exactly: 東京 😀 žluťoučký 👩‍👩‍👧 \u2028 end"
"""What is to be said ends by itself, and holds characters that take several tokens."""

ECHO_CAP = 64
"""Tokens: room for all of it where each byte is one."""


@scenario("streamed", tiers=[Tier.SMOKE, Tier.GATE, Tier.FULL])
def streamed(ask: Ask) -> Iterator[Step]:
    """The preflight's question as a stream, which reports its usage unless the vendor says that it cannot."""
    if "usage-in-stream" in ask.contract.denies:
        yield ask.step("plain", {**ask.minimal, "stream": True}, needs=["streaming"], twin=ask.control)
        return
    yield ask.step("usage", {**ask.minimal, "stream": True, **USAGE}, needs=["streaming", "usage-in-stream"], twin=ask.control)


@scenario("text")
def text(ask: Ask) -> Iterator[Step]:
    """A stream that asks for nothing but itself. The Python and Node clients accept JSON in the header of every request, this one too."""
    body: dict[str, Json] = {**ask.minimal, "stream": True}
    topics = ["short-delivery", "after-hang-up", TIMED]
    accept = "application/json"
    yield ask.step("streamed", body, needs=["streaming"], twin=ask.control, after="delivery/2", topics=topics, accept=accept)


@scenario("emoji")
def emoji(ask: Ask) -> Iterator[Step]:
    """Text that ends by itself and in which a token need not end where a character does, beside a word that no other request has."""
    body = ask.body(f"{ECHO} {sentinel(ask, 'emoji')}", cap=ECHO_CAP)
    usage = "usage-in-stream" not in ask.contract.denies
    yield from ask.twins("echo", body, usage=usage, topics=["unicode", "sentinel", marked(ask, "emoji")])


@scenario("repeat")
def repeat(ask: Ask) -> Iterator[Step]:
    """The preflight's question once more when all else is done: is the target still there, and does it count alike?"""
    yield ask.step("after-all", ask.minimal, control=ask.control, topics=["repeat", LAST_TOPIC])

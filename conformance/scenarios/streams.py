"""How streams are delivered, and what becomes of the next one: asked one after the other, beside nothing else where time can tell."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

from conformance.ask import PROMPT, Ask
from conformance.model import Json, Request, Tier
from conformance.registry import scenario
from conformance.scenarios.tools import CLOCK, WEATHER
from conformance.steps import TIMED, Step

LONG = 48
"""Tokens; several times the length of the short streams that the long ones are held against."""

HANG_UP_AFTER = 1_000
"""Bytes; a few events, and a fraction of a stream of `LONG` tokens."""

LONGER = 192
"""Tokens; for what is asked in the full tier alone."""


def sentinel(ask: Ask, name: str) -> str:
    """A word that nobody says who was not told to: the same in every run, another one for each name."""
    return f"quill-{zlib.crc32(f'{ask.seed}/{name}'.encode()):08x}"


def marked(ask: Ask, name: str) -> str:
    """The topic that tells judges which word a request holds."""
    return f"sentinel={sentinel(ask, name)}"


@scenario("delivery")
def delivery(ask: Ask) -> Iterator[Step]:
    """A long stream, a short one, one that we hang up on, a long one and a short one."""
    long: dict[str, Json] = {**ask.body(PROMPT, cap=LONG), "stream": True}
    yield ask.step("1", long, needs=["streaming"], topics=["delivery", TIMED])
    word = sentinel(ask, "hung-up")
    spoken = {**ask.body(f"Say exactly: {' '.join([word] * 12)}", cap=LONG), "stream": True}
    topics = ["delivery", "hang-up", "sentinel", marked(ask, "hung-up"), TIMED]
    hung_up = ask.step("hung-up", spoken, needs=["streaming"], after="cap/streamed", topics=topics)
    if isinstance(hung_up.request, Request):
        yield replace(hung_up, request=replace(hung_up.request, hang_up_after=HANG_UP_AFTER))
    yield ask.step("2", long, needs=["streaming"], after=ask.key("hung-up"), topics=["delivery", "after-hang-up", TIMED])


@scenario("interleaved", tiers=[Tier.FULL])
def interleaved(ask: Ask) -> Iterator[Step]:
    """Streams at the same time, each of which says a word of its own over and over."""
    for number in range(6):
        name = f"interleaved-{number}"
        body: dict[str, Json] = {**ask.body(f"Say exactly: {' '.join([sentinel(ask, name)] * 20)}", cap=LONGER), "stream": True}
        yield ask.step(str(number), body, needs=["streaming"], topics=["sentinel", marked(ask, name)])


@scenario("rare", tiers=[Tier.FULL])
def rare(ask: Ask) -> Iterator[Step]:
    """What seldom happens in streams, made to happen."""
    yield from ask.twins("long", ask.body("Count from 1 to 400 in digits, separated by single spaces.", cap=1_024), usage=True)
    question = "What is the weather in Oslo in celsius? Use the tool get_weather."
    call = ask.body(question, cap=80, tools=[WEATHER], tool_choice="required")
    yield from ask.twins("two-with-tools", {**call, "n": 2}, needs=["n", "tools", "tool-choice-required"], topics=["call", "forced"])
    cut = ask.body(question, cap=6, tools=[WEATHER], tool_choice="required")
    yield from ask.twins("cut-call", cut, needs=["tools", "tool-choice-required"])
    signs = "😀👩‍👩‍👧🇳🇴é́東京漢字ありがとう한국어𝕏ﷺ" * 3
    yield from ask.twins("signs", ask.body(f"Say exactly: {signs}", cap=LONGER), usage=True, topics=["unicode"])
    offered: dict[str, Json] = {**ask.body(PROMPT, cap=LONG, tools=[WEATHER, CLOCK]), "stream": True}
    yield ask.step("tools-unused", offered, needs=["tools", "streaming"], topics=["tools-unused"])
    bare: dict[str, Json] = {**ask.body(PROMPT, cap=LONG), "stream": True, "stream_options": {"include_obfuscation": False}}
    yield ask.step("unpadded", bare, needs=["streaming", "obfuscation-off"], topics=["unpadded"])

"""Valid requests that not every model or template can take: refused with a word about why, or answered; never a 5xx."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator

from conformance.ask import PROMPT, Ask
from conformance.model import Json, Tier
from conformance.registry import scenario
from conformance.scenarios.features import CITY
from conformance.scenarios.tools import CLOCK
from conformance.steps import Step

SHAPES: Json = {
    "type": "function",
    "function": {
        "name": "draw",
        "description": "Draw a shape.",
        "parameters": {
            "type": "object",
            "anyOf": [
                {"properties": {"radius": {"type": "number"}}, "required": ["radius"]},
                {"properties": {"side": {"type": "number"}}, "required": ["side"]},
            ],
        },
    },
}
"""A tool whose parameters are a union at the top; the original refuses it."""

ROOM = 96
"""Tokens; enough for a small object, and for a model that thinks a little first."""

SIDE = 32
"""Pixels; some models refuse a picture of fewer than 28."""


@scenario("speakers", tiers=[Tier.FULL])
def speakers(ask: Ask) -> Iterator[Step]:
    """Orders of turns that the templates of some models cannot write down."""
    user: Json = {"role": "user", "content": PROMPT}
    rules: list[Json] = [{"role": "system", "content": "Answer briefly."}, {"role": "system", "content": "Answer in English."}]
    answer: Json = {"role": "assistant", "content": "Hello."}
    greeting: Json = {"role": "user", "content": "Hi."}
    orders: dict[str, tuple[list[Json], str]] = {
        "system-twice": ([*rules, user], "multiple-system"),
        "system-later": ([greeting, answer, rules[0], user], "multiple-system"),
        "user-twice": ([greeting, user], "same-speaker"),
        "assistant-twice": ([greeting, answer, answer, user], "same-speaker"),
        "assistant-last": ([user, {"role": "assistant", "content": "1 2 3"}], "assistant-last"),
    }
    for name, (messages, feature) in orders.items():
        yield from ask.twins(name, ask.body(messages), needs=[feature])


@scenario("combinations", tiers=[Tier.FULL])
def combinations(ask: Ask) -> Iterator[Step]:
    """Two features in one request, both of which are to show."""
    form: Json = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY}}
    both = ask.body("Describe Oslo with one district.", cap=ROOM, response_format=form, tools=[CLOCK])
    yield from ask.twins("tools-and-schema", both, needs=["tools", "json-schema"], topics=["json"])
    yield ask.step("tool-union", ask.body(PROMPT, tools=[SHAPES]), needs=["tools", "tool-unions"])


@scenario("picture", tiers=[Tier.FULL])
def picture(ask: Ask) -> Iterator[Step]:
    """A small picture beside the question."""
    url = f"data:image/png;base64,{base64.b64encode(white(SIDE)).decode()}"
    parts: Json = [{"type": "text", "text": PROMPT}, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]
    yield from ask.twins("white", ask.body([{"role": "user", "content": parts}]), needs=["images"])


def white(side: int) -> bytes:
    """A white square as PNG (W3C PNG specification, section 5): header, one scan line after another, end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    lines = (b"\x00" + b"\xff" * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")

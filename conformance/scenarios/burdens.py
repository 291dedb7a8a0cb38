"""Bodies that are a burden: some megabytes, an image that is none. A conforming endpoint generates nothing for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from conformance.ask import PROMPT, Ask
from conformance.model import Expectation, Json, Tier, Violation
from conformance.registry import scenario
from conformance.steps import Step

LARGE: Final = 2_500_000
"""Bytes of white space: above the limits that frameworks set unasked, of which 2 MiB is the highest in wide use."""

UNREADABLE: Final = "data:image/png;base64,bm8gaW1hZ2U="
"""What calls itself an image and is not: nobody can look at it, so that nobody has anything to charge for."""

EVERYWHERE: Final = [Tier.REFUSALS, Tier.GATE, Tier.FULL]


@scenario("burdens", tiers=EVERYWHERE)
def burdens(ask: Ask) -> Iterator[Step]:
    """A large body with a fault at its end, and a question beside an image that nobody can read."""
    faulty = Violation(constraint="size", pointer="", clause="/x-request/refuses-invalid", sent='the temperature "hot"')
    whole = json.dumps({**ask.minimal, "temperature": "hot"}).encode()
    yield ask.refused("large", whole[:1] + b" " * LARGE + whole[1:], faulty)
    parts: Json = [{"type": "text", "text": PROMPT}, {"type": "image_url", "image_url": {"url": UNREADABLE}}]
    body: dict[str, Json] = {**ask.minimal, "messages": [{"role": "user", "content": parts}]}
    image = Violation(constraint="image", pointer="", clause="/x-request/honour-or-refuse", sent="an image that is none")
    yield ask.refused("image", body, image, expect=Expectation.EITHER)

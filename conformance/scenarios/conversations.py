"""Whole conversations drawn by hypothesis from a fixed seed: nobody's examples, and the same for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import MINIMAL_CAP, USAGE, Ask
from conformance.model import Json, Tier
from conformance.registry import scenario
from conformance.steps import Step

COUNT = {Tier.GATE: 2, Tier.FULL: 40}
"""Conversations per tier, an even number; every second one is streamed."""


@scenario("drawn")
def drawn(ask: Ask) -> Iterator[Step]:
    """Sensible conversations in unforeseen combinations, whole and streamed, half of them without anything that an endpoint may lack."""
    from conformance.generate import drawings

    half = COUNT[ask.tier] // 2
    everything = frozenset(ask.contract.features)
    plain = drawings.drawn(ask.contract, seed=ask.seed, count=half, features=drawings.PLAIN)
    # The simplest body comes first in every drawing: the plain ones have it.
    _, *rich = drawings.drawn(ask.contract, seed=ask.seed, count=half + 1, features=everything)
    for number, each in enumerate(one for pair in zip(plain, rich, strict=True) for one in pair):
        body: dict[str, Json] = {"model": ask.model, ask.cap_field: MINIMAL_CAP, **each.body}
        # The kinds alternate, and change places from one pair to the next: either of them comes whole and streamed.
        if number % 4 in (1, 2):
            needs = each.needs | {"streaming", "usage-in-stream"}
            yield ask.step(str(number), {**body, "stream": True, **USAGE}, needs=needs, topics=["drawn"])
        else:
            yield ask.step(str(number), body, needs=each.needs, topics=["drawn"])

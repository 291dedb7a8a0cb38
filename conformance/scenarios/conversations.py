"""Whole conversations drawn by hypothesis from a fixed seed: nobody's examples, and the same for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import MINIMAL_CAP, Ask
from conformance.model import Tier
from conformance.registry import scenario
from conformance.steps import Step

COUNT = {Tier.GATE: 2, Tier.FULL: 40}
"""Conversations per tier; each is asked once whole or streamed, as drawn."""


@scenario("drawn")
def drawn(ask: Ask) -> Iterator[Step]:
    """Sensible conversations in unforeseen combinations."""
    from conformance.generate import conversations

    features = frozenset(ask.contract.features)
    for number, each in enumerate(conversations.drawn(ask.contract, seed=ask.seed, count=COUNT[ask.tier], features=features)):
        body = {"model": ask.model, ask.cap_field: MINIMAL_CAP, **each.body}
        yield ask.step(str(number), body, needs=each.needs, topics=["drawn"])

"""Whole random requests for exploration: conversations drawn by hypothesis, dressed with values that schemathesis finds in the schemas.

Everything follows from the seed: the same one gives the same bodies in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Final

from conformance.generate.conversations import drawn
from conformance.generate.sense import sensible
from conformance.generate.valid_values import valid_values
from conformance.model import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract import Contract

MAX_DRESSED: Final = 2
"""Members set beside those of a drawn conversation: a target that lacks one of them refuses the whole."""

_STREAMED: Final = 0.5
_DRESSED: Final = 0.6


def whole(contract: Contract, *, seed: int, count: int, features: frozenset[str], fixed: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield `count` valid bodies; `fixed` are the members that each of them has, such as `model` and the cap.

    No more than two choices are ever asked for, so that what an answer costs is bounded by twice the cap.
    """
    random = Random(f"whole {seed}")  # noqa: S311 - repeatable on purpose
    # The first that hypothesis draws is the simplest there is, whatever the seed.
    for each in drawn(contract, seed=seed, count=count + 1, features=features)[1:]:
        body = {**fixed, **each.body}
        for change in (_stream, _dress):
            changed = change(body, contract, random)
            body = changed if sensible(changed) and not contract.request_faults(changed) else body
        yield body


def _stream(body: dict[str, Json], _: Contract, random: Random) -> dict[str, Json]:
    if random.random() >= _STREAMED:
        return body
    usage: dict[str, Json] = {"stream_options": {"include_usage": random.random() < _STREAMED}} if random.random() < _STREAMED else {}
    return {**body, "stream": True, **usage}


def _dress(body: dict[str, Json], contract: Contract, random: Random) -> dict[str, Json]:
    values = valid_values(contract)
    if random.random() >= _DRESSED:
        return body
    members = random.sample(sorted(values), random.randint(1, MAX_DRESSED))
    return {**body, **{member: random.choice(values[member]) for member in members}}

"""Every legal value that the contract singles out, many to a request; what is refused is split until the value to blame stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance import strictjson
from conformance.ask import Ask
from conformance.generate.covering import cover, parts
from conformance.generate.documented import documented
from conformance.generate.samples import Ring, Value, clash, compose, media_type, write
from conformance.generate.turns import handwritten
from conformance.model import Tier
from conformance.registry import scenario
from conformance.steps import Step

STRENGTH = {Tier.GATE: 1, Tier.FULL: 2}
"""Each value once, or each together with every other that it goes with."""


HISTORY: Final = "roles/history"
"""The plainest request with an earlier answer in it: whoever refuses that refuses no turn for what it says."""


@scenario("samples")
def samples(ask: Ask) -> Iterator[Step]:
    """Legal values in as few requests as hold them all."""
    for ring in Ring:
        values = [value for value in offered(ask) if value.ring is ring]
        for number, pack in enumerate(cover(values, fits=lambda chosen: fits(ask, chosen), strength=STRENGTH[ask.tier], seed=ask.seed)):
            yield from _pack(ask, f"{ring}-{number + 1}", pack)


def offered(ask: Ask) -> tuple[Value, ...]:
    """The values that are asked for in this tier and of this target. Its cap is not to be touched."""
    everything = (*handwritten(), *documented(ask.contract))
    return tuple(
        value
        for value in everything
        if not value.needs & ask.denies and ask.cap_field not in value.put and (value.gate or ask.tier is Tier.FULL)
    )


def fits(ask: Ask, chosen: Sequence[Value]) -> bool:
    """Whether values go together in one request, by the reading at hand."""
    if any(clash(first, second) for index, first in enumerate(chosen) for second in chosen[index + 1 :]):
        return False
    return not ask.contract.request_faults(strictjson.parse(write(compose(ask.minimal, chosen), chosen)).value)


def _pack(ask: Ask, name: str, pack: Sequence[Value], splits: str = "") -> Iterator[Step]:
    """A request that holds all these values, and those that look into it should it be turned down."""
    yield ask.step(
        name,
        write(compose(ask.minimal, pack), pack),
        needs=frozenset().union(*(value.needs for value in pack)),
        topics=["samples", *(["parameter"] if all(value.ring is Ring.PARAMETERS for value in pack) else [])],
        control=HISTORY if len(pack) == 1 and pack[0].turns else ask.control,
        samples=[value.sample for value in pack],
        splits=splits,
        content_type=media_type(pack),
    )
    if len(pack) > 1:
        root = name.partition("/")[0]
        for number, part in enumerate(parts(pack)):
            inner = f"{root}/{part[0].sample.slug}" if len(part) == 1 else f"{name}/{number + 1}"
            yield from _pack(ask, inner, part, ask.key(name))

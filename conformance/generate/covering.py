"""Covering arrays: many independent values in few requests, and how to split one that was refused. Pure, and knows no API.

Written here and not taken from a library: what is packed are values that may also be absent, with rules about which go together, in
strength one as well as two. `allpairspy`, the one kept up in Python, wants every parameter in every row, and does pairs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from random import Random
from typing import Final, TypeVar

V = TypeVar("V")

WAYS: Final = 5
"""Into how many parts a refused pack is split. To find one value among n takes hardly more requests than halving, from a smaller plan."""


def cover(values: Sequence[V], *, fits: Callable[[Sequence[V]], bool], strength: int, seed: int) -> tuple[tuple[V, ...], ...]:
    """Pack values so that each occurs at least once or, in strength 2, with every other that it fits with.

    `fits` says whether values go together in one pack; one that does not fit alone is left out. Greedy: not the fewest packs there are,
    but few. The seed decides who meets whom; the same arguments give the same packs in every process. Within a pack values keep the
    order in which they were given.
    """
    able = [index for index, value in enumerate(values) if fits([value])]
    missing = {frozenset({index}) for index in able}
    if strength == 2:
        missing |= {frozenset(pair) for pair in combinations(able, 2) if fits([values[index] for index in pair])}
    order = able.copy()
    Random(seed).shuffle(order)  # noqa: S311 - nobody is to be kept from guessing it
    packs = []
    while missing:
        pack: list[int] = []
        while (found := _next(pack, order, missing, lambda indexes: fits([values[index] for index in indexes]))) is not None:
            pack.append(found)
        missing -= {group for group in missing if group <= set(pack)}
        packs.append(tuple(values[index] for index in sorted(pack)))
    return tuple(packs)


def _next(pack: list[int], order: list[int], missing: set[frozenset[int]], fits: Callable[[list[int]], bool]) -> int | None:
    """The value that covers most of what is missing when it joins the pack; None when none helps."""
    gains = {
        index: sum(index in group for group in missing)
        if not pack
        else (frozenset({index}) in missing) + sum(frozenset({index, other}) in missing for other in pack)
        for index in order
        if index not in pack
    }
    ranked = sorted((index for index, gain in gains.items() if gain), key=lambda index: -gains[index])
    return next((index for index in ranked if fits(sorted([*pack, index]))), None)


def parts(values: Sequence[V], ways: int = WAYS) -> Iterator[Sequence[V]]:
    """Cut into so many parts of nearly equal length, in order; into single ones where there are no more than that."""
    number = min(ways, len(values))
    bounds = [len(values) * index // number for index in range(number + 1)] if number else []
    for begin, end in pairwise(bounds):
        yield values[begin:end]

"""Packs hold every value, alone or with every other, and no two that quarrel; what is split is split into all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.generate.covering import WAYS, cover, parts

Fits = Callable[[Sequence[int]], bool]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], Fits]:
    """Values, some of which do not fit with some others, and some of which fit nowhere."""
    values = list(range(draw(st.integers(0, 14))))
    pairs = [(a, b) for a in values for b in values if a <= b]
    quarrels = draw(st.sets(st.sampled_from(pairs), max_size=30)) if pairs else set()
    return values, lambda pack: not any(pair in quarrels for pair in [*combinations(sorted(pack), 2), *((one, one) for one in pack)])


@settings(deadline=None)
@given(worlds(), st.sampled_from((1, 2)), st.integers(0, 5))
def test_every_value_that_fits_at_all_occurs_and_every_pack_fits(world: tuple[list[int], Fits], strength: int, seed: int) -> None:
    values, fits = world
    packs = cover(values, fits=fits, strength=strength, seed=seed)
    assert {value for pack in packs for value in pack} == {value for value in values if fits([value])}
    for pack in packs:
        assert fits(pack)
        assert list(pack) == sorted(set(pack))


@settings(deadline=None)
@given(worlds(), st.integers(0, 5))
def test_in_strength_two_all_that_fit_together_meet(world: tuple[list[int], Fits], seed: int) -> None:
    values, fits = world
    met = {pair for pack in cover(values, fits=fits, strength=2, seed=seed) for pair in combinations(pack, 2)}
    assert met == {pair for pair in combinations([value for value in values if fits([value])], 2) if fits(pair)}


def test_in_strength_one_no_value_is_asked_for_twice() -> None:
    packs = cover(range(20), fits=lambda pack: len({value % 4 for value in pack}) == len(pack), strength=1, seed=1)
    assert sorted(value for pack in packs for value in pack) == list(range(20))
    assert len(packs) == 5


def test_pairs_of_many_values_take_few_packs() -> None:
    # Ten members of three values each: 405 pairs, and nine packs at the very least.
    values = list(product(range(10), range(3)))
    packs = cover(values, fits=lambda pack: len({member for member, _ in pack}) == len(pack), strength=2, seed=1)
    assert 9 <= len(packs) <= 25


def test_the_seed_alone_decides_who_meets_whom() -> None:
    code = "from conformance.generate.covering import cover; print(cover(range(9), fits=lambda p: len(p) < 4, strength=2, seed=3))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert found == {f"{cover(range(9), fits=lambda pack: len(pack) < 4, strength=2, seed=3)}\n"}
    assert cover(range(9), fits=lambda pack: len(pack) < 4, strength=2, seed=4) != cover(
        range(9), fits=lambda pack: len(pack) < 4, strength=2, seed=3
    )


@given(st.lists(st.integers()), st.integers(2, 7))
def test_parts_are_all_of_it_in_order_and_nearly_equal(values: list[int], ways: int) -> None:
    found = list(parts(values, ways))
    assert [value for part in found for value in part] == values
    assert len(found) == min(ways, len(values))
    assert not found or max(map(len, found)) - min(map(len, found)) <= 1


@pytest.mark.parametrize("number", [2, 26, 120])
@pytest.mark.parametrize("guilty", ["first", "last"])
def test_one_value_among_many_is_found_in_few_requests(number: int, guilty: str) -> None:
    wanted, pack, asked = (0 if guilty == "first" else number - 1), list(range(number)), 0
    while len(pack) > 1:
        found = [list(part) for part in parts(pack)]
        asked += len(found)
        (pack,) = [part for part in found if wanted in part]
    assert pack == [wanted]
    assert asked <= 3 * WAYS

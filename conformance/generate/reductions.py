"""Smaller bodies made from a given one, and hypothesis to find the smallest that still shows something.

hypothesis shrinks what it drew itself, and the body in question comes from elsewhere. So what is drawn here is not a body but what to let
go of it: for each member or element a number, where 0 lets go, the next ones simplify a value, and everything above keeps. Nearly every
draw keeps nearly everything, so the body itself is soon among them; and smaller numbers are what hypothesis shrinks to.

It goes from coarse to fine, one level at a time: a message that can go as a whole need not be looked into.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from conformance.model import Json

DEPTH: Final = 6
"""Levels that are looked into: members, messages, their members, parts, their members, calls inside."""

_MOST: Final = 98
"""Largest number that is drawn. Below 100, so that hypothesis mixes no constants from loaded modules into it."""

_PER_PART: Final = 4
"""So many numbers for each part of a level: then more than every other draw lets go of nothing, or of one thing."""

_GONE, _SIMPLEST, _HALF = 0, 1, 2

_EXAMPLES: Final = 40
"""Bodies tried in a pass before it is given up."""

_SETTINGS: Final = settings(
    database=None,
    deadline=None,
    max_examples=_EXAMPLES,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def smallest(body: dict[str, Json], shows: Callable[[dict[str, Json]], bool], *, seed: int, keep: frozenset[str]) -> dict[str, Json]:
    """Return the smallest body found that still shows what this one shows. The members `keep` are left as they are.

    `shows` is asked about every candidate, the body itself and equal ones included, and may end the search with a `BaseException`;
    whoever wants the best so far then has to remember it. The same answers lead to the same body for a seed.
    """
    best = body

    def still(candidate: dict[str, Json]) -> bool:
        nonlocal best
        if candidate != best and not shows(candidate):
            return False
        # What hypothesis takes for simpler need not be shorter.
        best = min(best, candidate, key=size)
        return True

    for depth in range(1, DEPTH + 1):
        parts = _parts({name: value for name, value in best.items() if name not in keep}, depth)
        if not parts:
            break
        strategy = _reduced_body(best, depth, keep, min(_MOST, _PER_PART * parts))
        with suppress(NoSuchExample):
            find(strategy, still, settings=_SETTINGS, random=Random(f"reductions {seed} {depth}"))  # noqa: S311 - repeatable on purpose
    return best


def size(body: Json) -> int:
    """Bytes of a body as compact JSON."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _parts(value: Json, depth: int) -> int:
    """How many members and elements there are at one level."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return len(inner) if depth == 1 else sum(_parts(each, depth - 1) for each in inner)


@st.composite
def _reduced_body(draw: st.DrawFn, body: dict[str, Json], depth: int, keep: frozenset[str], most: int) -> dict[str, Json]:
    """The body with less of one level."""
    numbers = st.integers(0, most)

    def inside(value: Json, level: int) -> Json:
        match value:
            case dict():
                return {name: new for name, each in value.items() for new in part(each, level)}
            case list():
                return [new for each in value for new in part(each, level)]
            case _:
                return value

    def part(value: Json, level: int) -> list[Json]:
        if level > 1:
            return [inside(value, level - 1)]
        number = draw(numbers)
        return [] if number == _GONE else [_simpler(value, number)]

    return {name: new for name, value in body.items() for new in ([value] if name in keep else part(value, depth))}


def _simpler(value: Json, how: int) -> Json:
    """The simplest value of the type, one halfway to it, or the value itself. Lists, objects, flags and null have none that is simpler."""
    match value, how:
        case ((bool() | None), _):
            return value
        case str(), int(number) if number == _SIMPLEST:
            return value[:1]
        case str(), int(number) if number == _HALF:
            return value[: (len(value) + 1) // 2]
        case int(), int(number) if number == _SIMPLEST:
            return 0
        case int(), int(number) if number == _HALF:
            return int(value / 2) if abs(value) < 2**53 else value
        case float(), int(number) if number == _SIMPLEST:
            return 0.0
        case _:
            return value

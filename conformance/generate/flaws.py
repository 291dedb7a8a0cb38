"""Random requests that break exactly one clause: a random valid body, and one change to it.

Half of the changes are the mutants of the corpus, set on a body that they have never met. The other half are made at any depth of the
body itself, where no corpus reaches: another value, a member gone, one thing where a list of it was. What a change breaks, if it is
exactly one clause, the contract says.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from conformance.generate.mutants import MINIMAL, Delta, Labelled, Mutant, label
from conformance.model import CAP_FIELDS, Json
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.contract import Contract

_Path = tuple[str | int, ...]

_EFFORT: Final = 20
"""Changes that are tried for each flaw wanted; about every third breaks exactly one clause."""

_JUNK: Final[list[Json]] = [
    *(None, True, False, 0, 1, -1, 3, 1.5, -0.5, 1e308, 2**63, 10**30),
    *("", "0", "true", "null", "none", "x", "日本", "🛑", "a b", "x" * 65),
    [],
    [None],
    ["x"],
    [[]],
    [{}],
    {},
    {"x": 1},
    {"type": "text"},
    {"type": "function"},
]
"""Values that somebody gets wrong somewhere. None of them makes an answer dear: there is no large number that a bound might admit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flawed:
    """An invalid body, the one clause that it breaks, and the valid body that it was."""

    body: dict[str, Json]
    labelled: Labelled
    base: int
    """Place of the valid body in the sequence that was given."""


def labelled(contract: Contract, body: dict[str, Json]) -> Labelled | None:
    """Say which one clause a whole body breaks; None when it breaks none, or more than one."""
    return label(contract, Delta(put=body, drop=tuple(name for name in MINIMAL if name not in body)))


def flawed(contract: Contract, bases: Sequence[dict[str, Json]], mutants: Iterator[Mutant], *, seed: int, count: int) -> Iterator[Flawed]:
    """Yield at most `count` different bodies with one flaw each, made from the bases in turn, half of them with the next of the mutants."""
    random = Random(f"flaws {seed}")  # noqa: S311 - repeatable on purpose
    seen: set[str] = set()
    for attempt in range(count * _EFFORT):
        if len(seen) >= count or not bases:
            return
        place = attempt % len(bases)
        body = next(mutants).apply(bases[place]) if random.random() < 0.5 else _changed(bases[place], random)
        found = labelled(contract, body)
        if found is None or found.delta.text in seen or _untold(found, bases[place]):
            continue
        seen.add(found.delta.text)
        yield Flawed(body=body, labelled=found, base=place)


def _untold(found: Labelled, base: dict[str, Json]) -> bool:
    """Whether the flaw sits in the name of the cap that the base does not use: a server need know only one of the two."""
    member = found.violation.pointer.split("/")[1] if found.violation.pointer else ""
    return member in CAP_FIELDS and member not in base


def _changed(base: dict[str, Json], random: Random) -> dict[str, Json]:
    """A copy with one change anywhere."""
    body = copy.deepcopy(base)
    path = random.choice(list(_paths(body, ())))
    holder, last = get(body, *path[:-1]), path[-1]
    match holder, random.randrange(4):
        case dict(), 0:
            del holder[str(last)]
        case list(), 0:
            del holder[int(last)]
        case dict(), 1:
            value = holder[str(last)]
            holder[str(last)] = value[0] if isinstance(value, list) and value else [value]
        case dict(), _:
            holder[str(last)] = random.choice(_JUNK)
        case list(), _:
            holder[int(last)] = random.choice(_JUNK)
        case _:
            raise TypeError(f"nothing holds {path}")
    return body


def _paths(value: Json, path: _Path) -> Iterator[_Path]:
    """Paths to everything inside, the outer ones first."""
    inner: list[tuple[str | int, Json]] = []
    if isinstance(value, dict):
        inner = [(name, value[name]) for name in sorted(value)]
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for step, each in inner:
        yield (*path, step)
        yield from _paths(each, (*path, step))

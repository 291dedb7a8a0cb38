"""Take from a generated mutant all that is not needed for it to be wrong in its one way.

A generated message carries every member that its schema knows, and a server might refuse it for any of them: a voice it does not have, an
empty name. What is left is what a person would have written.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.generate.mutants import Delta, Labelled, label
from conformance.model import Json

if TYPE_CHECKING:
    from conformance.contract import Contract

_FILLER: Final = "x"
_Path = tuple[str | int, ...]


def shrunk(contract: Contract, labelled: Labelled) -> Labelled:
    """The same violation in a smaller body; the body itself where nothing can go."""
    steps = labelled.violation.pointer.split("/")[1:]
    if not steps or steps[0] not in labelled.delta.put:
        return labelled
    best = labelled
    for path in list(_members(labelled.delta.put[steps[0]], (steps[0],))):
        # The object that holds the fault stays whole: its other members may be what tells one kind of message, part or tool from another.
        if [str(step) for step in path[: len(steps) - 1]] != steps[:-1]:
            best = _better(contract, best, _without(best.delta, path))
    return _better(contract, best, Delta(put=_filled_members(best.delta.put), drop=best.delta.drop))


def _better(contract: Contract, best: Labelled, candidate: Delta) -> Labelled:
    found = label(contract, candidate)
    return found if found is not None and found.broken == best.broken else best


def _members(value: Json, path: _Path) -> Iterator[_Path]:
    """Paths to every member of every object inside, the outer ones first."""
    if isinstance(value, dict):
        for name in sorted(value):
            yield (*path, name)
        for name in sorted(value):
            yield from _members(value[name], (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _members(each, (*path, index))


def _without(delta: Delta, path: _Path) -> Delta:
    put = copy.deepcopy(delta.put)
    holder: Json = put
    for step in path[:-1]:
        match holder, step:
            case dict(), str() if step in holder:
                holder = holder[step]
            case list(), int():
                holder = holder[step]
            case _:
                return delta
    if isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
    return Delta(put=put, drop=delta.drop)


def _filled_members(put: dict[str, Json]) -> dict[str, Json]:
    return {name: _filled(value) for name, value in put.items()}


def _filled(value: Json) -> Json:
    """A copy in which no text is empty: an empty one is legal, and refused here and there all the same."""
    match value:
        case "":
            return _FILLER
        case list():
            return [_filled(each) for each in value]
        case dict():
            return {name: _filled(each) for name, each in value.items()}
        case _:
            return value

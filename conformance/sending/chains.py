"""How planned requests hang together: what is asked after what, and what an answer makes of the next. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from conformance.errors import CatalogueError
from conformance.model import Exchange, Request
from conformance.settle import settled, turned_down
from conformance.steps import TIMED, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Chain: TypeAlias = tuple[Step, ...]


def chains(steps: tuple[Step, ...]) -> list[Chain]:
    """Steps that hang together, each after the one it follows, otherwise in the order given; longest chains first."""
    followers: dict[str, list[Step]] = {}
    for step in steps:
        followers.setdefault(step.after, []).append(step)
    keys = [step.key for step in steps]
    if len(set(keys)) < len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise CatalogueError(f"Two steps have the key {twice[0]!r}.")

    def chain(step: Step) -> Iterator[Step]:
        yield step
        for follower in followers.get(step.key, ()):
            yield from chain(follower)

    found = [tuple(chain(first)) for first in followers.get("", ())]
    reached = {step.key for each in found for step in each}
    if astray := [step for step in steps if step.key not in reached]:
        raise CatalogueError(f"The step {astray[0].key!r} follows {astray[0].after!r}, which leads to no first step.")
    return sorted(found, key=lambda each: -sum(step.tries for step in each))


def parted(found: Iterable[Chain]) -> tuple[list[Chain], list[Chain], list[Chain]]:
    """Chains whose time is taken, others that a conforming target generates answers for, and those that it refuses at a glance."""
    timed, heavy, light = list[Chain](), list[Chain](), list[Chain]()
    for chain in found:
        (timed if TIMED in chain[0].purpose.topics else heavy if any(step.billed for step in chain) else light).append(chain)
    return timed, heavy, light


def is_enough(step: Step, answers: Sequence[Exchange]) -> bool:
    """Whether settled answers to a step are what it was after, or as many as may be asked for."""
    if not answers:
        return False
    return len(answers) >= step.tries or step.until is None or step.until(answers[-1])


def due(step: Step, ends: Mapping[str, Exchange]) -> Request | None:
    """What a step sends, given how those before it ended; None for nothing."""
    before = ends.get(step.after)
    if step.purpose.splits and (before is None or not turned_down(before)):
        return None
    if isinstance(step.request, Request):
        # It needs no answer, only its turn: whether the target survived what came before is worth asking all the more.
        return step.request
    return step.request(before) if before is not None and settled(before) else None

"""What was looked up before, as long as there is room or need for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

S = TypeVar("S")
T = TypeVar("T")


def once(look: Callable[[S], T]) -> Callable[[S], T]:
    """Let a function look into each thing once, and remember for as long as that lives what it found; which must not hold the thing."""
    known: WeakKeyDictionary[S, T] = WeakKeyDictionary()

    @wraps(look)
    def found(thing: S) -> T:
        if thing not in known:
            known[thing] = look(thing)
        return known[thing]

    return found


class Recent(Generic[T]):
    """Looks things up and keeps the latest, no more of them than `most` and than weigh `weight` together. None is never kept."""

    def __init__(self, look_up: Callable[[str], T | None], weigh: Callable[[T], int], *, most: int, weight: int) -> None:
        self._look_up = look_up
        self._weigh = weigh
        self._most = most
        self._room = weight
        self._kept: dict[str, T] = {}

    def __call__(self, key: str) -> T | None:
        """What is called so; None where there is nothing."""
        found = self._kept.get(key)
        if found is None and (found := self._look_up(key)) is not None:
            weight = self._weigh(found)
            while self._kept and (len(self._kept) >= self._most or weight > self._room):
                self._room += self._weigh(self._kept.pop(next(iter(self._kept))))
            self._kept[key] = found
            self._room -= weight
        return found

"""What was looked up last, as long as there is room for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


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

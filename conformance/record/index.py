"""Where the lines of a record lie, by the key of their request: about two hundred bytes a request, however much a line holds."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOWHERE: Final = -1


class Index:
    """A place is a number of the reader's own, such as an offset in the file, and not negative."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        """Of the keys, as they came; the rest goes by these."""
        self._purposes = array("q")
        self._exchanges = array("q")
        """The first of each key; most have no other."""
        self._further: dict[int, list[int]] = {}
        self._plan = array("q")
        """Numbers in the order of the plan."""

    def add_purpose(self, key: str, place: int) -> None:
        """Note the next request of the plan; of two with one key the later holds, in the place of the earlier."""
        number = self._number(key)
        if self._purposes[number] == _NOWHERE:
            self._plan.append(number)
        self._purposes[number] = place

    def add_exchange(self, key: str, place: int) -> None:
        """Note something that happened."""
        number = self._number(key)
        if self._exchanges[number] == _NOWHERE:
            self._exchanges[number] = place
        else:
            self._further.setdefault(number, []).append(place)

    def _number(self, key: str) -> int:
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._purposes):
            self._purposes.append(_NOWHERE)
            self._exchanges.append(_NOWHERE)
        return number

    def keys(self) -> tuple[str, ...]:
        """All keys: first those that were never planned, as they came, then the plan in order."""
        keys = tuple(self._numbers)
        return (*(key for key, number in self._numbers.items() if self._purposes[number] == _NOWHERE), *(keys[each] for each in self._plan))

    def planned(self) -> Iterator[int]:
        """Places of the purposes, in the order of the plan."""
        return (self._purposes[number] for number in self._plan)

    def purpose(self, key: str) -> int | None:
        """Place of a purpose; None where the plan has none of this key."""
        place = self._purposes[self._numbers[key]] if key in self._numbers else _NOWHERE
        return None if place == _NOWHERE else place

    def exchanges(self, key: str) -> tuple[int, ...]:
        """Places of all that happened under a key, as it came."""
        number = self._numbers.get(key)
        if number is None or self._exchanges[number] == _NOWHERE:
            return ()
        return (self._exchanges[number], *self._further.get(number, ()))

    def without_plan(self) -> Index:
        """What happened, and no plan."""
        if not self._plan:
            return self
        found = Index()
        for key in self._numbers:
            for place in self.exchanges(key):
                found.add_exchange(key, place)
        return found

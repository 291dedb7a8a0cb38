"""The requests of a plan that lies in a file: as long as the plan, and no larger for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from conformance.model import Purpose


class Planned(Sequence[Purpose]):
    """Purposes in the order of the plan, each read when it is looked at; equal to any sequence of the same."""

    def __init__(self, places: Sequence[int], read: Callable[[int], Purpose]) -> None:
        self._places = places
        self._read = read

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Purpose: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Purpose, ...]: ...

    def __getitem__(self, index: int | slice) -> Purpose | tuple[Purpose, ...]:
        return tuple(map(self._read, self._places[index])) if isinstance(index, slice) else self._read(self._places[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Purpose.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

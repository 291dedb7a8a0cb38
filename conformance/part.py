"""Some requests of a run, judged as if they were all of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from conformance.observation import Asked, Evidence
from conformance.settle import Unrest


class Part(Evidence):
    """The evidence of some requests; the others can still be looked up, for controls and twins."""

    def __init__(self, whole: Evidence, keys: Iterable[str]) -> None:
        self.records = whole.records
        self.contract = whole.contract
        self.claims = whole.claims
        self.asked = whole.asked
        self._whole = whole
        self._keys = tuple(keys)

    def all(self) -> Iterator[Asked]:
        """The chosen requests."""
        yield from filter(None, map(self.asked, self._keys))

    @cached_property
    def splitting(self) -> Mapping[str, tuple[str, ...]]:
        """That of the whole run."""
        return self._whole.splitting

    @cached_property
    def unrest(self) -> Unrest:
        """That of the whole run: the weather is not another for a part of it."""
        return self._whole.unrest

"""What of a fleet may be under way at once: each group of targets has a number of places, whoever does the work. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.fleet.job import Job
    from conformance.fleet.manifest import Group


class Slots:
    """Hands out jobs in their order, as long as their group has a place."""

    def __init__(self, jobs: Iterable[Job], groups: Mapping[str, Group]) -> None:
        self._waiting = list(jobs)
        self._groups = groups
        self._taken: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many jobs were not handed out yet."""
        return len(self._waiting)

    def ready(self, most: int | None = None) -> list[Job]:
        """Take every job that may begin now, at most so many."""
        found: list[Job] = []
        left: list[Job] = []
        for job in self._waiting:
            if (most is None or len(found) < most) and self._taken[job.group] < self._groups[job.group].concurrent:
                self._taken[job.group] += 1
                found.append(job)
            else:
                left.append(job)
        self._waiting = left
        return found

    def done(self, job: Job) -> None:
        """Give the place of a job back."""
        self._taken[job.group] -= 1

"""A fleet done by this process, one target after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from conformance.fleet import job as jobs
from conformance.fleet.slots import Slots

if TYPE_CHECKING:
    from conformance.fleet.job import Done, Job
    from conformance.fleet.manifest import Fleet
    from conformance.options import Options


def conduct(fleet: Fleet, read: Callable[[Job], Options] | None = None) -> Iterator[Done]:
    """Do every job, and yield each as it is done; `read` as `job.conduct` has it. An interruption ends all."""
    slots, stop = Slots(fleet.jobs, fleet.groups), threading.Event()
    while not stop.is_set() and (turn := slots.ready(most=1)):
        for job in turn:
            yield jobs.conduct(job, read, stop)
            slots.done(job)

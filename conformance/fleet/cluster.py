"""A fleet done by the workers of a Dask cluster: one of our own on this machine, or whatever answers at an address.

Dask hands out tasks and notices lost workers; a task whose worker was lost goes to another one, and there on with the record that the
first one left, where both share the folder. Which tasks may be under way at once is decided here, so that no worker waits for a place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from conformance.errors import ConfigurationError
from conformance.fleet import job as jobs
from conformance.fleet.job import Done
from conformance.fleet.slots import Slots
from conformance.gate import ExitStatus

if TYPE_CHECKING:
    from conformance.fleet.manifest import Fleet

CONNECT: Final = "20s"
"""Longest time until a scheduler answers."""


def conduct(fleet: Fleet, *, address: str = "", workers: int = 0) -> Iterator[Done]:
    """Do every job, and yield each as it is done. `address` is that of a scheduler; without it `workers` processes are started here.

    Raises `ConfigurationError` where Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster, as_completed
    except ModuleNotFoundError as error:
        hint = "Install the extra: pip install 'chat-completions-conformance[fleet]', or do without with --workers 0."
        raise ConfigurationError("Dask is not installed, and it is what sends a fleet to workers.", hint=hint) from error
    with ExitStack() as stack:
        if not address:
            number = workers or min(len(fleet.jobs), os.cpu_count() or 1)
            # A thread of its own for each process: what judges holds the lock of the interpreter.
            here = LocalCluster(n_workers=number, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None)
            address = stack.enter_context(here).scheduler_address
        try:
            client = stack.enter_context(Client(address, timeout=CONNECT))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"No scheduler answers at {address}.", hint="Is it running, and is the port right?") from error
        slots = Slots(fleet.jobs, fleet.groups)
        # Each job is its own task, however alike two of them are.
        sent = {future: job for job in slots.ready() for future in (client.submit(jobs.conduct, job, pure=False),)}
        under_way = as_completed(list(sent))
        for future in under_way:
            job = sent.pop(future)
            try:
                yield future.result()
            except Exception as lost:  # noqa: BLE001 - whatever Dask says of one task, the others go on
                sentence = f"Lost with its worker: {type(lost).__name__}: {str(lost).splitlines()[0] if str(lost) else 'no reason'}"
                yield Done(job=job, status=ExitStatus.NOT_JUDGED, sentence=sentence)
            slots.done(job)
            for ready in slots.ready():
                following = client.submit(jobs.conduct, ready, pure=False)
                sent[following] = ready
                under_way.add(following)

"""How close a run comes to the ideal: wall time against the sum of the server's own latencies divided by the concurrency.

    python benchmarks/throughput.py [--latency 200ms] [--concurrency 16] [--table]

Prints ratios measured in one run against the reference server in a process of its own; `--table` for every latency and concurrency, the
slowest of them with a part of the requirements. `nox -s speed` keeps that table. Nothing here is asserted: a busy machine is not a defect.

Beside what was measured stands what the order of the requests alone comes to: the same plan, asked of a server that takes exactly its
latency, by a client that takes no time. The rest is what two programs on one machine need to read and write.
"""

from __future__ import annotations

import argparse
import heapq
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance import contract, registry
from conformance.model import Area
from conformance.plan import Steps
from conformance.record.runlog import Record
from conformance.reference import launch
from conformance.sending.chains import chains, parted
from conformance.session import Assignment
from conformance.steps import SWIFT, Step
from conformance.target import Target

LATENCIES = (0.05, 0.2, 1.0)
"""Seconds until an answer begins."""

CONCURRENCIES = (1, 8, 16, 32)

PROMISED = (0.2, 16)
"""Latency and concurrency at which a run is to take no more than 1.15 of the ideal."""

TIMES = 3
"""Runs at what is promised; the table shows the one in the middle."""

LONGEST = 180.0
"""Seconds that a row of the table may take at best; beyond it a part of the requirements is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, and what it took in seconds."""

    latency: float
    concurrency: int
    status: int
    requests: int
    start: float
    """From the start of the process to the first request."""
    sending: float
    """From the first request to the last answer."""
    after: float
    """From the last answer to the end of the process: judging, and writing every report."""
    median: float
    """Of the answers."""
    order: float
    """What the order alone comes to, against the ideal."""

    @property
    def ideal(self) -> float:
        """The sum of the server's own latencies divided by the concurrency."""
        return self.requests * self.latency / self.concurrency

    @property
    def ratio(self) -> float:
        """How many times as long as the ideal the sending took."""
        return self.sending / self.ideal

    @property
    def row(self) -> str:
        """One line of the table."""
        times = f"{self.ideal:.2f} s | {self.sending:.2f} s | {self.ratio:.2f} | {self.order:.2f} | {self.start:.2f} s | {self.after:.1f} s"
        return f"| {self.latency * 1000:.0f} ms | {self.concurrency} | {self.requests} | {times} |"


def run(latency: float, concurrency: int, only: Sequence[str] = ()) -> Run:
    """Run the suite once against a slow reference server."""
    with launch.Embedded(launch.Options(latency=latency)) as server, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CONFORMANCE_API_KEY": server.key}
        command = [sys.executable, "-m", "conformance", "run", "--base-url", server.base_url, "--model", server.model]
        command += ["--concurrency", str(concurrency), "--output", folder, *(f"--only={each}" for each in only)]
        began = time.time()
        status = subprocess.run(command, env=environment, capture_output=True, check=False).returncode
        ended = time.time()
        with Record.open(next(Path(folder).glob("*/run.jsonl"))) as record:
            exchanges = list(record.exchanges())
    first, last = min(e.started for e in exchanges), max(e.started + e.elapsed for e in exchanges)
    return Run(
        latency=latency,
        concurrency=concurrency,
        status=status,
        requests=len(exchanges),
        start=first - began,
        sending=last - first,
        after=ended - last,
        median=statistics.median(e.elapsed for e in exchanges),
        order=scheduled(planned(tuple(only)), latency, concurrency) * concurrency / (len(exchanges) * latency),
    )


@cache
def planned(only: tuple[str, ...] = ()) -> Steps:
    """The plan of such a run."""
    catalogue = registry.load()
    return Assignment(
        target=Target(base_url="http://127.0.0.1", model="m"),
        contract=contract.load(),
        catalogue=catalogue,
        requirements=tuple(each for each in catalogue.requirements if not only or each.id in only),
    ).steps()


def scheduled(steps: Steps, latency: float, concurrency: int) -> float:
    """Seconds that a plan takes by its order alone, the preflight included, where each answer takes exactly that long."""
    return latency + sum(_batch(batch, latency, concurrency) for batch in (steps.first, steps.last))


def _batch(steps: tuple[Step, ...], latency: float, concurrency: int) -> float:
    """What is timed is asked alone, as far as it is; of all others each worker takes the next chain as soon as it is free."""
    timed, heavy, light = parted(chains(steps))
    alone = [chain[: 1 if latency < SWIFT else None] for chain in timed]
    rest = [chain[len(asked) :] for chain, asked in zip(timed, alone, strict=True)]
    free = [sum(map(len, alone)) * latency] * concurrency
    for chain in (*heavy, *rest, *light):
        # What splits a refused request is never due at a server that conforms.
        heapq.heapreplace(free, free[0] + latency * sum(not step.purpose.splits for step in chain))
    return max(free)


def narrowed(latency: float, concurrency: int) -> tuple[str, ...]:
    """What to ask for so that a row ends in time: everything, what is told of usage, or of one stream."""
    everything, some = 810, 130
    if everything * latency / concurrency <= LONGEST:
        return ()
    if some * latency / concurrency <= LONGEST:
        return tuple(each.id for each in registry.load().requirements if each.area is Area.USAGE)
    return ("STREAM-DONE",)


def rows() -> Iterator[Run]:
    """Every latency at every concurrency; what is promised is measured several times."""
    for latency in LATENCIES:
        for concurrency in CONCURRENCIES:
            times = TIMES if (latency, concurrency) == PROMISED else 1
            found = [run(latency, concurrency, narrowed(latency, concurrency)) for _ in range(times)]
            yield sorted(found, key=lambda each: each.ratio)[times // 2]


HEAD = (
    "| Latency | At once | Requests | Ideal | First request to last answer | Ratio | By the order alone | Start | Reports |",
    "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)

WORDS = f"""Each row is a run of `conformance run` against the reference server, in a process of its own on the same machine, which takes
that long for each answer. The ideal is what the server's own latencies come to, shared out among the requests at once. Promised are a
ratio of at most 1.15 at {PROMISED[0] * 1000:.0f} ms and {PROMISED[1]} at once, where the middle one of {TIMES} runs is shown, and a start
of at most 1.5 s: from the start of the process to its first request. "By the order alone" is the ratio that the same plan has with a
client and a server that need no time of their own. "Reports" is the time after the last answer: judging, and writing every report.

A stream of {SWIFT:g} s or more is timed, with nothing else under way; so are the four that it is held against. That is why the share of the
order grows at 1,000 ms. Rows that would take longer than {LONGEST:.0f} s ask a part of the requirements."""


def main() -> None:
    """Run the suite, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", default="200ms")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--table", action="store_true", help="Measure every latency at every concurrency.")
    arguments = parser.parse_args()
    if arguments.table:
        table()
        return
    one = run(launch.seconds(arguments.latency), arguments.concurrency)
    print(f"exit status {one.status}, {one.requests} requests, latency {one.latency * 1000:.0f} ms, concurrency {one.concurrency}")
    print(f"start to first request       {one.start:6.2f} s")
    print(f"first request to last answer {one.sending:6.2f} s   ideal {one.ideal:.2f} s")
    print(f"ratio                        {one.ratio:6.2f}     by the order of requests alone {one.order:.2f}")
    print(f"last answer to the end       {one.after:6.2f} s")
    print(f"median answer                {one.median * 1000:6.0f} ms")


def table() -> str:
    """Print every row as it comes, and return them all."""
    lines = list(HEAD)
    print(*HEAD, sep="\n", flush=True)
    for each in rows():
        lines.append(each.row)
        print(each.row, flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    main()

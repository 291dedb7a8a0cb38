"""How close a run comes to the ideal: wall time against the sum of the server's own latencies divided by the concurrency.

    python benchmarks/throughput.py [--latency 200ms] [--concurrency 16] [--table]

Prints ratios measured in one run against the embedded reference server; `--table` for every latency and concurrency, the slowest of them
with a part of the requirements. Nothing here is asserted: a busy machine is not a defect.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import registry
from conformance.model import Area
from conformance.record.runlog import Record
from conformance.reference import launch

LATENCIES = (0.05, 0.2, 1.0)
"""Seconds until an answer begins."""

CONCURRENCIES = (1, 8, 16, 32)

LONGEST = 60.0
"""Seconds that a row of the table may take at best; beyond it a part of the requirements is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, and what it took in seconds."""

    status: int
    requests: int
    start: float
    """From the start of the process to the first request."""
    sending: float
    """From the first request to the last answer."""
    process: float
    ideal: float
    median: float
    """Of the answers."""

    @property
    def ratio(self) -> float:
        """How many times as long as the ideal the sending took."""
        return self.sending / self.ideal


def run(latency: float, concurrency: int, only: Sequence[str] = ()) -> Run:
    """Run the suite once against a slow reference server."""
    with launch.Embedded(launch.Options(latency=latency)) as server, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CONFORMANCE_API_KEY": server.key}
        command = [sys.executable, "-m", "conformance", "run", "--base-url", server.base_url, "--model", server.model]
        command += ["--concurrency", str(concurrency), "--output", folder, *(f"--only={each}" for each in only)]
        began, clock = time.time(), time.perf_counter()
        status = subprocess.run(command, env=environment, capture_output=True, check=False).returncode
        wall = time.perf_counter() - clock
        with Record.open(next(Path(folder).glob("*/run.jsonl"))) as record:
            exchanges = list(record.exchanges())
    first, last = min(e.started for e in exchanges), max(e.started + e.elapsed for e in exchanges)
    return Run(
        status=status,
        requests=len(exchanges),
        start=first - began,
        sending=last - first,
        process=wall,
        ideal=len(exchanges) * latency / concurrency,
        median=statistics.median(e.elapsed for e in exchanges),
    )


def narrowed(latency: float, concurrency: int) -> tuple[str, ...]:
    """What to ask for so that a row ends in time: everything, what is told of usage, or of one stream."""
    everything, some = 810, 130
    if everything * latency / concurrency <= LONGEST:
        return ()
    if some * latency / concurrency <= LONGEST:
        return tuple(each.id for each in registry.load().requirements if each.area is Area.USAGE)
    return ("STREAM-DONE",)


def main() -> None:
    """Run the suite, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", default="200ms")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if arguments.table:
        print(f"{'latency':>8} {'at once':>8} {'requests':>9} {'ideal':>8} {'sending':>8} {'ratio':>6} {'start':>6}")
        for latency in LATENCIES:
            for concurrency in CONCURRENCIES:
                row = run(latency, concurrency, narrowed(latency, concurrency))
                times = f"{row.ideal:7.2f}s {row.sending:7.2f}s {row.ratio:6.2f} {row.start:5.2f}s"
                print(f"{latency * 1000:6.0f}ms {concurrency:8} {row.requests:9} {times}", flush=True)
        return
    latency = launch.seconds(arguments.latency)
    one = run(latency, arguments.concurrency)
    print(f"exit status {one.status}, {one.requests} requests, latency {latency * 1000:.0f} ms, concurrency {arguments.concurrency}")
    print(f"start to first request       {one.start:6.2f} s")
    print(f"first request to last answer {one.sending:6.2f} s   ideal {one.ideal:6.2f} s   ratio {one.ratio:5.2f}")
    print(f"whole process                {one.process:6.2f} s   ratio {one.process / one.ideal:5.2f}")
    print(f"median answer                {one.median * 1000:6.0f} ms")


if __name__ == "__main__":
    main()

"""How close a run comes to the ideal: wall time against the sum of the server's own latencies divided by the concurrency.

    python benchmarks/throughput.py [--latency 200ms] [--concurrency 16]

Prints ratios measured in one run against the embedded reference server. Nothing here is asserted: a busy machine is not a defect.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conformance.reference import launch
from conformance.runlog import Record


def main() -> None:
    """Run the suite once against a slow reference server, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", default="200ms")
    parser.add_argument("--concurrency", type=int, default=16)
    arguments = parser.parse_args()
    latency = launch.seconds(arguments.latency)
    with launch.Embedded(launch.Options(latency=latency)) as server, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CONFORMANCE_API_KEY": server.key}
        command = [sys.executable, "-m", "conformance", "run", "--base-url", server.base_url, "--model", server.model]
        began, clock = time.time(), time.perf_counter()
        status = subprocess.run(
            [*command, "--concurrency", str(arguments.concurrency), "--output", folder], env=environment, capture_output=True, check=False
        ).returncode
        wall = time.perf_counter() - clock
        with Record.open(next(Path(folder).glob("*/run.jsonl"))) as record:
            exchanges = list(record.exchanges())
    first, last = min(e.started for e in exchanges), max(e.started + e.elapsed for e in exchanges)
    ideal = len(exchanges) * latency / arguments.concurrency
    print(f"exit status {status}, {len(exchanges)} requests, latency {latency * 1000:.0f} ms, concurrency {arguments.concurrency}")
    print(f"start to first request       {first - began:6.2f} s")
    print(f"first request to last answer {last - first:6.2f} s   ideal {ideal:6.2f} s   ratio {(last - first) / ideal:5.2f}")
    print(f"whole process                {wall:6.2f} s   ratio {wall / ideal:5.2f}")
    print(f"median answer                {statistics.median(e.elapsed for e in exchanges) * 1000:6.0f} ms")


if __name__ == "__main__":
    main()

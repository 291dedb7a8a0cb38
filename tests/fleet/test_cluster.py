"""A fleet on a real Dask scheduler with workers on this machine, one of which is killed in the middle of a run.

`nox -s fleet` runs this; it needs the extra `fleet`, and /proc to tell who writes which record.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flaky import Flaky, Sky, flaky
from tests.running import CLEAN, KEYED, Ended, end, lines, start, wait_for

pytestmark = pytest.mark.fleet

WORKERS = 3
CONCURRENCY = 4
"""So many answers at most are on the wire, and not yet recorded, when a worker is killed."""


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    address: str
    servers: tuple[Flaky, ...]
    """What is to be tested; the last two share a vendor."""


def dask(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    environment = {**CLEAN, **KEYED, "PYTHONWARNINGS": "default"}
    with (cwd / "dask.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "dask", *arguments], cwd=cwd, env=environment, stdout=log, stderr=log)


def ended(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait(timeout=30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    where = tmp_path / "scheduler.json"
    with ExitStack() as stack:
        servers = tuple(stack.enter_context(flaky(lambda random, _: Sky(delay=random.uniform(0.02, 0.06)))) for _ in range(4))
        processes = [
            dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(where), cwd=tmp_path)
        ]
        stack.callback(ended, processes)
        wait_for(lambda: where if where.is_file() and where.read_bytes() else None)
        address = json.loads(where.read_text("utf-8"))["address"]
        for number in range(WORKERS):
            given = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path / f"worker-{number}"))
            processes.append(dask("worker", address, "--host", "127.0.0.1", *given, cwd=tmp_path))
        yield Cluster(address, servers)


def manifest(cluster: Cluster, folder: Path) -> Path:
    targets = [f'[[targets]]\ntarget.base_url = "{server.url}"\n' for server in cluster.servers]
    path = folder / "fleet.toml"
    path.write_text(
        "[groups.all]\nconcurrent = 4\n[groups.vendor]\nconcurrent = 1\n"
        f'[defaults]\ngroup = "all"\ntarget.model = "reference-model"\nlimits.concurrency = {CONCURRENCY}\n'
        'run.only = ["STREAM-DONE", "USAGE-TOTAL", "STREAM-SAME-TEXT", "REQUEST-CLAIMED-ACCEPTED"]\n'
        + "".join(targets[:2])
        + "".join(f'{target}group = "vendor"\n' for target in targets[2:]),
        encoding="utf-8",
    )
    return path


def begin(cluster: Cluster, folder: Path, output: str) -> subprocess.Popen[str]:
    return start("fleet", str(manifest(cluster, folder)), "--scheduler", cluster.address, "--output", output, cwd=folder)


def finish(process: subprocess.Popen[str], output: Path) -> Ended:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    return Ended(process.returncode, out, err, output)


def arrived(cluster: Cluster) -> list[int]:
    """How many requests each target has seen since this was last asked."""
    found = [len(server.arrivals) for server in cluster.servers]
    for server in cluster.servers:
        server.arrivals.clear()
    return found


def runs(output: Path) -> list[Path]:
    return sorted(path.parent for path in output.glob("*/run.jsonl"))


def sent(run: Path) -> Counter[str]:
    return Counter(line["purpose"]["key"] for line in lines(run / "run.jsonl") if line["kind"] == "exchange")


def verdicts(run: Path) -> object:
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    return summary["exit_status"], {each["id"]: each["outcome"] for each in summary["verdicts"]}


def writer(record: Path) -> int:
    """The process that has a record open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == record:
                return int(link.parts[2])
        except OSError:
            continue
    raise AssertionError(f"nobody writes {record}")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="who writes a record is told by /proc")
def test_a_killed_worker_loses_nothing_and_nothing_is_asked_twice(cluster: Cluster, tmp_path: Path) -> None:
    calm = finish(begin(cluster, tmp_path, "calm"), tmp_path / "calm")
    assert "share" not in calm.err, calm.err
    expected = arrived(cluster)
    whole = runs(calm.output)
    assert len(whole) == 4

    process = begin(cluster, tmp_path, "killed")

    def under_way() -> Path | None:
        assert process.poll() is None, process.communicate()
        for record in (tmp_path / "killed").glob("*/run.jsonl"):
            written = record.read_bytes()
            if written.count(b'"kind":"exchange"') >= 10 and b'"kind":"footer"' not in written:
                return record
        return None

    record = wait_for(under_way)
    victim = writer(record)
    os.kill(victim, signal.SIGKILL)
    left = record.read_bytes().rpartition(b"\n")[0]
    ended = finish(process, tmp_path / "killed")

    # Nothing lost: what the victim had recorded is the beginning of the record, which went on from there.
    assert record.read_bytes().startswith(left)
    assert b'"kind":"resumed"' in record.read_bytes()
    assert not any(b'"kind":"resumed"' in (run / "run.jsonl").read_bytes() for run in runs(ended.output) if run != record.parent)
    # Nothing asked twice: only what was on the wire when the worker died came to its target again, and has one answer in the record.
    again = [more - once for more, once in zip(arrived(cluster), expected, strict=True)]
    place = [run.name for run in runs(ended.output)].index(record.parent.name)
    assert 0 <= again.pop(place) <= CONCURRENCY
    assert again == [0, 0, 0]
    # Identical to the run without the kill.
    for before, after in zip(whole, runs(ended.output), strict=True):
        assert sent(before) == sent(after)
        assert verdicts(before) == verdicts(after)
    told = json.loads((ended.output / "fleet.json").read_text("utf-8"))
    assert [each["exit_status"] for each in told["targets"]] == [0, 0, 0, 0]
    assert (ended.output / "compare.html").is_file()


def test_targets_of_one_vendor_wait_for_each_other(cluster: Cluster, tmp_path: Path) -> None:
    finish(begin(cluster, tmp_path, "runs"), tmp_path / "runs")
    one, other = ([each.at for each in server.arrivals] for server in cluster.servers[2:])
    assert max(one) < min(other) or max(other) < min(one)


def test_workers_of_our_own_do_it_as_well(cluster: Cluster, tmp_path: Path) -> None:
    given = ("--workers", "2", "--output", "own")
    ended = finish(start("fleet", str(manifest(cluster, tmp_path)), *given, cwd=tmp_path), tmp_path / "own")
    workers = {each["worker"] for each in json.loads((ended.output / "fleet.json").read_text("utf-8"))["targets"]}
    assert len(workers) == 2


def test_an_address_without_a_scheduler_is_told(cluster: Cluster, tmp_path: Path) -> None:
    process = start("fleet", str(manifest(cluster, tmp_path)), "--scheduler", "tcp://127.0.0.1:9", cwd=tmp_path)
    ended = end(process, tmp_path / "reports")
    assert ended.status == 4
    assert "No scheduler answers at tcp://127.0.0.1:9" in ended.err

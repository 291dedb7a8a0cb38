"""How fast exchanges are recorded, judged and shown, and how much memory that takes.

    python benchmarks/judging.py [COUNT…]

Each count (1,000 and 10,000 unless others are given) is a record of so many exchanges: those of one run against the reference server, over
and over under fresh keys. Every stage is a process of its own. Beside each time stands its ratio to a yardstick of the same process: that
of the standard library reading every line of the record as JSON. Nothing here is asserted: a busy machine is not a defect.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Final, overload

from conformance import contract, registry, reporting
from conformance.judge import judge
from conformance.model import Purpose
from conformance.observation import Evidence
from conformance.provenance import RECORD, Footer
from conformance.record.runlog import Record, RecordWriter
from conformance.reference import launch
from conformance.render import artefacts

COUNTS: Final = ("1000", "10000")


def main(arguments: list[str]) -> None:
    """Print a table; with the name of a stage and a folder, be that stage."""
    if len(arguments) == 3 and arguments[0] in STAGES:
        STAGES[arguments[0]](Path(arguments[1]), int(arguments[2]))
        return
    print(f"{'exchanges':>9}  {'stage':<18} {'seconds':>8} {'per second':>11} {'ratio':>7} {'peak memory':>12}")
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder) / "one")
        for number in arguments or COUNTS:
            for stage in STAGES:
                subprocess.run([sys.executable, __file__, stage, folder, number], check=True)


def _run(folder: Path) -> None:
    """One run against the reference server."""
    with launch.Embedded() as server:
        command = [sys.executable, "-m", "conformance", "run", "--base-url", server.base_url, "--model", server.model]
        environment = {**os.environ, "CONFORMANCE_API_KEY": server.key}
        subprocess.run([*command, "--output", str(folder)], env=environment, capture_output=True, check=False)


def record(folder: Path, number: int) -> None:
    """Write a record down."""
    with Record.open(next((folder / "one").glob("*/run.jsonl"))) as one:
        assert one.plan is not None
        rounds = -(-number // one.count)
        exchanges = list(one.exchanges())
        header, plan = one.header, replace(one.plan, purposes=Rounds(one.plan.purposes[:], rounds))
    again = islice((replace(each, purpose=renamed(each.purpose, turn)) for turn in count() for each in exchanges), number)
    with RecordWriter(folder / number_of(number) / RECORD, header) as writer:
        writer.plan(plan)
        spent = 0.0
        for exchange in again:
            began = time.process_time()
            writer.append(exchange)
            spent += time.process_time() - began
        writer.close(Footer(complete=True, reason="", exchanges=number, ended=time.time()))
    show("record", number, spent, yardstick(folder, number))


class Rounds(Sequence[Purpose]):
    """The plan of one run over and over, which is as large as that of one: what is measured is the record, and not who plans."""

    def __init__(self, once: Sequence[Purpose], rounds: int) -> None:
        self._once, self._rounds = once, rounds

    def __len__(self) -> int:
        return len(self._once) * self._rounds

    @overload
    def __getitem__(self, index: int) -> Purpose: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Purpose, ...]: ...

    def __getitem__(self, index: int | slice) -> Purpose | tuple[Purpose, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(len(self))[index])
        turn, number = divmod(range(len(self))[index], len(self._once))
        return renamed(self._once[number], turn)


def renamed(purpose: Purpose, turn: int) -> Purpose:
    """A purpose of another round."""

    def name(key: str) -> str:
        return f"{key}~{turn}" if key else ""

    return replace(
        purpose,
        key=name(purpose.key),
        twin=name(purpose.twin),
        control=name(purpose.control),
        after=name(purpose.after),
        splits=name(purpose.splits),
    )


def read(folder: Path, number: int) -> None:
    """Open a record, judge it, and make every file of its report."""
    reading, catalogue = contract.load(), registry.load()
    place = folder / number_of(number)
    unit = yardstick(folder, number)
    began = time.process_time()
    with Record.open(place / RECORD) as opened:
        show("open", number, time.process_time() - began, unit)
        began = time.process_time()
        judge(Evidence(opened, reading, opened.header.target), catalogue.requirements)
        show("judge", number, time.process_time() - began, unit)
        began = time.process_time()
        report = reporting.judged(opened, reading, catalogue, catalogue.requirements)
        show("judge for a report", number, time.process_time() - began, unit)
        began = time.process_time()
        artefacts.write(report, place)
        show("render", number, time.process_time() - began, unit)


def yardstick(folder: Path, number: int) -> float:
    """Seconds that the standard library takes to read the record as JSON."""
    with (folder / number_of(number) / RECORD).open("rb") as lines:
        began = time.process_time()
        for line in lines:
            json.loads(line)
        return time.process_time() - began


def number_of(number: int) -> str:
    """Name of the folder of a record."""
    return f"{number} exchanges"


def show(stage: str, number: int, seconds: float, unit: float) -> None:
    """Print a line of the table; the memory is the most that this process has had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    print(f"{number:>9,}  {stage:<18} {seconds:>8.2f} {number / seconds:>11,.0f} {seconds / unit:>7.2f} {peak:>8.0f} MiB", flush=True)


STAGES: Final[dict[str, Callable[[Path, int], None]]] = {"record": record, "read": read}


if __name__ == "__main__":
    main(sys.argv[1:])

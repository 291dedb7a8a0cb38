"""A record may be as long as it likes: what is held in memory to write it, judge it and show it hardly grows with it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from conformance import contract, registry, reporting
from conformance.model import Exchange, Json, Purpose, Violation
from conformance.provenance import Plan
from conformance.record import runlog
from conformance.record.runlog import Record, RecordWriter
from conformance.render import artefacts
from tests.evidence import answered, delta, purpose, refused, streamed
from tests.test_runlog import FOOTER, HEADER

SHORT, LONG = 300, 900

GROWTH = 512
"""Bytes a request, for where in the record it lies; were its purpose, answer or a row of it kept, that would be several times as much."""

REQUEST: dict[str, Json] = {"model": "m", "messages": [{"role": "user", "content": "Count to three." * 20}], "max_tokens": 16}
WRONG = Violation(
    constraint="maximum",
    pointer="/temperature",
    clause="/components/schemas/CreateChatCompletionRequest/properties/temperature/maximum",
    sent="3",
    core=True,
)

READING = contract.load()
CATALOGUE = registry.load()


def exchanges(number: int) -> Iterator[Exchange]:
    """A request that is accepted, its twin with a stream, and one that is refused, over and over."""
    for turn in range(number // 3):
        whole, stream, wrong = f"plain/{turn}", f"plain/{turn}/streamed", f"invalid/temperature/maximum/{turn}"
        yield replace(answered(sent=REQUEST), purpose=purpose(whole, topics=("streaming",)))
        body = streamed(*(delta(word) for word in ("one", " two", " three")), delta(finish="stop"), sent={**REQUEST, "stream": True})
        yield replace(body, purpose=purpose(stream, stream=True, twin=whole, topics=("streaming",)))
        yield replace(refused(), purpose=purpose(wrong, violation=WRONG, control=whole))


class Purposes(Sequence[Purpose]):
    """A plan that nobody holds in memory."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: object) -> Purpose:  # type: ignore[override]
        raise AssertionError("a plan is written from its beginning to its end")

    def __iter__(self) -> Iterator[Purpose]:
        return (each.purpose for each in exchanges(self._number))


def write(folder: Path, number: int) -> None:
    with RecordWriter(folder / "run.jsonl", HEADER) as writer:
        writer.plan(Plan(purposes=Purposes(number), requests=number, billed=0, output_tokens=0))
        for each in exchanges(number):
            writer.append(each)
        writer.close(FOOTER)


def show(folder: Path) -> None:
    """All that `conformance judge` does, for some of the requirements."""
    with Record.open(folder / "run.jsonl") as record:
        assert record.complete
        artefacts.write(reporting.judged(record, READING, CATALOGUE, CATALOGUE.requirements[::16]), folder)


def peak(act: object, *arguments: object) -> int:
    """The most memory that is held at a time, in bytes."""
    assert callable(act)
    gc.collect()
    # What was loaded before is no garbage, and need not be looked through.
    gc.freeze()
    tracemalloc.start()
    try:
        act(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


@pytest.fixture(autouse=True)
def _only_what_is_needed_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept because there is room for it is kept of short records and long ones alike, and garbage goes at once."""
    monkeypatch.setattr(runlog, "KEPT_PURPOSES", 64)
    read, calls = Record.attempts, count()

    def attempts(record: Record, key: str) -> tuple[Exchange, ...]:
        if next(calls) % 100 == 0:
            gc.collect()
        return read(record, key)

    monkeypatch.setattr(Record, "attempts", attempts)


def test_memory_is_flat_however_long_the_record(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    write(short, SHORT)
    # What is loaded once for all is no part of it.
    show(short)
    written = peak(write, tmp_path / "again", SHORT), peak(write, long, LONG)
    shown = peak(show, short), peak(show, long)
    assert (written[1] - written[0]) / (LONG - SHORT) < GROWTH / 8
    assert (shown[1] - shown[0]) / (LONG - SHORT) < GROWTH

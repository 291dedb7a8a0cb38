"""A record gives back exactly what was put in, and never passes for more than it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.errors import RecordError
from conformance.model import Chunk, Exchange, Expectation, Fault, FaultKind, Purpose, Sent, Tier, Violation
from conformance.provenance import Footer, Header, Identity, Plan
from conformance.record.codec import decode, encode
from conformance.record.runlog import Record, RecordWriter

T = TypeVar("T")

HEADER = Header(
    suite_version="1",
    contract_revision="2026-11-21",
    contract_digest="c",
    catalogue_digest="d",
    dialect=("openai", "openai-compatible"),
    target=Identity(base_url="https://host/v1", model="m", key_variable="OPENAI_API_KEY", claims=frozenset({"tools", "vision"})),
    tier=Tier.GATE,
    seed=7,
    selection="",
    started=1.5,
)
FOOTER = Footer(complete=True, reason="", exchanges=1, ended=9.0)
SENT = Sent(method="POST", url="https://host/v1/chat/completions", headers=(("A", "b"),), body=b"{}")


def purpose(key: str) -> Purpose:
    return Purpose(key=key, scenario=key.partition("/")[0])


def exchange(key: str = "a/1", attempt: int = 1, **more: object) -> Exchange:
    fields = {"purpose": purpose(key), "attempt": attempt, "started": 2.0, "sent": SENT, "status": 200} | more
    return Exchange(**fields)  # type: ignore[arg-type]


def plan(*keys: str) -> Plan:
    return Plan(purposes=tuple(purpose(key) for key in keys), requests=len(keys), billed=1, output_tokens=8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "run" / "run.jsonl"


def written(path: Path, *exchanges: Exchange, planned: Plan | None = None, footer: Footer | None = FOOTER) -> Path:
    with RecordWriter(path, HEADER) as writer:
        if planned:
            writer.plan(planned)
        for each in exchanges:
            writer.append(each)
        if footer:
            writer.close(footer)
    return path


# Round trip


moments = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12)
bodies = st.binary(max_size=20) | texts.map(str.encode)
exchanges = st.builds(
    Exchange,
    purpose=st.builds(
        Purpose,
        expect=st.sampled_from(Expectation),
        needs=st.frozensets(texts, max_size=3),
        violation=st.none() | st.builds(Violation, core=st.booleans()),
        topics=st.frozensets(texts, max_size=3),
        stream=st.booleans(),
        twin=texts,
        control=texts,
    ),
    started=moments,
    sent=st.builds(Sent, body=bodies),
    status=st.none() | st.integers(100, 999),
    headers=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    head_at=st.none() | moments,
    chunks=st.lists(st.builds(Chunk, moments, bodies), max_size=4).map(tuple),
    elapsed=moments,
    fault=st.none() | st.builds(Fault, kind=st.sampled_from(FaultKind)),
    masked=st.integers(0, 9),
)


@given(exchanges)
@example(exchange(headers=(("lone", "\ud800"), ("separators", "\u2028\u0085\x1b[31m"))))
@example(exchange(chunks=(Chunk(0.1, b"\xf0\x9f"), Chunk(0.2, b"\x98\x80"), Chunk(0.3, b""))))
@settings(deadline=None)
def test_every_exchange_survives_its_line(original: Exchange) -> None:
    line = json.dumps(encode(original), allow_nan=False)
    assert line.isascii()
    assert decode(Exchange, json.loads(line)) == original


def test_a_whole_record_is_read_back(path: Path) -> None:
    exchanges = (exchange("a/1"), exchange("a/2", status=None, fault=Fault(kind=FaultKind.RESET, detail="gone")))
    with Record.open(written(path, *exchanges, planned=plan("a/1", "a/2"))) as record:
        assert (record.header, record.plan, record.footer) == (HEADER, plan("a/1", "a/2"), FOOTER)
        assert (record.torn, record.complete) == (False, True)
        assert tuple(record.exchanges()) == exchanges


def test_bytes_are_readable_where_they_are_text_and_marked_where_they_are_not(path: Path) -> None:
    lines = written(path, exchange(chunks=(Chunk(0.0, "é".encode()), Chunk(1.0, b"\xff")))).read_text().splitlines()
    assert json.loads(lines[1])["chunks"] == [{"at": 0.0, "data": "é"}, {"at": 1.0, "data_base64": "/w=="}]


# The plan


def in_format_1(path: Path) -> Path:
    """The same record as it was written before each purpose had a line of its own."""
    given = [json.loads(line) for line in path.read_text().splitlines()]
    purposes = [{name: value for name, value in line.items() if name != "kind"} for line in given if line["kind"] == "purpose"]
    older = [line for line in given if line["kind"] != "purpose"]
    older[0]["record"] = 1
    next(line for line in older if line["kind"] == "plan")["purposes"] = purposes
    path.write_text("".join(json.dumps(line) + "\n" for line in older))
    return path


def test_a_record_of_format_1_is_still_read(path: Path) -> None:
    exchanges = [exchange(key) for key in ("preflight/1", "b/1", "a/1")]
    with Record.open(in_format_1(written(path, *exchanges, planned=plan("a/1", "b/1", "c/1")))) as record:
        assert record.plan == plan("a/1", "b/1", "c/1")
        assert record.keys() == ("preflight/1", "a/1", "b/1", "c/1")
        assert record.purpose("c/1") == purpose("c/1")
        assert record.attempts("b/1") == (exchange("b/1"),)
        assert record.complete


def test_a_plan_in_a_record_is_a_sequence_like_any_other(path: Path) -> None:
    with Record.open(written(path, planned=plan("a/1", "b/1", "c/1"))) as record:
        assert record.plan is not None
        assert record.plan != plan("a/1", "b/1")
        assert record.plan.purposes[-1] == purpose("c/1")
        assert record.plan.purposes[:2] == plan("a/1", "b/1").purposes


def test_a_plan_that_was_cut_off_was_never_announced_and_is_announced_anew(path: Path) -> None:
    whole = written(path, exchange("b/1"), planned=plan("a/1", "b/1"), footer=None).read_bytes()
    path.write_bytes(whole[: whole.index(b'{"kind":"plan"')])
    with Record.open(path) as record:
        assert record.plan is None
        assert record.keys() == ()
    with RecordWriter.resume(path) as writer:
        writer.plan(plan("c/1"))
        writer.append(exchange("c/1"))
        writer.close(FOOTER)
    with Record.open(path) as record:
        assert record.plan == plan("c/1")
        assert record.keys() == ("c/1",)
        assert record.purpose("a/1") is None


# Order and attempts


def test_what_was_not_planned_comes_first_then_the_plan_in_order(path: Path) -> None:
    exchanges = [exchange(key) for key in ("preflight/1", "b/1", "a/1", "preflight/2")]
    with Record.open(written(path, *exchanges, planned=plan("a/1", "b/1", "c/1"))) as record:
        assert record.keys() == ("preflight/1", "preflight/2", "a/1", "b/1", "c/1")
        assert record.purpose("preflight/2") == purpose("preflight/2")
        assert record.purpose("c/1") == purpose("c/1")
        assert record.purpose("d/1") is None
        assert record.attempts("c/1") == record.attempts("d/1") == ()


def test_attempts_are_in_order_and_the_later_of_two_equal_ones_holds(path: Path) -> None:
    first, second, again = exchange(attempt=1), exchange(attempt=2), exchange(attempt=1, status=429)
    with Record.open(written(path, second, first, again)) as record:
        assert record.attempts("a/1") == (again, second)


def test_workers_may_write_at_the_same_time(path: Path) -> None:
    body = (Chunk(0.0, b"x" * 5000),)
    with RecordWriter(path, HEADER) as writer, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: writer.append(exchange(f"a/{n}", chunks=body)), range(100)))
    with Record.open(path) as record:
        assert sorted(record.keys()) == sorted(f"a/{n}" for n in range(100))


# Incomplete records


def test_without_a_footer_it_is_not_complete(path: Path) -> None:
    with Record.open(written(path, exchange(), footer=None)) as record:
        assert (record.footer, record.torn, record.complete) == (None, False, False)


def test_with_a_footer_that_says_so_it_is_not_complete(path: Path) -> None:
    footer = Footer(complete=False, reason="interrupted", exchanges=1, ended=9.0)
    with Record.open(written(path, exchange(), footer=footer)) as record:
        assert not record.complete


def test_cut_anywhere_it_is_never_complete_and_never_wrong(path: Path) -> None:
    whole = written(path, exchange("a/1"), exchange("a/2"), planned=plan("a/1", "a/2")).read_bytes()
    header_ends = whole.index(b"\n") + 1
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length < header_ends:
            with pytest.raises(RecordError):
                Record.open(path)
            continue
        with Record.open(path) as record:
            assert not record.complete
            assert record.torn == (whole[length - 1 : length] != b"\n")
            assert all(each == exchange(each.purpose.key) for each in record.exchanges())


def test_a_torn_record_can_be_resumed_and_the_later_footer_holds(path: Path) -> None:
    interrupted = Footer(complete=False, reason="interrupted", exchanges=1, ended=8.0)
    written(path, exchange("a/1"), footer=interrupted)
    with path.open("ab") as file:
        file.write(b'{"kind":"exchange","purp')
    with RecordWriter.resume(path) as writer:
        writer.append(exchange("a/2"))
        assert writer.exchanges == 2
        writer.close(FOOTER)
    with Record.open(path) as record:
        assert record.keys() == ("a/1", "a/2")
        assert record.complete


# What is no record


PLAN = '{"kind":"plan","requests":1,"billed":1,"output_tokens":1}'


def replaced(line: int, text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[: line - 1], text, *lines[line:]]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda lines: [], "no header"),
        (lambda lines: lines[1:], "Line 1"),
        (lambda lines: [*lines, lines[0]], "Line 4"),
        (replaced(1, '{"kind":"header","record":3}'), "format 3"),
        (replaced(1, '{"kind":"header","record":[1]}'), "format [1]"),
        (replaced(1, '{"kind":"header"}'), "format None"),
        (replaced(1, '{"kind":"header","record":1}'), "Line 1"),
        (replaced(2, '{"kind":"exchange"'), "Line 2"),
        (replaced(2, ""), "Line 2"),
        (replaced(2, "[]"), "Line 2"),
        (replaced(2, '{"kind":"opinion"}'), "Line 2"),
        (replaced(2, '{"kind":"exchange"}'), "Line 2"),
        (replaced(2, '{"kind":"plan","purposes":3,"requests":1,"billed":1,"output_tokens":1}'), "Line 2"),
        (lambda lines: [*lines, PLAN, '{"kind":"purpose","key":"a/1","scenario":"a"}'], "Line 5"),
        (lambda lines: [*lines, PLAN, PLAN], "Line 5"),
        (replaced(2, '{"kind":"purpose","key":1,"scenario":"a"}'), "Line 2"),
        (replaced(3, '{"kind":"footer","complete":1,"reason":"","exchanges":1,"ended":1}'), "Line 3"),
        (replaced(3, '{"kind":"footer","complete":true,"reason":"","exchanges":1,"ended":NaN}'), "Line 3"),
        (replaced(3, '{"kind":"footer","complete":true,"reason":"","exchanges":1,"ended":1e999}'), "Line 3"),
        (replaced(2, "[" * 100_000), "Line 2"),
        (replaced(2, "\x00\x01"), "Line 2"),
    ],
)
def test_what_does_not_fit_is_named_by_its_line(path: Path, change: Callable[[list[str]], list[str]], names: str) -> None:
    lines = written(path, exchange()).read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in change(lines)))
    with pytest.raises(RecordError) as caught:
        Record.open(path)
    assert names in caught.value.message
    assert caught.value.hint


def test_bytes_that_are_no_text_are_no_record(path: Path) -> None:
    written(path, exchange())
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(RecordError, match="Line 4"):
        Record.open(path)


def test_members_that_nobody_knows_are_ignored(path: Path) -> None:
    lines = [json.loads(line) | {"later": 1} for line in written(path, exchange()).read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Record.open(path) as record:
        assert tuple(record.exchanges()) == (exchange(),)


# The file system


def test_a_missing_record_is_named(path: Path) -> None:
    with pytest.raises(RecordError, match=r"run\.jsonl"):
        Record.open(path)


def test_a_record_is_never_overwritten(path: Path) -> None:
    before = written(path, exchange()).read_bytes()
    with pytest.raises(RecordError) as caught:
        RecordWriter(path, HEADER)
    assert caught.value.hint
    assert path.read_bytes() == before


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError) as caught:
        RecordWriter(tmp_path / "file" / "run.jsonl", HEADER)
    assert caught.value.hint


def test_a_full_disk_leaves_whole_lines_and_ends_the_writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RecordWriter(path, HEADER) as writer:
        writer.append(exchange("a/1"))
        real, room = os.write, [10]

        def write(file: int, data: memoryview) -> int:
            if not room:
                raise OSError(28, "No space left on device")
            return real(file, data[: room.pop()])

        monkeypatch.setattr(os, "write", write)
        with pytest.raises(RecordError, match="No space left"):
            writer.append(exchange("a/2"))
        monkeypatch.undo()
        with pytest.raises(RecordError):
            writer.close(FOOTER)
    with Record.open(path) as record:
        assert record.keys() == ("a/1",)
        assert (record.torn, record.complete) == (False, False)

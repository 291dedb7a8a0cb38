"""What a run does when its record can no longer be written: it ends with a sentence, and what was recorded holds."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.errors import RecordLostError
from conformance.record.runlog import Record, RecordWriter
from tests.flaky import Flaky, Sky, flaky
from tests.running import Ended, command, end, record_of, start
from tests.test_runlog import FOOTER, HEADER, exchange

PART = ("--only", "STREAM-DONE")


@pytest.fixture(scope="module")
def server() -> Iterator[Flaky]:
    with flaky(lambda random, _: Sky(delay=random.uniform(0.05, 0.1))) as made:
        yield made


def begin(server: Flaky, cwd: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run that has recorded something and is not done."""
    given = ("--base-url", server.url, "--model", "reference-model", "--concurrency", "1", *PART)
    process = start("run", *given, cwd=cwd)
    return process, record_of(cwd / "reports", 3, process)


def assert_it_ended_with_a_sentence(ended: Ended, *words: str) -> None:
    assert ended.status == 2, ended.said
    assert "Traceback" not in ended.said
    assert all(word in ended.err for word in words), ended.said


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_a_disk_that_fills_up_ends_the_run_after_a_whole_line_and_it_can_be_gone_on_with(server: Flaky, tmp_path: Path) -> None:
    process, record = begin(server, tmp_path)
    # Not a full disk, but a write that fails half-way just the same.
    room = record.stat().st_size + 700
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))
    ended = end(process, tmp_path / "reports")
    assert_it_ended_with_a_sentence(ended, "Cannot write the record", "--resume")
    with Record.open(record) as opened:
        assert (opened.torn, opened.complete) == (False, False)
        assert opened.count >= 3
        before = opened.count
    again = command("run", "--resume", str(record.parent), cwd=tmp_path)
    assert again.status == 0, again.said
    assert len(again.sent) > before
    assert len(again.sent) == len(set(again.sent))


@pytest.mark.parametrize("deed", ["removed", "replaced"])
def test_a_record_that_goes_away_ends_the_run(deed: str, server: Flaky, tmp_path: Path) -> None:
    process, record = begin(server, tmp_path)
    arrived = len(server.arrivals)
    if deed == "removed":
        record.unlink()
    else:
        other = record.with_name("other")
        other.write_bytes(record.read_bytes())
        other.replace(record)
    ended = end(process, tmp_path / "reports")
    assert_it_ended_with_a_sentence(ended, "was removed or replaced")
    assert len(server.arrivals) - arrived <= 2


def test_a_report_that_cannot_be_written_is_said_in_words_and_the_record_is_kept(server: Flaky, tmp_path: Path) -> None:
    process, record = begin(server, tmp_path)
    (record.parent / "report.html").mkdir()
    ended = end(process, tmp_path / "reports")
    assert ended.status == 4
    assert "The report cannot be written" in ended.err
    assert "Traceback" not in ended.said
    with Record.open(record) as opened:
        assert opened.complete


# Underneath


def gone(path: Path) -> None:
    path.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("deed", [gone, moved, folder_moved])
def test_a_writer_notices_that_nobody_will_find_what_it_writes(deed: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "run" / "run.jsonl"
    with RecordWriter(path, HEADER) as writer:
        writer.append(exchange("a/1"))
        deed(path)
        for _ in range(2):
            with pytest.raises(RecordLostError):
                writer.append(exchange("a/2"))
        with pytest.raises(RecordLostError):
            writer.close(FOOTER)

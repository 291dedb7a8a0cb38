"""A run that was cut off is gone on with: what was answered is not asked again, and it comes to what it would have come to."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from conformance.errors import ConformanceError
from conformance.options import Options
from conformance.provenance import Footer
from conformance.record.runlog import Record, RecordWriter
from conformance.reference.service import KEY
from conformance.run import Run
from tests.flaky import CLEAR, Flaky, Sky, calm, flaky
from tests.running import Ended, command, end, lines, record_of, start

PART = ("--only", "STREAM-DONE", "--only", "USAGE-TOTAL", "--only", "STREAM-SAME-TEXT")
WORKERS = 4
"""So many answers at most are on the wire, and not yet recorded, when a run is killed."""


@pytest.fixture(scope="module")
def server() -> Iterator[Flaky]:
    with flaky(lambda random, _: Sky(delay=random.uniform(0.02, 0.06))) as made:
        yield made


def begin(server: Flaky, cwd: Path, *more: str) -> subprocess.Popen[str]:
    given = ("--base-url", server.url, "--model", "reference-model", "--concurrency", str(WORKERS), *PART, *more)
    return start("run", *given, cwd=cwd)


def go_on(cwd: Path, folder: Path, *more: str) -> Ended:
    return command("run", "--resume", str(folder), *more, cwd=cwd)


def cut_off(server: Flaky, cwd: Path, exchanges: int = 5) -> Path:
    """Folder of a run that was killed once it had recorded so many exchanges."""
    process = begin(server, cwd)
    record = record_of(cwd / "reports", exchanges, process)
    process.kill()
    process.communicate()
    return record.parent


@pytest.fixture(scope="module")
def whole(server: Flaky, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    cwd = tmp_path_factory.mktemp("whole")
    ended = end(begin(server, cwd), cwd / "reports")
    assert ended.status == 0, ended.said
    return ended


@pytest.fixture(scope="module")
def killed(server: Flaky, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of a run that was killed, for whoever wants a copy."""
    return cut_off(server, tmp_path_factory.mktemp("killed"))


@pytest.fixture
def folder(killed: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "reports" / "cut"
    shutil.copytree(killed, copy)
    return copy


def answered(record: Path) -> dict[str, bytes]:
    """What was sent for each request that has an answer, by the name of the exchange."""
    with Record.open(record) as opened:
        return {each.id: each.sent.body for each in opened.exchanges() if each.fault is None and (each.status or 500) < 500}


def test_it_comes_to_the_same_and_says_that_it_was_resumed(server: Flaky, whole: Ended, folder: Path, tmp_path: Path) -> None:
    before = answered(folder / "run.jsonl")
    arrived = len(server.arrivals)
    ended = go_on(tmp_path, folder)
    assert ended.status == 0, ended.said
    assert ended.outcomes == whole.outcomes
    assert Counter(ended.sent) == Counter(whole.sent)
    assert len(server.arrivals) - arrived == len(whole.sent) - len(before)
    assert before.items() <= answered(folder / "run.jsonl").items()
    assert len(ended.summary["resumed"]) == 1
    assert "; resumed " in (folder / "report.html").read_text("utf-8")


def test_a_line_that_was_cut_is_dropped_and_asked_again(server: Flaky, whole: Ended, folder: Path, tmp_path: Path) -> None:
    record = folder / "run.jsonl"
    record.write_bytes(record.read_bytes()[:-20])
    kept = record.read_bytes().rpartition(b"\n")[0]
    ended = go_on(tmp_path, record)
    assert ended.status == 0, ended.said
    assert ended.outcomes == whole.outcomes
    assert Counter(ended.sent) == Counter(whole.sent)
    assert record.read_bytes().startswith(kept)


def test_the_embedded_server_is_started_again(tmp_path: Path) -> None:
    process = start("run", *PART, "--concurrency", "1", cwd=tmp_path)
    record = record_of(tmp_path / "reports", 3, process)
    process.kill()
    process.communicate()
    ended = go_on(tmp_path, record.parent)
    assert ended.status == 0, ended.said
    assert len({line["sent"]["url"] for line in ended.lines if line["kind"] == "exchange"}) == 1


def test_what_pytest_was_told_is_remembered(server: Flaky, tmp_path: Path) -> None:
    given = ("--base-url", server.url, "--model", "reference-model", "--concurrency", "1", "-k", "STREAM-DONE or USAGE-TOTAL", "-m", "must")
    process = start("run", *given, cwd=tmp_path)
    record = record_of(tmp_path / "reports", 3, process)
    process.kill()
    process.communicate()
    ended = go_on(tmp_path, record.parent)
    assert ended.status == 0, ended.said
    assert ended.summary["selection"] == "-k STREAM-DONE or USAGE-TOTAL -m must"
    assert "STREAM-DONE" in ended.outcomes
    assert all("STREAM-DONE" in name or "USAGE-TOTAL" in name for name in ended.outcomes)


# What cannot be gone on with


def changed(**members: object) -> Callable[[Path], None]:
    """Another header."""

    def change(folder: Path) -> None:
        head, _, rest = (folder / "run.jsonl").read_bytes().partition(b"\n")
        header = json.loads(head) | members
        (folder / "run.jsonl").write_bytes(json.dumps(header).encode() + b"\n" + rest)

    return change


def finished(folder: Path) -> None:
    with RecordWriter.resume(folder / "run.jsonl") as writer:
        writer.close(Footer(complete=True, reason="", exchanges=writer.exchanges, ended=1.0))


def nothing(_: Path) -> None:
    pass


REFUSED: dict[str, tuple[Callable[[Path], object], dict[str, object], tuple[str, ...]]] = {
    "no-record": (lambda folder: (folder / "run.jsonl").unlink(), {}, ("no record",)),
    "no-whole-header": (lambda folder: (folder / "run.jsonl").write_bytes(b'{"kind":"hea'), {}, ("no header",)),
    "complete": (finished, {}, ("is complete", "conformance judge")),
    "other-url": (nothing, {"base_url": "http://127.0.0.1:9/v1"}, ("not http://127.0.0.1:9/v1", "http://127.0.0.1:")),
    "other-model": (nothing, {"model": "other"}, ("reference-model", "not other")),
    "other-dialect": (nothing, {"dialect": "openai"}, ("openai-compatible", "not openai")),
    "other-tier": (nothing, {"tier": "smoke"}, ("gate", "not smoke")),
    "other-seed": (nothing, {"seed": "2"}, ("--seed 1", "not 2")),
    "other-claims": (nothing, {"claim": ("tools",)}, ("--claim nothing", "not tools")),
    "other-denials": (nothing, {"deny": ("n",)}, ("--deny nothing", "not n")),
    "other-selection": (nothing, {"only": ("STREAM-DONE",)}, ("STREAM-SAME-TEXT", "not STREAM-DONE")),
    "other-keywords": (nothing, {"keywords": "USAGE"}, ("-k USAGE",)),
    "other-contract": (changed(contract_digest="0123456789abcdef"), {}, ("contract was changed", "0123456789ab")),
    "other-catalogue": (changed(catalogue_digest="0123456789abcdef"), {}, ("catalogue of requirements was changed", "0123456789ab")),
    "own-overlay": (changed(dialect=["openai", "mine"], overlay="mine.overlay.yaml"), {}, ("'mine.overlay.yaml'", "--dialect FILE")),
    "output": (nothing, {"output": "elsewhere"}, ("--output",)),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_it_is_refused_in_one_sentence_and_left_as_it_was(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, options, words = REFUSED[name]
    prepare(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)
    with pytest.raises(ConformanceError) as refused:
        Run(Options.given({"resume": str(folder), **options}))
    assert refused.value.exit_status == 4
    assert refused.value.hint
    said = refused.value.message + refused.value.hint
    assert all(word in said for word in words), said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_so_is_one_whose_key_is_gone(folder: Path, tmp_path: Path) -> None:
    ended = command("run", "--resume", str(folder), cwd=tmp_path, environment={})
    assert ended.status == 4
    assert "the key in $CONFORMANCE_API_KEY; now there is no key" in ended.said
    assert "Traceback" not in ended.said


def test_so_is_one_that_was_planned_otherwise(folder: Path, tmp_path: Path) -> None:
    record = folder / "run.jsonl"
    given = lines(record)
    given.remove(next(line for line in reversed(given) if line["kind"] == "purpose"))
    record.write_text("".join(json.dumps(line) + "\n" for line in given))
    before = record.read_bytes()
    ended = go_on(tmp_path, folder)
    assert ended.status == 4
    assert "planned otherwise" in ended.said
    assert record.read_bytes() == before


def test_so_is_one_that_is_still_going_on(tmp_path: Path) -> None:
    second_is_done = threading.Event()

    def hold(_: Random, number: int) -> Sky:
        second_is_done.wait(30 if number > 5 else 0)
        return CLEAR

    with flaky(hold) as server:
        process = begin(server, tmp_path)
        record = record_of(tmp_path / "reports", 2, process)
        second = go_on(tmp_path, record.parent)
        second_is_done.set()
        first = end(process, tmp_path / "reports")
    assert second.status == 4
    assert "is being written by another process" in second.said
    assert first.status == 0
    assert first.summary["complete"]


def test_so_is_one_that_could_not_be_tested(tmp_path: Path) -> None:
    with flaky(calm) as closed:
        wrong = {"CONFORMANCE_API_KEY": "sk-wrong"}
        given = ("--base-url", closed.url, "--model", "reference-model", *PART)
        first = command("run", *given, cwd=tmp_path, environment=wrong)
        assert first.status == 2
        before = (first.folder / "run.jsonl").read_bytes()
        ended = go_on(tmp_path, first.folder)
    assert ended.status == 4
    assert "could not be tested" in ended.said
    assert (first.folder / "run.jsonl").read_bytes() == before


# Killed again and again


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_ten_random_moments_it_loses_nothing_and_asks_nothing_twice(
    seed: int, server: Flaky, whole: Ended, tmp_path: Path
) -> None:
    random = Random(seed)
    kills = 10
    arrived = len(server.arrivals)
    record: Path | None = None
    recorded: dict[str, bytes] = {}
    for _ in range(kills):
        if record is None:
            process = begin(server, tmp_path)
        else:
            process = start("run", "--resume", str(record.parent), "--concurrency", str(WORKERS), cwd=tmp_path)
        wanted = len(recorded) + random.randint(1, len(whole.sent) // kills)
        record = record_of(tmp_path / "reports", wanted, process)
        process.kill()
        process.communicate()
        now = answered(record)
        assert recorded.items() <= now.items(), "an answer was lost"
        recorded = now
    assert record is not None
    ended = go_on(tmp_path, record.parent)
    assert ended.status == 0, ended.said
    assert ended.outcomes == whole.outcomes
    assert Counter(ended.sent) == Counter(whole.sent)
    sent = Counter(arrival.body for arrival in server.arrivals[arrived:])
    needed = Counter(answered(record).values())
    assert not needed - sent
    assert (sent - needed).total() <= kills * WORKERS

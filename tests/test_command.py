"""The `conformance` command, from end to end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance import cli, registry
from conformance.reference import defects
from conformance.reference.launch import Embedded, Options
from conformance.render import artefacts
from tests.running import Ended, command, end, lines, record_of, served, start
from tests.servers import always, answer, serving, unused_port

CANARY = "sk-canary-4c1f09d27b"


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    """The reference server and all its defects, with a key that must show up nowhere."""
    with Embedded(Options(all_defects=True, key=CANARY)) as embedded:
        yield embedded


def run_on(base_url: str, cwd: Path, *more: str) -> Ended:
    return command("run", "--base-url", base_url, "--model", "reference-model", *more, cwd=cwd, environment={"CONFORMANCE_API_KEY": CANARY})


def arguments_of_all_processes() -> bytes:
    return b"\n".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK))


# A whole run


@pytest.fixture(scope="module")
def whole(server: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return run_on(server.base_url, tmp_path_factory.mktemp("whole"))


def test_a_conforming_endpoint_conforms(whole: Ended) -> None:
    assert whole.status == 0, whole.said
    assert "Conforms" in whole.out
    assert "Exit status 0" in whole.out
    assert {path.name for path in whole.folder.iterdir()} == {"run.jsonl", *artefacts.NAMES}
    assert whole.summary["exit_status"] == 0
    assert whole.summary["complete"]
    assert set(whole.outcomes) == {requirement.id for requirement in registry.load().requirements}
    assert not {"FAIL", "INCONCLUSIVE", "ERROR"} & set(whole.outcomes.values())


def test_no_more_is_sent_than_was_announced(whole: Ended) -> None:
    requests = whole.summary["requests"]
    assert 0 < requests["sent"] == len(whole.sent) <= requests["ceiling"]


def test_the_key_is_written_down_nowhere(whole: Ended) -> None:
    assert CANARY not in whole.said
    for path in whole.folder.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path.name


def test_judging_the_record_again_gives_the_same_files_and_asks_nobody(whole: Ended, tmp_path: Path) -> None:
    copy = tmp_path / "reports" / "copy"
    copy.mkdir(parents=True)
    shutil.copy(whole.folder / "run.jsonl", copy)
    again = command("judge", str(copy), cwd=tmp_path)
    assert again.status == 0
    for name in ("run.jsonl", *artefacts.NAMES):
        assert (copy / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_without_a_url_the_reference_server_is_tested(tmp_path: Path) -> None:
    ended = command("run", "--tier", "smoke", cwd=tmp_path, environment={})
    assert ended.status == 0, ended.said
    assert 1 <= len(ended.sent) <= 3


# A part of it


@pytest.fixture(scope="module")
def parts(server: Embedded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    wanted = {"only": ("--only", "STREAM-DONE"), "k": ("-k", "STREAM-DONE"), "m": ("-m", "must and streaming")}
    with ThreadPoolExecutor(2) as pool:
        ended = pool.map(lambda name: run_on(server.base_url, tmp_path_factory.mktemp(name), *wanted[name]), wanted)
        return dict(zip(wanted, ended, strict=True))


def test_a_part_that_is_judged_again_gives_the_same_files(parts: dict[str, Ended], tmp_path: Path) -> None:
    for name, ended in parts.items():
        copy = tmp_path / name
        shutil.copytree(ended.folder, copy, ignore=shutil.ignore_patterns("*.html", "*.json", "*.md", "*.xml", "*.sarif", "*.svg"))
        assert command("judge", str(copy), cwd=tmp_path).status == ended.status
        for view in artefacts.NAMES:
            assert (copy / view).read_bytes() == (ended.folder / view).read_bytes(), (name, view)


def test_only_judges_what_it_names_and_sends_what_that_needs(parts: dict[str, Ended], whole: Ended) -> None:
    one = parts["only"]
    assert one.status == 0
    assert list(one.outcomes) == ["STREAM-DONE"]
    assert one.summary["selection"] == "STREAM-DONE"
    planned = [line for line in one.lines if line["kind"] == "purpose"]
    needed = {purpose["key"] for purpose in planned if purpose.get("stream") and "violation" not in purpose}
    compared = {purpose.get(relation) for purpose in planned for relation in ("twin", "control", "after")}
    assert needed
    assert {purpose["key"] for purpose in planned} <= needed | compared
    assert len(one.sent) < len(whole.sent) / 4


def test_k_and_m_select_as_pytest_selects(parts: dict[str, Ended]) -> None:
    assert parts["k"].status == 0
    assert set(parts["k"].outcomes) == {name for name in (r.id for r in registry.load().requirements) if "STREAM-DONE" in name}
    assert parts["k"].summary["selection"] == "-k STREAM-DONE"
    verdicts = parts["m"].summary["verdicts"]
    assert {(verdict["level"], verdict["area"]) for verdict in verdicts} == {("MUST", "streaming")}


def test_plan_sends_nothing(tmp_path: Path) -> None:
    with serving(always(answer())) as counting:
        ended = command("plan", "--base-url", counting.url, "--model", "m", cwd=tmp_path)
        assert ended.status == 0
        assert counting.heads == []
    assert "requests at most" in ended.out
    assert not (tmp_path / "reports").exists()


# Violations


def test_a_defect_is_found_and_named(server: Embedded, tmp_path: Path) -> None:
    name = next(name for name, defect in defects.ALL.items() if "STREAM-DONE" in defect.trips)
    ended = run_on(server.base_url_of(name), tmp_path, "--only", "STREAM-DONE")
    assert ended.status == 1
    assert "FAIL STREAM-DONE" in ended.out
    assert "--only STREAM-DONE" in ended.out
    assert "Does not conform" in ended.out
    assert ended.outcomes == {"STREAM-DONE": "FAIL"}
    assert CANARY not in ended.said


# Wrong options

WRONG = {
    "no-scheme": (("--base-url", "host/v1", "--model", "m"), "http://"),
    "password": (("--base-url", "http://user:secret@host/v1", "--model", "m"), "user name or password"),
    "no-model": (("--base-url", "http://host/v1"), "No model"),
    "model-alone": (("--model", "m"), "--base-url"),
    "dialect": (("--dialect", "openay"), "openai"),
    "dialect-file": (("--dialect", "./nothing.yaml"), "nothing.yaml"),
    "tier": (("--tier", "gates"), "gate"),
    "requirement": (("--only", "STREAM-DON"), "STREAM-DONE"),
    "claim": (("--claim", "tool"), "tools"),
    "deny": (("--deny", "tool"), "tools"),
    "both": (("--claim", "tools", "--deny", "tools"), "both claims and denies"),
    "header": (("--header", "X-Team"), "colon"),
    "our-header": (("--header", "Authorization: Bearer x"), "Authorization"),
    "concurrency": (("--concurrency", "many"), "--concurrency"),
    "concurrency-infinite": (("--concurrency", "inf"), "--concurrency"),
    "concurrency-none": (("--concurrency", "0"), "concurrency"),
    "seed": (("--seed", "nan"), "--seed"),
    "rate": (("--rate", "fast"), "--rate"),
    "rate-none": (("--rate", "0"), "rate"),
    "timeout": (("--request-timeout", "-1"), "above 0"),
    "timeout-nan": (("--request-timeout", "nan"), "above 0"),
    "key-variable": (("--base-url", "http://host/v1", "--model", "m", "--key-variable", "NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE"),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_option_is_said_in_words(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = WRONG[name]
    with pytest.raises(SystemExit) as ended:
        cli.main(["plan", *arguments])
    said = "".join(capsys.readouterr())
    assert ended.value.code == 4
    assert words in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bogus"], "bogus"),
        (["list", "bogus"], "bogus"),
        (["explain", "NO-SUCH"], "NO-SUCH"),
        (["serve", "--defect", "bogus"], "bogus"),
        (["judge", "nowhere"], "nowhere"),
        (["serve", "--latency", "soon"], "soon"),
    ],
)
def test_so_is_a_wrong_command(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 4
    assert words in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--base-url", "ftp://host", "--model", "m"), "http://"),
        (("--no-such-option",), "--no-such-option"),
        (("--output", "file/inside"), "--output"),
        (("-k", "nothing-is-called-so"), "No requirement is chosen"),
    ],
)
def test_a_run_ends_before_it_begins_when_it_is_asked_for_wrongly(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = command("run", *arguments, cwd=tmp_path)
    assert ended.status == 4
    assert words in ended.said
    assert "Traceback" not in ended.said
    assert not ended.output.exists()


# Runs that are cut off


@pytest.fixture(scope="module")
def slow() -> Iterator[Embedded]:
    with Embedded(Options(latency=0.2)) as embedded:
        yield embedded


def begun(base_url: str, cwd: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run that has recorded a few exchanges and is far from done."""
    process = start("run", "--base-url", base_url, "--model", "reference-model", "--concurrency", "4", cwd=cwd)
    return process, record_of(cwd / "reports", 8, process)


def assert_cut_off(ended: Ended, words: str) -> None:
    assert ended.status == 2, ended.said
    assert "Traceback" not in ended.said
    assert "INCOMPLETE RUN" in ended.out
    footer = ended.lines[-1]
    assert footer["kind"] == "footer"
    assert not footer["complete"]
    assert words in footer["reason"]
    assert not ended.summary["complete"]
    assert words in ended.summary["sentence"]
    assert words in (ended.folder / "report.html").read_text("utf-8")
    assert len(ended.sent) < ended.summary["requests"]["ceiling"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_a_record_that_says_so(slow: Embedded, number: signal.Signals, tmp_path: Path) -> None:
    process, _ = begun(slow.base_url, tmp_path)
    process.send_signal(number)
    assert_cut_off(end(process, tmp_path / "reports"), "nterrupted")


def test_a_target_that_dies_on_the_way_is_lost(tmp_path: Path) -> None:
    with served("--latency", "200ms", cwd=tmp_path) as (url, target):
        process, _ = begun(url, tmp_path)
        target.kill()
        assert_cut_off(end(process, tmp_path / "reports"), "is gone")


def test_a_run_that_was_killed_reads_as_cut_off(slow: Embedded, tmp_path: Path) -> None:
    process, record = begun(slow.base_url, tmp_path)
    process.kill()
    process.communicate()
    assert lines(record)[-1]["kind"] == "exchange"
    ended = command("judge", str(record), cwd=tmp_path)
    assert ended.status == 2
    assert "INCOMPLETE RUN" in ended.out
    assert "killed" in ended.summary["sentence"]
    record.write_bytes(record.read_bytes()[:-20])
    torn = command("judge", str(record.parent), cwd=tmp_path)
    assert torn.status == 2
    assert "cut off" in torn.summary["sentence"]


def test_the_key_is_on_no_command_line(tmp_path: Path) -> None:
    with Embedded(Options(key=CANARY, latency=0.2)) as embedded:
        environment = {"CONFORMANCE_API_KEY": CANARY}
        process = start("run", "--base-url", embedded.base_url, "--model", "reference-model", cwd=tmp_path, environment=environment)
        record_of(tmp_path / "reports", 2, process)
        assert CANARY.encode() not in arguments_of_all_processes()
        process.send_signal(signal.SIGINT)
        end(process, tmp_path / "reports")


def test_serving_on_a_port_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    port = unused_port()
    with serving(always(answer())) as taken:
        port = int(taken.url.rpartition(":")[2].partition("/")[0])
        ended = command("serve", "--port", str(port), cwd=tmp_path)
    assert ended.status == 4
    assert "Cannot listen" in ended.err

"""`conformance judge`: a saved run as it was asked and gated, by any reading, and traffic that was captured elsewhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance import contract, registry, session
from conformance.cli import main
from conformance.model import Tier
from conformance.provenance import Header, Identity
from conformance.record.runlog import Record, RecordWriter
from conformance.render import artefacts, summary, wording
from tests.test_compare_command import GOOD, saved
from tests.test_imports import ASKED, URL, entry, har, line, log

PARTLY = ("ANSWER-FINISH", "ANSWER-OBJECT")


def command(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["judge", *map(str, arguments)], input=given)


def told(folder: Path) -> dict[str, Any]:
    """The summary of a folder, which holds to its schema."""
    made: dict[str, Any] = json.loads((folder / "summary.json").read_text("utf-8"))
    return made


def outcomes(folder: Path) -> dict[str, str]:
    return {verdict["id"]: verdict["outcome"] for verdict in told(folder)["verdicts"]}


def run_with(folder: Path, body: bytes = GOOD, **header: Any) -> Path:
    """A saved run of which the header says more."""
    saved(folder / "whole", body)
    with (
        Record.open(folder / "whole" / "run.jsonl") as record,
        RecordWriter(folder / "run.jsonl", replace(record.header, **header)) as writer,
    ):
        assert record.plan is not None
        assert record.footer is not None
        writer.plan(record.plan)
        for exchange in record.exchanges():
            writer.append(exchange)
        writer.close(record.footer)
    return folder


# A saved run


def test_a_run_that_was_narrowed_down_is_judged_by_what_it_asked_for(tmp_path: Path) -> None:
    folder = run_with(tmp_path, selection=" ".join(PARTLY), wanted=PARTLY)
    assert command(folder).exit_code == 0
    assert tuple(outcomes(folder)) == PARTLY


def test_the_whole_catalogue_is_judged_where_that_is_said(tmp_path: Path) -> None:
    folder = run_with(tmp_path, selection=" ".join(PARTLY), wanted=PARTLY)
    command(folder, "--all")
    assert set(outcomes(folder)) == {each.id for each in registry.load().requirements}


def test_a_requirement_that_is_gone_is_not_missed(tmp_path: Path) -> None:
    folder = run_with(tmp_path, selection="x", wanted=("ANSWER-LONG-GONE", *PARTLY))
    assert command(folder).exit_code == 0
    assert tuple(outcomes(folder)) == PARTLY


def test_a_strict_run_is_judged_as_strictly_again(tmp_path: Path) -> None:
    nameless, asked = GOOD.replace(b'"model":"m"', b'"model":""'), ("ANSWER-FINISH", "ANSWER-MODEL")
    lenient = run_with(tmp_path / "a", nameless, wanted=asked)
    strict = run_with(tmp_path / "b", nameless, wanted=asked, strict=True)
    assert command(lenient).exit_code == 0
    assert command(strict).exit_code == 1
    assert "MUST and SHOULD" in told(strict)["sentence"]
    given = {name: (strict / name).read_bytes() for name in artefacts.NAMES}
    command(strict)
    assert {name: (strict / name).read_bytes() for name in artefacts.NAMES} == given
    assert command(lenient, "--strict").exit_code == 1


def every_view(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text("utf-8") for name in artefacts.NAMES}


def test_every_view_names_the_reading_that_was_judged_by(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", GOOD)
    printed = command(folder, "--dialect", "openai").output
    note = "Judged by the reading openai; the requests were planned under openai-compatible."
    assert note in printed
    views = every_view(folder)
    for name in ("report.html", "contract.html", "summary.md", "junit.xml", "results.sarif", "summary.json"):
        assert note in views[name], name
    made = told(folder)
    assert made["dialect"] == ["openai"]
    assert made["contract"]["digest"] == contract.load("openai").digest
    assert made["planned_under"]["dialect"] == ["openai", "openai-compatible"]
    assert "openai → openai-compatible" not in views["report.html"] + views["contract.html"]
    assert 'name="dialect" value="openai"' in views["junit.xml"]


def test_without_another_reading_nothing_is_said_of_it(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", GOOD)
    assert "planned under" not in command(folder).output
    assert told(folder)["notes"] == []


def test_a_run_remembers_what_it_asked_for_and_how_strictly() -> None:
    catalogue = registry.load()
    from conformance.target import Target

    target = Target(base_url="http://127.0.0.1:1/v1", model="m")
    chosen = tuple(catalogue.find(name) for name in PARTLY)
    some = session.Assignment(
        target=target, contract=contract.load(), catalogue=catalogue, requirements=chosen, selection="-k x", strict=True
    ).header()
    assert (some.wanted, some.strict) == (PARTLY, True)
    every = session.Assignment(target=target, contract=contract.load(), catalogue=catalogue, requirements=catalogue.requirements)
    assert (every.header().wanted, every.header().strict) == ((), False)


# Captured traffic

RIGHT = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1795000000,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hello", "refusal": None}, "finish_reason": "stop", "logprobs": None}
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
)


def captured(folder: Path, *bodies: str, name: str = "monday.har") -> Path:
    path = folder / name
    path.write_bytes(har(*(entry(body) for body in bodies)))
    return path


def test_a_har_file_is_judged_and_kept_as_a_record(tmp_path: Path) -> None:
    ended = command(captured(tmp_path, RIGHT), "--output", tmp_path / "out")
    assert ended.exit_code == 0, ended.output
    assert "No violation seen" in ended.output
    assert "Judged on 1 recorded exchange from monday.har." in ended.output
    assert "Exit status 0: no violation seen." in ended.output
    assert "Requests sent" not in ended.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run.jsonl", *artefacts.NAMES}
    made = told(tmp_path / "out")
    assert made["imported"]["tool"] == "Recorder 3.1"
    assert made["tier"]
    views = every_view(tmp_path / "out")
    for name in ("report.html", "contract.html", "summary.md", "junit.xml", "results.sarif"):
        assert "Nothing was sent: 1 recorded exchange from monday.har" in views[name], name
    assert "conformance run" not in views["report.html"]


def test_the_summary_of_captured_traffic_holds_to_its_schema(tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    command(captured(tmp_path, RIGHT, "no JSON"), "--output", tmp_path / "out")
    Draft202012Validator(summary.schema()).validate(told(tmp_path / "out"))


def test_a_violation_in_captured_traffic_is_told_with_its_exchange(tmp_path: Path) -> None:
    ended = command(captured(tmp_path, RIGHT, RIGHT.replace("chat.completion", "text_completion")), "--output", tmp_path / "out")
    assert ended.exit_code == 1
    assert "FAIL ANSWER-OBJECT" in ended.output
    assert "recorded/000002" in ended.output
    assert "rerun" not in ended.output
    assert f"curl -sS -i {URL}" in ended.output


def test_the_record_of_captured_traffic_is_judged_again_to_the_byte(tmp_path: Path) -> None:
    command(captured(tmp_path, RIGHT), "--output", tmp_path / "out")
    before = every_view(tmp_path / "out")
    assert command(tmp_path / "out").exit_code == 0
    assert every_view(tmp_path / "out") == before


def test_by_another_reading_the_same_record_says_what_is_valid_anew(tmp_path: Path) -> None:
    path = tmp_path / "monday.har"
    path.write_bytes(har(entry('{"id":"c","choices":[]}', asked={**ASKED, "temperature": None})))
    assert command(path, "--output", tmp_path / "out").exit_code == 1
    assert command(tmp_path / "out", "--dialect", "requesty").exit_code == 0
    assert "0 of them are successes" in " ".join(told(tmp_path / "out")["notes"])
    assert "ANSWER-CHOICES" not in [name for name, outcome in outcomes(tmp_path / "out").items() if outcome == "FAIL"]


@pytest.mark.parametrize(
    "source",
    [
        lambda folder: (
            folder / "a.jsonl",
            log(line(response={"status": 200, "headers": {"content-type": "application/json"}, "body": RIGHT})),
        ),
        lambda folder: (folder / "a.har.gz", gzip.compress(har(entry(RIGHT)))),
    ],
)
def test_other_forms_are_known_by_what_they_hold(tmp_path: Path, source: Callable[[Path], tuple[Path, bytes]]) -> None:
    path, data = source(tmp_path)
    path.write_bytes(data)
    assert command(path, "--output", tmp_path / "out").exit_code == 0


def test_a_folder_of_captures_and_standard_input_are_judged(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    captured(tmp_path / "in", RIGHT)
    captured(tmp_path / "in", RIGHT, name="tuesday.har")
    assert "2 recorded exchanges from in." in command(tmp_path / "in", "--output", tmp_path / "out").output
    piped = command("-", "--output", tmp_path / "piped", given=har(entry(RIGHT)))
    assert "from standard input." in piped.output


def test_without_a_folder_it_gets_one_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(captured(tmp_path, RIGHT)).exit_code == 0
    (folder,) = (tmp_path / "reports").iterdir()
    assert folder.name.endswith("-monday")
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize(
    ("data", "more", "status", "said"),
    [
        (b"no capture", (), 4, "line 1 is no exchange"),
        (log(line()) + b"broken\n", (), 4, "line 2 is no exchange"),
        (log(line()) + b"broken\n", ("--skip-unreadable",), 1, "entries that cannot be read"),
        (har(entry(RIGHT), entry(RIGHT, url="https://other.example/v1/chat/completions")), (), 4, "--base-url"),
        (har(entry(RIGHT), entry(RIGHT, url="https://other.example/v1/chat/completions")), ("--base-url", URL), 0, "No violation seen"),
        (har(), (), 2, "nothing was observed"),
        (har(entry(RIGHT)), ("--baseline", "any.toml"), 4, "no baseline for captured traffic"),
        (har(entry(RIGHT)), ("--dialect", "nobodys"), 4, "nobodys"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(tmp_path: Path, data: bytes, more: tuple[str, ...], status: int, said: str) -> None:
    (tmp_path / "traffic").write_bytes(data)
    ended = command(tmp_path / "traffic", "--output", tmp_path / "out", *more)
    assert ended.exit_code == status, ended.output
    assert said in ended.output
    assert "Traceback" not in ended.output


def test_options_for_captured_traffic_have_no_meaning_for_a_run(tmp_path: Path) -> None:
    ended = command(saved(tmp_path / "run", GOOD), "--whole")
    assert ended.exit_code == 4
    assert "--whole is for captured traffic" in ended.output


def test_traffic_that_was_judged_strictly_is_judged_so_again(tmp_path: Path) -> None:
    path = captured(tmp_path, RIGHT.replace('"model": "m"', '"model": ""'))
    assert command(path, "--output", tmp_path / "out", "--strict").exit_code == 1
    before = every_view(tmp_path / "out")
    assert command(tmp_path / "out").exit_code == 1
    assert every_view(tmp_path / "out") == before


def test_traffic_is_not_compared_with_a_run_unless_that_is_wanted(tmp_path: Path) -> None:
    command(captured(tmp_path, RIGHT), "--output", tmp_path / "out")
    run = saved(tmp_path / "run", GOOD)
    refused = CliRunner().invoke(main, ["compare", str(tmp_path / "out"), str(run)])
    assert refused.exit_code == 4
    assert "recorded elsewhere" in refused.output
    assert CliRunner().invoke(main, ["compare", "--common", str(tmp_path / "out"), str(run)]).exit_code == 0


@pytest.mark.parametrize("other", [["opinion"], ["contract", "coverage"]])
def test_other_commands_read_such_a_record_too(tmp_path: Path, other: list[str]) -> None:
    command(captured(tmp_path, RIGHT), "--output", tmp_path / "out")
    ended = CliRunner().invoke(main, [*other, str(tmp_path / "out")])
    assert ended.exit_code in (0, 1, 2, 4), ended.output
    assert not ended.exception or isinstance(ended.exception, SystemExit)


def test_a_run_by_an_overlay_of_ones_own_names_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To judge it again, to go on with it and to ask one thing anew takes the file, not the name within it."""
    overlay = "overlay: 1.0.0\ninfo: {title: Ours, version: '1'}\nx-extends: openai-compatible\n"
    overlay += "actions: [{target: $.info, description: ours, update: {x-ours: true}}]\n"
    (tmp_path / "ours.overlay.yaml").write_text(overlay, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    header = Header(
        suite_version="0.1.0",
        contract_revision="2026-11-21",
        contract_digest="0" * 64,
        catalogue_digest="0" * 64,
        dialect=("openai", "openai-compatible", "ours"),
        overlay="ours.overlay.yaml",
        target=Identity(base_url="http://127.0.0.1:1/v1", model="m"),
        tier=Tier.GATE,
        seed=1,
        selection="",
        started=1.0,
    )
    assert contract.load(header.reading).dialect == "ours"
    assert "--dialect ours.overlay.yaml" in wording.rerun(header, "STREAM-DONE")

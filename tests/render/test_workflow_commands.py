"""Annotations: one command a line whatever a target answered, the worst first, no more than are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.errors import RecordError
from conformance.model import Level, Outcome
from conformance.render import artefacts, summary, workflow_commands
from conformance.report import Report
from tests.render.runs import report, row
from tests.running import command

LINE = re.compile(r"::(error|warning|notice) (?:file=[^:,]+,line=1,)?title=[^:,\r\n]+::[^\r\n]*")


def commands(shown: Report, file: str = "") -> list[str]:
    return workflow_commands.render(summary.document(shown), file=file).splitlines()


def test_the_verdict_comes_first(typical: Report) -> None:
    assert commands(typical)[0] == f"::error title=Conformance::{typical.gate.sentence}"


def test_a_failure_tells_all_that_is_needed_to_repair_it(typical: Report) -> None:
    (told,) = [each for each in commands(typical) if "STREAM-DONE" in each.partition("::")[2].partition("::")[0]]
    assert told.startswith("::error title=STREAM-DONE (MUST%2C FAIL)::")
    for words in ("expected [DONE]", "finish_reason", "in text/streamed [no-done]", "--only STREAM-DONE"):
        assert words in told.replace("%25", "%")


def test_each_kind_says_how_bad_it_is(typical: Report) -> None:
    kinds = {found[2]: found[1] for each in commands(typical) if (found := re.match(r"::(\w+) title=([A-Z-]+) ", each))}
    assert kinds["STREAM-DONE"] == "error"
    assert kinds["ERRORS-ENVELOPE"] == "warning"
    assert kinds["USAGE-SUM"] == "error"
    assert not kinds.keys() & {"ANSWER-ID", "ERRORS-REQUEST-ID", "STREAM-TOOLS", "STREAM-LOGPROBS"}


def test_what_is_not_scored_yet_is_a_notice() -> None:
    (_, told) = commands(report(replace(row("STREAM-NEW", Outcome.FAIL), scored=False)))
    assert told.startswith("::notice title=STREAM-NEW (MUST%2C FAIL%2C not scored yet)::")


def test_what_is_stale_in_the_baseline_is_an_error(typical: Report) -> None:
    document: dict[str, Any] = {**summary.document(typical)}
    entry: dict[str, Any] = {"rule": "STREAM-DONE", "code": "no-done", "expect": "fail", "reason": "100 % known", "standing": "stale"}
    told = workflow_commands.render({**document, "baseline": [entry, {**entry, "standing": "accepted"}]}).splitlines()
    (stale,) = [each for each in told if "Stale" in each]
    assert stale.startswith(
        "::error title=Stale in the baseline%3A STREAM-DONE::It accepts no-done (100 %25 known), which no longer occurs."
    )
    assert stale.endswith("%0ATake the entry out of the baseline.")


def test_what_the_baseline_accepts_is_a_notice(typical: Report) -> None:
    document: dict[str, Any] = {**summary.document(typical)}
    (done,) = [verdict for verdict in document["verdicts"] if verdict["id"] == "STREAM-DONE"]
    told = workflow_commands.render({**document, "verdicts": [{**done, "accepted": True}]}).splitlines()[-1]
    assert told.startswith("::notice title=STREAM-DONE (MUST%2C FAIL%2C accepted)::")


def test_they_are_shown_at_a_file_when_one_is_named(typical: Report) -> None:
    assert all("file=conf/a%2Cb%3A.toml,line=1,title=" in each for each in commands(typical, "conf/a,b:.toml"))


def test_nothing_a_target_answers_becomes_a_command(hostile: Report) -> None:
    text = workflow_commands.render(summary.document(hostile), file="conformance.toml")
    assert all(LINE.fullmatch(each) for each in text.removesuffix("\n").split("\n"))


@given(st.text())
@settings(deadline=None)
def test_no_text_leaves_its_command(text: str) -> None:
    written = workflow_commands.data(text)
    assert not set(written) & {"\r", "\n"}
    assert written.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == text


def test_no_more_than_are_kept(crowded: Report) -> None:
    told = commands(crowded)
    for kind in ("error", "warning", "notice"):
        assert sum(each.startswith(f"::{kind} ") for each in told) <= workflow_commands.MOST
    assert any("more of this kind" in each for each in told)


def test_a_run_that_conforms_has_a_notice_alone() -> None:
    shown = report(row("STREAM-DONE", Outcome.PASS), row("STREAM-MAY", Outcome.FAIL, Level.MAY))
    assert [each.partition(" ")[0] for each in commands(shown)] == ["::notice"]


@pytest.mark.parametrize("text", ["[]", '{"summary_version": 99}', "{", ""])
def test_what_is_no_summary_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    ended = command("annotate", str(tmp_path / "x.json"), cwd=tmp_path)
    assert (ended.status, ended.out) == (4, "")
    assert "Traceback" not in ended.err


def test_the_command_reads_the_folder_of_a_run(typical: Report, tmp_path: Path) -> None:
    (tmp_path / artefacts.SUMMARY).write_text(summary.render(typical), encoding="utf-8")
    ended = command("annotate", str(tmp_path), cwd=tmp_path)
    assert (ended.status, ended.out) == (0, workflow_commands.render(summary.document(typical)))


def test_a_summary_without_a_verdict_is_none() -> None:
    with pytest.raises(RecordError):
        workflow_commands.render({"summary_version": summary.VERSION})

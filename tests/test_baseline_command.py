"""Adopting the gate with a baseline, from end to end: propose, give reasons, run, grow stale, renew."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from conformance.errors import ConfigurationError
from conformance.record import resume
from conformance.record.runlog import Record
from conformance.render import artefacts, summary
from tests.running import CLEAN, KEYED, Ended, command, served

ONLY = "STREAM-DONE,STREAM-JSON"
RULE = "STREAM-DONE"
REASON = "Known since the review, goes with release 7"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def broken(place: Path) -> Iterator[str]:
    """A gateway that drops the end of streams."""
    with served("--defect", "done-missing", cwd=place) as (url, _):
        yield url


def run(url: str, place: Path, name: str, *more: str) -> Ended:
    target = ("--base-url", url, "--model", "reference-model") if url else ()
    ended = command("run", *target, "--only", ONLY, "--output", name, *more, cwd=place)
    return Ended(ended.status, ended.out, ended.err, place / name)


@pytest.fixture(scope="module")
def before(broken: str, place: Path) -> Ended:
    return run(broken, place, "before")


@pytest.fixture(scope="module")
def proposed(before: Ended, place: Path) -> Path:
    """What is proposed for the gateway as it is."""
    ended = command("baseline", str(before.folder), "--output", "proposed.toml", cwd=place)
    assert ended.status == 0, ended.said
    assert "0 kept, 1 added, 0 dropped" in ended.err
    return place / "proposed.toml"


@pytest.fixture(scope="module")
def filled(proposed: Path) -> Path:
    """The same, after somebody gave a reason."""
    path = proposed.with_name("baseline.toml")
    path.write_text(proposed.read_text("utf-8").replace('reason = ""', f'reason = "{REASON}"\nissue = "GW-12"'), "utf-8")
    return path


@pytest.fixture(scope="module")
def after(broken: str, place: Path, filled: Path) -> Ended:
    return run(broken, place, "after", "--baseline", str(filled))


def test_without_a_baseline_the_gate_is_red(before: Ended) -> None:
    assert before.status == 1, before.said
    assert before.summary["baseline"] == []


def test_a_proposal_says_what_is_required_above_each_entry(proposed: Path) -> None:
    text = proposed.read_text("utf-8")
    assert "# MUST: A successful stream has an event whose data is exactly `[DONE]`.\n[[accepted]]\n" in text
    assert f'rule = "{RULE}"\ncode = "no-done"\nreason = ""' in text


def test_a_proposal_nobody_has_read_is_refused_before_any_request(broken: str, place: Path, proposed: Path) -> None:
    ended = run(broken, place, "unread", "--baseline", str(proposed))
    assert ended.status == 4
    assert "nobody has said why STREAM-DONE [no-done] is accepted" in ended.said
    assert "Traceback" not in ended.said
    assert not ended.output.exists()


def test_with_reasons_the_gate_is_green_and_says_apart_from_what(after: Ended) -> None:
    assert after.status == 0, after.said
    assert "Conforms apart from 1 accepted failure" in after.out
    assert f"FAIL (accepted) {RULE}" in after.out
    assert REASON in after.out
    assert "  repeat    curl" not in after.out
    assert "Exit status 0: conforms apart from what is accepted." in after.out


def test_every_view_shows_the_failure_as_one_that_is_accepted(after: Ended) -> None:
    views = {name: (after.folder / name).read_text("utf-8") for name in artefacts.NAMES}
    for name in (artefacts.HTML, artefacts.MARKDOWN, artefacts.JUNIT):
        assert "FAIL (accepted)" in views[name], name
    for name in (artefacts.HTML, artefacts.MARKDOWN, artefacts.JUNIT, artefacts.SARIF, artefacts.SUMMARY):
        assert REASON in views[name], name
        assert "GW-12" in views[name], name
        assert "Conforms apart from 1 accepted failure" in views[name], name
    assert "conforms apart from 1 accepted" in views[artefacts.BADGE]


def test_programs_can_tell_it_from_a_pass(after: Ended) -> None:
    summary = after.summary
    (verdict,) = [each for each in summary["verdicts"] if each["id"] == RULE]
    assert (verdict["outcome"], verdict["accepted"]) == ("FAIL", True)
    assert (summary["accepted"], summary["totals"]["FAIL"]) == (1, 1)
    assert [(entry["rule"], entry["standing"], entry["reason"]) for entry in summary["baseline"]] == [(RULE, "accepted", REASON)]
    root = ET.fromstring((after.folder / artefacts.JUNIT).read_bytes())
    assert (root.get("failures"), root.get("skipped")) == ("0", "1")
    (result,) = json.loads((after.folder / artefacts.SARIF).read_text("utf-8"))["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": f"{REASON}; GW-12"}]


def test_the_summary_keeps_to_its_published_shape(before: Ended, after: Ended, stale: Ended) -> None:
    for ended in (before, after, stale):
        Draft202012Validator(summary.schema()).validate(ended.summary)


def test_side_by_side_an_accepted_failure_is_marked(after: Ended, stale: Ended, place: Path) -> None:
    ended = command("compare", str(after.folder), str(stale.folder), "--output", "compared.html", cwd=place)
    assert ended.status == 0, ended.said
    assert re.search(rf"{RULE} +MUST +FAIL \(accepted\) +PASS", ended.out)
    assert ">accepted<" in (place / "compared.html").read_text("utf-8")


def test_a_run_is_gone_on_with_under_the_baseline_that_it_was_begun_with(after: Ended) -> None:
    with Record.open(after.folder / "run.jsonl") as record:
        header = record.header
    resume.check(header, header)
    with pytest.raises(ConfigurationError, match=r"begun with --baseline accepting STREAM-DONE \[no-done\], not accepting nothing"):
        resume.check(header, replace(header, accepted=()))


def test_under_pytest_it_is_an_expected_failure(broken: str, place: Path, filled: Path) -> None:
    options = ["--base-url", broken, "--model", "reference-model", "--only", ONLY, "--output", "pytest", "--baseline", str(filled)]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "conformance", "-p", "no:cacheprovider", "-rx", *options],
        cwd=place,
        env={**CLEAN, **KEYED},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed, 1 xfailed" in ended.stdout
    assert f"FAIL (accepted): [no-done] accepted: {REASON}; GW-12" in ended.stdout


def test_the_record_carries_the_baseline_so_that_judging_again_gives_the_same_bytes(after: Ended, tmp_path: Path) -> None:
    shutil.copy(after.folder / "run.jsonl", tmp_path)
    again = command("judge", str(tmp_path), cwd=tmp_path)
    assert again.status == 0, again.said
    for name in artefacts.NAMES:
        assert (tmp_path / name).read_bytes() == (after.folder / name).read_bytes(), name


def test_a_record_can_be_judged_by_another_baseline(before: Ended, filled: Path, tmp_path: Path) -> None:
    shutil.copy(before.folder / "run.jsonl", tmp_path)
    again = command("judge", str(tmp_path), "--baseline", str(filled), cwd=tmp_path)
    assert again.status == 0, again.said
    assert "Conforms apart from 1 accepted failure" in again.out


@pytest.fixture(scope="module")
def stale(place: Path, filled: Path) -> Ended:
    """The gateway is fixed, and the entry still there."""
    return run("", place, "stale", "--baseline", str(filled))


def test_once_it_is_fixed_the_entry_has_to_go(stale: Ended) -> None:
    assert stale.status == 1, stale.said
    assert (
        "The baseline is stale: 1 thing that it accepts no longer occurs: STREAM-DONE [no-done]. Take what is stale out of it." in stale.out
    )
    assert "Exit status 1: stale baseline." in stale.out
    assert (stale.summary["exit_meaning"], stale.summary["totals"]["FAIL"]) == ("stale baseline", 0)
    assert "stale baseline" in (stale.folder / artefacts.BADGE).read_text("utf-8")
    (case,) = ET.fromstring((stale.folder / artefacts.JUNIT).read_bytes()).iter("failure")
    assert case.get("type") == "stale baseline"


def test_renewing_drops_what_is_stale_and_keeps_the_reasons_of_the_rest(after: Ended, stale: Ended, filled: Path, place: Path) -> None:
    kept = command("baseline", str(after.folder), "--baseline", str(filled), cwd=place)
    assert "1 kept, 0 added, 0 dropped" in kept.err
    assert REASON in kept.out
    renewed = command("baseline", str(stale.folder), "--baseline", str(filled), cwd=place)
    assert "0 kept, 0 added, 1 dropped" in renewed.err
    assert "Dropped, as it no longer occurs: STREAM-DONE [no-done]" in renewed.err
    assert "[[accepted]]" not in renewed.out


def test_a_file_with_reasons_is_not_overwritten_by_one_without(before: Ended, filled: Path, place: Path) -> None:
    ended = command("baseline", str(before.folder), "--output", str(filled), cwd=place)
    assert ended.status == 4
    assert "There is a file" in ended.err
    assert REASON in filled.read_text("utf-8")


def test_what_a_run_did_not_select_is_a_note(filled: Path, place: Path) -> None:
    ended = command("run", "--only", "STREAM-JSON", "--baseline", str(filled), "--output", "part", cwd=place)
    assert ended.status == 0, ended.said
    assert "Not judged in this run: STREAM-DONE [no-done]" in ended.out
    assert "Conforms: 1 MUST" in ended.out

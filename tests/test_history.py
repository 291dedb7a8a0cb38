"""What became of each requirement over the runs of a target."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.comparing.history import Course, Past, moment, pasts
from conformance.gate import ExitStatus
from conformance.model import Finding, Level, Outcome, Place
from conformance.render import history as pages
from tests.render.runs import report, requirement, row
from tests.render.test_html import Page
from tests.test_compare_command import BAD, GOOD, command, rendered, saved

P, F, Q, N = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.NOT_RUN
WRONG = Finding(code="no-done", expected="[DONE]", received="nothing", at=Place(event=3), exchange="text/streamed")


def past(*outcomes: Outcome, model: str = "m") -> Past:
    """The history of a target in whose runs one requirement came to these outcomes."""
    moments = []
    for number, outcome in enumerate(outcomes):
        made = report(row("STREAM-DONE", outcome, findings=[WRONG] if outcome is F else []), row("STREAM-ID", P), model=model)
        moments.append(moment(replace(made, header=replace(made.header, started=float(number))), f"run-{number}"))
    [found] = pasts(reversed(moments), [requirement("STREAM-DONE"), requirement("STREAM-ID")])
    return found


def course(*outcomes: Outcome) -> Course:
    return past(*outcomes).courses[0]


@pytest.mark.parametrize(
    ("outcomes", "fails", "since", "before", "turns"),
    [
        ((F,), True, 0, None, 0),
        ((P, P, F), True, 2, 1, 1),
        ((P, F, F), True, 1, 0, 1),
        ((P, F, Q, N, F), True, 1, 0, 1),
        ((F, P), False, 1, 0, 1),
        ((P, F, P, F), True, 3, 2, 3),
        ((P, F, P, Q), False, 2, 1, 2),
        ((N, F), True, 1, None, 0),
    ],
)
def test_a_requirement_fails_since_the_first_failure_after_it_last_held(
    outcomes: tuple[Outcome, ...], fails: bool, since: int, before: int | None, turns: int
) -> None:
    found = course(*outcomes)
    assert (found.fails, found.since, found.before, found.turns) == (fails, since, before, turns)


def test_what_never_failed_has_no_course() -> None:
    assert [each.requirement.id for each in past(P, F).courses] == ["STREAM-DONE"]
    assert past(P, P, Q).courses == ()


@pytest.mark.parametrize(("outcomes", "new"), [((P, F), True), ((F, P), True), ((P, F, F), False), ((F, F), False), ((P, F, Q), False)])
def test_only_what_the_last_run_changed_is_new(outcomes: tuple[Outcome, ...], new: bool) -> None:
    assert course(*outcomes).is_new is new


def test_runs_count_by_level() -> None:
    assert past(P, F, F).count(Level.MUST, F) == (0, 1, 1)


def test_targets_and_readings_have_histories_of_their_own() -> None:
    one = report(row("STREAM-DONE", F, findings=[WRONG]), model="a")
    other = report(row("STREAM-DONE", P), model="b")
    found = pasts([moment(one, "1"), moment(other, "2")], [requirement("STREAM-DONE")])
    assert [(each.target[1], len(each.courses)) for each in found] == [("a", 1), ("b", 0)]


def test_the_page_says_since_when_in_words_and_squares() -> None:
    page = Page(pages.render([past(P, P, F)], lambda name: f"{name}/report.html"))
    assert "fails since 1970-01-01T00:00:02Z, held on 1970-01-01T00:00:01Z" in page.text
    assert "3 runs since 1970-01-01T00:00:00Z: 1 MUST and 0 other requirements fail now" in page.text
    assert "run-2/report.html" in [attributes.get("href") for tag, attributes in page.tags if tag == "a"]
    squares = [attributes["d"] for tag, attributes in page.tags if tag == "path" and attributes.get("class") == "fail"]
    assert any("M24 0" in (square or "") for square in squares)


def test_nothing_of_a_target_gets_into_the_page_as_markup() -> None:
    text = pages.render([past(F, model="<script>alert(1)</script>")], lambda name: "")
    assert "<script>alert" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_the_command_finds_runs_in_folders_within_folders(tmp_path: Path) -> None:
    rendered(saved(tmp_path / "runs" / "a", GOOD, at=1.0))
    saved(tmp_path / "runs" / "b", BAD, at=2.0)
    output = tmp_path / "out" / "history.html"
    shown = command("history", tmp_path / "runs", "--output", output)
    assert shown.exit_code == ExitStatus.CONFORMS, shown.output
    assert "NEW FAIL" in shown.output
    assert 'href="../runs/a/report.html"' in output.read_text("utf-8")
    [plain] = json.loads(command("history", tmp_path / "runs", "--json").output)
    assert len(plain["runs"]) == 2
    assert [run["folder"] for run in plain["runs"]] == [str(tmp_path / "runs" / name) for name in "ab"]
    worse = [each for each in plain["requirements"] if each["fails"] and each["otherwise_until"]]
    assert worse
    assert {each["since"] for each in worse} == {str(tmp_path / "runs" / "b")}


def test_a_folder_without_runs_is_told_by_name(tmp_path: Path) -> None:
    shown = command("history", tmp_path)
    assert shown.exit_code == ExitStatus.BAD_CONFIGURATION
    assert str(tmp_path) in shown.output

"""Runs side by side on one page and on the console."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.comparing.comparison import compare
from conformance.model import Finding, Outcome, Place
from conformance.render import compare as pages
from conformance.render.linked import Linked
from conformance.report import Report
from tests.render.runs import report, row
from tests.render.test_html import Page

DONE = Finding(code="no-done", expected="[DONE]", received="nothing", at=Place(event=3), exchange="text/streamed")


def run(at: float, *rows: tuple[str, Outcome], model: str = "m") -> Report:
    made = report(*(row(name, outcome, findings=[DONE] if outcome is Outcome.FAIL else []) for name, outcome in rows), model=model)
    return replace(made, header=replace(made.header, started=at))


@pytest.fixture
def two() -> tuple[Report, Report]:
    """The same target twice: one requirement got worse, one got better, one is as it was."""
    return (
        run(1, ("STREAM-DONE", Outcome.PASS), ("STREAM-ID", Outcome.FAIL), ("STREAM-UTF8", Outcome.PASS)),
        run(2, ("STREAM-DONE", Outcome.FAIL), ("STREAM-ID", Outcome.PASS), ("STREAM-UTF8", Outcome.PASS)),
    )


def cells(text: str, requirement: str) -> list[str]:
    """What the columns of a row say."""
    found = re.search(rf'<tr id="{requirement}">(.*?)</tr>', text, re.DOTALL)
    assert found, requirement
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td>(.*?)</td>", found.group(1), re.DOTALL)]


def test_each_cell_says_its_outcome_in_a_mark_and_a_word_and_what_changed(two: tuple[Report, Report]) -> None:
    text = pages.render(compare(two))
    assert cells(text, "STREAM-DONE") == ["✓ PASS", "✕ FAIL 1 found ▼ regression"]
    assert cells(text, "STREAM-ID") == ["✕ FAIL 1 found", "✓ PASS ▲ fix"]
    assert "2 runs differ in 2 of 3 requirements: 1 regressed, 1 fixed." in Page(text).text


def test_what_is_the_same_everywhere_is_folded_away_or_left_out(two: tuple[Report, Report]) -> None:
    whole, short = pages.render(compare(two)), pages.render(compare(two), only_differences=True)
    assert re.search(r'<details class="alike">.*<tr id="STREAM-UTF8">.*</details>', whole, re.DOTALL)
    assert not re.search(r'<details class="alike">.*<tr id="STREAM-DONE">', whole, re.DOTALL)
    assert "STREAM-UTF8" not in short
    assert "STREAM-DONE" in short


def test_a_run_compared_with_itself_has_no_difference(typical: Report) -> None:
    comparison = compare([typical, typical])
    assert pages.headline(comparison).startswith("2 runs, no difference in")
    assert "Nothing differs." in Page(pages.render(comparison, only_differences=True)).text


def test_a_cell_leads_to_the_report_of_its_run_or_else_to_a_summary_on_the_page(two: tuple[Report, Report]) -> None:
    beside = Linked(href="../a%20b/report.html", anchors=frozenset({"STREAM-DONE", "STREAM-ID"}))
    page = Page(pages.render(compare(two), [beside, Linked()]))
    links = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    assert {"../a%20b/report.html#STREAM-DONE", "#B-STREAM-DONE", "#A-STREAM-UTF8"} <= set(links)
    assert "Expected [DONE] , received nothing text/streamed, event 3" in page.text
    for link in links:
        assert not link.startswith("#") or link[1:] in page.ids


def test_every_run_says_what_it_is(two: tuple[Report, Report]) -> None:
    text = Page(pages.render(compare(two))).text
    header = two[0].header
    for said in (
        header.target.base_url,
        "openai → openai-compatible",
        header.contract_digest[:12],
        header.catalogue_digest[:12],
        "gate, 1",
    ):
        assert said in text
    assert "Does not conform: 1 of 3 MUST requirements failed." in text


def test_an_incomplete_run_is_marked_in_its_column(two: tuple[Report, Report]) -> None:
    text = pages.render(compare([two[0], replace(two[1], torn=True)]))
    heads = [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for head in re.findall(r'<th scope="col">(.*?)</th>', text)]
    assert [head for head in heads if head.startswith("B") and "incomplete" not in head] == []
    assert [head for head in heads if head.startswith("A") and "incomplete" in head] == []
    assert "Incomplete run: the record breaks off in the middle of a line." in Page(text).text


def test_what_runs_do_not_have_in_common_is_said(two: tuple[Report, Report]) -> None:
    other = run(2, ("STREAM-DONE", Outcome.PASS), ("STREAM-ID", Outcome.NOT_RUN), ("STREAM-UTF8", Outcome.PASS))
    comparison = compare([two[0], replace(other, header=replace(other.header, seed=2))], common=True)
    text = Page(pages.render(comparison)).text
    assert "These runs were not asked the same: seed (1, 2)." in text
    assert "STREAM-ID only in A" in text


@pytest.mark.parametrize("name", ["typical", "hostile", "crowded", "cut_off"])
def test_it_is_well_formed_loads_nothing_and_is_the_same_when_made_twice(name: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(name)
    text = pages.render(compare([found, found]))
    assert text == pages.render(compare([found, found]))
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in page.tags:
        assert not {"src", "style", "action"} & set(attributes), tag
        assert not [each for each in attributes if each.startswith("on")], tag
    policy = next(a["content"] or "" for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "script-src 'none'" in policy
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe]", text)


def test_a_page_with_hundreds_of_failures_stays_small(crowded: Report) -> None:
    assert len(pages.render(compare([crowded, crowded])).encode()) < 2_500_000


def test_the_console_shows_the_differences_whole_however_narrow_it_is(two: tuple[Report, Report]) -> None:
    out = io.StringIO()
    pages.table(compare(two), Console(file=out, width=20, force_terminal=False))
    said = out.getvalue()
    assert re.search(r"STREAM-DONE +MUST +PASS +FAIL \(regression\)", said)
    assert "STREAM-UTF8" not in said
    assert said.rstrip().endswith("2 runs differ in 2 of 3 requirements: 1 regressed, 1 fixed.")


def test_the_console_takes_any_name_and_any_encoding(hostile: Report) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    pages.table(compare([hostile, replace(hostile, torn=True)]), Console(file=out, force_terminal=False))
    out.seek(0)
    assert "\x1b" not in out.read()


def test_more_runs_than_letters_have_names_all_the_same() -> None:
    assert [pages.label(number) for number in (0, 25, 26, 99)] == ["A", "Z", "27", "100"]

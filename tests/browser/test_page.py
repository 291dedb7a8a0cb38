"""The page in a browser: it filters, opens, copies and prints, by keyboard and without JavaScript, and nothing of the target's acts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from conformance.model import Outcome
from conformance.report import Report
from tests.browser.conftest import UNFOLD, Open, Violations


def visible_rows(page: Any) -> list[str]:
    """Ids of the requirements that are not filtered away."""
    found: list[str] = page.evaluate("[...document.querySelectorAll('details.row')].filter(r => !r.hidden).map(r => r.dataset.id)")
    return found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("level:must outcome:fail area:streaming", ["stream-done", "stream-id"]),
        ("level:must outcome:fail area:stream same id", ["stream-id"]),
        ('outcome:pass "has an id"', ["answer-id"]),
        ("id:usage outcome:error", ["usage-stream"]),
        ("nothing says this", []),
    ],
)
def test_the_filter_wants_every_word(open_page: Open, typical: Report, query: str, found: list[str]) -> None:
    page = open_page(typical)
    page.get_by_label("Filter").fill(query)
    assert visible_rows(page) == found
    assert page.locator("#matches").inner_text() == f"{len(found)} of {len(typical.rows)} shown"


def test_a_word_that_the_filter_does_not_know_is_named(open_page: Open, typical: Report) -> None:
    page = open_page(typical)
    page.get_by_label("Filter").fill("outcome:pass colour:red")
    told = page.locator("#matches").inner_text()
    assert "colour:" in told
    assert "level:" in told
    assert visible_rows(page) == ["stream-label", "answer-id"]
    assert page.locator("#matches").get_attribute("aria-live") == "polite"


def test_a_filter_can_be_sent_to_somebody(open_page: Open, typical: Report) -> None:
    page = open_page(typical)
    page.get_by_label("Filter").fill("level:must outcome:fail")
    again = open_page(typical, at=page.evaluate("location.hash"))
    assert visible_rows(again) == ["stream-done", "stream-id", "answer-finish", "usage-types"]
    again.get_by_label("Filter").fill("")
    assert again.evaluate("location.href.includes('#')") is False
    assert len(visible_rows(again)) == len(typical.rows)


def test_an_anchor_opens_its_row_even_one_that_is_filtered_away(open_page: Open, typical: Report) -> None:
    page = open_page(typical, at="#STREAM-DONE")
    assert page.locator("#STREAM-DONE").is_visible()
    page.get_by_label("Filter").fill("outcome:pass")
    page.evaluate("location.hash = '#USAGE-TYPES'")
    page.wait_for_function("document.getElementById('USAGE-TYPES').closest('details').open")
    assert page.locator("#USAGE-TYPES").is_visible()


def test_a_row_opens_by_keyboard_and_its_command_is_copied(open_page: Open, typical: Report) -> None:
    page = open_page(typical)
    page.locator("details.row > summary").first.focus()
    page.keyboard.press("Enter")
    page.locator("#STREAM-DONE .copy").first.click()
    page.wait_for_function("document.querySelector('.copy').textContent === 'Copied'")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#STREAM-DONE .command").first.inner_text()


def test_the_first_stop_of_the_tabulator_leads_past_the_overview(open_page: Open, typical: Report) -> None:
    page = open_page(typical)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to what was found"
    page.keyboard.press("Enter")
    assert page.url.endswith("#must-failures")


def test_without_a_script_all_is_there_and_rows_open(open_page: Open, typical: Report) -> None:
    page = open_page(typical, scripts=False)
    assert page.locator("#filter").is_hidden()
    assert page.locator("details.row").count() == len(typical.rows)
    page.locator("details.row > summary").first.click()
    assert page.locator("#STREAM-DONE .timeline svg").is_visible()
    assert page.locator("#STREAM-DONE .hex").first.is_visible()


def test_an_anchor_works_without_a_script(open_page: Open, typical: Report) -> None:
    assert open_page(typical, at="#STREAM-DONE", scripts=False).locator("#STREAM-DONE").is_visible()


def test_paper_shows_what_is_wrong(open_page: Open, typical: Report) -> None:
    page = open_page(typical)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    failing = [row for row in typical.rows if row.verdict.outcome is Outcome.FAIL]
    assert all(page.locator(f"#{row.requirement.id}").is_visible() for row in failing)
    assert page.locator("#ANSWER-ID").is_hidden()
    assert page.locator("nav").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#STREAM-DONE").evaluate("one => one.closest('details').open") is False


@pytest.mark.parametrize("report", ["typical", "hostile", "constrained"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(open_page: Open, violations: Violations, request: pytest.FixtureRequest, report: str, dark: bool) -> None:
    assert violations(open_page(request.getfixturevalue(report), dark=dark)) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(open_page: Open, typical: Report, hostile: Report, constrained: Report, width: int) -> None:
    for report in (typical, hostile, constrained):
        page = open_page(report, width=width)
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_of_the_targets_acts(open_page: Open, hostile: Report) -> None:
    page = open_page(hostile)
    page.evaluate(UNFOLD)
    assert page.locator("script").count() == 1
    assert page.evaluate("document.scripts[0].textContent.includes('alert(1)')") is False
    assert "⟨U+202E⟩" in page.locator("main").inner_text()


def test_five_hundred_failures_open_and_filter_while_one_looks(open_page: Open, typical: Report, crowded: Report) -> None:
    """As a ratio to a small page, so that a slow machine changes nothing."""

    def seconds(report: Report) -> float:
        began = time.perf_counter()
        page = open_page(report)
        page.get_by_label("Filter").fill("outcome:fail <&")
        page.wait_for_function("document.getElementById('matches').textContent !== ''")
        return time.perf_counter() - began

    small = min(seconds(typical) for _ in range(2))
    assert seconds(crowded) < 40 * small

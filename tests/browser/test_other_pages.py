"""The contract with what a run saw of it, runs side by side and over time, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.comparing.comparison import compare
from conformance.model import Finding, Outcome, Place
from conformance.render import compare as comparison_page
from conformance.render import contract_view
from conformance.render import history as history_page
from conformance.report import Report
from tests.browser.conftest import UNFOLD, Open, Violations
from tests.render.runs import report, row
from tests.test_history import past


@pytest.fixture
def contract_page(typical: Report) -> str:
    return contract_view.render(typical)


@pytest.fixture
def hostile_contract_page(hostile: Report) -> str:
    return contract_view.render(hostile)


@pytest.fixture
def compared() -> str:
    """The same target twice: one requirement got worse, one got better, one is as it was."""
    wrong = Finding(code="no-done", expected="[DONE]", received="<b>nothing</b>", at=Place(event=3), exchange="text/streamed")

    def run(at: float, **outcomes: Outcome) -> Report:
        rows = [row(f"STREAM-{name}", each, findings=[wrong] if each is Outcome.FAIL else []) for name, each in outcomes.items()]
        made = report(*rows, model="<script>alert(1)</script>")
        return replace(made, header=replace(made.header, started=at))

    runs = run(1, DONE=Outcome.PASS, ID=Outcome.FAIL, UTF8=Outcome.PASS), run(2, DONE=Outcome.FAIL, ID=Outcome.PASS, UTF8=Outcome.PASS)
    return comparison_page.render(compare(runs))


@pytest.fixture
def over_time() -> str:
    """Ten runs of a target with a hostile name."""
    outcomes = (Outcome.PASS, Outcome.FAIL, Outcome.FAIL, Outcome.PASS, Outcome.FAIL)
    return history_page.render([past(*outcomes, *outcomes, model="<b>m</b>" + "x" * 300)], lambda name: f"{name}/report.html")


PAGES = ["contract_page", "hostile_contract_page", "compared", "over_time"]

Page = Callable[[str], str]


@pytest.fixture
def page_of(request: pytest.FixtureRequest) -> Page:
    return lambda name: str(request.getfixturevalue(name))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(open_page: Open, violations: Violations, page_of: Page, name: str, dark: bool) -> None:
    assert violations(open_page(page_of(name), dark=dark)) == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(open_page: Open, page_of: Page, name: str, width: int) -> None:
    page = open_page(page_of(name), width=width)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_choice_of_places_hides_the_others(open_page: Open, contract_page: str) -> None:
    page = open_page(contract_page)
    page.locator("#show-failed").check()
    shown = page.locator(".leaf:visible, summary:visible").count()
    assert 0 < shown < page.locator(".leaf, summary").count()
    page.locator("#show-all").check()
    assert page.locator(".tree > .node:visible").count() > shown


def test_an_anchor_unfolds_what_it_lies_in(open_page: Open, contract_page: str) -> None:
    page = open_page(contract_page)
    deepest = page.evaluate("[...document.querySelectorAll('.node details .node details .node[id]')].at(0)?.id")
    assert deepest, "no place of the contract lies within another that is folded"
    page.goto(f"{page.url.partition('#')[0]}#{deepest}")
    assert page.evaluate("id => document.getElementById(id).checkVisibility()", deepest)


def test_the_contract_can_be_read_without_a_script(open_page: Open, contract_page: str) -> None:
    page = open_page(contract_page, scripts=False)
    summary = page.locator(".tree > .node > details > summary").first
    before = page.locator(".node:visible").count()
    summary.click()
    assert page.locator(".node:visible").count() != before


def test_differences_lead_to_their_evidence(open_page: Open, compared: str) -> None:
    page = open_page(compared)
    cell = page.locator("#STREAM-DONE td a").last
    assert "FAIL" in cell.inner_text()
    cell.click()
    target = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert page.evaluate("id => document.getElementById(id).checkVisibility()", target)
    assert page.locator("script").count() == 0

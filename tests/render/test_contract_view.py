"""The contract with what a run saw of it: every place once, readable without a script, nothing in it that acts."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

from conformance import contract
from conformance.contract import places
from conformance.contract.places import Kind
from conformance.overview.exercised import exercised
from conformance.render import contract_view
from conformance.report import Report
from tests.render.test_html import Page


def links(page: Page) -> list[str]:
    return [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]


def row(text: str, path: str) -> str:
    """The head of the row of one place, without its tags."""
    found = re.search(rf'id="{re.escape(path)}">(.*?)(?:</summary>|</div>|</li>)', text, re.DOTALL)
    assert found, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split())


def test_it_is_the_same_to_the_byte_when_made_twice(any_report: Report) -> None:
    assert contract_view.render(any_report) == contract_view.render(any_report)


def test_every_place_of_the_contract_is_there_exactly_once(any_report: Report) -> None:
    page = Page(contract_view.render(any_report))
    assert len(page.ids) == len(set(page.ids))
    nodes = list(places.tree(contract.load()).all())
    assert {"_".join(node.path.split()) for node in nodes} <= set(page.ids)
    assert {node.path for node in nodes if node.kind is Kind.PROPERTY} <= set(page.ids)


def test_a_place_is_shown_with_its_type_and_what_was_seen_of_it(typical: Report) -> None:
    text = contract_view.render(typical)
    assert row(text, "usage.prompt_tokens").startswith("prompt_tokens integer required ✕ failed")
    assert "USAGE-TYPES MUST" in row(text, "usage.prompt_tokens")
    assert row(text, "request.seed").startswith("seed integer or null deprecated ○ never seen")
    assert "5 sent" in row(text, "request.model")
    assert "1 sent wrong" in row(text, "request.temperature")


def test_a_failure_links_to_its_requirement_in_the_report(typical: Report) -> None:
    assert "report.html#USAGE-TYPES" in links(Page(contract_view.render(typical)))


def test_what_opens_and_closes_holds_nothing_else_to_press(typical: Report) -> None:
    summaries = re.findall(r"<summary>(.*?)</summary>", contract_view.render(typical), re.DOTALL)
    assert any("ANSWER-FINISH" in summary or "below" in summary for summary in summaries)
    assert not [summary for summary in summaries if "<a" in summary]


def test_what_failed_is_open_and_the_rest_is_closed(typical: Report) -> None:
    text = contract_view.render(typical)
    assert re.search(r'id="answer\.choices">\s*<details open>', text)
    assert re.search(r'id="request\.tools">\s*<details>', text)


def test_a_place_says_in_which_states_it_and_what_lies_below_is(typical: Report) -> None:
    text = contract_view.render(typical)
    (classes,) = re.findall(r'<li class="node ([a-z -]+)" id="answer\.choices">', text)
    assert {"failed", "never-seen"} <= set(classes.split())


def test_the_totals_are_those_of_the_coverage(typical: Report) -> None:
    walked = exercised(typical)
    page = Page(contract_view.render(typical, walked))
    properties = [each for each in walked.coverage() if each.kind is Kind.PROPERTY]
    assert f"{sum(each.exercised for each in properties)} of {sum(each.total for each in properties)}" in page.text
    assert [line.split()[0] for line in contract_view.lines(walked)][-1] == "All"


def test_it_loads_nothing_and_allows_our_style_and_script_alone(any_report: Report) -> None:
    text = contract_view.render(any_report)
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    assert [tag for tag, _ in page.tags].count("script") == 1
    for tag, attributes in page.tags:
        assert not {"src", "style", "action"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    policy = next(a["content"] or "" for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (found,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(found.encode()).digest()).decode() in policy


def test_nothing_of_the_targets_acts_or_hides(hostile: Report, hostile_text: str) -> None:
    text = contract_view.render(hostile)
    assert "alert(1)" in Page(text).text
    assert hostile_text not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe]", text)


def test_a_run_that_was_cut_off_says_so_first(cut_off: Report) -> None:
    assert Page(contract_view.render(cut_off)).text.startswith("Incomplete run: the record has no end")


def test_it_stays_below_a_megabyte(any_report: Report) -> None:
    assert len(contract_view.render(any_report).encode()) < 1_000_000

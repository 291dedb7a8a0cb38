"""The badge: says what was tested, what came of it and when, to eyes and to screen readers."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from conformance.contract import Contract, load
from conformance.gate import ExitStatus, decide
from conformance.model import Level, Outcome, Tier
from conformance.render import badge
from conformance.report import Report
from tests.render.colours import contrast
from tests.render.runs import Make, row

SVG = "{http://www.w3.org/2000/svg}"


def tier(report: Report, tier: Tier) -> Report:
    return replace(report, header=replace(report.header, tier=tier))


def test_it_says_verdict_reading_and_day(make: Make) -> None:
    report = make(row("STREAM-ID", Outcome.PASS))
    assert badge.message(report) == "conforms · openai-compatible · 2026-11-18"
    texts = [each.text for each in ET.fromstring(badge.render(report)).iter(f"{SVG}text")]
    assert texts == ["chat completions", "conforms · openai-compatible · 2026-11-18"]


def test_a_record_that_was_judged_anew_names_the_reading_it_was_judged_by(make: Make) -> None:
    report = replace(make(row("STREAM-ID", Outcome.PASS)), contract=load("openai"))
    assert badge.message(report) == "conforms · openai · 2026-11-18"


def test_it_counts_what_is_violated(typical: Report) -> None:
    assert badge.message(typical).startswith("4 MUST violated · ")


def test_a_strict_run_may_be_violated_by_what_is_only_recommended(make: Make) -> None:
    rows = [row("STREAM-ID", Outcome.PASS), row("STREAM-DONE", Outcome.FAIL, Level.SHOULD)]
    strict = replace(make(*rows), gate=decide((each.verdict for each in rows), complete=True, strict=True))
    assert badge.message(strict).startswith("1 SHOULD violated · ")


def test_what_was_not_judged_never_looks_like_a_pass(cut_off: Report) -> None:
    assert badge.message(cut_off) == "not judged · openai-compatible · incomplete · 2026-11-18"
    assert badge.COLOURS[ExitStatus.CONFORMS].encode() not in badge.render(cut_off)


def test_less_than_the_usual_questions_are_called_so(make: Make) -> None:
    report = make(row("STREAM-ID", Outcome.PASS), selection="-k STREAM-ID")
    assert "part only" in badge.message(report)
    assert "tier smoke" in badge.message(tier(report, Tier.SMOKE))
    assert "tier" not in badge.message(report)


@pytest.mark.parametrize("colour", [badge.PAPER, *badge.COLOURS.values()])
def test_the_contrast_is_enough_for_small_text(colour: str) -> None:
    assert contrast(badge.INK, colour) >= 4.5


def test_it_has_a_name_for_those_who_cannot_see_it(typical: Report) -> None:
    root = ET.fromstring(badge.render(typical))
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"chat completions: {badge.message(typical)}"
    assert root[0].tag == f"{SVG}title"
    assert "toy-model at http://127.0.0.1:8000/v1" in (root[0].text or "")


def test_it_loads_nothing_and_runs_nothing(hostile: Report) -> None:
    root = ET.fromstring(badge.render(hostile))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {"svg", "title", "rect", "text"}
    assert not {name for each in root.iter() for name in each.attrib if "href" in name or name.startswith("on") or name == "style"}


def test_what_a_target_or_a_reading_is_called_is_only_text(make: Make, hostile_text: str) -> None:
    report = make(row("STREAM-ID", Outcome.PASS), model=hostile_text)
    report = replace(report, contract=Contract(report.contract.document, ("openai", hostile_text)))
    text = badge.render(report).decode()
    assert "<script" not in text
    assert "\u202e" not in text
    assert len(ET.fromstring(text)) == 5

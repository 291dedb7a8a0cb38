"""SARIF: what fails is a result that keeps its identity over runs, and what was not judged never reads as clean."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.model import Finding, Level, Outcome, Place
from conformance.provenance import Footer
from conformance.render import sarif
from conformance.report import Report
from tests.render.runs import Make, row

PARTS = json.loads((Path(__file__).parent / "sarif_parts.schema.json").read_text("utf-8"))


def run_of(report: Report) -> Any:
    return json.loads(sarif.render(report))["runs"][0]


def results(report: Report) -> dict[str, Any]:
    return {each["ruleId"]: each for each in run_of(report)["results"]}


def test_the_schema_of_the_parts_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(PARTS)


@pytest.mark.parametrize("name", ["typical", "constrained", "hostile", "crowded", "cut_off"])
def test_every_log_holds_to_the_standard(name: str, request: pytest.FixtureRequest) -> None:
    jsonschema.Draft7Validator(PARTS, format_checker=jsonschema.FormatChecker()).validate(
        json.loads(sarif.render(request.getfixturevalue(name)))
    )


def test_only_what_fails_is_a_result_most_harmful_first(typical: Report) -> None:
    assert [(each["ruleId"], each["level"]) for each in run_of(typical)["results"]] == [
        ("STREAM-DONE", "error"),
        ("STREAM-ID", "error"),
        ("ANSWER-FINISH", "error"),
        ("USAGE-TYPES", "error"),
        ("ERRORS-ENVELOPE", "warning"),
        ("ERRORS-REQUEST-ID", "note"),
    ]


def test_a_result_says_what_was_expected_and_received_and_where(typical: Report) -> None:
    found = results(typical)["USAGE-TYPES"]
    assert found["message"]["text"] == 'Counts of tokens are integers. Expected an integer; received "9".'
    logical = found["locations"][0]["logicalLocations"][0]
    assert logical["properties"] == {"exchange": "text/plain", "pointer": "/usage/prompt_tokens"}
    assert logical["fullyQualifiedName"] == "text/plain: at /usage/prompt_tokens"


def test_a_way_of_failing_is_one_result_however_often_it_was_seen(typical: Report, make: Make) -> None:
    assert results(typical)["STREAM-DONE"]["occurrenceCount"] == 7
    found = [Finding(code=code, expected="x", received="y", exchange="a/b") for code in ("one", "two", "one")]
    failing = row("STREAM-DONE", Outcome.FAIL, findings=found)
    counted = replace(failing, verdict=replace(failing.verdict, codes=(("one", 40), ("two", 1))))
    made = run_of(make(counted))["results"]
    assert [(each["properties"]["code"], each["occurrenceCount"]) for each in made] == [("one", 40), ("two", 1)]


def test_rules_are_the_requirements_with_their_help_and_level(typical: Report) -> None:
    run = run_of(typical)
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == [each.requirement.id for each in typical.rows]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert (rule["id"], rule["defaultConfiguration"]["level"]) == (result["ruleId"], result["level"])
    done = next(each for each in rules if each["id"] == "STREAM-DONE")
    assert done["help"]["text"].startswith("Send `data: [DONE]`")
    assert "owner/repo#123" in done["help"]["text"]
    assert done["helpUri"].startswith("https://html.spec.whatwg.org/")
    assert all("github.com" not in each.get("helpUri", "") for each in rules)


def test_a_fingerprint_depends_on_requirement_and_code_alone(make: Make) -> None:
    def prints(identifier: str, finding: Finding, level: Level = Level.MUST) -> set[str]:
        report = make(row(identifier, Outcome.FAIL, level, findings=[finding]))
        later = replace(report, header=replace(report.header, started=1.0, seed=7, suite_version="9"))
        return {each["fingerprints"]["requirementAndCode/v1"] for made in (report, later) for each in run_of(made)["results"]}

    one = Finding(code="odd", expected="a", received="b", exchange="c/d")
    elsewhere = Finding(code="odd", expected="A", received="B", exchange="C/D", at=Place(event=9))
    assert len(prints("STREAM-ID", one)) == 1
    assert prints("STREAM-ID", one) == prints("STREAM-ID", elsewhere) == prints("STREAM-ID", one, Level.MAY)
    assert prints("STREAM-ID", one) != prints("STREAM-ID", replace(one, code="even"))
    assert prints("STREAM-ID", one) != prints("STREAM-DONE", one)


def test_what_was_not_judged_is_a_notification(typical: Report) -> None:
    told = run_of(typical)["invocations"][0]["toolExecutionNotifications"]
    assert [(each["level"], each["message"]["text"]) for each in told] == [
        ("warning", "INCONCLUSIVE USAGE-SUM (MUST): text/capped: answered 429"),
        ("error", "ERROR USAGE-STREAM (SHOULD): text/streamed: KeyError: 'usage'"),
    ]


def test_a_run_that_found_failures_was_a_success_and_one_that_was_cut_off_was_none(typical: Report, cut_off: Report) -> None:
    whole, torn = run_of(typical)["invocations"][0], run_of(cut_off)["invocations"][0]
    assert (whole["executionSuccessful"], whole["exitCode"]) == (True, 1)
    assert (torn["executionSuccessful"], torn["exitCode"]) == (False, 2)
    assert "endTimeUtc" not in torn
    assert torn["toolExecutionNotifications"][0]["message"]["text"].startswith("The run is incomplete: the record has no end")


def test_runs_of_the_same_questions_differ_behind_the_last_slash_only(typical: Report) -> None:
    later = replace(typical, header=replace(typical.header, started=1795999999.0))
    (first, one), (second, other) = (run_of(each)["automationDetails"]["id"].rsplit("/", 1) for each in (typical, later))
    assert first == second
    assert one != other


def test_the_embedded_server_is_the_same_target_on_every_port(make: Make) -> None:
    def embedded(port: int) -> str:
        report = make(row("STREAM-ID", Outcome.PASS), base_url=f"http://127.0.0.1:{port}/v1")
        identity: str = run_of(replace(report, header=replace(report.header, embedded=True)))["automationDetails"]["id"]
        return identity

    assert embedded(1) == embedded(2)


def test_a_target_writes_neither_links_nor_placeholders(make: Make) -> None:
    evil = "[click](javascript:alert(1)) {0} {{1}} [a\\](https://evil.example) ]({"
    report = make(
        row("STREAM-DONE", Outcome.FAIL, findings=[Finding(code="odd", expected=evil, received=evil, exchange=evil)]),
        row("STREAM-ID", Outcome.INCONCLUSIVE, reasons=[evil]),
        model=evil,
        footer=Footer(complete=False, reason=evil, exchanges=0, ended=1.0),
    )
    said = re.findall(r'"text": (".*")', sarif.render(report))
    assert len(said) > 5
    for text in map(json.loads, said):
        assert "](" not in text
        assert not re.search(r"[{}]", text.replace("{{", "").replace("}}", ""))


def test_what_a_target_sends_is_bounded(hostile: Report) -> None:
    assert len(sarif.render(hostile)) < 60_000

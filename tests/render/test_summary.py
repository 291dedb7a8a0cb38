"""summary.json keeps to its published schema, whatever the target did."""

from __future__ import annotations

import json

import jsonschema
import pytest

from conformance.model import Json
from conformance.render import summary
from conformance.report import Report


@pytest.fixture(params=["typical", "hostile", "crowded", "cut_off"])
def any_report(request: pytest.FixtureRequest) -> Report:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Report)
    return found


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(summary.schema())


def test_every_summary_holds_to_the_schema(any_report: Report) -> None:
    jsonschema.Draft202012Validator(summary.schema()).validate(json.loads(summary.render(any_report)))


def test_it_is_the_same_to_the_byte_when_made_twice(any_report: Report) -> None:
    assert summary.render(any_report) == summary.render(any_report)


def test_it_repeats_the_exit_status_and_the_sentence(typical: Report) -> None:
    made = json.loads(summary.render(typical))
    assert (made["exit_status"], made["exit_meaning"], made["sentence"]) == (1, "violations", typical.gate.sentence)


def test_counts_add_up_to_the_catalogue(any_report: Report) -> None:
    made = json.loads(summary.render(any_report))
    assert sum(made["totals"].values()) == sum(count["count"] for count in made["counts"]) == len(made["verdicts"])


def test_a_run_that_was_cut_off_is_not_complete(cut_off: Report) -> None:
    made = json.loads(summary.render(cut_off))
    assert (made["complete"], made["ended"]) == (False, None)
    assert made["reason"]


def test_text_of_the_target_is_bounded_and_harmless(hostile: Report) -> None:
    text = summary.render(hostile)
    assert len(text) < 300_000
    assert "\\u001b" not in text
    assert '\\ud800"' not in text
    json.loads(text)


def test_the_schema_notices_a_member_that_nobody_declared(typical: Report) -> None:
    made: dict[str, Json] = json.loads(summary.render(typical))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(summary.schema()).validate({**made, "score": 97})

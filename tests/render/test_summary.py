"""summary.json keeps to its published schema, whatever the target did."""

from __future__ import annotations

import json

import jsonschema
import pytest

from conformance.model import Json
from conformance.render import summary
from conformance.report import Report


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


def test_every_constraint_has_its_row_in_the_order_of_the_report(constrained: Report) -> None:
    made = json.loads(summary.render(constrained))
    assert [row["rule"] for row in made["constraints"]] == [row.rule for row in constrained.constraints]
    assert sum(row["planned"] for row in made["constraints"]) == sum(len(row["trials"]) for row in made["constraints"]) == 28


def test_a_constraint_says_what_came_of_each_value(constrained: Report) -> None:
    made = json.loads(summary.render(constrained))
    row = next(row for row in made["constraints"] if row["rule"] == "top_logprobs ≤ 20")
    assert (row["outcome"], row["level"], row["requirement"], row["broken"]) == ("FAIL", "MUST", "REQUEST-RANGE", ["REQUEST-RANGE"])
    assert row["sentence"] == "top_logprobs ≤ 20: not refused, clamped to 20 (sent 21)"
    assert row["trials"] == [
        {
            "sent": "21",
            "streamed": None,
            "whole": {
                "request": "invalid/top_logprobs/0",
                "reaction": "accepted",
                "status": 200,
                "effect": "clamped",
                "words": "not refused, clamped to 20",
            },
        }
    ]

"""What harms a client most comes first."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Area, Finding, Level, Outcome
from conformance.render import arrange
from tests.render.runs import Make, row

ODD = Finding(code="odd", expected="x", received="y")


def test_failures_come_by_level_then_by_area_then_by_number(make: Make) -> None:
    report = make(
        row("REQUEST-A", Outcome.FAIL, Level.MUST, Area.VALIDATION, findings=[ODD] * 9),
        row("STREAM-A", Outcome.FAIL, Level.SHOULD, Area.STREAMING, findings=[ODD] * 9),
        row("STREAM-B", Outcome.FAIL, Level.MUST, Area.STREAMING, findings=[ODD]),
        row("STREAM-C", Outcome.FAIL, Level.MUST, Area.STREAMING, findings=[ODD] * 2),
        row("STREAM-D", Outcome.FAIL, Level.MUST, Area.STREAMING, findings=[ODD]),
        row("ANSWER-A", Outcome.FAIL, Level.MUST, Area.ANSWER, findings=[ODD]),
        row("ANSWER-B", Outcome.PASS, Level.MUST, Area.ANSWER),
    )
    order = ["STREAM-C", "STREAM-B", "STREAM-D", "ANSWER-A", "REQUEST-A", "STREAM-A"]
    assert [each.requirement.id for each in arrange.failures(report)] == order
    assert [each.requirement.id for section in arrange.sections(report) for each in section.rows] == [*order, "ANSWER-B"]


def test_what_was_not_tested_is_put_together_by_its_reason(make: Make) -> None:
    report = make(
        row("STREAM-A", Outcome.NOT_RUN),
        row("STREAM-B", Outcome.INAPPLICABLE, reasons=["audio: refused"]),
        row("STREAM-C", Outcome.INAPPLICABLE, reasons=["tools: refused"]),
        row("STREAM-D", Outcome.INAPPLICABLE, reasons=["tools: refused"]),
        row("STREAM-E", Outcome.PASS),
    )
    assert [(each.outcome, each.because, each.requirements) for each in arrange.untested(report)] == [
        (Outcome.INAPPLICABLE, "tools: refused", ("STREAM-C", "STREAM-D")),
        (Outcome.INAPPLICABLE, "audio: refused", ("STREAM-B",)),
        (Outcome.NOT_RUN, "no request of the tier gate bears on it", ("STREAM-A",)),
    ]


def test_nothing_is_lost_or_told_twice(make: Make) -> None:
    rows = [row(f"STREAM-{outcome.name}-{level}", outcome, level) for outcome in Outcome for level in Level]
    report = replace(make(), rows=tuple(rows))
    told = [each.requirement.id for section in arrange.sections(report) for each in section.rows]
    assert sorted(told) == sorted(each.requirement.id for each in rows)

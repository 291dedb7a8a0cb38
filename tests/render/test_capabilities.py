"""The table of capabilities, wherever a run is shown."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest
from rich.console import Console

from conformance.model import Outcome
from conformance.overview.capabilities import Capability, Support
from conformance.render import console, html, summary
from conformance.report import Report
from tests.render.runs import HOSTILE, report, row


def capability(feature: str, support: Support, *, claimed: bool = False, because: str = "So it is.", told_by: str = "") -> Capability:
    requirements = (told_by,) if told_by else ()
    return Capability(feature=feature, text="A thing.", support=support, claimed=claimed, because=because, requirements=requirements)


@pytest.fixture
def mixed() -> Report:
    """A server that does everything there is to do with features."""
    return report(
        row("ANSWER-N", Outcome.FAIL),
        capabilities=(
            capability("n", Support.IGNORED, claimed=True, told_by="ANSWER-N"),
            capability("stop", Support.HONOURED, claimed=True, told_by="ANSWER-STOP"),
            capability("tools", Support.HONOURED),
            capability("audio", Support.REFUSED, because=f"Refused: {HOSTILE}"),
            capability("logprobs", Support.BROKEN),
            capability("seed", Support.UNKNOWN),
            capability("files", Support.NOT_ASKED),
            capability("images", Support.DENIED),
        ),
    )


def printed(shown: Report) -> str:
    out = io.StringIO()
    console.summary(shown, Console(file=out, width=200, markup=False, emoji=False, highlight=False))
    return out.getvalue()


def test_a_terminal_is_told_in_a_line_each_what_is_honoured_refused_and_ignored(mixed: Report) -> None:
    lines = printed(mixed).splitlines()
    assert "Honours: stop, tools." in lines
    assert "Refuses: audio." in lines
    assert "Serves wrongly: logprobs." in lines


def test_a_broken_promise_is_marked(mixed: Report) -> None:
    assert "Ignores: n (claimed)." in printed(mixed)
    assert '<tr class="marked"><th scope="row"><code>n</code>' in html.render(mixed)


def test_the_page_has_a_row_for_every_feature_before_any_requirement(mixed: Report) -> None:
    page = html.render(mixed)
    table = page[page.index('id="capabilities"') : page.index('id="ANSWER-N"')]
    assert all(f"<code>{each.feature}</code>" in table for each in mixed.capabilities)
    assert '<a href="#ANSWER-N">' in table
    assert '<a href="#ANSWER-STOP">' not in table, "the page has no such requirement to lead to"
    assert "\u202e" not in table


def test_the_summary_has_them_for_programs(mixed: Report) -> None:
    made = json.loads(summary.render(mixed))
    jsonschema.Draft202012Validator(summary.schema()).validate(made)
    assert {each["feature"]: each["support"] for each in made["capabilities"]}["files"] == "not asked"
    assert [each["feature"] for each in made["capabilities"]] == [each.feature for each in mixed.capabilities]


def test_a_run_that_could_not_be_planned_has_no_such_section() -> None:
    shown = report(row("ANSWER-N", Outcome.NOT_RUN))
    assert 'id="capabilities"' not in html.render(shown)
    assert "Honours" not in printed(shown)

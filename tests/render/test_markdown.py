"""summary.md: the verdict in a comment, in which nothing that a target wrote is anything but text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from conformance.gate import decide
from conformance.model import Finding, Level, Outcome, Place
from conformance.provenance import Footer
from conformance.render import markdown
from conformance.render.text import line
from conformance.report import Report
from tests.render.runs import HOSTILE, Make, report, row

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

INERT = {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
"""What may stand in a line of ours."""

EVIL = [
    HOSTILE,
    "`",
    "``",
    "a``` ```b`",
    "```\n<script>alert(1)</script>\n```",
    "` <img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "\n\n# Conforms\n\n| a | b |\n|---|---|\n",
    "@everyone owner/repo#1 https://evil.example :tada: $`x`$",
    "</details><!-- ",
    "\\",
    "\\`",
    "|",
]


def inlines(text: str) -> list[Token]:
    return [child for token in RENDERER.parse(text) if token.type == "inline" for child in token.children or []]


def told(text: str) -> Report:
    """A run in which everything that may come from a target is this."""
    found = Finding(code=text, expected=text, received=text, at=Place(pointer=text, header=text), exchange=text)
    return report(
        row("STREAM-DONE", Outcome.FAIL, findings=[found]),
        row("STREAM-ID", Outcome.INCONCLUSIVE, reasons=[text]),
        base_url=text,
        model=text,
        selection=text,
        footer=Footer(complete=False, reason=text, exchanges=0, ended=1.0),
    )


@given(st.text(alphabet=st.one_of(st.sampled_from("`*_[]()<>!&|\\ \n#-~@:$"), st.characters()), max_size=40))
@example("`")
@example(" ` ")
@example("\\`")
@settings(deadline=None, max_examples=150)
def test_text_of_a_target_is_one_span_of_code_and_says_what_it_was(text: str) -> None:
    children = inlines(f"- expected {markdown.code(text)}")
    spans = [each.content for each in children if each.type == "code_inline"]
    assert [each.type for each in children] == (["text", "code_inline"] if text else ["text"])
    assert spans == ([line(text, 200)] if text else [])


@pytest.mark.parametrize("text", EVIL)
def test_nothing_that_a_target_writes_is_markup(text: str) -> None:
    made = markdown.render(told(text))
    tokens, kinds = RENDERER.parse(made), [token.type for token in RENDERER.parse(markdown.render(told("calm")))]
    assert [token.type for token in tokens] == kinds
    assert {each.type for each in inlines(made)} <= INERT
    assert "html_block" not in kinds


@pytest.mark.parametrize("text", [each for each in EVIL if "evil.example" in each or "script" in each or "@" in each])
def test_what_a_platform_would_link_stands_in_code_only(text: str) -> None:
    words = "".join(each.content for each in inlines(markdown.render(told(text))) if each.type == "text")
    for harm in ("evil.example", "script", "@everyone", "repo#1", "<img"):
        assert harm not in words


def test_the_verdict_comes_first_and_then_what_was_tested(typical: Report) -> None:
    lines = markdown.render(typical).splitlines()
    assert lines[0] == "## Does not conform: 4 of 7 MUST requirements failed; 1 inconclusive; 1 SHOULD failed as well."
    assert lines[2] == "`toy-model` at `http://127.0.0.1:8000/v1` · dialect `openai-compatible` · tier gate · 2026-11-18T11:06:40Z"


def test_a_run_that_was_cut_off_says_so_on_its_first_line(cut_off: Report) -> None:
    assert markdown.render(cut_off).startswith("**INCOMPLETE RUN**: `the record has no end")


def test_a_part_is_called_a_part(make: Make) -> None:
    assert "Only a part was judged: `-k STREAM`" in markdown.render(make(row("STREAM-ID", Outcome.PASS), selection="-k STREAM"))


def test_the_table_counts_by_level_and_area(typical: Report) -> None:
    text = markdown.render(typical)
    assert "| | PASS | FAIL | INCONCLUSIVE | INAPPLICABLE | NOT RUN | ERROR |" in text
    assert "| **MUST** | 2 | 4 | 1 | - | - | - |" in text
    assert "| streaming | 1 | 2 | - | - | - | - |" in text
    assert len([token for token in RENDERER.parse(text) if token.type == "table_open"]) == 1


def test_a_failing_must_says_what_was_expected_and_received(typical: Report) -> None:
    text = markdown.render(typical)
    assert "- **STREAM-DONE** (streaming): The last event of a successful stream is `data: [DONE]`.\n  - expected `[DONE]`\n" in text
    assert "in `text/streamed`, `event 3, bytes 318 to 425`; 7 failed" in text
    assert "**Failures: SHOULD** ERRORS-ENVELOPE" in text
    assert "- **USAGE-SUM** (MUST, INCONCLUSIVE): `text/capped: answered 429`" in text
    assert "report.html" in text


def test_of_many_failures_the_first_are_named_and_the_others_counted(crowded: Report) -> None:
    text = markdown.render(crowded)
    failed = sum(each.verdict.level is Level.MUST for each in crowded.rows)
    named = len(re.findall(r"^- \*\*STREAM-CASE-\d+\*\* \(", text, re.MULTILINE))
    assert 0 < named <= markdown.LISTED
    assert f"… and {failed - named} more, in the report" in text
    assert f" and {sum(each.verdict.level is Level.SHOULD for each in crowded.rows) - 20} more" in text


@pytest.mark.parametrize("text", ["\u202e" * 5000, "💥" * 5000, "`" * 5000, HOSTILE * 500, "<&" * 5000])
def test_it_fits_into_a_comment_whatever_the_target_sends(text: str) -> None:
    found = [Finding(code="odd", expected=text, received=text, at=Place(pointer=text, header=text), exchange=text)] * 25
    rows = [row(f"STREAM-CASE-{n}", Outcome.FAIL, list(Level)[n % 2], findings=found) for n in range(300)]
    rows += [row(f"STREAM-OPEN-{n}", Outcome.INCONCLUSIVE, reasons=[text] * 3) for n in range(300)]
    footer = Footer(complete=False, reason=text, exchanges=1, ended=1.0)
    made = report(*rows, base_url=text, model=text, selection=text, footer=footer)
    made = replace(made, gate=decide((each.verdict for each in rows), complete=False, reason=text))
    assert len(markdown.render(made).encode()) <= markdown.LIMIT

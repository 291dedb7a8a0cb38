"""What a person at a terminal sees: enough to mend a gateway, and nothing that acts on the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.model import Finding, Outcome
from conformance.provenance import Footer
from conformance.render import console
from conformance.report import Report
from tests.render.runs import Make, exchange, row


def screen(*, terminal: bool = False, encoding: str = "utf-8") -> Console:
    target = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(file=target, force_terminal=terminal, width=100, color_system="truecolor" if terminal else None)


def printed(on: Console) -> str:
    file = on.file
    assert isinstance(file, io.TextIOWrapper)
    raw = file.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(file.encoding)


def block(report: Report, identifier: str) -> list[str]:
    return console.failure_block(next(r for r in report.rows if r.requirement.id == identifier), report)


def test_a_block_is_enough_to_mend_a_gateway(typical: Report) -> None:
    text = "\n".join(block(typical, "STREAM-DONE"))
    for said in (
        "FAIL STREAM-DONE (MUST, streaming)",
        "The last event of a successful stream is `data: [DONE]`.",
        "expected  [DONE]",
        'received  {"id":"c1",…,"finish_reason":"stop"}',
        "where     text/streamed: event 3, bytes 318 to 425 [no-done]",
        "clause    /x-stream/terminator; HTML §9.2.6",
        "incident  owner/repo#123",
        "remedy    Send",
        "--only STREAM-DONE",
        "curl -sS -i -N http://127.0.0.1:8000/v1/chat/completions",
        "$CONFORMANCE_API_KEY",
    ):
        assert said in text


def test_a_block_has_at_most_twelve_lines_whatever_happened(typical: Report, hostile: Report, crowded: Report) -> None:
    for report in (typical, hostile, crowded):
        for each in report.rows[:30]:
            lines = console.failure_block(each, report)
            assert len(lines) <= console.LINES
            assert all(line.isprintable() for line in lines)


def test_a_block_names_the_constraints_that_fail(constrained: Report) -> None:
    text = block(constrained, "REQUEST-RANGE")
    assert "  broken    temperature ≤ 2: not refused (sent 2.0000001, 2.5, 1e308)" in text
    assert "            top_logprobs ≤ 20: not refused, clamped to 20 (sent 21)" in text


def test_of_many_constraints_a_block_names_the_first_and_counts_the_others(constrained: Report) -> None:
    text = block(constrained, "REQUEST-TYPE")
    assert "            … and 12 more in the report" in text
    assert len(text) <= console.LINES + console.CONSTRAINTS + 1


def test_what_could_not_be_judged_says_why(typical: Report) -> None:
    assert "  because   text/capped: answered 429" in block(typical, "USAGE-SUM")


def test_a_long_body_does_not_flood_the_terminal(make: Make) -> None:
    found = Finding(code="odd", expected="x", received="y", exchange="long/one")
    report = make(row("STREAM-DONE", Outcome.FAIL, findings=[found]), exchanges=[exchange("long/one", body=b'"' + b"x" * 5000 + b'"')])
    assert "@body.json" in block(report, "STREAM-DONE")[-1]


def test_off_a_terminal_everything_is_plain(typical: Report) -> None:
    on = screen()
    console.failures(typical, on)
    console.summary(typical, on, path="reports/run/report.html")
    text = printed(on)
    assert "\x1b" not in text
    assert not set("┃━│─╭") & set(text)


def test_the_last_lines_are_verdict_status_and_path(typical: Report) -> None:
    on = screen()
    console.summary(typical, on, path="reports/run/report.html")
    assert printed(on).splitlines()[-3:] == [typical.gate.sentence, "Exit status 1: violations.", "Report: reports/run/report.html"]


def test_the_table_counts_by_level_and_area(typical: Report) -> None:
    on = screen()
    console.summary(typical, on)
    rows = [line.split() for line in printed(on).splitlines()]
    assert ["MUST", "2", "4", "1", "-", "-", "-"] in rows
    assert ["streaming", "1", "2", "-", "-", "-", "-"] in rows


def test_an_incomplete_run_is_said_first(cut_off: Report) -> None:
    on = screen()
    console.summary(cut_off, on)
    assert printed(on).startswith("INCOMPLETE RUN: the record has no end")


@pytest.mark.parametrize("terminal", [True, False])
def test_text_of_the_target_is_neither_markup_nor_an_escape(hostile: Report, terminal: bool) -> None:
    on = screen(terminal=terminal)
    console.failures(hostile, on)
    console.summary(hostile, on)
    text = printed(on)
    assert "[red]x[/red]" in text
    assert "⟨U+001B⟩[31m" in text
    assert "\x1b[31m\x07" not in text
    assert "\u202e" not in text


def test_an_old_encoding_is_no_reason_to_fail(hostile: Report) -> None:
    on = screen(encoding="ascii")
    console.failures(hostile, on)
    console.summary(hostile, on)
    assert "\\u27e8U+001B\\u27e9" in printed(on)


def test_no_color_is_honoured(typical: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    made = console.terminal()
    assert made.no_color


def test_a_sentence_ends_once(cut_off: Report) -> None:
    on = screen()
    console.summary(replace(cut_off, footer=Footer(complete=False, reason="It was too much!", exchanges=0, ended=1.0)), on)
    assert printed(on).splitlines()[0] == "INCOMPLETE RUN: It was too much!"


def test_progress_of_a_short_run_is_silent_off_a_terminal() -> None:
    on = screen()
    run(console.LiveProgress(on, clock=lambda: 0.0))
    assert printed(on) == ""


def test_progress_of_a_long_run_is_a_plain_line_now_and_then_off_a_terminal() -> None:
    on = screen()
    seconds = iter(range(0, 1000, 4))
    progress = console.LiveProgress(on, clock=lambda: float(next(seconds)))
    progress.started(20)
    for _ in range(9):
        progress.exchanged(exchange("a/b"))
    progress.waiting(30.0, "rate limit \x1b[2J")
    progress.waiting(1.0, "a moment")
    progress.finished()
    assert printed(on).splitlines() == [
        "4 of at most 20 requests sent",
        "8 of at most 20 requests sent",
        "9 of at most 20 requests sent, waiting 30 s: rate limit ⟨U+001B⟩[2J",
    ]


def test_progress_says_what_is_sent_and_how_much_of_the_ceiling() -> None:
    on = screen(terminal=True)
    run(console.LiveProgress(on))
    text = printed(on)
    assert "3/3" in text or "2/3" in text


def test_progress_may_start_in_stages_and_go_past_its_ceiling() -> None:
    on = screen(terminal=True)
    progress = console.LiveProgress(on)
    progress.started(2)
    progress.started(1)
    for _ in range(4):
        progress.exchanged(exchange("a/b"))
    progress.finished()
    progress.started(1)
    progress.finished()
    progress.finished()
    assert "4/" in printed(on)


def run(progress: console.LiveProgress) -> None:
    progress.started(3)
    for key in ("text/plain", "[red]\x1b[2J", "text/streamed"):
        progress.exchanged(exchange(key))
    progress.waiting(3.0, "rate limit")
    progress.finished()

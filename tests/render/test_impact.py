"""What the page says a user of the official client would see."""

from __future__ import annotations

import pytest

from conformance.model import Exchange, Finding, Outcome
from conformance.opinion import impact
from conformance.render import html
from conformance.report import Report
from tests.render.runs import exchange, report, row

CUT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\ndata: [DONE]\n\n'


def run() -> Report:
    finding = Finding(code="empty", expected="a choice", received="[]", exchange="text/streamed")
    return report(
        row("STREAM-CHOICES", Outcome.FAIL, findings=[finding]),
        exchanges=[exchange("text/streamed", CUT)],
    )


def test_the_impact_stands_at_the_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact, "client", lambda: "openai-python 0.0")
    monkeypatch.setattr(impact, "of", lambda _: impact.Impact(client="openai-python 0.0", fails=True, says="raises <E> after 1 chunk"))
    page = html.render(run())
    assert "<dt>Client impact</dt><dd>openai-python 0.0 raises &lt;E&gt; after 1 chunk</dd>" in page
    assert "what openai-python 0.0 makes of the recorded bytes" in page
    assert impact.EXTRA not in page


def test_what_the_client_reads_without_an_error_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact, "of", lambda _: impact.Impact(client="openai-python 0.0", fails=False, says="reads it without an error"))
    assert "<dt>Client impact</dt>" not in html.render(run())


def test_without_the_client_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact, "client", lambda: None)
    page = html.render(run())
    assert "<dt>Client impact</dt>" not in page
    assert page.count(impact.EXTRA) == 1


def test_an_answer_is_replayed_once_however_often_it_is_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed: list[str] = []

    def of(each: Exchange) -> None:
        replayed.append(each.id)

    monkeypatch.setattr(impact, "of", of)
    findings = [Finding(code=str(number), expected="", received="", exchange="text/streamed") for number in range(4)]
    one = exchange("text/streamed", CUT)
    html.render(report(row("STREAM-A", Outcome.FAIL, findings=findings), row("STREAM-B", Outcome.FAIL, findings=findings), exchanges=[one]))
    assert len(replayed) == 1


@pytest.mark.skipif(impact.client() is None, reason="the extra is not installed")
def test_with_the_client_installed_its_own_words_are_shown() -> None:
    assert f"{impact.client()} yields a chunk on which `chunk.choices[0]` raises IndexError" in html.render(run())

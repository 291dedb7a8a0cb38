"""Whom a refused value is blamed on, and when it is no news."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance import judge, registry
from conformance.model import Exchange, Outcome, Sample, SampleKind
from tests.evidence import Held, answered, evidence, purpose, refused

HAN = Sample(slug="text/han", kind=SampleKind.TEXT, pointer="/messages", text="text with Chinese", needs=frozenset({"multi-turn"}))


@pytest.mark.parametrize(("history", "expected"), [(answered(), Outcome.FAIL), (refused(400), Outcome.NOT_RUN)])
def test_text_in_an_earlier_turn_is_not_blamed_where_every_earlier_turn_is_refused(history: Exchange, expected: Outcome) -> None:
    """patrickjm/openai-mock-api answers conversations that it was told of, and refuses all others."""
    held = Held()
    held.add(purpose("roles/history", control="preflight/max_tokens"), history)
    held.add(replace(purpose("samples/core-1/text/han", control="roles/history"), samples=(HAN,)), refused(400))
    (verdict,) = judge.judge(evidence(held), [registry.load().find("REQUEST-UNICODE")])
    assert verdict.outcome is expected

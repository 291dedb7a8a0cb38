"""Whom a refused value is blamed on, and when it is no news; which wrong value may be taken for a right one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance import judge, registry
from conformance.model import Exchange, Json, Outcome, Sample, SampleKind, Violation
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


@pytest.mark.parametrize(("plain", "expected"), [(answered(), Outcome.FAIL), (refused(422), Outcome.NOT_RUN)])
def test_the_bound_of_a_member_is_not_blamed_where_its_plain_form_is_refused(plain: Exchange, expected: Outcome) -> None:
    """Lightning-AI/LitServe wants a description of every tool, and so turns down a name of full length as well."""
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    for slug, kind, exchange in (("tools/bare", SampleKind.FORM, plain), ("tools/longest-name", SampleKind.BOUND, refused(422))):
        sample = Sample(slug=slug, kind=kind, pointer="/tools", text="a function")
        held.add(replace(purpose(f"samples/conversation-1/{slug}", control="preflight/max_tokens"), samples=(sample,)), exchange)
    (verdict,) = judge.judge(evidence(held), [registry.load().find("REQUEST-BOUNDS")])
    assert verdict.outcome is expected


USER: dict[str, Json] = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("pointer", "messages", "expected"),
    [
        ("/messages/0/content", [{"role": "user", "content": {"type": "text", "text": "Hello"}}], Outcome.NOT_RUN),
        ("/messages/0", ["Hello"], Outcome.NOT_RUN),
        ("/messages", USER, Outcome.NOT_RUN),
        ("/messages/0/content", [{"role": "user", "content": {}}], Outcome.FAIL),
        ("/messages/0", [[USER]], Outcome.FAIL),
        ("/messages", {}, Outcome.FAIL),
    ],
)
def test_what_can_mean_one_thing_alone_may_be_taken_for_it(pointer: str, messages: Json, expected: Outcome) -> None:
    """Nayjest/lm-proxy takes a text for a message, and a part for a list of one."""
    clause = "/components/schemas/CreateChatCompletionRequest/properties/messages/type"
    wrong = Violation(constraint="type", pointer=pointer, clause=clause, sent="…", core=True)
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    probe = purpose("invalid/messages/type/1", violation=wrong, control="preflight/max_tokens")
    held.add(probe, answered(sent={"model": "m", "messages": messages}))
    types, shorthand = judge.judge(evidence(held), [registry.load().find(name) for name in ("REQUEST-TYPE-CORE", "REQUEST-SHORTHAND")])
    assert {types.outcome, shorthand.outcome} == {Outcome.FAIL, Outcome.NOT_RUN}
    assert types.outcome is expected


def test_a_text_is_no_declaration_of_a_function_for_all_that_a_turn_would_be_one() -> None:
    clause = "/components/schemas/JsonSchemaObject/type"
    wrong = Violation(constraint="type", pointer="/tools/0/function/parameters", clause=clause, sent="…", core=True)
    tool: Json = {"type": "function", "function": {"name": "look_up", "parameters": "{}"}}
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    probe = purpose("invalid/tools.0.function.parameters/type/1", violation=wrong, control="preflight/max_tokens")
    held.add(probe, answered(sent={"model": "m", "messages": [USER], "tools": [tool]}))
    (verdict,) = judge.judge(evidence(held), [registry.load().find("REQUEST-SHORTHAND")])
    assert verdict.outcome is Outcome.NOT_RUN


@pytest.mark.parametrize(("part", "expected"), [("Hello", Outcome.NOT_RUN), (["Hello"], Outcome.FAIL), (0, Outcome.FAIL)])
def test_a_text_may_be_taken_for_a_part(part: Json, expected: Outcome) -> None:
    """Nayjest/lm-proxy and CopilotKit/aimock do so."""
    clause = "/components/schemas/UserMessage/properties/content/oneOf"
    wrong = Violation(constraint="type", pointer="/messages/0/content/0", clause=clause, sent="…")
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    probe = purpose("invalid/messages.0.content.0/type/1", violation=wrong, control="preflight/max_tokens")
    held.add(probe, answered(sent={"model": "m", "messages": [{"role": "user", "content": [part]}]}))
    (verdict,) = judge.judge(evidence(held), [registry.load().find("REQUEST-TYPE")])
    assert verdict.outcome is expected

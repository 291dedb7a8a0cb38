"""A value that was accepted and should not have been: honoured, coerced, clamped, ignored, or beyond our sight."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Exchange, Json, Violation
from conformance.subjects.fate import Effect, fate
from tests.evidence import alone, answered, delta, streamed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["message", "content", "logprobs", "index", "x"]), inner),
    max_leaves=6,
)

POINTERS = [
    "/n",
    "/top_logprobs",
    "/logprobs",
    "/stream",
    "/stream_options/include_usage",
    "/max_tokens",
    "/service_tier",
    "/tool_choice/type",
]
POINTERS += ["/response_format", "/audio", "/temperature", "/messages/0/role", ""]


def told(exchange: Exchange, pointer: str) -> tuple[Effect, str]:
    asked = alone(exchange, violation=Violation(constraint="any", pointer=pointer, clause="/x", sent=""))
    assert asked.answer is not None
    seen = fate(asked.answer, asked.purpose.violation or pytest.fail("it has one"))
    return seen.effect, seen.words


def reply(
    sent: dict[str, Json],
    *,
    choices: int = 1,
    tokens: Json = 40,
    finish: str = "stop",
    text: str = "1 2 3",
    calls: bool = False,
    top: int | None = None,
    **more: Json,
) -> Exchange:
    """An answer with so many choices, tokens, alternatives to its first token, …"""
    call: Json = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message: dict[str, Json] = {"role": "assistant", "content": text, **({"tool_calls": [call]} if calls else {})}
    choice: dict[str, Json] = {"message": message, "finish_reason": finish}
    if top is not None:
        alternatives: list[Json] = [{"token": str(n), "logprob": -1.0} for n in range(top)]
        choice["logprobs"] = {"content": [{"token": "1", "logprob": 0.0, "top_logprobs": alternatives}]}
    body: dict[str, Json] = {
        "choices": [{"index": index, **choice} for index in range(choices)],
        "usage": {"completion_tokens": tokens},
        **more,
    }
    return answered(body, sent=sent)


@pytest.mark.parametrize(
    ("exchange", "pointer", "effect", "words"),
    [
        (reply({"n": 129}, choices=129), "/n", Effect.HONOURED, "it was honoured"),
        (reply({"n": "2"}, choices=2), "/n", Effect.COERCED, "it was read as 2"),
        (reply({"n": 2.5}, choices=2), "/n", Effect.COERCED, "it was read as 2"),
        (reply({"n": 129}, choices=128), "/n", Effect.CLAMPED, "it was clamped to 128"),
        (reply({"n": 129}), "/n", Effect.IGNORED, "it was ignored"),
        (reply({"n": 0}), "/n", Effect.IGNORED, "it was ignored"),
        (reply({"n": {}}), "/n", Effect.IGNORED, "it was ignored"),
        (reply({"n": "1"}), "/n", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"top_logprobs": 21}, top=21), "/top_logprobs", Effect.HONOURED, "it was honoured"),
        (reply({"top_logprobs": 21}, top=20), "/top_logprobs", Effect.CLAMPED, "it was clamped to 20"),
        (reply({"top_logprobs": 21}), "/top_logprobs", Effect.IGNORED, "it was ignored"),
        (reply({"top_logprobs": 1.5}, top=1), "/top_logprobs", Effect.COERCED, "it was read as 1"),
        (reply({"logprobs": "true"}, top=0), "/logprobs", Effect.COERCED, "it was read as true"),
        (reply({"logprobs": "true"}), "/logprobs", Effect.IGNORED, "it was ignored"),
        (reply({"logprobs": "false"}), "/logprobs", Effect.UNKNOWN, "its effect cannot be observed"),
        (streamed(delta("1"), sent={"stream": "true"}), "/stream", Effect.COERCED, "it was read as true"),
        (reply({"stream": "true"}), "/stream", Effect.IGNORED, "it was ignored"),
        (reply({"max_tokens": "3"}, tokens=3, finish="length"), "/max_tokens", Effect.COERCED, "it was read as 3"),
        (reply({"max_tokens": "3"}, tokens=79), "/max_tokens", Effect.IGNORED, "it was ignored"),
        (reply({"max_tokens": "3"}, tokens=3), "/max_tokens", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"max_tokens": 0}, tokens=1, finish="length"), "/max_tokens", Effect.CLAMPED, "it was clamped to 1"),
        (reply({"max_tokens": -1}, tokens=79), "/max_tokens", Effect.IGNORED, "it was ignored"),
        (reply({"max_tokens": -1}, tokens=None), "/max_tokens", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"max_tokens": 9, "max_completion_tokens": 9}), "/max_tokens", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"tool_choice": "sometimes"}), "/tool_choice", Effect.IGNORED, "it was ignored"),
        (reply({"tool_choice": {"type": "gadget"}}), "/tool_choice/type", Effect.IGNORED, "it was ignored"),
        (reply({"tool_choice": "sometimes"}, calls=True), "/tool_choice", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"response_format": {"type": "yaml"}}), "/response_format/type", Effect.IGNORED, "it was ignored"),
        (reply({"response_format": 1}, text='{"a": 1}'), "/response_format", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"service_tier": "first"}, service_tier="first"), "/service_tier", Effect.HONOURED, "it was honoured"),
        (reply({"service_tier": "first"}, service_tier="default"), "/service_tier", Effect.IGNORED, "it was ignored"),
        (reply({"service_tier": "first"}), "/service_tier", Effect.UNKNOWN, "its effect cannot be observed"),
        (reply({"audio": 0}), "/audio", Effect.IGNORED, "it was ignored"),
        (reply({"temperature": 2.5}), "/temperature", Effect.UNKNOWN, "its effect cannot be observed"),
    ],
)  # fmt: skip
def test_the_answer_tells_what_became_of_it(exchange: Exchange, pointer: str, effect: Effect, words: str) -> None:
    assert told(exchange, pointer) == (effect, words)


def test_of_what_was_left_out_there_is_nothing_to_say() -> None:
    assert told(reply({}), "/model") == (Effect.UNKNOWN, "")
    assert told(reply({}), "") == (Effect.UNKNOWN, "")


def test_success_by_its_status_alone_is_told() -> None:
    assert told(answered({"error": {"message": "no"}}, sent={"n": 0}), "/n") == (Effect.UNKNOWN, "it was answered with an error")


def test_an_answer_that_cannot_be_read_says_nothing() -> None:
    for exchange in (
        answered(b"<html>", sent={"n": 0}),
        answered([], sent={"n": 0}),
        streamed(sent={"n": 0}),
        streamed("nonsense", sent={"n": 0}),
    ):
        assert told(exchange, "/n") == (Effect.UNKNOWN, "its effect cannot be observed")


def test_a_stream_is_read_as_the_whole_answer_is() -> None:
    assert told(streamed(delta("1"), delta("1", index=1), sent={"n": "2"}), "/n") == (Effect.COERCED, "it was read as 2")


@settings(deadline=None, max_examples=150)
@given(choices=VALUES, usage=VALUES, sent=VALUES, pointer=st.sampled_from(POINTERS), whole=st.booleans())
def test_no_answer_is_too_odd_to_be_read(choices: Json, usage: Json, sent: Json, pointer: str, whole: bool) -> None:
    body: Json = {"choices": choices, "usage": usage, "service_tier": usage}
    request: Json = {pointer.rsplit("/", maxsplit=1)[-1]: sent}
    effect, words = told(answered(body, sent=request) if whole else streamed(body, [], sent=request), pointer)
    assert effect in Effect
    assert words or effect is Effect.UNKNOWN

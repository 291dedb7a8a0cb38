"""What limits a request sets, and what it is charged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from conformance.strictjson import get, items
from tests.reference.asking import ask, conversation, send
from tests.reference.test_toymodel import WEATHER

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.service import Service
    from tests.reference.asking import Answered

COUNT = "Count from 1 to 9"  # 17 tokens: nine digits, eight commas


def outcome(answered: Answered) -> tuple[object, object, object]:
    choice = answered.get("choices", 0)
    return get(choice, "message", "content"), get(choice, "finish_reason"), answered.get("usage", "completion_tokens")


def prompt_tokens(answered: Answered) -> int:
    count = answered.get("usage", "prompt_tokens")
    assert isinstance(count, int), answered.body
    return count


@pytest.mark.parametrize(
    ("fields", "content", "finish", "size"),
    [
        ({}, "1, 2, 3, 4, 5, 6, 7, 8, 9", "stop", 17),
        ({"max_completion_tokens": 17}, "1, 2, 3, 4, 5, 6, 7, 8, 9", "stop", 17),
        ({"max_completion_tokens": 16}, "1, 2, 3, 4, 5, 6, 7, 8,", "length", 16),
        ({"max_tokens": 1}, "1", "length", 1),
        ({"stop": "5"}, "1, 2, 3, 4, ", "stop", 9),
        ({"stop": ["nowhere", ", 3"]}, "1, 2", "stop", 3),
        ({"stop": ["3, 4, 5", "4"]}, "1, 2, 3, ", "stop", 7),
        ({"stop": "2, 3, 4"}, "1, ", "stop", 3),
        ({"stop": "4", "max_tokens": 7}, "1, 2, 3, ", "stop", 7),
        ({"stop": "4", "max_tokens": 6}, "1, 2, 3,", "length", 6),
        ({"stop": "1"}, "", "stop", 0),
        ({"stop": None, "max_tokens": None, "n": None}, "1, 2, 3, 4, 5, 6, 7, 8, 9", "stop", 17),
    ],
)
def test_caps_and_stops(service: Service, fields: dict[str, Json], content: str, finish: str, size: int) -> None:
    assert outcome(ask(service, COUNT, **fields)) == (content, finish, size)


def test_every_choice_is_charged(service: Service) -> None:
    answered = ask(service, COUNT, n=3)
    assert [get(choice, "index") for choice in items(answered.json, "choices")] == [0, 1, 2]
    assert answered.get("usage", "completion_tokens") == 51


@pytest.mark.parametrize("cap", range(1, 6))
def test_a_cap_cuts_arguments(service: Service, cap: int) -> None:
    fields: dict[str, Json] = {"tools": [WEATHER], "tool_choice": "required", "max_tokens": cap}
    answered = ask(service, "x", **fields)
    assert outcome(answered) == (None, "length", cap)
    whole = ask(service, "x", **fields | {"max_tokens": None}).get("choices", 0, "message", "tool_calls", 0, "function", "arguments")
    cut = answered.get("choices", 0, "message", "tool_calls", 0, "function", "arguments")
    assert str(whole).startswith(str(cut)) and whole != cut


@pytest.mark.parametrize("top", [None, 0, 1, 5, 20])
def test_logprobs_are_aligned_finite_and_sorted(service: Service, top: int | None) -> None:
    answered = ask(service, "Repeat: h\u00e9 \U0001f600!", logprobs=True, **({} if top is None else {"top_logprobs": top}))
    entries = items(answered.json, "choices", 0, "logprobs", "content")
    assert len(entries) == answered.get("usage", "completion_tokens")
    assert "".join(str(get(entry, "token")) for entry in entries) == "h\u00e9 \U0001f600!"
    for entry in entries:
        ranked = [get(one, "logprob") for one in items(entry, "top_logprobs")]
        numbers = [number for number in ranked if isinstance(number, float) and math.isfinite(number)]
        assert numbers == sorted(ranked, reverse=True, key=lambda number: float(str(number)))
        assert len(ranked) == (top or 0) and sum(map(math.exp, numbers)) <= 1
        for one in (entry, *items(entry, "top_logprobs")):
            assert bytes(items(one, "bytes")).decode() == get(one, "token")  # type: ignore[arg-type]


def test_the_prompt_alone_sets_the_price_of_the_prompt(service: Service) -> None:
    plain = prompt_tokens(ask(service, COUNT))
    same: list[dict[str, Json]] = [
        {"stream": False}, {"max_tokens": 1}, {"temperature": 2}, {"n": 4}, {"stop": "5"}, {"logprobs": True}, {"seed": 3},
        {"response_format": {"type": "text"}},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": COUNT}]}]},
    ]  # fmt: skip
    assert {prompt_tokens(ask(service, COUNT, **fields)) for fields in same} == {plain}
    more: list[dict[str, Json]] = [
        {"tools": [WEATHER]}, {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}},
        {"messages": [{"role": "user", "content": COUNT + " more"}]},
        {"messages": [{"role": "system", "content": ""}, {"role": "user", "content": COUNT}]},
    ]  # fmt: skip
    assert all(prompt_tokens(ask(service, COUNT, **fields)) > plain for fields in more)


def test_equal_text_costs_the_same_wherever_it_is_added(service: Service) -> None:
    prices = [prompt_tokens(ask(service, "word" + " word" * extra)) for extra in (0, 50, 100)]
    assert prices[1] - prices[0] == prices[2] - prices[1] == 50


def test_the_sum_is_the_sum(service: Service) -> None:
    usage = ask(service, COUNT, n=2).get("usage")
    assert isinstance(usage, dict)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]  # type: ignore[operator]


def test_a_prompt_beyond_the_window_is_refused(service: Service) -> None:
    import json

    answered = send(service, json.dumps(conversation("word " * 100_001)).encode())
    assert (answered.status, answered.get("error", "code")) == (400, "context_length_exceeded")

"""A streamed answer says what the whole answer says, in the order of the original."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.strictjson import get, items
from tests.reference.asking import ask, send
from tests.reference.test_toymodel import TIME, WEATHER

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.service import Service

REQUESTS: list[tuple[str, dict[str, Json]]] = [
    ("Hello", {}),
    ("Count from 1 to 9", {"n": 3, "stop": "7"}),
    ("Count from 1 to 9", {"max_tokens": 4}),
    ("Repeat: \u4f60\u597d \U0001f600", {"logprobs": True, "top_logprobs": 3}),
    ("Weather in Paris and Rome?", {"tools": [WEATHER, TIME]}),
    ("Weather?", {"tools": [WEATHER], "tool_choice": "required", "max_tokens": 5, "n": 2}),
    ("JSON!", {"response_format": {"type": "json_object"}}),
    ("Weather?", {"functions": [{"name": "weather"}]}),
]


def joined(chunks: list[Json], index: int) -> dict[str, object]:
    """Put the message of one choice together the way a client does."""
    message: dict[str, object] = {"content": None, "calls": {}, "logprobs": [], "function": None}
    calls: dict[object, list[str]] = {}
    for chunk in chunks:
        for choice in items(chunk, "choices"):
            if get(choice, "index") != index:
                continue
            if isinstance(piece := get(choice, "delta", "content"), str):
                message["content"] = str(message["content"] or "") + piece
            for call in items(choice, "delta", "tool_calls"):
                known = calls.setdefault(get(call, "index"), [str(get(call, "function", "name")), ""])
                known[1] += str(get(call, "function", "arguments"))
            if isinstance(function := get(choice, "delta", "function_call"), dict):
                message["function"] = str(message["function"] or "") + str(function["arguments"])
            message["logprobs"] = [*message["logprobs"], *items(choice, "logprobs", "content")]  # type: ignore[misc]
            message["finish"] = get(choice, "finish_reason")
    return message | {"calls": list(calls.values())}


@pytest.mark.parametrize(("prompt", "fields"), REQUESTS)
def test_the_pieces_make_up_the_whole(service: Service, prompt: str, fields: dict[str, Json]) -> None:
    whole = ask(service, prompt, **fields)
    chunks = ask(service, prompt, stream=True, stream_options={"include_usage": True}, **fields).chunks
    for choice in items(whole.json, "choices"):
        together = joined(chunks, int(str(get(choice, "index"))))
        assert together["content"] == get(choice, "message", "content")
        assert together["finish"] == get(choice, "finish_reason")
        assert together["logprobs"] == items(choice, "logprobs", "content")
        functions = [get(call, "function") for call in items(choice, "message", "tool_calls")]
        assert together["calls"] == [[get(one, "name"), get(one, "arguments")] for one in functions]
        if together["function"] is not None:
            assert together["function"] == get(choice, "message", "function_call", "arguments")
    assert get(chunks[-1], "usage") == whole.get("usage")


@pytest.mark.parametrize(("prompt", "fields"), REQUESTS)
def test_each_choice_opens_with_its_role_and_ends_with_its_reason(service: Service, prompt: str, fields: dict[str, Json]) -> None:
    chunks = ask(service, prompt, stream=True, **fields).chunks
    assert len({(get(chunk, "id"), get(chunk, "created"), get(chunk, "model")) for chunk in chunks}) == 1
    for index in range(int(str(fields.get("n", 1)))):
        choices = [one for chunk in chunks for one in items(chunk, "choices") if get(one, "index") == index]
        first, *middle, last = choices
        assert get(first, "delta", "role") == "assistant" and get(first, "delta", "refusal") is None
        assert not any("role" in str(get(one, "delta")) for one in middle)
        assert [get(one, "finish_reason") for one in (first, *middle)] == [None] * (len(choices) - 1)
        assert get(last, "delta") == {} and isinstance(get(last, "finish_reason"), str)


def test_usage_comes_last_and_only_when_asked_for(service: Service) -> None:
    *before, last = ask(service, stream=True, stream_options={"include_usage": True}).chunks
    assert all(get(chunk, "usage") is None for chunk in before)
    assert get(last, "choices") == [] and isinstance(get(last, "usage", "total_tokens"), int)
    unasked: list[Json] = [None, {}, {"include_usage": False}]
    for options in unasked:
        assert not any("usage" in str(chunk) for chunk in ask(service, stream=True, stream_options=options).chunks)


def test_a_call_is_named_once_and_then_only_numbered(service: Service) -> None:
    chunks = ask(service, "Weather in Paris and Rome?", tools=[WEATHER], stream=True).chunks
    fragments = [call for chunk in chunks for call in items(chunk, "choices", 0, "delta", "tool_calls")]
    for index in (0, 1):
        first, *rest = [one for one in fragments if get(one, "index") == index]
        assert get(first, "type") == "function" and get(first, "function") == {"name": "get_weather", "arguments": ""}
        assert rest and all(set(one) == {"index", "function"} for one in rest if isinstance(one, dict))


def test_what_is_refused_is_refused_before_the_stream_begins(service: Service) -> None:
    answered = ask(service, stream=True, model="another")
    assert (answered.status, answered.headers["content-type"]) == (404, "application/json")
    assert send(service, json.dumps({"stream": True}).encode()).status == 400

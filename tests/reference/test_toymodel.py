"""What the toy model says, so that a scenario can rely on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference.exemplar import exemplar
from conformance.reference.tokens import tokens
from tests.reference.asking import Answered, ask, conversation, send

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.service import Service

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current conditions at a place",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}, "days": {"type": "integer"}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
TIME: Json = {"type": "function", "function": {"name": "tell_time"}}


def content(answered: Answered) -> object:
    return answered.get("choices", 0, "message", "content")


def called(answered: Answered) -> list[tuple[str, object]]:
    calls = answered.get("choices", 0, "message", "tool_calls")
    if not isinstance(calls, list):
        return []
    functions = [call["function"] for call in calls if isinstance(call, dict)]
    return [(one["name"], json.loads(one["arguments"])) for one in functions if isinstance(one, dict)]  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Count from 1 to 5.", "1, 2, 3, 4, 5"),
        ("Please count slowly from 3 up to 1", "3, 2, 1"),
        ("Count to three.", "one, two, three"),
        ("Count from 1 to 4 in digits, separated by single spaces. Write nothing else.", "1 2 3 4"),
        ("Count from 8 to 11 in words", "eight, nine, ten, eleven"),
        ("Count from nineteen to twenty-one", "nineteen, twenty, twenty-one"),
        ("Say exactly: ", None),
        ("Repeat: h\u00e9llo \U0001f469\u200d\U0001f467, w\u00f6rld!", "h\u00e9llo \U0001f469\u200d\U0001f467, w\u00f6rld!"),
        ("Repeat after me: a\nb", "a\nb"),
        ('Reply with exactly "pong" and nothing else.', "pong"),
    ],
)
def test_instructions_are_followed_to_the_letter(service: Service, prompt: str, said: str | None) -> None:
    answered = content(ask(service, prompt))
    assert isinstance(answered, str)
    assert answered
    assert said is None or answered == said


def test_the_same_prompt_gets_the_same_answer_whatever_the_seed(service: Service) -> None:
    assert content(ask(service, "Tell me", seed=1)) == content(ask(service, "Tell me", seed=2, temperature=2, top_p=0.1))


@given(st.text())
@settings(deadline=None)
def test_tokens_are_the_text_in_pieces(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(tokens(text)) and len(tokens(text)) >= len(text.split())


@pytest.mark.parametrize(
    ("prompt", "fields", "calls"),
    [
        ("What is the weather like?", {}, [("get_weather", {"city": "text", "unit": "celsius"})]),
        ("What are the conditions?", {}, [("get_weather", {"city": "text", "unit": "celsius"})]),
        ("Sing a song", {}, []),
        ("What is the weather like?", {"tool_choice": "none"}, []),
        ("Sing a song", {"tool_choice": "auto"}, []),
        ("Sing a song", {"tool_choice": "required"}, [("get_weather", {"city": "text", "unit": "celsius"})]),
        ("Sing a song", {"tool_choice": {"type": "function", "function": {"name": "tell_time"}}}, [("tell_time", {})]),
        (
            "What is the weather in Paris and in London?",
            {},
            [("get_weather", {"city": "Paris", "unit": "celsius"}), ("get_weather", {"city": "London", "unit": "celsius"})],
        ),
        ("What is the weather, and the time?", {}, [("get_weather", {"city": "text", "unit": "celsius"}), ("tell_time", {})]),
        ("What is the weather, and the time?", {"parallel_tool_calls": False}, [("get_weather", {"city": "text", "unit": "celsius"})]),
    ],
)
def test_tools_are_called_as_the_choice_and_the_prompt_say(
    service: Service, prompt: str, fields: dict[str, Json], calls: list[tuple[str, object]]
) -> None:
    answered = ask(service, prompt, tools=[WEATHER, TIME], **fields)
    assert called(answered) == calls
    assert answered.get("choices", 0, "finish_reason") == ("tool_calls" if calls else "stop")
    assert (content(answered) is None) == bool(calls)


def test_a_tool_result_is_told(service: Service) -> None:
    body = conversation("What is the weather like?", tools=[WEATHER])
    first = send(service, json.dumps(body).encode())
    message, calls = first.get("choices", 0, "message"), first.get("choices", 0, "message", "tool_calls")
    assert isinstance(calls, list) and isinstance(calls[0], dict) and isinstance(body["messages"], list)
    body["messages"] += [message, {"role": "tool", "tool_call_id": calls[0]["id"], "content": "hail"}]  # type: ignore[list-item]
    second = send(service, json.dumps(body).encode())
    assert second.status == 200, second.body
    assert "hail" in str(content(second))


SCHEMAS: list[dict[str, Json]] = [
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a", "b"]},
    {"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}]}}, "required": ["a"],
     "$defs": {"n": {"type": "number", "exclusiveMinimum": 2, "maximum": 3, "multipleOf": 0.5}}},
    {"type": "object", "properties": {"a": {"type": ["string", "null"], "minLength": 9, "maxLength": 9}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[a-z]+$"}, "b": {"type": "string", "format": "date"}},
     "required": ["a", "b"], "additionalProperties": False},
    {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"v": {"const": 1}, "next": {"$ref": "#/$defs/node"}},
     "required": ["v"]}}},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}, {"required": ["b"],
     "properties": {"b": {"type": "integer", "minimum": 5, "maximum": 5}}}]},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_gets_an_instance(service: Service, schema: dict[str, Json]) -> None:
    response_format: Json = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}
    answered = json.loads(str(content(ask(service, "JSON, please", response_format=response_format))))
    jsonschema.validate(answered, schema)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "items", "enum", "allOf", "$ref", "a"]), inner),
)
KEYWORDS = st.sampled_from(["minimum", "maximum", "multipleOf", "exclusiveMinimum", "minLength", "maxLength", "minItems", "pattern",
                            "type", "properties", "required", "anyOf", "prefixItems", "minProperties"])  # fmt: skip


@given(st.dictionaries(KEYWORDS, JSON | st.sampled_from(["string", "array", "object", "number", "integer"])))
@settings(deadline=None)
def test_no_schema_however_odd_is_too_much(schema: dict[str, Json]) -> None:
    json.dumps(exemplar(schema))

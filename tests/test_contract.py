"""What the contract allows, in two readings, and in which words it says what it does not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.contract import Schema
from conformance.errors import ClauseNotFoundError, ContractError, OverlayError, UnknownNameError
from conformance.model import Json, Level

BASE = contract.load("openai")
COMPATIBLE = contract.load()

TOOL: Json = {"type": "function", "function": {"name": "look_up"}}
SCHEMA: Json = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}
CALL: dict[str, Json] = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
PNG = "data:image/png;base64,AA=="
BIG = 2**63

# Field; values that are right; values that are wrong.
REQUEST_FIELDS: list[tuple[str, list[Json], list[Json]]] = [
    ("model", ["m", "vendor/m:free"], [None, "", 5, {}]),
    ("stream", [True, False, None], ["yes", 1, "true"]),
    ("stream_options", [{}, {"include_usage": True, "include_obfuscation": False}, None], [True, [], {"include_usage": None}]),
    ("temperature", [0, 2, 0.5, 1.0, None], [-0.1, 2.1, "1", True]),
    ("top_p", [0, 1, None], [-0.1, 1.1, "1"]),
    ("frequency_penalty", [-2, 2, None], [-2.1, 2.1, "0"]),
    ("presence_penalty", [-2, 2, None], [-2.1, 2.1, []]),
    ("n", [1, 128, 1.0, None], [0, 129, 1.5, "1"]),
    ("max_completion_tokens", [1, 10**6, None], [0, -1, 1.5, "1"]),
    ("max_tokens", [1, 10**6, None], [0, -1, 1.5, "1"]),
    ("stop", ["a", "", ["a"], ["a"] * 4, None], [[], ["a"] * 5, [5], 5, {}]),
    ("logprobs", [True, False, None], [1, "true"]),
    ("top_logprobs", [0, 20, None], [-1, 21, 0.5, True]),
    ("logit_bias", [{}, {"50256": -100, "1": 100}, None], [{"1": 101}, {"1": -101}, {"1": "x"}, {"1": 0.5}, []]),
    ("seed", [0, -BIG, BIG - 1, None], [BIG, -BIG - 1, 0.5, "1"]),
    (
        "response_format",
        [{"type": "text"}, {"type": "json_object"}, SCHEMA, {"type": "json_schema", "json_schema": {"name": "n", "strict": None}}],
        [None, "text", {}, {"type": "yaml"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": {"name": "a b"}}],
    ),
    (
        "tools",
        [
            [],
            [TOOL] * 128,
            [{"type": "function", "function": {"name": "a" * 64, "description": "d", "parameters": {}, "strict": None}}],
            [{"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}}],
            [{"type": "custom", "custom": {"name": "c", "format": {"type": "grammar", "grammar": {"definition": "d", "syntax": "lark"}}}}],
        ],
        [
            None,
            {},
            [{}],
            [TOOL] * 129,
            [{"type": "function"}],
            [{"type": "function", "function": {}}],
            [{"type": "function", "function": {"name": "a.b"}}],
            [{"type": "function", "function": {"name": "a" * 65}}],
            [{"type": "function", "function": {"name": "a\n"}}],
            [{"type": "function", "function": {"name": "a", "parameters": "none"}}],
            [{"type": "custom", "custom": {"name": "c", "format": {"type": "text", "more": 1}}}],
            [{"type": "retrieval"}],
        ],
    ),
    (
        "tool_choice",
        [
            *("none", "auto", "required"),
            {"type": "function", "function": {"name": "look_up"}},
            {"type": "custom", "custom": {"name": "c"}},
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function"}]}},
        ],
        [
            None,
            "any",
            {"function": {"name": "a"}},
            {"type": "function"},
            {"type": "function", "name": "a"},
            {"type": "allowed_tools", "tools": []},
        ],
    ),
    ("parallel_tool_calls", [True, False], [None, "false"]),
    ("functions", [[{"name": "a", "parameters": {}}]], [None, [], [{}], [{"name": "a"}] * 129]),
    ("function_call", ["none", "auto", {"name": "a"}], ["required", {}, None]),
    ("modalities", [["text"], ["text", "audio"], None], [["smell"], "text"]),
    (
        "audio",
        [{"voice": "any", "format": "pcm16"}, {"voice": {"id": "v"}, "format": "aac"}, None],
        [{"voice": "v"}, {"voice": "v", "format": "midi"}],
    ),
    (
        "prediction",
        [{"type": "content", "content": "x"}, {"type": "content", "content": [{"type": "text", "text": "x"}]}, None],
        [{"type": "content"}, "x"],
    ),
    (
        "web_search_options",
        [
            {},
            {"user_location": None, "search_context_size": "low"},
            {"user_location": {"type": "approximate", "approximate": {"city": "c"}}},
        ],
        [None, {"search_context_size": "huge"}, {"user_location": {"type": "exact", "approximate": {}}}],
    ),
    ("service_tier", ["auto", "fast", None], ["slow", 1]),
    ("reasoning_effort", ["none", "minimal", "max", None], ["most", 1]),
    ("verbosity", ["low", None], ["silent"]),
    ("store", [True, None], ["yes"]),
    (
        "metadata",
        [{}, {str(i): "" for i in range(16)}, {"k" * 64: "v" * 512}, None],
        [{str(i): "" for i in range(17)}, {"k" * 65: ""}, {"k": "v" * 513}, {"k": 1}, []],
    ),
    ("user", ["u", ""], [None, 5]),
    ("safety_identifier", ["s" * 64, None], ["s" * 65, 5]),
    ("prompt_cache_key", ["k", None], [5]),
    ("prompt_cache_retention", ["in_memory", "24h", None], ["for ever"]),
    ("prompt_cache_options", [{}, {"mode": "explicit", "ttl": "30m"}], [None, {"mode": "sometimes"}]),
    (
        "moderation",
        [{"model": "m", "policy": {"input": {"mode": "block"}, "output": None}}, None],
        [{}, {"model": "m", "policy": "strict"}],
    ),
]

MESSAGES: list[tuple[Json, bool]] = [
    ({"role": "system", "content": "s"}, True),
    ({"role": "system", "content": [{"type": "text", "text": "s"}], "name": "n"}, True),
    ({"role": "system"}, False),
    ({"role": "system", "content": None}, False),
    ({"role": "system", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}, False),
    ({"role": "developer", "content": "d"}, True),
    ({"role": "developer", "content": []}, False),
    ({"role": "user", "content": ""}, True),
    ({"role": "user", "content": [{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}]}, True),
    ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]}, True),
    ({"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}, "prompt_cache_breakpoint": {"mode": "explicit"}}]}, True),
    ({"role": "user", "content": None}, False),
    ({"role": "user", "content": []}, False),
    ({"role": "user", "content": 5}, False),
    ({"role": "user", "content": [{"type": "text"}]}, False),
    ({"role": "user", "content": [{"type": "smell", "smell": "rose"}]}, False),
    ({"role": "user", "content": [{"type": "image_url", "image_url": PNG}]}, False),
    ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG, "detail": "best"}}]}, False),
    ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "ogg"}}]}, False),
    ({"role": "user", "content": "u", "name": 5}, False),
    ({"role": "assistant", "content": "a", "refusal": None, "audio": None, "function_call": None, "annotations": []}, True),
    ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, True),
    ({"role": "assistant", "content": None, "refusal": "no"}, True),
    ({"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}}, True),
    ({"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}, False),
    ({"role": "assistant", "content": "a", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f"}}]}, False),
    (
        {"role": "assistant", "content": "a", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": {}}}]},
        False,
    ),
    ({"role": "assistant", "content": "a", "tool_calls": None}, False),
    ({"role": "tool", "content": "t"}, False),
    ({"role": "tool", "content": None, "tool_call_id": "c1"}, False),
    ({"role": "function", "name": "f", "content": None}, True),
    ({"role": "function", "content": "x"}, False),
    ({"role": "wizard", "content": "w"}, False),
    ({"content": "x"}, False),
    ({}, False),
    ("hello", False),
]


def _body(**members: Json) -> dict[str, Json]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **members}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, right, _ in REQUEST_FIELDS for value in right])
def test_a_right_value_is_valid(field: str, value: Json) -> None:
    assert BASE.faults(Schema.REQUEST, _body(**{field: value})) == ()


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, _, wrong in REQUEST_FIELDS for value in wrong])
def test_a_wrong_value_is_one_fault_at_its_place(field: str, value: Json) -> None:
    (fault,) = BASE.faults(Schema.REQUEST, _body(**{field: value}))
    assert fault.pointer.startswith(f"/{field}")
    assert BASE.at(fault.clause) is not None


def test_every_member_of_a_request_is_in_the_table() -> None:
    members = BASE.at("/components/schemas/CreateChatCompletionRequest/properties")
    assert isinstance(members, dict)
    assert {field for field, _, _ in REQUEST_FIELDS} | {"messages"} == set(members)


@pytest.mark.parametrize(("message", "valid"), MESSAGES)
def test_messages(message: Json, valid: bool) -> None:
    faults = BASE.request_faults(_body(messages=[message]))
    assert (faults == ()) is valid
    assert all(fault.pointer.startswith("/messages/0") for fault in faults)


@pytest.mark.parametrize("body", [[], "x", None, {}, {"model": "m"}, {"messages": [{"role": "user", "content": "u"}]}, _body(messages=[])])
def test_a_body_that_lacks_what_matters_is_invalid(body: Json) -> None:
    assert not BASE.is_valid(Schema.REQUEST, body)
    assert BASE.request_faults(body)


def test_unknown_members_are_no_fault() -> None:
    assert BASE.request_faults(_body(surprise={"a": 1})) == ()


@pytest.mark.parametrize(
    ("rule", "broken", "kept"),
    [
        ("stream-options-needs-stream", {"stream_options": {}}, {"stream_options": {}, "stream": True}),
        ("stream-options-needs-stream", {"stream_options": {}, "stream": False}, {"stream_options": None, "stream": False}),
        ("top-logprobs-needs-logprobs", {"top_logprobs": 1}, {"top_logprobs": 1, "logprobs": True}),
        ("parallel-tool-calls-needs-tools", {"parallel_tool_calls": False}, {"parallel_tool_calls": False, "tools": [TOOL]}),
        ("tool-choice-needs-tools", {"tool_choice": "required"}, {"tool_choice": "required", "tools": [TOOL]}),
        (
            "assistant-says-something",
            {"messages": [{"role": "assistant", "content": None}]},
            {"messages": [{"role": "assistant", "content": ""}]},
        ),
        ("assistant-says-something", {"messages": [{"role": "assistant", "tool_calls": []}]}, {}),
        ("audio-modality-needs-audio", {"modalities": ["audio"]}, {"modalities": ["audio"], "audio": {"voice": "v", "format": "wav"}}),
        (
            "file-part-needs-source",
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "AA=="}}]}]},
        ),
        (
            "json-object-asks-for-json",
            {"response_format": {"type": "json_object"}},
            {"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": [{"type": "text", "text": "Json!"}]}]},
        ),
        ("one-token-limit", {"max_tokens": 1, "max_completion_tokens": 1}, {"max_tokens": None, "max_completion_tokens": 1}),
        ("functions-or-tools", {"functions": [{"name": "f"}], "tools": [TOOL]}, {"functions": [{"name": "f"}]}),
    ],
)
def test_rules_between_members(rule: str, broken: dict[str, Json], kept: dict[str, Json]) -> None:
    (fault,) = BASE.request_faults(_body(**broken))
    assert (fault.keyword, fault.clause) == ("dependency", f"/x-dependencies/{rule}")
    assert BASE.request_faults(_body(**kept)) == ()


ASKED: Json = {"role": "assistant", "tool_calls": [CALL]}
TOLD: Json = {"role": "tool", "tool_call_id": "c1", "content": "x"}
USER: Json = {"role": "user", "content": "u"}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([USER, ASKED, TOLD], []),
        ([USER, ASKED, TOLD, USER, ASKED, TOLD], []),
        ([TOLD], [("/messages/0", "tool-result-has-call")]),
        ([ASKED, USER, TOLD], [("/messages/0", "call-has-result"), ("/messages/2", "tool-result-has-call")]),
        ([USER, ASKED], [("/messages/1", "call-has-result")]),
        (
            [ASKED, {"role": "tool", "tool_call_id": "c2", "content": "x"}],
            [("/messages/1", "tool-result-has-call"), ("/messages/0", "call-has-result")],
        ),
    ],
)
def test_order_of_calls_and_results(messages: list[Json], expected: list[tuple[str, str]]) -> None:
    faults = BASE.request_faults(_body(messages=messages))
    assert [(fault.pointer, fault.clause.removeprefix("/x-request/")) for fault in faults] == expected


@pytest.mark.parametrize(
    ("body", "pointer", "keyword", "words"),
    [
        (_body(temperature=3), "/temperature", "maximum", "must be at most 2"),
        (_body(n="1"), "/n", "type", "must be integer or null"),
        (_body(stop=5), "/stop", "type", "must be string or array or null"),
        (_body(tool_choice="any", tools=[TOOL]), "/tool_choice", "enum", 'must be one of "none", "auto", "required"'),
        (_body(response_format={"type": "yaml"}), "/response_format/type", "enum", 'must be one of "text", "json_object", "json_schema"'),
        (_body(messages=[{"role": "user"}]), "/messages/0", "required", "must have the member 'content'"),
        (
            _body(messages=[{"role": "user", "content": [{"type": "text"}]}]),
            "/messages/0/content/0",
            "required",
            "must have the member 'text'",
        ),
        (_body(metadata={"a/b": 1}), "/metadata/a~1b", "type", "must be string"),
        ({"messages": [USER]}, "", "required", "must have the member 'model'"),
    ],
)
def test_a_fault_is_told_where_it_sits(body: dict[str, Json], pointer: str, keyword: str, words: str) -> None:
    (fault,) = BASE.request_faults(body)
    assert (fault.pointer, fault.keyword, fault.message) == (pointer, keyword, words)


def test_two_faults_are_two() -> None:
    faults = BASE.request_faults(_body(temperature=3, top_p="x"))
    assert [fault.pointer for fault in faults] == ["/temperature", "/top_p"]


def test_what_is_wrong_at_one_place_is_told_in_the_order_of_the_contract_whatever_the_process() -> None:
    required = BASE.at("/components/schemas/CreateChatCompletionResponse/required")
    assert isinstance(required, list)
    assert [fault.message for fault in BASE.faults(Schema.RESPONSE, {})] == [f"must have the member {name!r}" for name in required]


def test_bounds_from_prose_bind_less_strictly() -> None:
    levels = {fault.pointer: fault.level for fault in BASE.request_faults(_body(temperature=3, logit_bias={"1": 101}, seed=BIG))}
    assert levels == {"/temperature": Level.MUST, "/logit_bias/1": Level.SHOULD, "/seed": Level.MAY}
    assert [fault.level for fault in COMPATIBLE.request_faults(_body(temperature=3))] == [Level.SHOULD]


USAGE: Json = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
}


def _answer(message: Json = None, /, **choice: Json) -> dict[str, Json]:
    message = message or {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1763712000,
        "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", **choice}],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _chunk(*choices: Json, **members: Json) -> dict[str, Json]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1763712000, "model": "m", "choices": [*choices], **members}


def _delta(finish_reason: Json = None, **delta: Json) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


LOGPROB: Json = {
    "token": "H",
    "logprob": -0.1,
    "bytes": [72],
    "top_logprobs": [{"token": "H", "logprob": -0.1, "bytes": None}],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema.RESPONSE, _answer()),
        (
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]}, finish_reason="tool_calls"),
        ),
        (Schema.RESPONSE, _answer(logprobs={"content": [LOGPROB], "refusal": None})),
        (Schema.RESPONSE, _answer() | {"surprise": 1}),
        (Schema.CHUNK, _chunk(_delta(role="assistant", content="", refusal=None), usage=None, obfuscation="x", service_tier="default")),
        (Schema.CHUNK, _chunk(_delta(content="Hello"))),
        (
            Schema.CHUNK,
            _chunk(_delta(tool_calls=[{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}])),
        ),
        (Schema.CHUNK, _chunk(_delta(tool_calls=[{"index": 0, "function": {"arguments": "{"}}]))),
        (Schema.CHUNK, _chunk(_delta("stop"))),
        (Schema.CHUNK, _chunk(usage=USAGE)),
        (Schema.USAGE, USAGE),
        (Schema.ERROR, {"error": {"message": "m", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}),
    ],
)
def test_what_openai_sends_is_valid_in_both_readings(schema: Schema, value: Json) -> None:
    assert BASE.faults(schema, value) == ()
    assert COMPATIBLE.faults(schema, value) == ()


def _without(value: dict[str, Json], *path: str | int) -> dict[str, Json]:
    changed = copy.deepcopy(value)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return changed


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        pytest.param(Schema.RESPONSE, _without(_answer(), "choices", 0, "logprobs"), "/choices/0", id="o3-mini"),
        pytest.param(Schema.RESPONSE, _without(_answer(), "choices", 0, "message", "refusal"), "/choices/0/message", id="groq"),
        pytest.param(Schema.RESPONSE, _answer() | {"service_tier": "on_demand"}, "/service_tier", id="groq-tier"),
        pytest.param(Schema.RESPONSE, _answer({"role": "assistant", "tool_calls": [CALL]}), "/choices/0/message", id="gemini"),
        pytest.param(Schema.RESPONSE, _answer(finish_reason="eos"), "/choices/0/finish_reason", id="together"),
        pytest.param(Schema.RESPONSE, _answer() | {"created": 1763712000.5}, "/created", id="time-with-fraction"),
        pytest.param(
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": "x", "refusal": None, "tool_calls": None, "function_call": None}),
            "/choices/0/message/",
            id="nulls",
        ),
        pytest.param(Schema.RESPONSE, _answer() | {"usage": None}, "/usage", id="null-usage"),
        pytest.param(Schema.CHUNK, _chunk({"index": 0, "delta": {"content": "x"}}), "/choices/0", id="xai"),
        pytest.param(Schema.CHUNK, _chunk(_delta(role=None, tool_calls=None)), "/choices/0/delta/", id="null-delta"),
        pytest.param(Schema.CHUNK, _chunk(_delta(tool_calls=[{"index": 0, "id": None, "type": None}])), "/choices/0/delta/", id="null-id"),
        pytest.param(Schema.ERROR, {"error": {"message": "m", "code": 400}}, "/error", id="openrouter-error"),
        pytest.param(
            Schema.ERROR, {"error": {"message": "m", "type": None, "param": None, "code": "400"}}, "/error/type", id="litellm-error"
        ),
    ],
)
def test_what_clients_survive_is_valid_in_the_default_reading_alone(schema: Schema, value: Json, pointer: str) -> None:
    assert COMPATIBLE.faults(schema, value) == ()
    faults = BASE.faults(schema, value)
    assert faults
    assert all(fault.pointer.startswith(pointer) for fault in faults)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema.RESPONSE, {}),
        (Schema.RESPONSE, _answer() | {"object": "text_completion"}),
        (Schema.RESPONSE, _answer() | {"choices": None}),
        (Schema.RESPONSE, _answer({"role": "assistant"})),
        (
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": "x", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]}),
        ),
        (Schema.RESPONSE, _answer() | {"usage": {"prompt_tokens": 1.5, "completion_tokens": 1, "total_tokens": 2}}),
        (Schema.CHUNK, _answer()),
        (Schema.CHUNK, _chunk(_delta(tool_calls=[{"id": "c1"}]))),
        (Schema.CHUNK, _chunk({"index": 0, "message": {}})),
        (Schema.USAGE, {"prompt_tokens": -1, "completion_tokens": 1, "total_tokens": 0}),
        (Schema.ERROR, {"error": "bad"}),
        (Schema.ERROR, {"error": {"message": None}}),
        (Schema.ERROR, {"detail": []}),
        (Schema.ERROR, {"object": "error", "message": "m"}),
    ],
)
def test_what_breaks_clients_is_invalid_in_both_readings(schema: Schema, value: Json) -> None:
    for reading in (BASE, COMPATIBLE):
        assert not reading.is_valid(schema, value)
        assert reading.faults(schema, value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["role", "type", "name", "index"]), inner, max_size=2),
    max_leaves=4,
)
_SAMPLES: list[tuple[Schema, dict[str, Json]]] = [
    (Schema.REQUEST, _body(**{field: right[0] for field, right, _ in REQUEST_FIELDS})),
    (Schema.REQUEST, _body(messages=[message for message, valid in MESSAGES if valid])),
    (Schema.RESPONSE, _answer({"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]})),
    (Schema.CHUNK, _chunk(_delta(content="x", tool_calls=[{"index": 0, "function": {"arguments": "{"}}]), usage=USAGE)),
    (Schema.ERROR, {"error": {"message": "m", "type": "t", "param": None, "code": None}}),
]


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[Schema, Json]:
    schema, sample = draw(st.sampled_from(_SAMPLES))
    changed: dict[str, Json] = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 2))):
        holder: Any = changed
        while True:
            if isinstance(holder, dict) and holder:
                key: str | int = draw(st.sampled_from(sorted(holder)))
            elif isinstance(holder, list) and holder:
                key = draw(st.integers(0, len(holder) - 1))
            else:
                break
            below = holder[key]
            if not isinstance(below, dict | list) or not below or draw(st.integers(0, 2)) == 0:
                if draw(st.booleans()):
                    holder[key] = draw(_JSON)
                else:
                    del holder[key]
                break
            holder = below
    return schema, changed


@settings(deadline=None, max_examples=300)
@given(case=_mutated())
@example(case=(Schema.REQUEST, _body(tools=[{"type": "function", "function": {"name": "a\n"}}])))
@example(case=(Schema.REQUEST, _body(temperature=float("inf"))))
@example(case=(Schema.REQUEST, _body(user="\ud800", n=10**400)))
def test_words_and_verdict_agree(case: tuple[Schema, Json]) -> None:
    from jsonschema import Draft202012Validator

    schema, value = case
    for reading in (BASE, COMPATIBLE):
        faults = reading.faults(schema, value)
        assert (faults == ()) is reading.is_valid(schema, value)
        for fault in faults:
            assert fault.keyword != "schema", "only one of the two engines objects"
            assert reading.at(fault.clause) is not None
        root = {"$ref": f"#/components/schemas/{schema}", **reading.document}
        slow = Draft202012Validator(root).is_valid(value)
        assert slow is reading.is_valid(schema, value) or "\n" in json.dumps(value).replace("\\n", "\n")


def test_what_the_fast_engine_cannot_read_is_still_judged() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        jsonschema_rs.is_valid({}, "\ud800")
    assert BASE.is_valid(Schema.REQUEST, _body(user="\ud800"))
    assert not BASE.is_valid(Schema.REQUEST, _body(temperature=3, user="\ud800"))


# ---- clauses, features, dialects


def test_a_clause_is_read_by_its_pointer() -> None:
    clause = BASE.clause("/x-stream/terminator")
    assert clause.level is Level.MUST
    assert "[DONE]" in clause.text
    assert clause.source[0].url.startswith("https://github.com/openai/openai-openapi/")


def test_a_thread_is_a_source_too() -> None:
    sources = BASE.clause("/x-request/tool-result-has-call").source
    assert [(source.label, source.url) for source in sources] == [("sdcb/chats#132", "https://github.com/sdcb/chats/issues/132")]


@pytest.mark.parametrize("pointer", ["/x-stream/nothing", "/nothing", "x-stream", "/x-sources/oas", "/paths", "/servers/9", "/servers/x"])
def test_a_pointer_without_a_clause(pointer: str) -> None:
    with pytest.raises(ClauseNotFoundError):
        BASE.clause(pointer)


@pytest.mark.parametrize(
    ("pointer", "core"),
    [("", True), ("/model", True), ("/messages/3/role", True), ("/stop/0", True), ("/logit_bias", False), ("/messages/0/name", False)],
)
def test_core_members(pointer: str, core: bool) -> None:
    assert BASE.is_core(pointer) is core


def test_features_name_the_fields_of_an_honest_refusal() -> None:
    assert BASE.features["logprobs"].fields == ("logprobs", "top_logprobs")


def test_dialects_build_on_each_other() -> None:
    assert contract.dialect_names()[0] == "openai"
    assert (BASE.chain, COMPATIBLE.chain) == (("openai",), ("openai", "openai-compatible"))
    assert BASE.revision == COMPATIBLE.revision == "2026-11-21"
    assert BASE.digest != COMPATIBLE.digest
    assert contract.load() is COMPATIBLE
    assert COMPATIBLE.at("/x-dialect/name") == COMPATIBLE.dialect


def _overlay(actions: str, extends: str = "") -> str:
    return f"overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\n{extends}\nactions:\n{actions}\n"


DIALECT = """
  - target: $['x-dialect']
    update:
      levels: {SOME-ID: {level: MAY, because: It is so.}}
      claims: [tools]
      denies: [logprobs, seed]
  - target: $.components.schemas.CreateChatCompletionRequest.properties.n.maximum
    remove: true
"""


def test_a_dialect_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.overlay.yaml"
    path.write_text(_overlay(DIALECT))
    mine = contract.load(str(path))
    assert mine.chain == ("openai", "openai-compatible", "mine")
    assert mine.levels["SOME-ID"] == contract.LevelChange(level=Level.MAY, because="It is so.")
    assert (mine.claims, mine.denies) == (frozenset({"tools"}), frozenset({"logprobs", "seed"}))
    assert mine.is_valid(Schema.REQUEST, _body(n=1000))
    assert not COMPATIBLE.is_valid(Schema.REQUEST, _body(n=1000))


def test_a_dialect_names_its_parent(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(_overlay(DIALECT, "x-extends: openai"))
    (tmp_path / "child.yaml").write_text(_overlay("  - {target: $, update: {x-mine: 1}}", "x-extends: strict.yaml"))
    assert contract.load(str(tmp_path / "child.yaml")).chain == ("openai", "strict", "child")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", r"line 3: the key 'a' stands there twice"),
        ("- a\n", "not an object"),
        ("", "not an object"),
        ("a: [", "not YAML"),
        ("a: &x {}\nb: {<<: *x}\n", "a key has to be a text"),
        ("? [a]\n: 1\n", "a key has to be a text"),
        ("a: yes\n", "Put it in quotes|neither JSON nor"),
        ("a: 0o7\nb: 0x1F\n", "neither JSON nor"),
        ("a: !!python/name:os.system x\n", "neither JSON nor"),
        (_overlay("  - {target: $, update: {}}", "x-extends: 5"), "x-extends"),
        (_overlay("  - {target: $, update: {}}", "x-extends: broken.yaml"), "extends itself"),
        (_overlay("  - {target: $, update: {}}", "x-extends: nowhere.yaml"), "cannot be read"),
        (_overlay("  - {target: \"$['x-dialect']\", update: {levels: {A: MAY}}}"), "without a level or without a reason"),
        (_overlay("  - {target: \"$['x-dialect']\", update: {levels: {A: {level: MAY}}}}"), "without a level or without a reason"),
        (_overlay("  - {target: $.components.schemas.Choice, update: {nullable: true}}"), "unknown keyword 'nullable'"),
        (_overlay("  - {target: $.components.schemas.Choice, update: {type: nothing}}"), "cannot be used"),
        (_overlay("  - {target: $.components.schemas.Choice, remove: true}"), "which is not there"),
        (_overlay("  - {target: \"$['x-stream'].terminator\", update: {level: NEVER}}"), "has no level"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ContractError, match=words):
        contract.load(str(path))


def test_other_ways_to_be_wrong(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no dialect called"):
        contract.load("opena")
    with pytest.raises(ContractError, match="cannot be read"):
        contract.load(str(tmp_path / "nowhere.yaml"))
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ContractError, match="not UTF-8"):
        contract.load(str(path))
    (tmp_path / "feature.yaml").write_text(_overlay("  - {target: \"$['x-dialect']\", update: {claims: [toools]}}"))
    with pytest.raises(UnknownNameError, match="no feature called"):
        contract.load(str(tmp_path / "feature.yaml"))
    (tmp_path / "stale.yaml").write_text(_overlay("  - {target: $.components.schemas.Gone, remove: true}"))
    with pytest.raises(OverlayError, match=r"stale.yaml, action 1"):
        contract.load(str(tmp_path / "stale.yaml"))

"""What the contract allows in a request, and in which words and how strictly it says what it does not."""

from __future__ import annotations

import pytest

from conformance import contract
from conformance.contract import Schema
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


def body_with(**members: Json) -> dict[str, Json]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **members}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, right, _ in REQUEST_FIELDS for value in right])
def test_a_right_value_is_valid(field: str, value: Json) -> None:
    assert BASE.faults(Schema.REQUEST, body_with(**{field: value})) == ()


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, _, wrong in REQUEST_FIELDS for value in wrong])
def test_a_wrong_value_is_one_fault_at_its_place(field: str, value: Json) -> None:
    (fault,) = BASE.faults(Schema.REQUEST, body_with(**{field: value}))
    assert fault.pointer.startswith(f"/{field}")
    assert BASE.at(fault.clause) is not None


def test_every_member_of_a_request_is_in_the_table() -> None:
    members = BASE.at("/components/schemas/CreateChatCompletionRequest/properties")
    assert isinstance(members, dict)
    assert {field for field, _, _ in REQUEST_FIELDS} | {"messages"} == set(members)


@pytest.mark.parametrize(("message", "valid"), MESSAGES)
def test_messages(message: Json, valid: bool) -> None:
    faults = BASE.request_faults(body_with(messages=[message]))
    assert (faults == ()) is valid
    assert all(fault.pointer.startswith("/messages/0") for fault in faults)


@pytest.mark.parametrize(
    "body", [[], "x", None, {}, {"model": "m"}, {"messages": [{"role": "user", "content": "u"}]}, body_with(messages=[])]
)
def test_a_body_that_lacks_what_matters_is_invalid(body: Json) -> None:
    assert not BASE.is_valid(Schema.REQUEST, body)
    assert BASE.request_faults(body)


def test_unknown_members_are_no_fault() -> None:
    assert BASE.request_faults(body_with(surprise={"a": 1})) == ()


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
    (fault,) = BASE.request_faults(body_with(**broken))
    assert (fault.keyword, fault.clause) == ("dependency", f"/x-dependencies/{rule}")
    assert BASE.request_faults(body_with(**kept)) == ()


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
    faults = BASE.request_faults(body_with(messages=messages))
    assert [(fault.pointer, fault.clause.removeprefix("/x-request/")) for fault in faults] == expected


@pytest.mark.parametrize(
    ("body", "pointer", "keyword", "words"),
    [
        (body_with(temperature=3), "/temperature", "maximum", "must be at most 2"),
        (body_with(n="1"), "/n", "type", "must be integer or null"),
        (body_with(stop=5), "/stop", "type", "must be string or array or null"),
        (body_with(tool_choice="any", tools=[TOOL]), "/tool_choice", "enum", 'must be one of "none", "auto", "required"'),
        (
            body_with(response_format={"type": "yaml"}),
            "/response_format/type",
            "enum",
            'must be one of "text", "json_object", "json_schema"',
        ),
        (body_with(messages=[{"role": "user"}]), "/messages/0", "required", "must have the member 'content'"),
        (
            body_with(messages=[{"role": "user", "content": [{"type": "text"}]}]),
            "/messages/0/content/0",
            "required",
            "must have the member 'text'",
        ),
        (body_with(metadata={"a/b": 1}), "/metadata/a~1b", "type", "must be string"),
        ({"messages": [USER]}, "", "required", "must have the member 'model'"),
    ],
)
def test_a_fault_is_told_where_it_sits(body: dict[str, Json], pointer: str, keyword: str, words: str) -> None:
    (fault,) = BASE.request_faults(body)
    assert (fault.pointer, fault.keyword, fault.message) == (pointer, keyword, words)


def test_two_faults_are_two() -> None:
    faults = BASE.request_faults(body_with(temperature=3, top_p="x"))
    assert [fault.pointer for fault in faults] == ["/temperature", "/top_p"]


def test_bounds_from_prose_bind_less_strictly() -> None:
    levels = {fault.pointer: fault.level for fault in BASE.request_faults(body_with(temperature=3, logit_bias={"1": 101}, seed=BIG))}
    assert levels == {"/temperature": Level.MUST, "/logit_bias/1": Level.SHOULD, "/seed": Level.MAY}
    assert [fault.level for fault in COMPATIBLE.request_faults(body_with(temperature=3))] == [Level.SHOULD]

"""Every member that the contract describes, at every depth, holds right values and refuses wrong ones, null included.

A table has a whole message as its sample and a row for each member: where it stands in the sample, what is right there and what is
wrong. `test_contract_requests.py` does the same for the members of a request at its top. The last test holds that no member is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

import pytest

from conformance import contract
from conformance.contract import Schema
from conformance.contract.schemas import Validator, resolve
from conformance.model import Json
from tests.test_contract_requests import REQUEST_FIELDS

BASE = contract.load("openai")
SCHEMAS: Final = "/components/schemas/"
EVENT: Final = "StreamEvent"

NOT_TEXT: Final[list[Json]] = [None, 5, {}]
NOT_TEXT_NOR_NULL: Final[list[Json]] = [5, {}]
NOT_FLAG: Final[list[Json]] = ["true", 1]
NOT_COUNT: Final[list[Json]] = [None, -1, 0.5, "1"]


@dataclass(frozen=True)
class Row:
    """A member; `needed` when its absence is wrong."""

    at: str
    right: list[Json]
    wrong: list[Json]
    needed: bool = False


def _text(at: str, *, needed: bool = False) -> Row:
    return Row(at, ["", "x"], NOT_TEXT, needed)


def _text_or_null(at: str, *, needed: bool = False) -> Row:
    return Row(at, ["", "x", None], NOT_TEXT_NOR_NULL, needed)


def _fixed(at: str, value: str) -> Row:
    return Row(at, [value], [None, f"{value}s", value.title() + "!", 5], needed=True)


def _one_of(at: str, *allowed: str, needed: bool = False) -> Row:
    return Row(at, [*allowed], [None, "other", 5], needed)


def _object(at: str, *right: Json, needed: bool = False, null: bool = False) -> Row:
    return Row(at, [*right, *([None] if null else [])], ["x", [], *([] if null else [None])], needed)


def _count(at: str, *, needed: bool = False) -> Row:
    return Row(at, [0, 7, 10**9], NOT_COUNT, needed)


TEXT: dict[str, Json] = {"type": "text", "text": "t"}
CALL: Json = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FUNCTION: Json = {"type": "function", "function": {"name": "f"}}
BREAK: Json = {"mode": "explicit"}
CONTENT: Final = Row("content", ["", "x", [TEXT], [TEXT, TEXT]], [None, 5, [], ["x"], {}, [{"type": "image_url"}]], needed=True)


def _cut(at: str) -> list[Row]:
    return [_object(f"{at}/prompt_cache_breakpoint", BREAK), _fixed(f"{at}/prompt_cache_breakpoint/mode", "explicit")]


def _call(at: str) -> list[Row]:
    """A call of each kind, the function first."""
    return [
        _text(f"{at}/0/id", needed=True),
        _fixed(f"{at}/0/type", "function"),
        _object(f"{at}/0/function", {"name": "f", "arguments": ""}, needed=True),
        _text(f"{at}/0/function/name", needed=True),
        _text(f"{at}/0/function/arguments", needed=True),
        _text(f"{at}/1/id", needed=True),
        _fixed(f"{at}/1/type", "custom"),
        _object(f"{at}/1/custom", {"name": "c", "input": ""}, needed=True),
        _text(f"{at}/1/custom/name", needed=True),
        _text(f"{at}/1/custom/input", needed=True),
    ]


CALLS: Json = [CALL, {"id": "d", "type": "custom", "custom": {"name": "c", "input": "i"}}]


def _message(at: str, role: str, *rows: Row) -> list[Row]:
    return [_fixed(f"{at}/role", role), *(Row(f"{at}/{row.at}", row.right, row.wrong, row.needed) for row in rows)]


PARTS: Json = [
    {**TEXT, "prompt_cache_breakpoint": BREAK},
    {"type": "image_url", "image_url": {"url": "https://example.com/i.png", "detail": "low"}, "prompt_cache_breakpoint": BREAK},
    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}, "prompt_cache_breakpoint": BREAK},
    {"type": "file", "file": {"filename": "f", "file_data": "AA==", "file_id": "i"}, "prompt_cache_breakpoint": BREAK},
]
REQUEST: dict[str, Json] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s", "name": "n"},
        {"role": "developer", "content": "d", "name": "n"},
        {"role": "user", "content": PARTS, "name": "n"},
        {
            "role": "assistant",
            "content": [TEXT, {"type": "refusal", "refusal": "no"}],
            "refusal": None,
            "name": "n",
            "audio": {"id": "a"},
            "tool_calls": CALLS,
            "function_call": {"name": "f", "arguments": ""},
        },
        {"role": "tool", "content": "t", "tool_call_id": "c"},
        {"role": "function", "content": "t", "name": "f"},
    ],
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": {}, "strict": True}},
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": True}},
        {"type": "custom", "custom": {"name": "c", "description": "d", "format": {"type": "text"}}},
        {"type": "custom", "custom": {"name": "c", "format": {"type": "grammar", "grammar": {"definition": "d", "syntax": "lark"}}}},
    ],
    "tool_choice": FUNCTION,
    "functions": [{"name": "f", "description": "d", "parameters": {}}],
    "function_call": {"name": "f"},
    "audio": {"voice": {"id": "v"}, "format": "wav"},
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {
        "user_location": {"type": "approximate", "approximate": {"country": "c", "region": "r", "city": "c", "timezone": "t"}},
        "search_context_size": "low",
    },
    "prompt_cache_options": {"mode": "implicit", "ttl": "30m"},
    "moderation": {"model": "m", "policy": {"input": {"mode": "score"}, "output": {"mode": "block"}}},
}
PLACE: Final = "/web_search_options/user_location"
NAME: Final[list[Json]] = [None, "", "a b", "a.b", "a" * 65, 5]
FUNCTION_NAME: Final[list[Json]] = ["a", "A-z_0", "a" * 64]
REQUEST_ROWS: list[Row] = [
    Row("/messages", [[{"role": "user", "content": "u"}]], [None, [], {}, "hi", ["hi"]], needed=True),
    *_message("/messages/0", "system", CONTENT, _text("name")),
    *_message("/messages/1", "developer", CONTENT, _text("name")),
    *_message(
        "/messages/2", "user", Row("content", ["", PARTS], [None, [], 5, [{"type": "refusal", "refusal": "r"}]], needed=True), _text("name")
    ),
    *_message(
        "/messages/3",
        "assistant",
        Row("content", ["", None, [TEXT], [{"type": "refusal", "refusal": "r"}]], [5, [], [{"type": "image_url"}]]),
        _text_or_null("refusal"),
        _text("name"),
        _object("audio", {"id": "a"}, null=True),
        _text("audio/id", needed=True),
        Row("tool_calls", [[], CALLS], [None, {}, ["x"], [{"type": "other"}]]),
        _object("function_call", {"name": "f", "arguments": ""}, null=True),
        _text("function_call/name", needed=True),
        _text("function_call/arguments", needed=True),
    ),
    *_call("/messages/3/tool_calls"),
    *_message("/messages/4", "tool", CONTENT, _text("tool_call_id", needed=True)),
    *_message("/messages/5", "function", _text_or_null("content", needed=True), _text("name", needed=True)),
    _fixed("/messages/2/content/0/type", "text"),
    _text("/messages/2/content/0/text", needed=True),
    *_cut("/messages/2/content/0"),
    _fixed("/messages/2/content/1/type", "image_url"),
    _object("/messages/2/content/1/image_url", {"url": "u"}, needed=True),
    _text("/messages/2/content/1/image_url/url", needed=True),
    _one_of("/messages/2/content/1/image_url/detail", "auto", "low", "high"),
    *_cut("/messages/2/content/1"),
    _fixed("/messages/2/content/2/type", "input_audio"),
    _object("/messages/2/content/2/input_audio", {"data": "", "format": "mp3"}, needed=True),
    _text("/messages/2/content/2/input_audio/data", needed=True),
    _one_of("/messages/2/content/2/input_audio/format", "wav", "mp3", needed=True),
    *_cut("/messages/2/content/2"),
    _fixed("/messages/2/content/3/type", "file"),
    _object("/messages/2/content/3/file", {}, needed=True),
    _text("/messages/2/content/3/file/filename"),
    _text("/messages/2/content/3/file/file_data"),
    _text("/messages/2/content/3/file/file_id"),
    *_cut("/messages/2/content/3"),
    _fixed("/messages/3/content/1/type", "refusal"),
    _text("/messages/3/content/1/refusal", needed=True),
    Row("/stream_options/include_usage", [True, False], [None, *NOT_FLAG]),
    Row("/stream_options/include_obfuscation", [True, False], [None, *NOT_FLAG]),
    _fixed("/response_format/type", "json_schema"),
    _object("/response_format/json_schema", {"name": "n"}, needed=True),
    Row("/response_format/json_schema/name", FUNCTION_NAME, NAME, needed=True),
    _text("/response_format/json_schema/description"),
    _object("/response_format/json_schema/schema", {}, {"type": "object"}),
    Row("/response_format/json_schema/strict", [True, False, None], NOT_FLAG),
    _fixed("/tools/0/type", "function"),
    _object("/tools/0/function", {"name": "f"}, needed=True),
    Row("/tools/0/function/name", FUNCTION_NAME, NAME, needed=True),
    _text("/tools/0/function/description"),
    _object("/tools/0/function/parameters", {}, {"type": "object", "properties": {}}),
    Row("/tools/0/function/strict", [True, False, None], NOT_FLAG),
    _fixed("/tools/1/type", "custom"),
    _object("/tools/1/custom", {"name": "c"}, needed=True),
    _text("/tools/1/custom/name", needed=True),
    _text("/tools/1/custom/description"),
    _object("/tools/1/custom/format", {"type": "text"}),
    _fixed("/tools/1/custom/format/type", "text"),
    _fixed("/tools/2/custom/format/type", "grammar"),
    _object("/tools/2/custom/format/grammar", {"definition": "", "syntax": "regex"}, needed=True),
    _text("/tools/2/custom/format/grammar/definition", needed=True),
    _one_of("/tools/2/custom/format/grammar/syntax", "lark", "regex", needed=True),
    _fixed("/tool_choice/type", "function"),
    _object("/tool_choice/function", {"name": "f"}, needed=True),
    _text("/tool_choice/function/name", needed=True),
    Row("/functions/0/name", FUNCTION_NAME, NAME, needed=True),
    _text("/functions/0/description"),
    _object("/functions/0/parameters", {}),
    _text("/function_call/name", needed=True),
    Row("/audio/voice", ["any", {"id": "v"}], [None, 5, {}, {"id": "v", "more": 1}], needed=True),
    _text("/audio/voice/id", needed=True),
    _one_of("/audio/format", "wav", "aac", "mp3", "flac", "opus", "pcm16", needed=True),
    _fixed("/prediction/type", "content"),
    Row("/prediction/content", CONTENT.right, CONTENT.wrong, needed=True),
    _object(PLACE, {"type": "approximate", "approximate": {}}, null=True),
    _fixed(f"{PLACE}/type", "approximate"),
    _object(f"{PLACE}/approximate", {}, needed=True),
    *(_text(f"{PLACE}/approximate/{name}") for name in ("country", "region", "city", "timezone")),
    _one_of("/web_search_options/search_context_size", "low", "medium", "high"),
    _one_of("/prompt_cache_options/mode", "implicit", "explicit"),
    _one_of("/prompt_cache_options/ttl", "30m"),
    _text("/moderation/model", needed=True),
    _object("/moderation/policy", {}),
    *(_object(f"/moderation/policy/{side}", {}, null=True) for side in ("input", "output")),
    *(_one_of(f"/moderation/policy/{side}/mode", "score", "block") for side in ("input", "output")),
]

OTHER_REQUESTS: list[tuple[dict[str, Json], list[Row]]] = [
    (REQUEST | {"response_format": {"type": "text"}}, [_fixed("/response_format/type", "text")]),
    (REQUEST | {"response_format": {"type": "json_object"}}, [_fixed("/response_format/type", "json_object")]),
    (
        REQUEST | {"tool_choice": {"type": "custom", "custom": {"name": "c"}}},
        [
            _fixed("/tool_choice/type", "custom"),
            _object("/tool_choice/custom", {"name": "f"}, needed=True),
            _text("/tool_choice/custom/name", needed=True),
        ],
    ),
    (
        REQUEST | {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [FUNCTION]}}},
        [
            _fixed("/tool_choice/type", "allowed_tools"),
            _object("/tool_choice/allowed_tools", {"mode": "auto", "tools": []}, needed=True),
            _one_of("/tool_choice/allowed_tools/mode", "auto", "required", needed=True),
            Row("/tool_choice/allowed_tools/tools", [[], [{}], [FUNCTION]], [None, {}, ["f"]], needed=True),
        ],
    ),
]

DETAILS: dict[str, tuple[str, ...]] = {
    "prompt_tokens_details": ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens"),
    "completion_tokens_details": (
        *("reasoning_tokens", "audio_tokens", "text_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    ),
}
USAGE: dict[str, Json] = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    **{name: dict.fromkeys(members, 0) for name, members in DETAILS.items()},
}
USAGE_ROWS: list[Row] = [
    *(_count(f"/{name}", needed=True) for name in ("prompt_tokens", "completion_tokens", "total_tokens")),
    *(_object(f"/{name}", {}) for name in DETAILS),
    *(_count(f"/{name}/{member}") for name, members in DETAILS.items() for member in members),
]

TOKEN: dict[str, Json] = {
    "token": "H",
    "logprob": -0.1,
    "bytes": [72],
    "top_logprobs": [{"token": "H", "logprob": -0.1, "bytes": [72]}],
}
LOGPROBS: Json = {"content": [TOKEN], "refusal": [TOKEN]}
BYTES: Final[list[Json]] = [None, [], [0, 255]]
NOT_BYTES: Final[list[Json]] = ["H", [256], [-1], [0.5], {}]


def _logprobs(at: str, *, needed: bool) -> list[Row]:
    return [
        _object(at, LOGPROBS, {"content": None, "refusal": None}, null=True, needed=needed),
        *(Row(f"{at}/{name}", [None, [], [TOKEN]], ["x", {}, ["H"], [{}]], needed=True) for name in ("content", "refusal")),
        _text(f"{at}/content/0/token", needed=True),
        Row(f"{at}/content/0/logprob", [0, -9999, -0.5], [None, "0", []], needed=True),
        Row(f"{at}/content/0/bytes", BYTES, NOT_BYTES, needed=True),
        Row(f"{at}/content/0/top_logprobs", [[]], [None, {}, [{}]], needed=True),
        _text(f"{at}/content/0/top_logprobs/0/token", needed=True),
        Row(f"{at}/content/0/top_logprobs/0/logprob", [0, -9999, -0.5], [None, "0", []], needed=True),
        Row(f"{at}/content/0/top_logprobs/0/bytes", BYTES, NOT_BYTES, needed=True),
    ]


TIERS: Final[list[Json]] = ["auto", "default", "flex", "scale", "priority", "fast"]
REASONS: Final[list[Json]] = ["stop", "length", "tool_calls", "content_filter", "function_call"]
ANSWER: dict[str, Json] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1763712000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello!",
                "refusal": None,
                "tool_calls": CALLS,
                "annotations": [{"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 1, "url": "u", "title": "t"}}],
                "audio": {"id": "a", "expires_at": 1763712000, "data": "AA==", "transcript": "t"},
                "function_call": {"name": "f", "arguments": ""},
            },
            "logprobs": LOGPROBS,
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
    "service_tier": "default",
    "system_fingerprint": "fp",
    "metadata": {},
    "moderation": {},
}
NOT_TIME: Final[list[Json]] = [None, 0.5, "2025-11-21"]
MESSAGE: Final = "/choices/0/message"
CITATION: Final = f"{MESSAGE}/annotations/0/url_citation"
ANSWER_ROWS: list[Row] = [
    _text("/id", needed=True),
    _fixed("/object", "chat.completion"),
    Row("/created", [1763712000, 0], NOT_TIME, needed=True),
    _text("/model", needed=True),
    Row("/choices", [[]], [None, {}, "x", [None]], needed=True),
    _object("/usage", USAGE),
    Row("/service_tier", [*TIERS, None], ["slow", 5]),
    _text_or_null("/system_fingerprint"),
    Row("/metadata", [{}, {"k": "v"}, None], [{"k": 1}, {"k": "v" * 513}, "x"]),
    _object("/moderation", {}, null=True),
    _count("/choices/0/index", needed=True),
    _object(MESSAGE, {"role": "assistant", "content": None, "refusal": None}, needed=True),
    Row("/choices/0/finish_reason", REASONS, [None, "eos", "error", 5], needed=True),
    *_logprobs("/choices/0/logprobs", needed=True),
    _fixed(f"{MESSAGE}/role", "assistant"),
    _text_or_null(f"{MESSAGE}/content", needed=True),
    _text_or_null(f"{MESSAGE}/refusal", needed=True),
    Row(f"{MESSAGE}/tool_calls", [[], CALLS], [None, {}, ["x"], [{"type": "other"}]]),
    *_call(f"{MESSAGE}/tool_calls"),
    Row(f"{MESSAGE}/annotations", [[]], [None, {}, ["x"], [{}]]),
    _fixed(f"{MESSAGE}/annotations/0/type", "url_citation"),
    _object(CITATION, {"start_index": 0, "end_index": 0, "url": "u", "title": ""}, needed=True),
    Row(f"{CITATION}/start_index", [0], [None, 0.5, "0"], needed=True),
    Row(f"{CITATION}/end_index", [0], [None, 0.5, "0"], needed=True),
    _text(f"{CITATION}/url", needed=True),
    _text(f"{CITATION}/title", needed=True),
    _object(f"{MESSAGE}/audio", {"id": "", "expires_at": 0, "data": "", "transcript": ""}, null=True),
    _text(f"{MESSAGE}/audio/id", needed=True),
    Row(f"{MESSAGE}/audio/expires_at", [0], NOT_TIME, needed=True),
    _text(f"{MESSAGE}/audio/data", needed=True),
    _text(f"{MESSAGE}/audio/transcript", needed=True),
    _object(f"{MESSAGE}/function_call", {"name": "f", "arguments": ""}),
]

CHUNK: dict[str, Json] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1763712000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "content": "H",
                "refusal": None,
                "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}],
                "function_call": {"name": "f", "arguments": ""},
            },
            "logprobs": LOGPROBS,
            "finish_reason": None,
        }
    ],
    "usage": None,
    "service_tier": "default",
    "system_fingerprint": "fp",
    "moderation": {},
    "obfuscation": "xyz",
}
DELTA: Final = "/choices/0/delta"
CHUNK_ROWS: list[Row] = [
    _text("/id", needed=True),
    _fixed("/object", "chat.completion.chunk"),
    Row("/created", [1763712000, 0], NOT_TIME, needed=True),
    _text("/model", needed=True),
    Row("/choices", [[]], [None, {}, "x", [None]], needed=True),
    _object("/usage", USAGE, null=True),
    Row("/service_tier", [*TIERS, None], ["slow", 5]),
    _text_or_null("/system_fingerprint"),
    _object("/moderation", {}, null=True),
    _text("/obfuscation"),
    _count("/choices/0/index", needed=True),
    _object(DELTA, {}, {"content": "x"}, needed=True),
    Row("/choices/0/finish_reason", [*REASONS, None], ["eos", 5], needed=True),
    *_logprobs("/choices/0/logprobs", needed=False),
    _one_of(f"{DELTA}/role", "developer", "system", "user", "assistant", "tool"),
    _text_or_null(f"{DELTA}/content"),
    _text_or_null(f"{DELTA}/refusal"),
    Row(f"{DELTA}/tool_calls", [[], [{"index": 0}]], [None, {}, [{}]]),
    _count(f"{DELTA}/tool_calls/0/index", needed=True),
    _text(f"{DELTA}/tool_calls/0/id"),
    Row(f"{DELTA}/tool_calls/0/type", ["function"], [None, "custom", 5]),
    _object(f"{DELTA}/tool_calls/0/function", {}),
    _text(f"{DELTA}/tool_calls/0/function/name"),
    _text(f"{DELTA}/tool_calls/0/function/arguments"),
    _object(f"{DELTA}/function_call", {}),
    _text(f"{DELTA}/function_call/name"),
    _text(f"{DELTA}/function_call/arguments"),
]

ERROR: dict[str, Json] = {"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}
ERROR_ROWS: list[Row] = [
    _object("/error", {"message": "", "type": "", "param": None, "code": None}, needed=True),
    _text("/error/message", needed=True),
    _text("/error/type", needed=True),
    _text_or_null("/error/param", needed=True),
    _text_or_null("/error/code", needed=True),
]

EVENT_ROWS: list[Row] = [_text("/data", needed=True)]

TABLES: list[tuple[str, dict[str, Json], list[Row]]] = [
    (Schema.REQUEST, REQUEST, REQUEST_ROWS),
    *((Schema.REQUEST, sample, rows) for sample, rows in OTHER_REQUESTS),
    (Schema.RESPONSE, ANSWER, ANSWER_ROWS),
    (Schema.CHUNK, CHUNK, CHUNK_ROWS),
    (Schema.USAGE, USAGE, USAGE_ROWS),
    (Schema.ERROR, ERROR, ERROR_ROWS),
    (EVENT, {"data": "[DONE]"}, EVENT_ROWS),
]
ROWS = [pytest.param(schema, sample, row, id=f"{schema}{row.at}") for schema, sample, rows in TABLES for row in rows]


@cache
def _validator(at: str) -> Validator:
    return Validator(BASE.document, at)


def _placed(sample: dict[str, Json], at: str, value: Json, *, gone: bool = False) -> dict[str, Json]:
    changed: dict[str, Json] = json.loads(json.dumps(sample))  # a deep copy would keep what the sample holds in two places one and the same
    holder: Any = changed
    *way, last = at.split("/")[1:]
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if gone:
        del holder[last]
    else:
        holder[last] = value
    return changed


@pytest.mark.parametrize(("schema", "sample"), [(schema, sample) for schema, sample, _ in TABLES])
def test_a_whole_message_is_valid(schema: str, sample: dict[str, Json]) -> None:
    assert _validator(SCHEMAS + schema).faults(sample) == ()


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_right_values(schema: str, sample: dict[str, Json], row: Row) -> None:
    for value in row.right:
        assert _validator(SCHEMAS + schema).faults(_placed(sample, row.at, value)) == (), value


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_wrong_values(schema: str, sample: dict[str, Json], row: Row) -> None:
    for value in row.wrong:
        faults = _validator(SCHEMAS + schema).faults(_placed(sample, row.at, value))
        assert faults, value
        assert all(fault.pointer.startswith(row.at) for fault in faults), value


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_absence_is_wrong_only_where_a_member_is_needed(schema: str, sample: dict[str, Json], row: Row) -> None:
    assert _validator(SCHEMAS + schema).is_valid(_placed(sample, row.at, None, gone=True)) is not row.needed


@pytest.mark.parametrize("row", [row for _, _, rows in TABLES for row in rows], ids=lambda row: row.at)
def test_each_row_decides_about_null(row: Row) -> None:
    assert (None in row.right) is not (None in row.wrong)


# ---- that nothing is left out


def _reached(sample: Json, at: str, schema: str) -> Iterator[str]:
    """Pointers into the contract to the member that a place in a sample is, one for each alternative that the sample fits."""
    step, _, rest = at.removeprefix("/").partition("/")
    node = resolve(BASE.document, schema)
    assert isinstance(node, dict)
    if isinstance(reference := node.get("$ref"), str):
        yield from _reached(sample, at, reference.removeprefix("#"))
    for keyword in ("anyOf", "oneOf"):
        for index in range(len(cast("list[Json]", node.get(keyword, [])))):
            arm = f"{schema}/{keyword}/{index}"
            if _validator(arm).is_valid(sample):
                yield from _reached(sample, at, arm)
    if isinstance(sample, list):
        if "items" in node:
            yield from _reached(sample[int(step)], f"/{rest}", f"{schema}/items")
    elif step in cast("dict[str, Json]", node.get("properties", {})):
        member = f"{schema}/properties/{step}"
        if rest:
            yield from _reached(cast("dict[str, Json]", sample)[step], f"/{rest}", member)
        else:
            yield member


def _members(schema: str) -> Iterator[str]:
    """Every member that the contract describes at or below a schema, references not followed."""
    node = resolve(BASE.document, schema)
    if not isinstance(node, dict):
        return
    for name in cast("dict[str, Json]", node.get("properties", {})):
        yield f"{schema}/properties/{name}"
        yield from _members(f"{schema}/properties/{name}")
    for keyword in ("items", "additionalProperties"):
        yield from _members(f"{schema}/{keyword}") if keyword in node else ()
    for keyword in ("anyOf", "oneOf", "allOf"):
        for index in range(len(cast("list[Json]", node.get(keyword, [])))):
            yield from _members(f"{schema}/{keyword}/{index}")


def _components() -> set[str]:
    """Components that the operation leads to."""
    found: set[str] = set()
    open_ends: list[Json] = [BASE.at("/paths")]
    while open_ends:
        match open_ends.pop():
            case dict() as node:
                open_ends += node.values()
                reference = node.get("$ref")
                if isinstance(reference, str) and reference not in found:
                    found.add(reference)
                    open_ends.append(resolve(BASE.document, reference.removeprefix("#")))
            case list() as nodes:
                open_ends += nodes
            case _:
                pass
    return {reference.removeprefix("#") for reference in found if reference.startswith(f"#{SCHEMAS}")}


UNTESTED: dict[str, str] = {}
"""Members without a row, and why."""


def test_no_member_of_the_contract_is_left_out() -> None:
    tested = {member for schema, sample, rows in TABLES for row in rows for member in _reached(sample, row.at, SCHEMAS + schema)}
    tested |= {f"{SCHEMAS}{Schema.REQUEST}/properties/{field}" for field, right, wrong in REQUEST_FIELDS if right and wrong}
    described = {member for component in _components() for member in _members(component)}
    assert len(described) > 200
    assert described - tested == set(UNTESTED)

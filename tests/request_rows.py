"""Tables of members: a request that has every member, and for each, at every depth, values that are right and values that are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model import Json

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


def text(at: str, *, needed: bool = False) -> Row:
    return Row(at, ["", "x"], NOT_TEXT, needed)


def text_or_null(at: str, *, needed: bool = False) -> Row:
    return Row(at, ["", "x", None], NOT_TEXT_NOR_NULL, needed)


def fixed(at: str, value: str) -> Row:
    return Row(at, [value], [None, f"{value}s", value.title() + "!", 5], needed=True)


def one_of(at: str, *allowed: str, needed: bool = False) -> Row:
    return Row(at, [*allowed], [None, "other", 5], needed)


def object_(at: str, *right: Json, needed: bool = False, null: bool = False) -> Row:
    return Row(at, [*right, *([None] if null else [])], ["x", [], *([] if null else [None])], needed)


def count(at: str, *, needed: bool = False) -> Row:
    return Row(at, [0, 7, 10**9], NOT_COUNT, needed)


TEXT: dict[str, Json] = {"type": "text", "text": "t"}
CALL: Json = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FUNCTION: Json = {"type": "function", "function": {"name": "f"}}
BREAK: Json = {"mode": "explicit"}
CONTENT: Final = Row("content", ["", "x", [TEXT], [TEXT, TEXT]], [None, 5, [], ["x"], {}, [{"type": "image_url"}]], needed=True)


def _cut(at: str) -> list[Row]:
    return [object_(f"{at}/prompt_cache_breakpoint", BREAK), fixed(f"{at}/prompt_cache_breakpoint/mode", "explicit")]


def calls(at: str) -> list[Row]:
    """A call of each kind, the function first."""
    return [
        text(f"{at}/0/id", needed=True),
        fixed(f"{at}/0/type", "function"),
        object_(f"{at}/0/function", {"name": "f", "arguments": ""}, needed=True),
        text(f"{at}/0/function/name", needed=True),
        text(f"{at}/0/function/arguments", needed=True),
        text(f"{at}/1/id", needed=True),
        fixed(f"{at}/1/type", "custom"),
        object_(f"{at}/1/custom", {"name": "c", "input": ""}, needed=True),
        text(f"{at}/1/custom/name", needed=True),
        text(f"{at}/1/custom/input", needed=True),
    ]


CALLS: Json = [CALL, {"id": "d", "type": "custom", "custom": {"name": "c", "input": "i"}}]


def _message(at: str, role: str, *rows: Row) -> list[Row]:
    return [fixed(f"{at}/role", role), *(Row(f"{at}/{row.at}", row.right, row.wrong, row.needed) for row in rows)]


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
    *_message("/messages/0", "system", CONTENT, text("name")),
    *_message("/messages/1", "developer", CONTENT, text("name")),
    *_message(
        "/messages/2", "user", Row("content", ["", PARTS], [None, [], 5, [{"type": "refusal", "refusal": "r"}]], needed=True), text("name")
    ),
    *_message(
        "/messages/3",
        "assistant",
        Row("content", ["", None, [TEXT], [{"type": "refusal", "refusal": "r"}]], [5, [], [{"type": "image_url"}]]),
        text_or_null("refusal"),
        text("name"),
        object_("audio", {"id": "a"}, null=True),
        text("audio/id", needed=True),
        Row("tool_calls", [[], CALLS], [None, {}, ["x"], [{"type": "other"}]]),
        object_("function_call", {"name": "f", "arguments": ""}, null=True),
        text("function_call/name", needed=True),
        text("function_call/arguments", needed=True),
    ),
    *calls("/messages/3/tool_calls"),
    *_message("/messages/4", "tool", CONTENT, text("tool_call_id", needed=True)),
    *_message("/messages/5", "function", text_or_null("content", needed=True), text("name", needed=True)),
    fixed("/messages/2/content/0/type", "text"),
    text("/messages/2/content/0/text", needed=True),
    *_cut("/messages/2/content/0"),
    fixed("/messages/2/content/1/type", "image_url"),
    object_("/messages/2/content/1/image_url", {"url": "u"}, needed=True),
    text("/messages/2/content/1/image_url/url", needed=True),
    one_of("/messages/2/content/1/image_url/detail", "auto", "low", "high"),
    *_cut("/messages/2/content/1"),
    fixed("/messages/2/content/2/type", "input_audio"),
    object_("/messages/2/content/2/input_audio", {"data": "", "format": "mp3"}, needed=True),
    text("/messages/2/content/2/input_audio/data", needed=True),
    one_of("/messages/2/content/2/input_audio/format", "wav", "mp3", needed=True),
    *_cut("/messages/2/content/2"),
    fixed("/messages/2/content/3/type", "file"),
    object_("/messages/2/content/3/file", {}, needed=True),
    text("/messages/2/content/3/file/filename"),
    text("/messages/2/content/3/file/file_data"),
    text("/messages/2/content/3/file/file_id"),
    *_cut("/messages/2/content/3"),
    fixed("/messages/3/content/1/type", "refusal"),
    text("/messages/3/content/1/refusal", needed=True),
    Row("/stream_options/include_usage", [True, False], [None, *NOT_FLAG]),
    Row("/stream_options/include_obfuscation", [True, False], [None, *NOT_FLAG]),
    fixed("/response_format/type", "json_schema"),
    object_("/response_format/json_schema", {"name": "n"}, needed=True),
    Row("/response_format/json_schema/name", FUNCTION_NAME, NAME, needed=True),
    text("/response_format/json_schema/description"),
    object_("/response_format/json_schema/schema", {}, {"type": "object"}),
    Row("/response_format/json_schema/strict", [True, False, None], NOT_FLAG),
    fixed("/tools/0/type", "function"),
    object_("/tools/0/function", {"name": "f"}, needed=True),
    Row("/tools/0/function/name", FUNCTION_NAME, NAME, needed=True),
    text("/tools/0/function/description"),
    object_("/tools/0/function/parameters", {}, {"type": "object", "properties": {}}),
    Row("/tools/0/function/strict", [True, False, None], NOT_FLAG),
    fixed("/tools/1/type", "custom"),
    object_("/tools/1/custom", {"name": "c"}, needed=True),
    text("/tools/1/custom/name", needed=True),
    text("/tools/1/custom/description"),
    object_("/tools/1/custom/format", {"type": "text"}),
    fixed("/tools/1/custom/format/type", "text"),
    fixed("/tools/2/custom/format/type", "grammar"),
    object_("/tools/2/custom/format/grammar", {"definition": "", "syntax": "regex"}, needed=True),
    text("/tools/2/custom/format/grammar/definition", needed=True),
    one_of("/tools/2/custom/format/grammar/syntax", "lark", "regex", needed=True),
    fixed("/tool_choice/type", "function"),
    object_("/tool_choice/function", {"name": "f"}, needed=True),
    text("/tool_choice/function/name", needed=True),
    Row("/functions/0/name", FUNCTION_NAME, NAME, needed=True),
    text("/functions/0/description"),
    object_("/functions/0/parameters", {}),
    text("/function_call/name", needed=True),
    Row("/audio/voice", ["any", {"id": "v"}], [None, 5, {}, {"id": "v", "more": 1}], needed=True),
    text("/audio/voice/id", needed=True),
    one_of("/audio/format", "wav", "aac", "mp3", "flac", "opus", "pcm16", needed=True),
    fixed("/prediction/type", "content"),
    Row("/prediction/content", CONTENT.right, CONTENT.wrong, needed=True),
    object_(PLACE, {"type": "approximate", "approximate": {}}, null=True),
    fixed(f"{PLACE}/type", "approximate"),
    object_(f"{PLACE}/approximate", {}, needed=True),
    *(text(f"{PLACE}/approximate/{name}") for name in ("country", "region", "city", "timezone")),
    one_of("/web_search_options/search_context_size", "low", "medium", "high"),
    one_of("/prompt_cache_options/mode", "implicit", "explicit"),
    one_of("/prompt_cache_options/ttl", "30m"),
    text("/moderation/model", needed=True),
    object_("/moderation/policy", {}),
    *(object_(f"/moderation/policy/{side}", {}, null=True) for side in ("input", "output")),
    *(one_of(f"/moderation/policy/{side}/mode", "score", "block") for side in ("input", "output")),
]

OTHER_REQUESTS: list[tuple[dict[str, Json], list[Row]]] = [
    (REQUEST | {"response_format": {"type": "text"}}, [fixed("/response_format/type", "text")]),
    (REQUEST | {"response_format": {"type": "json_object"}}, [fixed("/response_format/type", "json_object")]),
    (
        REQUEST | {"tool_choice": {"type": "custom", "custom": {"name": "c"}}},
        [
            fixed("/tool_choice/type", "custom"),
            object_("/tool_choice/custom", {"name": "f"}, needed=True),
            text("/tool_choice/custom/name", needed=True),
        ],
    ),
    (
        REQUEST | {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [FUNCTION]}}},
        [
            fixed("/tool_choice/type", "allowed_tools"),
            object_("/tool_choice/allowed_tools", {"mode": "auto", "tools": []}, needed=True),
            one_of("/tool_choice/allowed_tools/mode", "auto", "required", needed=True),
            Row("/tool_choice/allowed_tools/tools", [[], [{}], [FUNCTION]], [None, {}, ["f"]], needed=True),
        ],
    ),
]

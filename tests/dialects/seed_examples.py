"""What five reference pages of routers show: a request and an answer for each, and where the base finds fault with them.

Pages of OpenRouter show fields without an example, so theirs are put together from the fields, each with a value that its type allows.
Generated pages write `<string>` and 123 for any string and number; that is kept, as it shows what their schema lets through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The documented request and answer of one dialect, and the places in them that the `openai` reading faults."""

    request: Json
    answer: Json
    request_faults: frozenset[str]
    answer_faults: frozenset[str]


def _generated(usage: dict[str, Json]) -> Json:
    message: Json = {"role": "user", "content": "<string>", "name": "<string>"}
    choice: Json = {"index": 123, "message": message, "finish_reason": "<string>"}
    return {"id": "<string>", "object": "<string>", "created": 123, "model": "<string>", "usage": usage, "choices": [choice]}


_COUNTS: Final[dict[str, Json]] = {"prompt_tokens": 123, "completion_tokens": 123, "total_tokens": 123}
_REQUESTY: Final[dict[str, Json]] = {
    "model": "openai/gpt-4o-mini",
    "messages": [{"role": "user", "content": "<string>", "name": "<string>"}],
    "max_tokens": 123,
    "temperature": 123,
    "top_p": 123,
    "stream": True,
    "tools": [{"type": "function", "function": {"name": "f", "description": "<string>", "parameters": {}}}],
    "tool_choice": "<string>",
    "response_format": {},
}
_REQUESTY_FAULTS: Final = frozenset({"/temperature", "/top_p", "/tool_choice", "/response_format"})
_GENERATED_FAULTS: Final = frozenset(
    {"/object", "/choices/0", "/choices/0/message", "/choices/0/message/role", "/choices/0/finish_reason"}
)  # members are missing from the choice and its message

_OPENROUTER: Final[dict[str, Json]] = {
    "messages": [{"role": "system", "content": "Be brief.", "name": "rules"}, {"role": "user", "content": "Hello"}],
    "model": "vendor/model",
    "frequency_penalty": -2,
    "logit_bias": {"50256": 1.5},
    "logprobs": True,
    "top_logprobs": 20.0,
    "max_completion_tokens": None,
    "max_tokens": 1,
    "metadata": {"key": "value"},
    "presence_penalty": 2,
    "reasoning": {"effort": "high", "summary": "auto"},
    "response_format": {"type": "grammar", "grammar": "root ::= [a-z]+"},
    "seed": 9007199254740991,
    "stop": [],
    "stream_options": None,
    "temperature": 1,
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "look up", "parameters": {}, "strict": None}}],
    "top_p": 1,
    "user": "someone",
}
_OPENROUTER_FAULTS: Final = frozenset({"/logit_bias/50256", "/response_format/type", "/stop", "/tools/0/function/name"})


def _openrouter_answer(details: Json) -> Json:
    usage: dict[str, Json] = {**_COUNTS, "prompt_tokens": 123.0, "prompt_tokens_details": details, "completion_tokens_details": details}
    message: Json = {"role": "assistant", "content": None, "reasoning": "Hm."}
    return {
        "id": "gen-1",
        "choices": [{"index": 0.0, "message": message, "finish_reason": "error", "logprobs": None}],
        "created": 1761264000.5,
        "model": "vendor/model",
        "object": "chat.completion",
        "system_fingerprint": None,
        "usage": usage,
    }


_OPENROUTER_ANSWER_FAULTS: Final = frozenset({"/created", "/choices/0/finish_reason", "/choices/0/message"})  # refusal is missing

_8080_SCHEMA: Final[Json] = {
    "type": "object",
    "description": "<string>",
    "properties": {"key": {"type": "array", "items": {"type": "string", "enum": ["a"]}}},
    "required": ["key"],
    "additionalProperties": False,
}

PAGES: Final = {
    "requesty-2025": Page(request=_REQUESTY, answer=_generated(_COUNTS), request_faults=_REQUESTY_FAULTS, answer_faults=_GENERATED_FAULTS),
    "requesty": Page(
        request={
            "model": "anthropic/claude-sonnet-4-20250514",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Summarize this PDF"},
                        {"type": "file_input", "filename": "document.pdf", "file_data": "<base64-encoded-pdf-data>"},
                    ],
                }
            ],
        },
        answer=_generated(
            {
                **_COUNTS,
                "completion_tokens_details": {"reasoning_tokens": 123},
                "prompt_tokens_details": {"cached_tokens": 123, "caching_tokens": 123},
                "cost": 123,
            }
        ),
        request_faults=frozenset({"/messages/0/content/1/type"}),
        answer_faults=_GENERATED_FAULTS,
    ),
    "openrouter-2025-10": Page(
        request={**_OPENROUTER, "stream": None},
        answer=_openrouter_answer({"audio_tokens": 0.0}),
        request_faults=_OPENROUTER_FAULTS,
        answer_faults=_OPENROUTER_ANSWER_FAULTS,
    ),
    "openrouter": Page(
        request={
            **{name: value for name, value in _OPENROUTER.items() if name != "model"},
            "models": ["vendor/model", "vendor/other"],
            "provider": {"order": ["a", "b"], "data_collection": "deny", "max_price": {"prompt": "0.1", "request": 1}, "sort": None},
            "plugins": [{"id": "web", "max_results": 3, "engine": "exa"}, {"id": "file-parser", "pdf": {"engine": "pdf-text"}}],
            "route": "fallback",
            "session_id": "s",
            "stream": False,
            "debug": {"echo_upstream_body": False},
        },
        answer=_openrouter_answer(None),
        request_faults=_OPENROUTER_FAULTS | {""},  # no model
        answer_faults=_OPENROUTER_ANSWER_FAULTS | {"/usage/prompt_tokens_details", "/usage/completion_tokens_details"},
    ),
    "8080": Page(
        request={
            "messages": [
                {"role": "developer"},
                {"role": "user", "content": "<string>", "name": "<string>"},
                {"role": "assistant", "refusal": "No.", "tool_calls": [{"id": "call_1", "type": "<string>"}]},
                {"role": "tool", "content": "<string>", "name": "<string>", "tool_call_id": "call_1"},
            ],
            "model": "<string>",
            "reasoning_effort": "minimal",
            "stream": True,
            "stream_options": {"include_usage": True},
            "parallel_tool_calls": True,
            "user": "<string>",
            "tools": [{"type": "function", "function": {"name": "f", "parameters": _8080_SCHEMA, "strict": True}}],
            "frequency_penalty": 12.5,
            "logit_bias": {"50256": 1000},
            "logprobs": True,
            "top_logprobs": 123,
            "max_completion_tokens": 123,
            "n": 123,
            "presence_penalty": 123,
            "response_format": {"type": "json_schema", "json_schema": {"name": "a schema", "schema": _8080_SCHEMA}},
            "stop": ["END"],
            "temperature": 12.5,
            "top_p": 12.5,
        },
        answer={
            "id": "<string>",
            "created": 123,
            "model": "<string>",
            "object": "chat.completion",
            "usage": {**_COUNTS, "total_time": 0.25},
            "choices": [{"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "<string>"}}],
        },
        request_faults=frozenset(
            {
                *("/messages/0", "/messages/2/tool_calls/0/type", "/frequency_penalty", "/presence_penalty", "/temperature", "/top_p"),
                *("/logit_bias/50256", "/top_logprobs", "/response_format/json_schema/name"),
            }
        ),
        answer_faults=frozenset({"/choices/0", "/choices/0/message"}),  # logprobs and refusal are missing
    ),
}

"""What each member of a request may hold. Written from the prose of the contract, table by table, with no schema at hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], None]
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class RefusalError(Exception):
    """The request is not answered. `param` names the member at fault."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code


def wrong(path: str, message: str, code: str = "invalid_value") -> RefusalError:
    return RefusalError(400, f"Invalid '{path}': {message}.", path, code)


# ---- values


def text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise wrong(path, "expected a string", "invalid_type")


def flag(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise wrong(path, "expected a boolean", "invalid_type")


def number(least: float, most: float) -> Check:
    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(path, "expected a number", "invalid_type")
        if not least <= value <= most:
            raise wrong(path, f"expected a number between {least} and {most}")

    return check


def integer(least: int, most: int = 2**63 - 1) -> Check:
    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
            raise wrong(path, "expected an integer", "invalid_type")
        if not least <= value <= most:
            raise wrong(path, f"expected an integer between {least} and {most}")

    return check


def word(*words: str) -> Check:
    def check(value: Any, path: str) -> None:
        if value not in words or not isinstance(value, str):
            raise wrong(path, f"expected one of {', '.join(words)}")

    return check


def mapping(value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise wrong(path, "expected an object", "invalid_type")


def name(value: Any, path: str) -> None:
    text(value, path)
    if not NAME.fullmatch(value):
        raise wrong(path, "expected letters, digits, underscores and dashes, at most 64")


def short(most: int) -> Check:
    def check(value: Any, path: str) -> None:
        text(value, path)
        if len(value) > most:
            raise wrong(path, f"longer than {most} characters")

    return check


def listed(item: Check, least: int = 0, most: int = 10**9) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong(path, "expected an array", "invalid_type")
        if not least <= len(value) <= most:
            raise wrong(path, f"expected {least} to {most} items")
        for place, each in enumerate(value):
            item(each, f"{path}[{place}]")

    return check


def either(*checks: tuple[type | tuple[type, ...], Check]) -> Check:
    """The check for the first type that fits."""

    def check(value: Any, path: str) -> None:
        for kind, inner in checks:
            if isinstance(value, kind):
                inner(value, path)
                return
        raise wrong(path, "of a wrong type", "invalid_type")

    return check


def nullable(check: Check) -> Check:
    return lambda value, path: None if value is None else check(value, path)


def form(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, closed: bool = False) -> Check:
    def check(value: Any, path: str) -> None:
        mapping(value, path)
        for key, inner in required.items():
            if key not in value:
                raise RefusalError(400, f"Missing required parameter: '{path}.{key}'.", f"{path}.{key}", "missing_required_parameter")
            inner(value[key], f"{path}.{key}")
        for key, inner in (optional or {}).items():
            if key in value:
                inner(value[key], f"{path}.{key}")
        if closed and (more := set(value) - set(required) - set(optional or {})):
            raise wrong(f"{path}.{more.pop()}", "unknown", "unknown_parameter")

    return check


def tagged(tag: str, forms: Mapping[str, Check]) -> Check:
    """An object that says itself which of several forms it has."""

    def check(value: Any, path: str) -> None:
        mapping(value, path)
        if tag not in value:
            raise RefusalError(400, f"Missing required parameter: '{path}.{tag}'.", f"{path}.{tag}", "missing_required_parameter")
        word(*forms)(value[tag], f"{path}.{tag}")
        forms[value[tag]](value, path)

    return check


def pairs(key: Check, item: Check, most: int = 10**9) -> Check:
    def check(value: Any, path: str) -> None:
        mapping(value, path)
        if len(value) > most:
            raise wrong(path, f"more than {most} pairs")
        for each in value:
            key(each, path)
            item(value[each], f"{path}.{each}")

    return check


# ---- messages

BREAKPOINT = {"prompt_cache_breakpoint": form({"mode": word("explicit")})}
TEXT_PART = form({"text": text}, BREAKPOINT)
USER_PARTS = tagged(
    "type",
    {
        "text": TEXT_PART,
        "image_url": form({"image_url": form({"url": text}, {"detail": word("auto", "low", "high")})}, BREAKPOINT),
        "input_audio": form({"input_audio": form({"data": text, "format": word("wav", "mp3")})}, BREAKPOINT),
        "file": form({"file": form({}, {"filename": text, "file_data": text, "file_id": text})}, BREAKPOINT),
    },
)
ASSISTANT_PARTS = tagged("type", {"text": TEXT_PART, "refusal": form({"refusal": text})})
TEXTS = either((str, text), (list, listed(tagged("type", {"text": TEXT_PART}), 1)))
CALL = tagged(
    "type",
    {
        "function": form({"id": text, "function": form({"name": text, "arguments": text})}),
        "custom": form({"id": text, "custom": form({"name": text, "input": text})}),
    },
)
MESSAGE = tagged(
    "role",
    {
        "system": form({"content": TEXTS}, {"name": text}),
        "developer": form({"content": TEXTS}, {"name": text}),
        "user": form({"content": either((str, text), (list, listed(USER_PARTS, 1)))}, {"name": text}),
        "assistant": form(
            {},
            {
                "content": nullable(either((str, text), (list, listed(ASSISTANT_PARTS, 1)))),
                "refusal": nullable(text),
                "name": text,
                "audio": nullable(form({"id": text})),
                "tool_calls": nullable(listed(CALL)),
                "function_call": nullable(form({"name": text, "arguments": text})),
            },
        ),
        "tool": form({"content": TEXTS, "tool_call_id": text}),
        "function": form({"content": nullable(text), "name": text}),
    },
)

# ---- the rest

REFERENCE = form({"name": text})
FUNCTION = form({"name": name}, {"description": text, "parameters": mapping, "strict": nullable(flag)})
GRAMMAR = form({"definition": text, "syntax": word("lark", "regex")})
CUSTOM_FORMAT = tagged(
    "type",
    {"text": form({"type": text}, closed=True), "grammar": form({"type": text, "grammar": GRAMMAR}, closed=True)},
)
TOOL = tagged(
    "type",
    {
        "function": form({"function": FUNCTION}),
        "custom": form({"custom": form({"name": text}, {"description": text, "format": CUSTOM_FORMAT})}),
    },
)
CHOICE = either(
    (str, word("none", "auto", "required")),
    (
        dict,
        tagged(
            "type",
            {
                "function": form({"function": REFERENCE}),
                "custom": form({"custom": REFERENCE}),
                "allowed_tools": form({"allowed_tools": form({"mode": word("auto", "required"), "tools": listed(mapping)})}),
            },
        ),
    ),
)
FORMAT = tagged(
    "type",
    {
        "text": form({}),
        "json_object": form({}),
        "json_schema": form({"json_schema": form({"name": name}, {"description": text, "schema": mapping, "strict": nullable(flag)})}),
    },
)
PLACE = form({"type": word("approximate"), "approximate": form({}, dict.fromkeys(("country", "region", "city", "timezone"), text))})
POLICY = nullable(form({}, {"mode": word("score", "block")}))
VOICE = either((str, text), (dict, form({"id": text}, closed=True)))

CORE: dict[str, Check] = {
    "model": text,
    "messages": listed(MESSAGE, 1),
    "stream": nullable(flag),
    "temperature": nullable(number(0, 2)),
    "top_p": nullable(number(0, 1)),
    "max_tokens": nullable(integer(1)),
    "max_completion_tokens": nullable(integer(1)),
    "stop": nullable(either((str, text), (list, listed(text, 1, 4)))),
}
MORE: dict[str, Check] = {
    "stream_options": nullable(form({}, {"include_usage": flag, "include_obfuscation": flag})),
    "frequency_penalty": nullable(number(-2, 2)),
    "presence_penalty": nullable(number(-2, 2)),
    "n": nullable(integer(1, 128)),
    "logprobs": nullable(flag),
    "top_logprobs": nullable(integer(0, 20)),
    "logit_bias": nullable(pairs(text, integer(-100, 100))),
    "seed": nullable(integer(-(2**63))),
    "response_format": FORMAT,
    "tools": listed(TOOL, 0, 128),
    "tool_choice": CHOICE,
    "parallel_tool_calls": flag,
    "user": text,
    "metadata": nullable(pairs(short(64), short(512), 16)),
    "store": nullable(flag),
    "service_tier": nullable(word("auto", "default", "flex", "scale", "priority", "fast")),
    "reasoning_effort": nullable(word("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    "verbosity": nullable(word("low", "medium", "high")),
    "safety_identifier": nullable(short(64)),
    "prompt_cache_key": nullable(text),
    "prompt_cache_retention": nullable(word("in_memory", "24h")),
    "prompt_cache_options": form({}, {"mode": word("implicit", "explicit"), "ttl": word("30m")}),
    "modalities": nullable(listed(word("text", "audio"))),
}
FOREIGN = frozenset({"functions", "function_call", "audio", "prediction", "web_search_options", "moderation"})
"""Members that this server has heard of and does not have."""

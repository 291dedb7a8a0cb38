"""Reads a request, and says what is wrong with it, by the tables of its members and by what holds between them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.innocent.members import CORE, FOREIGN, MORE, RefusalError, wrong
from tests.innocent.style import Style

MODEL = "small-talk-1"


def refuse(member: str) -> RefusalError:
    return RefusalError(400, f"Unsupported parameter: '{member}' is not supported with this model.", member, "unsupported_parameter")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that will be answered."""

    body: dict[str, Any]

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True

    @property
    def usage(self) -> bool:
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def cap(self) -> int | None:
        given = [int(self.body[key]) for key in ("max_completion_tokens", "max_tokens") if self.body.get(key) is not None]
        return min(given, default=None)

    @property
    def stops(self) -> list[str]:
        given = self.body.get("stop") or []
        return [given] if isinstance(given, str) else given

    @property
    def texts(self) -> list[list[str]]:
        """The texts of every message."""
        found = []
        for message in self.body["messages"]:
            content = message.get("content") or ""
            found.append([content] if isinstance(content, str) else [part.get("text") or part.get("refusal") or "" for part in content])
        return found

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        offered = [tool["function"] for tool in self.body.get("tools") or [] if tool["type"] == "function"]
        return {function["name"]: function for function in offered}


def read(style: Style, label: str, raw: bytes) -> Wanted:
    """Read a body. Raises `RefusalError`."""
    if label.partition(";")[0].strip().lower() != "application/json":
        raise RefusalError(415, "The body is to be application/json.")

    body = _parsed(raw)
    for member in ("model", "messages"):
        if member not in body:
            raise RefusalError(400, f"You must provide '{member}'.", member, "missing_required_parameter")
    for member in body:
        _check_member(style, member, body[member])
    _check_features(style, body)
    if style.strict:
        _check_between(body)
    if not body["model"]:
        raise wrong("model", "empty")
    if body["model"] != MODEL and not style.any_model:
        message = f"The model '{body['model']}' does not exist."
        raise RefusalError(style.unknown_model, message, "model", "model_not_found")
    return Wanted(body)


def _parsed(raw: bytes) -> dict[str, Any]:
    def nonsense(constant: str) -> Any:
        raise ValueError(constant)

    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=nonsense)
    except (ValueError, RecursionError):
        raise RefusalError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "The body is to be a JSON object.")
    return body


def _check_member(style: Style, member: str, value: Any) -> None:
    if member in CORE:
        if member.startswith("max_") and member not in style.caps and value is not None:
            raise refuse(member)
        if member in style.lacks and value is not None:
            raise refuse(member)
        CORE[member](value, member)
    elif member in style.lacks or member in FOREIGN:
        if value is not None:
            raise refuse(member)
    elif member in MORE:
        if style.strict or member in {"n", "tools", "tool_choice", "response_format", "stream_options", "logprobs", "top_logprobs"}:
            MORE[member](value, member)
    elif style.closed:
        raise RefusalError(400, f"Unknown parameter: '{member}'.", member, "unknown_parameter")


def _check_features(style: Style, body: dict[str, Any]) -> None:
    lacks = style.lacks
    if "several" in lacks and (body.get("n") or 1) > 1:
        raise wrong("n", "only 1 is supported", "unsupported_value")
    if "audio" in (body.get("modalities") or []):
        raise wrong("modalities", "only text is supported", "unsupported_value")
    form_of = (body.get("response_format") or {}).get("type")
    if form_of in lacks:
        raise wrong("response_format", f"{form_of} is not supported", "unsupported_value")
    choice = body.get("tool_choice")
    if ("required" in lacks and choice == "required") or ("named" in lacks and isinstance(choice, dict)):
        raise wrong("tool_choice", "only auto and none are supported", "unsupported_value")
    if isinstance(choice, dict) and choice["type"] != "function":
        raise wrong("tool_choice", "only functions are supported", "unsupported_value")
    if any(tool["type"] != "function" for tool in body.get("tools") or []):
        raise wrong("tools", "only functions are supported", "unsupported_value")
    for place, message in enumerate(body["messages"]):
        _check_message(lacks, f"messages[{place}]", message)


def _check_message(lacks: frozenset[str], path: str, message: dict[str, Any]) -> None:
    role = message["role"]
    if role == "function" or (role == "developer" and "developer" in lacks):
        raise wrong(f"{path}.role", f"{role} is not supported", "unsupported_value")
    if "name" in message and "name" in lacks:
        raise wrong(f"{path}.name", "not supported", "unsupported_parameter")
    if (message.get("tool_calls") or role == "tool") and "tools" in lacks:
        raise wrong(f"{path}.role", "tools are not supported", "unsupported_value")
    parts = message.get("content") if isinstance(message.get("content"), list) else []
    if parts and "parts" in lacks:
        raise wrong(f"{path}.content", "expected a string", "unsupported_value")
    for place, part in enumerate(parts or []):
        if part["type"] not in {"text", "refusal"}:
            raise wrong(f"{path}.content[{place}].type", "this model reads text", "unsupported_value")


def _check_between(body: dict[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        raise wrong("stream_options", "only allowed when stream is true")
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise wrong("top_logprobs", "only allowed when logprobs is true")
    if not body.get("tools"):
        for member in ("tool_choice", "parallel_tool_calls"):
            if member in body and body[member] != "none":
                raise wrong(member, "only allowed when tools are given")
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice["function"]["name"] not in {tool["function"]["name"] for tool in body["tools"]}:
        raise wrong("tool_choice", "no such tool")
    format_ = (body.get("response_format") or {}).get("type")
    if format_ == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        raise wrong("messages", "must contain the word json")
    _check_order(body["messages"])


def _check_order(messages: list[dict[str, Any]]) -> None:
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise wrong(f"messages[{place}].role", "answers no call")
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            raise wrong(f"messages[{place}].role", "a call is unanswered")
        waiting = {call["id"] for call in message.get("tool_calls") or []}
        if message["role"] == "assistant" and message.get("content") is None and not waiting and not message.get("refusal"):
            raise wrong(f"messages[{place}].content", "an assistant says or calls something")
    if waiting:
        raise wrong(f"messages[{len(messages)}].role", "a call is unanswered")

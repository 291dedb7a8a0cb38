"""The shape of a case, and the messages that cases are made of: whole ones, to which a case adds what is particular about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.contract import Schema
from conformance.model import Json

USAGE: Final[dict[str, Json]] = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
CALL: Final[dict[str, Json]] = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
FULL: Final[dict[str, Json]] = {"role": "assistant", "content": "Hello!", "refusal": None}
PLAIN: Final[dict[str, Json]] = {"role": "assistant", "content": "Hello!"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message of a vendor."""

    name: str
    schema: Schema
    value: Json
    source: str
    strict: bool
    """Whether it fits `openai`."""
    compatible: bool
    """Whether it fits `openai-compatible`."""
    dialect: str | None = None
    """The vendor's own reading, where there is one."""
    own: bool = True
    """Whether it fits that one."""


def choice(message: Json, *, finish_reason: Json = "stop", **more: Json) -> dict[str, Json]:
    """A whole choice; without `logprobs` unless it is given."""
    return {"index": 0, "message": message, "finish_reason": finish_reason, **more}


def answer(*choices: Json, **more: Json) -> Json:
    """A whole answer."""
    head: dict[str, Json] = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1769040000, "model": "m"}
    return {**head, "choices": list(choices), "usage": {**USAGE}, **more}


def part(delta: Json, **more: Json) -> dict[str, Json]:
    """A choice of a chunk; without `finish_reason` unless it is given."""
    return {"index": 0, "delta": delta, **more}


def chunk(*choices: Json, **more: Json) -> Json:
    """A chunk."""
    head: dict[str, Json] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1769040000, "model": "m"}
    return {**head, "choices": list(choices), **more}


def fragment(**members: Json) -> Json:
    """A chunk with one fragment of a call."""
    return chunk(part({"tool_calls": [dict(members)]}, finish_reason=None))


def request(**members: Json) -> Json:
    """The smallest request and these members."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **members}


def error(**members: Json) -> Json:
    """An error in its envelope."""
    return {"error": dict(members)}

"""The fields of a request that change what is answered, read into types.

Reading never fails: validation happened before, and when a defect switched it off, a field of a wrong type counts as absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.strictjson import items, members

if TYPE_CHECKING:
    from conformance.model import Json

MAX_CHOICES = 128
"""Upper bound of `n` in the contract; held here too, so that a defect in validation cannot ask for a billion choices."""


class ToolKind(StrEnum):
    """How a tool is declared and called."""

    FUNCTION = "function"
    CUSTOM = "custom"
    LEGACY = "legacy"
    """Declared in the deprecated `functions`; called through `function_call`."""


class Mode(StrEnum):
    """Whether the model may or has to call a tool."""

    NONE = "none"
    AUTO = "auto"
    REQUIRED = "required"


class Format(StrEnum):
    """What the text has to be."""

    TEXT = "text"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool on offer."""

    kind: ToolKind
    name: str
    description: str = ""
    parameters: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """The mode, and the only tools that may be called; None for all of them."""

    mode: Mode
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn, flattened to what the toy model reads and counts."""

    role: str
    text: str = ""
    attachments: int = 0
    """Parts that are no text: images, audio, files."""
    name: str = ""
    calls: str = ""
    """Names and arguments of the calls in an assistant's turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A request as the server acts on it."""

    model: str
    messages: tuple[Message, ...]
    n: int
    cap: int | None
    """Most tokens per choice; the smaller one where both fields are given."""
    stops: tuple[str, ...]
    stream: bool
    include_usage: bool
    logprobs: bool
    top_logprobs: int
    tools: tuple[Tool, ...]
    choice: ToolChoice
    parallel: bool
    format: Format
    schema: Json
    """The schema that the text has to satisfy; None unless the format is JSON_SCHEMA."""
    metadata: Json
    overhead: tuple[Json, ...]
    """What is shown to the model besides the messages, and counted: declarations of tools and the response format."""


def read_request(body: Json) -> ChatRequest:
    """Read a body; anything absent, null or of a wrong type takes its default."""
    fields = members(body)
    tools = _tools(fields)
    response_format = members(fields, "response_format")
    form = response_format.get("type")
    caps = [cap for cap in (_integer(fields.get(name)) for name in ("max_tokens", "max_completion_tokens")) if cap is not None]
    return ChatRequest(
        model=_text(fields.get("model")),
        messages=tuple(_message(entry) for entry in items(fields, "messages")),
        n=min(max(_integer(fields.get("n")) or 1, 1), MAX_CHOICES),
        cap=max(min(caps), 0) if caps else None,
        stops=_stops(fields.get("stop")),
        stream=fields.get("stream") is True,
        include_usage=members(fields, "stream_options").get("include_usage") is True,
        logprobs=fields.get("logprobs") is True,
        top_logprobs=min(max(_integer(fields.get("top_logprobs")) or 0, 0), 20),
        tools=tools,
        choice=_choice(fields, tools),
        parallel=fields.get("parallel_tool_calls") is not False,
        format=Format(form) if isinstance(form, str) and form in set(Format) else Format.TEXT,
        schema=members(response_format, "json_schema").get("schema") if form == Format.JSON_SCHEMA else None,
        metadata=fields.get("metadata"),
        overhead=tuple(value for value in (fields.get("tools"), fields.get("functions"), _costly(response_format)) if value),
    )


def _costly(response_format: dict[str, Json]) -> Json:
    """Text is what a model writes anyway; only another format has to be explained to it."""
    return None if response_format.get("type") == Format.TEXT else response_format


def _message(value: Json) -> Message:
    fields = members(value)
    content = fields.get("content")
    parts = [members(part) for part in items(content)]
    text = content if isinstance(content, str) else "".join(_text(part.get("text", part.get("refusal"))) for part in parts)
    calls = [members(call) for call in items(fields, "tool_calls")]
    called = [members(call.get("function", call.get("custom"))) for call in calls] + [members(fields, "function_call")]
    return Message(
        role=_text(fields.get("role")),
        text=text,
        attachments=sum(part.get("type") not in {"text", "refusal"} for part in parts),
        name=_text(fields.get("name")),
        calls=" ".join(_text(call.get("name")) + _text(call.get("arguments", call.get("input"))) for call in called if call),
    )


def _tools(fields: dict[str, Json]) -> tuple[Tool, ...]:
    found = []
    for entry in map(members, items(fields, "tools")):
        kind = ToolKind.CUSTOM if entry.get("type") == ToolKind.CUSTOM else ToolKind.FUNCTION
        found.append(_tool(kind, members(entry.get(kind))))
    found += [_tool(ToolKind.LEGACY, members(entry)) for entry in items(fields, "functions")]
    return tuple(tool for tool in found if tool.name)


def _tool(kind: ToolKind, fields: dict[str, Json]) -> Tool:
    return Tool(
        kind=kind, name=_text(fields.get("name")), description=_text(fields.get("description")), parameters=fields.get("parameters")
    )


def _choice(fields: dict[str, Json], tools: tuple[Tool, ...]) -> ToolChoice:
    value = fields.get("tool_choice", fields.get("function_call"))
    if isinstance(value, str) and value in set(Mode):
        return ToolChoice(mode=Mode(value))
    chosen = members(value)
    if allowed := members(chosen, "allowed_tools"):
        entries = [members(entry) for entry in items(allowed, "tools")]
        names = {_text(members(entry.get("function", entry.get("custom"))).get("name")) for entry in entries}
        return ToolChoice(mode=Mode.REQUIRED if allowed.get("mode") == Mode.REQUIRED else Mode.AUTO, only=frozenset(names))
    if name := _text(members(chosen.get("function", chosen.get("custom", chosen))).get("name")):
        return ToolChoice(mode=Mode.REQUIRED, only=frozenset({name}))
    return ToolChoice(mode=Mode.AUTO if tools else Mode.NONE)


def _stops(value: Json) -> tuple[str, ...]:
    candidates = [value] if isinstance(value, str) else items(value)
    return tuple(stop for stop in candidates if isinstance(stop, str) and stop)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Json) -> int | None:
    """Read an integer as JSON Schema means it: 3.0 is one, true is none (JSON Schema 2020-12 Core, section 4.2.3)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None

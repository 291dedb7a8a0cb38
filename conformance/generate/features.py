"""Which features a request body makes use of: what a target may lack, and then refuse the whole.

The names are those of `x-features` in the contract. Where a feature is not just the presence of one of its members, it is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conformance.model import MISSING, Json, Missing
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.contract import Contract

_INSTRUCTORS: Final = ("system", "developer")


def used(contract: Contract, body: Json) -> frozenset[str]:
    """Every feature of the contract that a valid body needs."""
    return frozenset(name for name, feature in contract.features.items() if _uses(body, name, feature.fields))


def _uses(body: Json, name: str, fields: tuple[str, ...]) -> bool:
    told = _TOLD.get(name)
    return told(body) if told else any(get(body, field) is not MISSING for field in fields if field != "messages")


def _turns(body: Json) -> list[Json]:
    return items(body, "messages")


def _roles(body: Json) -> list[Json | Missing]:
    return [get(turn, "role") for turn in _turns(body)]


def _parts(body: Json, kind: str) -> bool:
    return any(get(part, "type") == kind for turn in _turns(body) for part in items(turn, "content"))


def _calls(body: Json) -> Iterator[Json]:
    for turn in _turns(body):
        yield from items(turn, "tool_calls")


def _choice(body: Json) -> str:
    """How calls are chosen: the keyword, the type of what is named, or nothing."""
    choice = get(body, "tool_choice")
    kind = choice if isinstance(choice, str) else get(choice, "type")
    return kind if isinstance(kind, str) else ""


def _several_instructors(body: Json) -> bool:
    places = [place for place, role in enumerate(_roles(body)) if role in _INSTRUCTORS]
    return places not in ([], [0])


def _uses_tools(body: Json) -> bool:
    return get(body, "tools") is not MISSING or _choice(body) != "" or "tool" in _roles(body) or any(True for _ in _calls(body))


def _uses_functions(body: Json) -> bool:
    named = any(get(body, member) is not MISSING for member in ("functions", "function_call"))
    return named or "function" in _roles(body) or any(get(turn, "function_call") is not MISSING for turn in _turns(body))


def _uses_cache(body: Json) -> bool:
    members = ("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options")
    marked = any(get(part, "prompt_cache_breakpoint") is not MISSING for turn in _turns(body) for part in items(turn, "content"))
    return marked or any(get(body, member) is not MISSING for member in members)


_TOLD: Final[Mapping[str, Callable[[Json], bool]]] = MappingProxyType(
    {
        "streaming": lambda body: get(body, "stream") is True,
        "usage-in-stream": lambda body: get(body, "stream_options", "include_usage") is True,
        "obfuscation-off": lambda body: get(body, "stream_options", "include_obfuscation") is False,
        "system-role": lambda body: "system" in _roles(body),
        "developer-role": lambda body: "developer" in _roles(body),
        "multiple-system": _several_instructors,
        "message-name": lambda body: any(get(turn, "name") is not MISSING and get(turn, "role") != "function" for turn in _turns(body)),
        "multi-turn": lambda body: bool({"assistant", "tool", "function"} & {str(role) for role in _roles(body)}) or len(_turns(body)) > 1,
        "content-parts": lambda body: any(isinstance(get(turn, "content"), list) for turn in _turns(body)),
        "images": lambda body: _parts(body, "image_url"),
        "audio-input": lambda body: _parts(body, "input_audio"),
        "files": lambda body: _parts(body, "file"),
        "null-fields": lambda body: isinstance(body, dict) and None in body.values(),
        "logprobs": lambda body: get(body, "logprobs") is True or get(body, "top_logprobs") is not MISSING,
        "json-object": lambda body: get(body, "response_format", "type") == "json_object",
        "json-schema": lambda body: get(body, "response_format", "type") == "json_schema",
        "tools": _uses_tools,
        "tool-choice-none": lambda body: _choice(body) == "none",
        "tool-choice-required": lambda body: _choice(body) == "required",
        "tool-choice-named": lambda body: _choice(body) in ("function", "custom"),
        "tool-choice-allowed": lambda body: _choice(body) == "allowed_tools",
        "strict-tools": lambda body: any(get(tool, "function", "strict") is True for tool in items(body, "tools")),
        "custom-tools": lambda body: any(get(each, "type") == "custom" for each in (*items(body, "tools"), *_calls(body))),
        "functions": _uses_functions,
        "prompt-cache": _uses_cache,
    }
)

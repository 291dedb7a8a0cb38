"""Members that must come along for another one to be right, and members that must go, so that only what is meant to be wrong is."""

from __future__ import annotations

from typing import Final

from conformance.generate.mutants import Delta
from conformance.model import Json

_TOOL: Final[Json] = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}
_WITH_TOOLS: Final[dict[str, Json]] = {"tools": [_TOOL]}

_COMPANIONS: Final[dict[str, dict[str, Json]]] = {
    "stream_options": {"stream": True},
    "top_logprobs": {"logprobs": True},
    "tool_choice": _WITH_TOOLS,
    "parallel_tool_calls": _WITH_TOOLS,
    "function_call": {"functions": [{"name": "look_up"}]},
    "audio": {"modalities": ["text", "audio"]},
    "response_format": {"messages": [{"role": "user", "content": "Say hello in JSON."}]},
}
"""What OpenAI documents each of these members to need, whether or not the reading at hand insists on it."""

_RIVALS: Final = {
    # The control carries one of the two caps; a wrong value of the other must not be refused for there being two.
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
    # Options of a stream are only wrong where nobody asks for one.
    "stream_options": "stream",
}
"""What must be gone from the control when a member is set by itself."""


def accompanied(member: str, value: Json) -> Delta:
    """The delta that sets one member and all that it needs."""
    return alone({**_COMPANIONS.get(member, {}), member: value})


def alone(put: dict[str, Json]) -> Delta:
    """The delta that sets these members and removes what would quarrel with them."""
    return Delta(put=put, drop=tuple(sorted(rival for member, rival in _RIVALS.items() if member in put and rival not in put)))

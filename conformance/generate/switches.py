"""Optional members of a request, each behind the features that a target needs for it.

Values are ones that no reading of the contract disputes: inside everybody's bounds, harmless to the answer, without lasting effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model import Json

SYSTEM: Final = "system-role"
DEVELOPER: Final = "developer-role"
NAME: Final = "message-name"
TURNS: Final = "multi-turn"
PARTS: Final = "content-parts"
TOOLS: Final = "tools"

CONVERSATION: Final = frozenset({SYSTEM, DEVELOPER, NAME, TURNS, PARTS, TOOLS})
"""Features that change what the messages look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Top-level members that are set together, in one of several ways."""

    needs: frozenset[str]
    ways: tuple[dict[str, Json], ...]


def _each(feature: str, member: str, *values: Json) -> Switch:
    return Switch(needs=frozenset({feature}), ways=tuple({member: value} for value in values))


_ANSWER_SCHEMA: Final[Json] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}

SWITCHES: Final = (
    _each("temperature", "temperature", 0, 1, 0.5, 1.0, 0.001),
    _each("top-p", "top_p", 1, 0.5, 0.9),
    _each("penalties", "presence_penalty", 0, 0.5, -0.5, 2),
    _each("penalties", "frequency_penalty", 0, 0.5, -0.5, 2),
    _each("logit-bias", "logit_bias", {}, {"1000": 1}, {"1000": -1, "1001": 0}),
    _each("seed", "seed", 0, 7, 2**31 - 1),
    _each("stop", "stop", "###", ["###"], ["###", "END OF ANSWER"], ["\n\n\n", "终", "🛑", "####"]),
    _each("n", "n", 1, 2),
    _each("user", "user", "user-1", "ü 你"),
    Switch(needs=frozenset({"logprobs"}), ways=({"logprobs": True}, {"logprobs": True, "top_logprobs": 2})),
    Switch(
        needs=frozenset({"json-schema"}),
        ways=(
            {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": _ANSWER_SCHEMA}}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": _ANSWER_SCHEMA, "strict": True}}},
        ),
    ),
    Switch(needs=frozenset({"null-fields", "temperature", "stop"}), ways=({"temperature": None}, {"stop": None}, {"top_p": None})),
)
"""A later one overrules an earlier one that sets the same member."""

FEATURES: Final = CONVERSATION.union(*(switch.needs for switch in SWITCHES))
"""Every feature that a drawn conversation can make use of."""

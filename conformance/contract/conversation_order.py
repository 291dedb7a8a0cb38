"""The order of tool calls and their results in a conversation, which a schema cannot express.

The service refuses a conversation in which a result has no call or a call has no result: sdcb/chats#132.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.strictjson import get, items, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json

RESULT_HAS_CALL: Final = "tool-result-has-call"
CALL_HAS_RESULT: Final = "call-has-result"
"""Ids of the two clauses under `x-request`."""


def order_faults(body: Json) -> Iterator[tuple[str, int, str]]:
    """Yield clause, index of the message at fault and what would be right. Says nothing about values of the wrong type."""
    asked_at, open_calls, known_calls = 0, set[str](), set[str]()
    for index, message in enumerate([*items(body, "messages"), None]):
        if get(message, "role") == "tool":
            identifier = get(message, "tool_call_id")
            if not isinstance(identifier, str):
                continue
            if identifier not in known_calls:
                yield RESULT_HAS_CALL, index, f"must answer a call of the assistant message before; {show(identifier)} is none"
            open_calls.discard(identifier)
            continue
        if open_calls:
            yield CALL_HAS_RESULT, asked_at, f"must be followed by the results of {', '.join(sorted(open_calls))}"
        calls = items(message, "tool_calls") if get(message, "role") == "assistant" else []
        asked_at, known_calls = index, {name for call in calls if isinstance(name := get(call, "id"), str)}
        open_calls = set(known_calls)

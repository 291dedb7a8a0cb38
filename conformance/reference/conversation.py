"""The order of turns around tool calls: what a schema of one message cannot say.

Both rules stand under `x-request` in the contract; the original names the offending turn in `param` and leaves `code` null
(sdcb/chats#132).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.contract import SchemaFault
from conformance.strictjson import get, items, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json


def order_faults(body: Json) -> tuple[SchemaFault, ...]:
    """Name every result without a call, and every call that goes unanswered before another turn begins."""
    return tuple(_faults(items(body, "messages")))


def _faults(messages: list[Json]) -> Iterator[SchemaFault]:
    asked: set[str] = set()
    answered: set[str] = set()
    for at, message in enumerate(messages):
        if get(message, "role") == "tool":
            call = str(get(message, "tool_call_id"))
            if call not in asked:
                yield _fault(f"/messages/{at}/tool_call_id", "tool-result-has-call", "answers no call of the turn before", message)
            answered.add(call)
            continue
        if missing := sorted(asked - answered):
            yield _fault(f"/messages/{at}/role", "call-has-result", f"comes before the results of {', '.join(missing)}", message)
        asked = {str(get(call, "id")) for call in items(message, "tool_calls")}
        answered = set()


def _fault(pointer: str, clause: str, message: str, turn: Json) -> SchemaFault:
    return SchemaFault(
        pointer=pointer, keyword="order", message=f"This message {message}.", clause=f"/x-request/{clause}", value=show(turn)
    )

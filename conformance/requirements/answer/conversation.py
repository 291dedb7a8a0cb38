"""What holds over several turns of one conversation."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.calls import calls
from conformance.requirements.answer.valid import valid_reply
from conformance.strictjson import get, items
from conformance.subjects.reply import Reply


@requirement(
    "ANSWER-CALL-ID-FRESH",
    Level.SHOULD,
    on=valid_reply.needing("tools").about("history"),
    cites=[contract("/x-answer/tool-call-ids"), incident("vercel/ai#4936"), incident("HKUDS/nanobot#4059")],
)
def call_ids_are_new(answered: Reply) -> Iterator[Finding]:
    """A call has another id than every earlier call of the conversation; by its id a result finds the call it belongs to."""
    earlier = {get(call, "id") for turn in items(answered.request, "messages") for call in items(turn, "tool_calls")}
    if not earlier or not any(choice.calls for choice in answered.choices):
        raise AbsentError("the conversation has not two turns with calls")
    for pointer, call in calls(answered):
        if isinstance(call.id, str) and call.id and call.id in earlier:
            expected = "an id that the conversation does not have yet"
            yield Finding(code="reused-id", expected=expected, received=call.id, at=Place(pointer=f"{pointer}/id"))

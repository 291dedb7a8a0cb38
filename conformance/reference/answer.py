"""A completion as one JSON body (`CreateChatCompletionResponse` in the contract)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference import logprobs
from conformance.reference.request import ToolKind

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Choice, Completion, ToolCall, Usage
    from conformance.reference.extensions import Extensions
    from conformance.reference.request import ChatRequest

FINGERPRINT = "fp_reference"
TIER = "default"


def answer(completion: Completion, request: ChatRequest, extensions: Extensions | None = None) -> dict[str, Json]:
    """Write the whole answer; members come in the order in which the original sends them."""
    body: dict[str, Json] = {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [_choice(choice, request) for choice in completion.choices],
        "usage": usage(completion.usage, extensions),
        "service_tier": TIER,
        "system_fingerprint": FINGERPRINT,
    }
    return body if request.metadata is None else body | {"metadata": request.metadata}


def usage(counted: Usage, extensions: Extensions | None = None) -> dict[str, Json]:
    """Write the counts, and what a vendor's reading adds to them; nothing is ever cached or heard."""
    told: dict[str, Json] = {
        "prompt_tokens": counted.prompt,
        "completion_tokens": counted.completion,
        "total_tokens": counted.total,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": counted.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    return told if extensions is None else extensions.add_to(told, counted)


def _choice(choice: Choice, request: ChatRequest) -> dict[str, Json]:
    refusal = None if choice.refusal is None else "".join(choice.refusal)
    message: dict[str, Json] = {"role": "assistant", "content": choice.text, "refusal": refusal, "annotations": []}
    if choice.thought:
        message["reasoning_content"] = "".join(choice.thought)
    calls = [call for call in choice.calls if call.kind is not ToolKind.LEGACY]
    if calls:
        message["tool_calls"] = [_call(call) for call in calls]
    for call in choice.calls:
        if call.kind is ToolKind.LEGACY:
            message["function_call"] = {"name": call.name, "arguments": call.arguments}
    return {"index": choice.index, "message": message, "logprobs": _logprobs(choice, request), "finish_reason": choice.finish}


def _call(call: ToolCall) -> dict[str, Json]:
    if call.kind is ToolKind.CUSTOM:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _logprobs(choice: Choice, request: ChatRequest) -> Json:
    if not request.logprobs:
        return None

    def entries(pieces: tuple[str, ...] | None) -> Json:
        return None if pieces is None else [logprobs.entry(piece, request.top_logprobs) for piece in pieces]

    return {"content": entries(choice.pieces), "refusal": entries(choice.refusal)}

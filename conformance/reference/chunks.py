"""A completion as a series of chunks (`CreateChatCompletionStreamResponse` in the contract), in the order of the original.

Each choice opens with its role, goes on token by token and ends with its finish reason on an empty delta; choices take turns. The
usage, if asked for, comes last, on a chunk without choices, and is null on all chunks before.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from conformance.reference import logprobs
from conformance.reference.answer import FINGERPRINT, TIER, usage
from conformance.reference.request import ToolKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json
    from conformance.reference.completion import Choice, Completion, ToolCall
    from conformance.reference.extensions import Extensions
    from conformance.reference.request import ChatRequest


def chunks(completion: Completion, request: ChatRequest, extensions: Extensions | None = None) -> Iterator[dict[str, Json]]:
    """Yield the chunks one by one; every one is a new object."""
    streams = (_choice(choice, request) for choice in completion.choices)
    for choice in chain.from_iterable(zip_longest(*streams)):
        if choice is not None:
            yield _chunk(completion, [choice]) | ({"usage": None} if request.include_usage else {})
    if request.include_usage:
        yield _chunk(completion, []) | {"usage": usage(completion.usage, extensions)}


def _chunk(completion: Completion, choices: list[Json]) -> dict[str, Json]:
    return {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "service_tier": TIER,
        "system_fingerprint": FINGERPRINT,
        "choices": choices,
    }


def _choice(choice: Choice, request: ChatRequest) -> Iterator[dict[str, Json]]:
    yield _delta(choice, {"role": "assistant", "content": None if choice.pieces is None else "", "refusal": None})
    for piece in choice.thought:
        yield _delta(choice, {"reasoning_content": piece})
    for name, pieces in (("content", choice.pieces), ("refusal", choice.refusal)):
        for piece in pieces or ():
            entries: dict[str, Json] = {"content": None, "refusal": None, name: [logprobs.entry(piece, request.top_logprobs)]}
            yield _delta(choice, {name: piece}) | {"logprobs": entries if request.logprobs else None}
    for index, call in enumerate(choice.calls):
        for fragment in _call(index, call):
            yield _delta(choice, fragment)
    yield _delta(choice, {}) | {"finish_reason": choice.finish}


def _delta(choice: Choice, delta: dict[str, Json]) -> dict[str, Json]:
    return {"index": choice.index, "delta": delta, "logprobs": None, "finish_reason": None}


def _call(index: int, call: ToolCall) -> Iterator[dict[str, Json]]:
    """Name the call once, with empty arguments; every later fragment carries just its index and more arguments."""
    if call.kind is ToolKind.LEGACY:
        yield {"function_call": {"name": call.name, "arguments": ""}}
        for piece in call.pieces:
            yield {"function_call": {"arguments": piece}}
        return
    inner, text = ("custom", "input") if call.kind is ToolKind.CUSTOM else ("function", "arguments")
    yield {"tool_calls": [{"index": index, "id": call.id, "type": inner, inner: {"name": call.name, text: ""}}]}
    for piece in call.pieces:
        yield {"tool_calls": [{"index": index, inner: {text: piece}}]}

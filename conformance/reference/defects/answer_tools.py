"""Defects in tool calls and in the choice of tools.

Calls that a client is to send back are spoilt only where there are several, so that the defect stays in the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, COMPLETION, REQUEST, Call, defect
from conformance.reference.pieces import each_choice, each_message
from conformance.reference.request import Mode, ToolChoice
from conformance.strictjson import items

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.model import Json
    from conformance.reference.completion import Completion, ToolCall
    from conformance.reference.request import ChatRequest


def _second_call(answer: dict[str, Json], change: Callable[[dict[str, Json]], None]) -> dict[str, Json]:
    """Change the second call of a whole answer in place."""
    for message in each_message(answer):
        for call in items(message, "tool_calls")[1:2]:
            if isinstance(call, dict):
                change(call)
    return answer


def _calls(completion: Completion, change: Callable[[ToolCall], ToolCall]) -> Completion:
    """Change the calls of every choice that has several."""
    changed = (replace(each, calls=tuple(map(change, each.calls))) if len(each.calls) > 1 else each for each in completion.choices)
    return replace(completion, choices=tuple(changed))


@defect("call-id-empty", seam=ANSWER, trips={"ANSWER-CALL-ID"}, incident="ggml-org/llama.cpp#11992")
def call_id_empty(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The second of several calls has an empty id."""
    return _second_call(answer, lambda call: call.update(id=""))


@defect("call-ids-repeated", seam=COMPLETION, trips={"ANSWER-CALL-IDS-DISTINCT"}, incident="HKUDS/nanobot#4059")
def call_ids_repeated(completion: Completion, _: Call) -> Completion:
    """All calls of an answer have the id of the first."""
    return _calls(completion, lambda call: replace(call, id=f"call_{completion.id}"))


@defect("call-type-missing", seam=ANSWER, trips={"ANSWER-CALL-TYPE"}, incident="vercel/ai#12939")
def call_type_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The second of several calls does not say its type."""
    return _second_call(answer, lambda call: call.update(type=""))


@defect("call-name-prefixed", seam=COMPLETION, trips={"ANSWER-CALL-NAME"})
def call_name_prefixed(completion: Completion, _: Call) -> Completion:
    """Several calls are made through a name space that nobody offered."""
    return _calls(completion, lambda call: replace(call, name=f"functions.{call.name}"))


@defect("arguments-object", seam=ANSWER, trips={"ANSWER-ARGUMENTS"}, incident="ggml-org/llama.cpp#20198")
def arguments_object(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The arguments of a call are an object instead of its text."""

    def opened(call: dict[str, Json]) -> None:
        function = call["function"]
        call["function"] = function | {"arguments": {"city": "Rome"}} if isinstance(function, dict) else None

    return _second_call(answer, opened)


@defect("arguments-cut", seam=COMPLETION, trips={"ANSWER-ARGUMENTS-JSON"}, incident="vllm-project/vllm#32152")
def arguments_cut(completion: Completion, _: Call) -> Completion:
    """Of several calls the arguments lack their last brace."""
    return _calls(completion, lambda call: replace(call, pieces=call.pieces[:-1]))


@defect("empty-calls", seam=ANSWER, trips={"ANSWER-NO-EMPTY-CALLS"}, incident="vllm-project/vllm#44105")
def empty_calls(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """An answer without calls has an empty list of them."""
    for message in each_message(answer):
        message.setdefault("tool_calls", [])
    return answer


def _chosen(request: ChatRequest, mode: Mode) -> ChatRequest:
    return replace(request, choice=ToolChoice(mode=mode))


@defect("tool-choice-none-ignored", seam=REQUEST, trips={"ANSWER-TOOL-CHOICE-NONE"}, incident="google-ai-edge/LiteRT-LM#2471")
def tool_choice_none_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Calls cannot be forbidden."""
    return _chosen(request, Mode.AUTO) if request.tools and request.choice.mode is Mode.NONE else request


@defect("tool-choice-required-ignored", seam=REQUEST, trips={"ANSWER-TOOL-CHOICE-REQUIRED"}, incident="jundot/omlx#2877")
def tool_choice_required_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """A call that is demanded is left to the model."""
    demanded = request.choice.mode is Mode.REQUIRED and request.choice.only is None
    return _chosen(request, Mode.AUTO) if demanded else request


@defect("tools-passed-over", seam=REQUEST, trips={"ANSWER-TOOLS-HEEDED"}, incident="Blaizzy/mlx-vlm#1045")
def tools_passed_over(request: ChatRequest, _: Call) -> ChatRequest:
    """Tools are taken, and nothing is made of them."""
    return replace(request, tools=(), choice=ToolChoice(mode=Mode.NONE))


@defect("tool-choice-named-ignored", seam=REQUEST, trips={"ANSWER-TOOL-CHOICE-NAMED"}, incident="raullenchai/Rapid-MLX#445")
def tool_choice_named_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Where one tool is named, any tool is called."""
    return _chosen(request, Mode.REQUIRED) if request.choice.only is not None else request


@defect("parallel-off-ignored", seam=REQUEST, trips={"ANSWER-PARALLEL-OFF", "ANSWER-CLAIM-HONOURED"}, incident="SamSaffron/term-llm#276")
def parallel_off_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Several calls come although one at a time was asked for."""
    return replace(request, parallel=True)


@defect("call-index-left", seam=ANSWER, trips={"ANSWER-CALL-INDEX"}, incident="epam/ai-dial-sdk#110")
def call_index_left(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """A call in a whole answer keeps the index that it has in a stream."""
    for choice in each_choice(answer):
        for number, call in enumerate(items(choice, "message", "tool_calls")):
            if isinstance(call, dict):
                call["index"] = number
    return answer


@defect("content-none-beside-calls", seam=ANSWER, trips={"ANSWER-CONTENT-NO-WORD-FOR-NULL"})
def content_none_beside_calls(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Beside calls the content is what Python writes for nothing."""
    for message in each_message(answer):
        if message.get("tool_calls") and message["content"] is None:
            message["content"] = str(None)
    return answer

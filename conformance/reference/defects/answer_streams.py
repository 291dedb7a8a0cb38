"""Defects of answers that show only beside another answer, or in one kind of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, CHUNKS, COMPLETION, REQUEST, Call, Chunks, defect
from conformance.reference.completion import Finish
from conformance.reference.pieces import each_choice, each_message
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Completion
    from conformance.reference.request import ChatRequest


@defect("length-lost-for-several", seam=COMPLETION, trips={"ANSWER-FINISH-LENGTH-ALIKE"}, incident="PaddlePaddle/FastDeploy#4543")
def length_lost_for_several(completion: Completion, call: Call) -> Completion:
    """Where several choices were asked for, those that the cap cut off end with `stop`."""
    if call.request.n < 2:
        return completion
    ended = (replace(each, finish=Finish.STOP if each.finish == Finish.LENGTH else each.finish) for each in completion.choices)
    return replace(completion, choices=tuple(ended))


@defect("alternatives-ignored", seam=REQUEST, trips={"ANSWER-TOP-LOGPROBS-GIVEN"}, incident="youssofal/MTPLX#191")
def alternatives_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Log probabilities come without the alternatives that were asked for."""
    return replace(request, top_logprobs=0)


@defect("call-in-text", seam=ANSWER, trips={"ANSWER-CALL-NOT-IN-TEXT"}, incident="waybarrios/vllm-mlx#43")
def call_in_text(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """A call stands in the text as well, as the model wrote it."""
    for message in each_message(answer):
        for call in items(message, "tool_calls")[:1]:
            message["content"] = f"<tool_call>{get(call, 'function', 'arguments')}</tool_call>"
    return answer


@defect("arguments-in-text", seam=CHUNKS, trips={"ANSWER-CALL-NOT-IN-TEXT"}, incident="Blaizzy/mlx-vlm#900")
def arguments_in_text(chunks: Chunks, _: Call) -> Chunks:
    """The arguments of a streamed call are streamed as text as well."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            delta = choice["delta"]
            text = get(delta, "tool_calls", 0, "function", "arguments")
            if isinstance(delta, dict) and isinstance(text, str):
                delta["content"] = text
        yield chunk


@defect("characters-lost-everywhere", seam=COMPLETION, trips={"ANSWER-WHOLE-CHARACTERS"}, incident="mattn/tensai#110")
def characters_replaced(completion: Completion, _: Call) -> Completion:
    """Tokens are decoded one by one; of a character in several tokens nothing is left."""
    broken = (
        replace(each, pieces=None if each.pieces is None else tuple("\ufffd" if max(piece) > "\u2fff" else piece for piece in each.pieces))
        for each in completion.choices
    )
    return replace(completion, choices=tuple(broken))

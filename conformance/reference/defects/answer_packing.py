"""Defects in how an answer is packed, and in what of the machinery is left in it: lengths, codings, stop strings, marks, alternatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, CHUNKS, COMPLETION, REPLY, REQUEST, STREAM, Call, Chunks, defect
from conformance.reference.completion import Finish
from conformance.reference.pieces import each_choice
from conformance.reference.request import Format
from conformance.reference.toymodel import ToyModel
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Choice, Completion
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply


@defect("length-copied", seam=STREAM, trips={"ANSWER-ONE-LENGTH"}, incident="braintrustdata/braintrust-proxy#1124")
def length_copied(reply: Reply, _: Call) -> Reply:
    """A proxy makes a stream of a whole answer, and leaves the length of that one in the head; over HTTP, h11 takes it out again."""
    return reply.with_header("content-length", "4096")


@defect("coding-label-left", seam=REPLY, trips={"ANSWER-CODING"}, incident="envoyproxy/ai-gateway#2554")
def coding_label_left(reply: Reply, _: Call) -> Reply:
    """A gateway unpacks the errors of its provider, and leaves on them the label of how they were packed."""
    return reply.with_header("content-encoding", "gzip") if reply.status >= 400 and reply.body else reply


@defect("stop-begins-streamed", seam=COMPLETION, trips={"ANSWER-STOP-EXACT"}, incident="SharpAI/SwiftLM#126")
def stop_begins_streamed(completion: Completion, call: Call) -> Completion:
    """In streams, the beginning of a stop string is sent before the rest of it is seen."""
    said = ToyModel().reply(call.request).text

    def begun(choice: Choice) -> Choice:
        met = [stop for stop in call.request.stops if choice.text and said.startswith(choice.text + stop)]
        return replace(choice, pieces=(*(choice.pieces or ()), met[0][:-1])) if met else choice

    return replace(completion, choices=tuple(map(begun, completion.choices))) if call.request.stream else completion


@defect("stop-in-characters", seam=REQUEST, trips={"ANSWER-STOP-WHOLE"})
def stop_in_characters(request: ChatRequest, call: Call) -> ChatRequest:
    """A stop string is gone through like a list: each of its first four characters ends the text."""
    stop = get(call.body, "stop")
    return replace(request, stops=tuple(stop[:4])) if isinstance(stop, str) else request


@defect("mark-at-the-end", seam=COMPLETION, trips={"ANSWER-NO-TEMPLATE-MARKS"}, incident="ModelTC/LightLLM#130")
def mark_at_the_end(completion: Completion, call: Call) -> Completion:
    """Text that came to its end closes with the mark by which the model says so."""
    if call.request.format is not Format.TEXT:
        return completion
    closed = (
        replace(each, pieces=(*each.pieces, "<|im_end|>")) if each.pieces and each.finish == Finish.STOP else each
        for each in completion.choices
    )
    return replace(completion, choices=tuple(closed))


@defect("alternatives-repeated", seam=CHUNKS, trips={"ANSWER-TOP-LOGPROBS-OWN"}, incident="sgl-project/sglang#39260")
def alternatives_repeated(chunks: Chunks, _: Call) -> Chunks:
    """In streams, all tokens have the alternatives of the first one."""
    first: list[Json] = []
    for chunk in chunks:
        for choice in each_choice(chunk):
            for entry in items(choice, "logprobs", "content"):
                if isinstance(entry, dict):
                    first = first or items(entry, "top_logprobs")
                    entry["top_logprobs"] = list(first)
        yield chunk


@defect("alternatives-decoded-alone", seam=ANSWER, trips={"ANSWER-TOP-LOGPROBS-DISTINCT"}, incident="vllm-project/vllm#34875")
def alternatives_decoded_alone(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Alternatives that are a piece of a character are decoded one by one, and nothing is left of them."""
    for choice in each_choice(answer):
        for entry in items(choice, "logprobs", "content"):
            for other in items(entry, "top_logprobs")[1:]:
                if isinstance(other, dict):
                    other.update(token="", bytes=[])
    return answer

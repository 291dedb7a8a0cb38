"""Defects in how an answer ends, and in what it says of its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, CHUNKS, COMPLETION, REQUEST, Call, Chunks, defect
from conformance.reference.completion import Finish
from conformance.reference.pieces import each_choice
from conformance.reference.toymodel import ToyModel

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Choice, Completion
    from conformance.reference.request import ChatRequest


def _ended(completion: Completion, before: str, after: str) -> Completion:
    """Give the choices with text that ended for one reason another."""
    changed = (replace(each, finish=after) if each.finish == before and not each.calls else each for each in completion.choices)
    return replace(completion, choices=tuple(changed))


@defect("finish-missing", seam=ANSWER, trips={"ANSWER-FINISH", "STREAM-SAME-FINISH"}, incident="mudler/LocalAI#788")
def finish_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Of several choices only the first says why it ended."""
    for choice in each_choice(answer):
        if choice["index"]:
            del choice["finish_reason"]
    return answer


@defect("finish-foreign", seam=COMPLETION, trips={"ANSWER-FINISH-VOCABULARY"}, incident="huggingface/text-generation-inference#2344")
def finish_foreign(completion: Completion, _: Call) -> Completion:
    """An answer that came to its end ends with the word of the engine behind."""
    return _ended(completion, Finish.STOP, "eos_token")


@defect("cut-in-silence", seam=COMPLETION, trips={"ANSWER-FINISH-LENGTH"}, incident="huggingface/transformers#42157")
def cut_in_silence(completion: Completion, _: Call) -> Completion:
    """An answer that the cap cut off ends with `stop`."""
    return _ended(completion, Finish.LENGTH, Finish.STOP)


@defect("length-always", seam=COMPLETION, trips={"ANSWER-FINISH-NOT-LENGTH"})
def length_always(completion: Completion, call: Call) -> Completion:
    """Where there is a cap, every answer ends with `length`."""
    return completion if call.request.stops or call.request.cap is None else _ended(completion, Finish.STOP, Finish.LENGTH)


@defect("stop-with-calls-streamed", seam=CHUNKS, trips={"ANSWER-FINISH-TOOL-CALLS", "STREAM-SAME-FINISH"}, incident="ollama/ollama#5995")
def stop_with_calls_streamed(chunks: Chunks, _: Call) -> Chunks:
    """In streams alone, calls end with `stop`."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if choice["finish_reason"] == Finish.TOOL_CALLS:
                choice["finish_reason"] = Finish.STOP
        yield chunk


@defect("tool-calls-without-calls", seam=COMPLETION, trips={"ANSWER-FINISH-WITHOUT-CALLS"}, incident="mudler/LocalAI#6218")
def tool_calls_without_calls(completion: Completion, call: Call) -> Completion:
    """Where tools are offered, text ends with `tool_calls` too."""
    return _ended(completion, Finish.STOP, Finish.TOOL_CALLS) if call.request.tools else completion


@defect("cap-ignored", seam=REQUEST, trips={"ANSWER-CAP", "USAGE-CAP"}, incident="nikserg/skim#35")
def cap_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """A cap is accepted under either name, and ignored."""
    return replace(request, cap=None)


@defect("cap-name-ignored", seam=REQUEST, trips={"ANSWER-CAP-NAMES"}, incident="ikawrakow/ik_llama.cpp#2321")
def cap_name_ignored(request: ChatRequest, call: Call) -> ChatRequest:
    """The newer name of the cap is accepted and ignored."""
    older = isinstance(call.body, dict) and "max_tokens" in call.body
    return request if older else replace(request, cap=None)


@defect("stop-list-ignored", seam=REQUEST, trips={"ANSWER-STOP"}, incident="lvyufeng/PocketLLM#246")
def stop_list_ignored(request: ChatRequest, call: Call) -> ChatRequest:
    """Stop strings count as one string, and are forgotten as a list."""
    listed = isinstance(call.body, dict) and isinstance(call.body.get("stop"), list)
    return replace(request, stops=()) if listed else request


@defect("stop-list-first", seam=REQUEST, trips={"ANSWER-STOP"})
def stop_list_first(request: ChatRequest, _: Call) -> ChatRequest:
    """Of several stop strings the first one is heeded."""
    return replace(request, stops=request.stops[:1])


@defect("stop-included", seam=COMPLETION, trips={"ANSWER-STOP-EXCLUDED"})
def stop_included(completion: Completion, call: Call) -> Completion:
    """The stop string that ended a text is part of it."""
    said = ToyModel().reply(call.request).text

    def closed(choice: Choice) -> Choice:
        met = [stop for stop in call.request.stops if choice.text and said.startswith(choice.text + stop)]
        return replace(choice, pieces=(*(choice.pieces or ()), met[0])) if met else choice

    return replace(completion, choices=tuple(map(closed, completion.choices)))


@defect("stop-ends-as-length", seam=COMPLETION, trips={"ANSWER-STOP-FINISH"}, incident="EndlessInternational/intelligence#2")
def stop_ends_as_length(completion: Completion, call: Call) -> Completion:
    """A stop string is kept from the client while the model goes on to the cap."""
    return _ended(completion, Finish.STOP, Finish.LENGTH) if call.request.stops else completion


@defect("function-call-with-calls", seam=CHUNKS, trips={"ANSWER-FINISH-TOOL-CALLS", "STREAM-SAME-FINISH"})
def function_call_with_calls(chunks: Chunks, _: Call) -> Chunks:
    """A streamed answer that calls a tool ends with the word for the calls of old."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if choice["finish_reason"] == Finish.TOOL_CALLS:
                choice["finish_reason"] = Finish.FUNCTION_CALL
        yield chunk

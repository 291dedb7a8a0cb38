"""Why the model stopped, in whole and streamed answers."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level, Place
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer, valid_reply, valid_variation
from conformance.strictjson import get, is_integer, show
from conformance.subjects.pair import Variation
from conformance.subjects.reply import Answer, Choice, Reply


def _at(position: int) -> Place:
    return Place(pointer=f"/choices/{position}/finish_reason")


def _finished(answered: Reply) -> list[tuple[int, Choice]]:
    """The choices that say why they ended. Raises `UnmetError` when none does."""
    found = [(position, each) for position, each in enumerate(answered.choices) if each.finish_reason not in (None, MISSING)]
    if not found:
        raise UnmetError("no choice has a finish_reason")
    return found


@requirement(
    "ANSWER-FINISH",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/components/schemas/Choice/required"), incident("mudler/LocalAI#788"), incident("neuron-core/neuron-ai#379")],
)
def finish_reason_is_there(whole: Answer) -> Iterator[Finding]:
    """Every choice has a finish_reason, and it is a string."""
    if not whole.choices:
        raise UnmetError("the answer has no choice")
    for position, choice in enumerate(whole.choices):
        if not isinstance(choice.finish_reason, str):
            yield Finding(code="no-finish-reason", expected="a string", received=show(choice.finish_reason), at=_at(position))


@requirement(
    "ANSWER-FINISH-VOCABULARY",
    Level.MUST,
    on=valid_reply,
    cites=[
        contract("/x-answer/finish-reason-vocabulary"),
        incident("huggingface/text-generation-inference#2344"),
        incident("aws-samples/bedrock-access-gateway#11"),
    ],
)
def finish_reason_is_known(answered: Reply) -> Iterator[Finding]:
    """finish_reason is a word of the contract; clients with typed enumerations reject the whole answer over another one."""
    known = answered.observation.contract.at("/x-answer/finish-reason-vocabulary/values")
    words = known if isinstance(known, list) else []
    for position, choice in _finished(answered):
        if isinstance(choice.finish_reason, str) and choice.finish_reason not in words:
            expected = f"one of {', '.join(str(word) for word in words)}"
            yield Finding(code="unknown-word", expected=expected, received=show(choice.finish_reason), at=_at(position))


@requirement(
    "ANSWER-FINISH-LENGTH",
    Level.MUST,
    on=valid_variation.about("cap"),
    cites=[
        contract("/x-answer/finish-reason-length"),
        incident("huggingface/transformers#42157"),
        incident("PaddlePaddle/FastDeploy#4543"),
    ],
)
def a_cut_answer_says_so(pair: Variation) -> Iterator[Finding]:
    """An answer that the cap cut off ends with `length`.

    That it was cut is taken from the answer to the same question under a larger cap, which begins alike and goes on, and from the tokens
    that it counts: below the cap, a model of another mind may have ended there. Who says `length` has said it, be the text another one or
    all of it thought.
    """
    shorter, longer = pair.varied.first, pair.control.first
    if shorter.finish_reason == "length":
        return
    tokens, cap = get(pair.varied.usage, "completion_tokens"), pair.varied.cap
    fewer = isinstance(tokens, int) and cap is not None and tokens < cap
    if shorter.finish_reason == longer.finish_reason == "stop" and (
        shorter.text == longer.text or (fewer and not longer.text.startswith(shorter.text))
    ):
        raise AbsentError("the answer ended by itself, below the cap")
    if not shorter.text or not longer.text.startswith(shorter.text) or len(longer.text) <= len(shorter.text):
        raise UnmetError("the answer under the larger cap is not a longer version of this one")
    if shorter.finish_reason in (None, MISSING):
        raise UnmetError("the choice has no finish_reason")
    if fewer:
        raise UnmetError("the answer counts fewer tokens than the cap allows")
    if shorter.finish_reason == "stop":
        yield Finding(code="cut-in-silence", expected="length", received=show(shorter.finish_reason), at=_at(0))


def _total_beyond_parts(answered: Reply) -> bool:
    """Whether the total holds more than prompt and completion: some vendors count thought there alone."""
    counts = [get(answered.usage, name) for name in ("total_tokens", "prompt_tokens", "completion_tokens")]
    total, prompt, completion = (value if isinstance(value, int) else 0 for value in counts)
    return total > prompt + completion


@requirement(
    "ANSWER-FINISH-NOT-LENGTH",
    Level.MUST,
    on=valid_reply,
    cites=[contract("/x-answer/finish-reason-length"), incident("EndlessInternational/intelligence#2")],
)
def length_means_cut(answered: Reply) -> Iterator[Finding]:
    """An answer that had room left under its cap does not end with `length`.

    Only text of fewer bytes than the cap has tokens, of which fewer are counted too, is held against it.
    """
    if not isinstance(answered.usage, dict):
        raise AbsentError("the answer does not say what it took")
    cap, tokens = answered.cap, get(answered.usage, "completion_tokens")
    if cap is None or not is_integer(tokens) or not isinstance(tokens, int | float) or len(answered.choices) != 1:
        raise UnmetError("there is no cap, no count, or more than one choice")
    if answered.first.finish_reason != "length":
        return
    if get(answered.usage, "completion_tokens_details", "reasoning_tokens") or _total_beyond_parts(answered):
        raise AbsentError("the model thought as well, and not all of it need be counted")
    said = len(answered.first.text.encode("utf-8", "replace"))
    if not said or answered.first.calls:
        raise AbsentError("the choice is not text alone")
    if said < cap and 0 < tokens < cap - 1:
        yield Finding(code="not-cut", expected="stop", received=f"length after {tokens} of {cap} tokens", at=_at(0))


@requirement(
    "ANSWER-FINISH-TOOL-CALLS",
    Level.MUST,
    on=valid_reply.needing("tools"),
    cites=[
        contract("/x-answer/finish-reason-tool-calls"),
        incident("vllm-project/vllm#9209"),
        incident("ollama/ollama#5995"),
        incident("Blaizzy/mlx-vlm#990"),
    ],
)
def calls_end_with_tool_calls(answered: Reply) -> Iterator[Finding]:
    """A choice that calls a tool ends with `tool_calls`, not with `stop`, unless the request named the tool.

    Nor with `function_call`, which is the word for the calls of old. Agents decide by it whether to go on.
    """
    calling = [(position, choice) for position, choice in _finished(answered) if choice.calls]
    if not calling or isinstance(get(answered.request, "tool_choice"), dict):
        raise UnmetError("no choice calls a tool of the model's own accord")
    for position, choice in calling:
        if choice.finish_reason in ("stop", "function_call"):
            code = "stop-with-calls" if choice.finish_reason == "stop" else "function-call-with-calls"
            yield Finding(code=code, expected="tool_calls", received=show(choice.finish_reason), at=_at(position))


@requirement(
    "ANSWER-FINISH-WITHOUT-CALLS",
    Level.MUST,
    on=valid_reply,
    cites=[
        contract("/x-answer/finish-reason-tool-calls"),
        incident("mudler/LocalAI#6218"),
        incident("vllm-project/vllm#53255"),
    ],
)
def tool_calls_means_calls(answered: Reply) -> Iterator[Finding]:
    """A choice that ends with `tool_calls` has a call; agents loop or fail without."""
    for position, choice in _finished(answered):
        if choice.finish_reason == "tool_calls" and not choice.calls:
            yield Finding(code="no-calls", expected="a call", received="none", at=_at(position))

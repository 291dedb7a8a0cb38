"""Defects in the counting of tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, CHUNKS, COMPLETION, Call, Chunks, defect
from conformance.reference.completion import Finish
from conformance.reference.tokens import prompt_tokens
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Completion

COUNTERS = {"USAGE-PROMPT-EXACT", "USAGE-PROMPT-GROWS"}
"""What notices a prompt count that never moves."""


def recounted(completion: Completion, *, prompt: int | None = None, generated: int | None = None) -> Completion:
    """Change a count and keep the sum right."""
    usage = completion.usage
    prompt = usage.prompt if prompt is None else prompt
    generated = usage.completion if generated is None else generated
    return replace(completion, usage=replace(usage, prompt=prompt, completion=generated, total=prompt + generated))


def _put(answer: dict[str, Json], group: str, name: str, value: Json) -> dict[str, Json]:
    """Change one of the details of a whole answer."""
    usage = answer["usage"]
    if isinstance(usage, dict) and isinstance(details := usage[group], dict):
        details[name] = value
    return answer


@defect("usage-missing", seam=ANSWER, trips={"USAGE-PRESENT"}, incident="simonw/llm#1698")
def usage_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Answers in one piece have no usage."""
    return {name: value for name, value in answer.items() if name != "usage"}


@defect("usage-other-names", seam=ANSWER, trips={"USAGE-COUNTERS"}, incident="earendil-works/pi#2325")
def usage_other_names(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Usage has the names of another API."""
    usage = answer["usage"]
    if not isinstance(usage, dict):
        return answer
    return answer | {"usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}}


@defect("usage-fractions", seam=ANSWER, trips={"USAGE-INTEGERS"}, incident="philschmid/easyllm#40")
def usage_fractions(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The prompt is counted in fractions of tokens."""
    usage = answer["usage"]
    return answer | {"usage": usage | {"prompt_tokens": 2.25}} if isinstance(usage, dict) else answer


@defect("usage-details-strings", seam=ANSWER, trips={"USAGE-DETAILS-INTEGERS"}, incident="QwenLM/qwen-code#7239")
def usage_details_strings(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The count of cached tokens is a string."""
    return _put(answer, "prompt_tokens_details", "cached_tokens", "0")


@defect("total-wrong", seam=COMPLETION, trips={"USAGE-TOTAL", "USAGE-TOTAL-ACCOUNTED"}, incident="mozilla-ai/any-llm#1290")
def total_wrong(completion: Completion, _: Call) -> Completion:
    """The total is one more than the sum."""
    return replace(completion, usage=replace(completion.usage, total=completion.usage.total + 1))


@defect(
    "total-wrong-streamed",
    seam=CHUNKS,
    trips={"USAGE-TOTAL", "USAGE-TOTAL-ACCOUNTED"},
    incident="router-for-me/CLIProxyAPI#5733",
)
def total_wrong_streamed(chunks: Chunks, _: Call) -> Chunks:
    """In streams alone the total leaves out the prompt."""
    for chunk in chunks:
        usage = chunk.get("usage")
        yield chunk | {"usage": usage | {"total_tokens": usage["completion_tokens"]}} if isinstance(usage, dict) else chunk


@defect("prompt-zero", seam=COMPLETION, trips={"USAGE-PROMPT-COUNTED", *COUNTERS}, incident="decolua/9router#2209")
def prompt_zero(completion: Completion, _: Call) -> Completion:
    """The prompt is not counted."""
    return recounted(completion, prompt=0)


@defect("calls-uncounted", seam=COMPLETION, trips={"USAGE-COMPLETION-COUNTED"}, incident="router-for-me/CLIProxyAPI#5733")
def calls_uncounted(completion: Completion, _: Call) -> Completion:
    """An answer that calls a tool costs no tokens."""
    return recounted(completion, generated=0) if any(choice.calls for choice in completion.choices) else completion


@defect("cached-exceeds-prompt", seam=ANSWER, trips={"USAGE-DETAILS-PROMPT"}, incident="earendil-works/pi#2048")
def cached_exceeds_prompt(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The prompt is counted without its cached part."""
    return _put(answer, "prompt_tokens_details", "cached_tokens", 4096)


@defect("reasoning-outside", seam=ANSWER, trips={"USAGE-DETAILS-COMPLETION"}, incident="router-for-me/CLIProxyAPI#5744")
def reasoning_outside(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Tokens of thought are named but not counted among those of the completion."""
    return _put(answer, "completion_tokens_details", "reasoning_tokens", 600)


@defect("logprobs-uncounted", seam=COMPLETION, trips={"USAGE-LOGPROBS", "USAGE-SAME-TEXT"}, incident="vllm-project/vllm#8625")
def logprobs_uncounted(completion: Completion, call: Call) -> Completion:
    """With log probabilities several tokens arrive at once and are counted as one."""
    return recounted(completion, generated=completion.usage.completion // 2) if call.request.logprobs else completion


@defect("choices-counted-twice", seam=COMPLETION, trips={"USAGE-CAP"})
def choices_counted_twice(completion: Completion, call: Call) -> Completion:
    """With several choices each is counted as often as there are choices."""
    return recounted(completion, generated=completion.usage.completion * call.request.n)


@defect("choices-uncounted", seam=COMPLETION, trips={"USAGE-CHOICES"})
def choices_uncounted(completion: Completion, _: Call) -> Completion:
    """Only the first of several choices is counted."""
    return recounted(completion, generated=completion.choices[0].size)


@defect("cut-answers-undercounted", seam=COMPLETION, trips={"USAGE-LENGTH-REACHES-CAP"}, incident="lmstudio-ai/lmstudio-bug-tracker#2335")
def cut_answers_undercounted(completion: Completion, call: Call) -> Completion:
    """An answer that is cut off early is counted without its last tokens."""
    cut = completion.choices[0].finish == Finish.LENGTH and (call.request.cap or 0) < 8
    return recounted(completion, generated=1) if cut else completion


@defect("stream-prompt-differs", seam=COMPLETION, trips={"USAGE-STREAM-PROMPT"}, incident="BerriAI/litellm#6488")
def stream_prompt_differs(completion: Completion, call: Call) -> Completion:
    """In streams of one choice the prompt is estimated from its characters."""
    estimate = sum(len(message.text) for message in call.request.messages) // 4
    return recounted(completion, prompt=estimate) if call.request.stream and call.request.n == 1 else completion


@defect("stream-completion-differs", seam=COMPLETION, trips={"USAGE-STREAM-COMPLETION"}, incident="BerriAI/litellm#7112")
def stream_completion_differs(completion: Completion, call: Call) -> Completion:
    """In streams that end by themselves the chunks around the text are counted too."""
    ended = all(choice.finish == Finish.STOP for choice in completion.choices)
    return recounted(completion, generated=completion.usage.completion + 3) if call.request.stream and ended else completion


@defect("prompt-shrinks-when-cached", seam=COMPLETION, trips={"USAGE-PROMPT-REPEATED"}, incident="Menci/Floway#2")
def prompt_shrinks_when_cached(completion: Completion, call: Call) -> Completion:
    """When a request comes a second time, its prompt is counted without what the cache knew."""
    again = call.state.count(call.raw.body.hex()) > 0
    return recounted(completion, prompt=completion.usage.prompt // 4) if again else completion


@defect(
    "prompt-includes-cap", seam=COMPLETION, trips={"USAGE-PROMPT-EXACT", "USAGE-PROMPT-OTHER-CAP"}, incident="web-infra-dev/midscene#3117"
)
def prompt_includes_cap(completion: Completion, call: Call) -> Completion:
    """The room reserved for the answer is counted as prompt."""
    return recounted(completion, prompt=completion.usage.prompt + (call.request.cap or 0))


@defect("prompt-times-choices", seam=COMPLETION, trips={"USAGE-PROMPT-SEVERAL-CHOICES"})
def prompt_times_choices(completion: Completion, call: Call) -> Completion:
    """The prompt is counted once for each choice."""
    return recounted(completion, prompt=completion.usage.prompt * call.request.n)


@defect("prompt-includes-parameters", seam=COMPLETION, trips={"USAGE-PROMPT-OTHER-PARAMETERS"}, incident="headroomlabs-ai/headroom#2712")
def prompt_includes_parameters(completion: Completion, call: Call) -> Completion:
    """The name of the end user is counted as prompt."""
    named = isinstance(call.body, dict) and "user" in call.body
    return recounted(completion, prompt=completion.usage.prompt + 2) if named else completion


@defect("parts-lost", seam=COMPLETION, trips={"USAGE-PROMPT-PARTS", "USAGE-PROMPT-PARTS-ALL"}, incident="CommandCodeAI/command-code#807")
def parts_lost(completion: Completion, call: Call) -> Completion:
    """Text in parts is accepted and does not reach the model."""
    messages = call.body.get("messages") if isinstance(call.body, dict) else None
    in_parts = [isinstance(turn, dict) and isinstance(turn.get("content"), list) for turn in messages] if isinstance(messages, list) else []
    kept = tuple(turn for turn, lost in zip(call.request.messages, in_parts, strict=True) if not lost)
    return recounted(completion, prompt=prompt_tokens(replace(call.request, messages=kept)))


@defect("prompt-constant", seam=COMPLETION, trips=COUNTERS, incident="headroomlabs-ai/headroom#3163")
def prompt_constant(completion: Completion, _: Call) -> Completion:
    """Every prompt is said to have a hundred tokens."""
    return recounted(completion, prompt=100)


@defect(
    "prompt-counted-by-pairs",
    seam=COMPLETION,
    trips={"USAGE-PROMPT-EXACT", "USAGE-PROMPT-GROWS-EVENLY"},
    incident="quangdang46/openproxy#256",
)
def prompt_counted_by_pairs(completion: Completion, _: Call) -> Completion:
    """Long prompts get a surcharge that grows with the square of their length."""
    return recounted(completion, prompt=completion.usage.prompt + completion.usage.prompt**2 // 50)


@defect("tools-uncounted", seam=COMPLETION, trips={"USAGE-PROMPT-TOOL"}, incident="BerriAI/litellm#15417")
def tools_uncounted(completion: Completion, call: Call) -> Completion:
    """The declarations of tools are not counted."""
    return recounted(completion, prompt=prompt_tokens(replace(call.request, overhead=())))


@defect("cut-answers-overcounted", seam=COMPLETION, trips={"USAGE-CAP"})
def cut_answers_overcounted(completion: Completion, _: Call) -> Completion:
    """An answer that the cap cut off is counted with an end that it did not come to."""
    cut = completion.choices[0].finish == Finish.LENGTH
    return recounted(completion, generated=completion.usage.completion + 1) if cut else completion


@defect("cut-logprobs-undercounted", seam=COMPLETION, trips={"USAGE-LOGPROBS"})
def cut_logprobs_undercounted(completion: Completion, call: Call) -> Completion:
    """Of a text that was cut off and is listed with log probabilities, the last token is not counted."""
    cut = call.request.logprobs and completion.choices[0].finish == Finish.LENGTH
    return recounted(completion, generated=completion.usage.completion - 1) if cut else completion


@defect("last-part-alone", seam=COMPLETION, trips={"USAGE-PROMPT-PARTS-ALL"}, incident="Blaizzy/mlx-vlm#1137")
def last_part_alone(completion: Completion, call: Call) -> Completion:
    """Of several text parts the last one reaches the model."""
    turns = items(call.body, "messages")
    texts = [[str(get(part, "text")) for part in items(turn, "content")] for turn in turns]
    kept = tuple(
        replace(message, text=parts[-1]) if len(parts) > 1 else message for message, parts in zip(call.request.messages, texts, strict=True)
    )
    return recounted(completion, prompt=prompt_tokens(replace(call.request, messages=kept)))

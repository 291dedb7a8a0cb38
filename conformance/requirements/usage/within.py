"""Counts of one answer that have to agree with each other and with what was said."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Json, Level
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import DETAILS, SLACK, at, count, counted, reasoning, thinks, usage_of
from conformance.strictjson import get, is_integer, members
from conformance.subjects.reply import Reply

_IN_PROMPT = ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens")
_IN_COMPLETION = ("reasoning_tokens", "audio_tokens", "accepted_prediction_tokens")


@requirement(
    "USAGE-TOTAL",
    Level.SHOULD,
    on=counted,
    cites=[contract("/x-usage/sum"), incident("mozilla-ai/any-llm#1290"), incident("theopenco/llmgateway#3486")],
)
def total_is_the_sum(answered: Reply) -> Iterator[Finding]:
    """total_tokens is the sum of prompt_tokens and completion_tokens.

    Cached tokens are a part of the prompt, not a third summand; thought that is added once more is the affair of USAGE-REASONING-ONCE.
    """
    total, parts = count(answered, "total_tokens"), count(answered, "prompt_tokens") + count(answered, "completion_tokens")
    if reasoning(answered) and total == parts + reasoning(answered):
        raise AbsentError("thought is added once more")
    if total != parts:
        yield Finding(code="not-the-sum", expected=str(parts), received=str(total), at=at("total_tokens"))


@requirement(
    "USAGE-TOTAL-ACCOUNTED",
    Level.MUST,
    on=counted,
    cites=[contract("/x-usage/total-accounted"), incident("langgenius/dify#19175"), incident("SamSaffron/term-llm#424")],
)
def total_is_accounted_for(answered: Reply) -> Iterator[Finding]:
    """total_tokens is no less than the sum of prompt_tokens and completion_tokens, and no more than with all details added once again.

    Vendors differ on whether thought and what was cached are parts of these or come on top, and USAGE-TOTAL tells of that. A total below
    the sum is wrong by any count; so is one above it where the usage itself says that nobody thought.
    """
    usage, total = usage_of(answered), count(answered, "total_tokens")
    least = count(answered, "prompt_tokens") + count(answered, "completion_tokens")
    if total < least:
        yield Finding(code="below-sum", expected=f"at least {least}", received=str(total), at=at("total_tokens"))
    most = least + sum(_told(usage, group) for group in DETAILS)
    if total > most and is_integer(get(usage, "completion_tokens_details", "reasoning_tokens")):
        yield Finding(code="unaccounted", expected=f"at most {most}", received=str(total), at=at("total_tokens"))


def _told(usage: dict[str, Json], group: str) -> int:
    """All details of a group taken together."""
    return sum(max(0, int(value)) for value in members(usage, group).values() if is_integer(value) and isinstance(value, int | float))


@requirement(
    "USAGE-PROMPT-COUNTED",
    Level.MUST,
    on=counted,
    cites=[contract("/x-usage/prompt-counted"), incident("lm-sys/FastChat#2170"), incident("decolua/9router#2209")],
)
def prompt_is_counted(answered: Reply) -> Iterator[Finding]:
    """prompt_tokens is above 0: no request that is sent here is without text."""
    if count(answered, "prompt_tokens") == 0:
        yield Finding(code="zero", expected="more than 0", received="0", at=at("prompt_tokens"))


@requirement(
    "USAGE-COMPLETION-COUNTED",
    Level.MUST,
    on=counted,
    cites=[contract("/x-usage/completion-counted"), incident("waybarrios/vllm-mlx#236"), incident("router-for-me/CLIProxyAPI#5733")],
)
def completion_is_counted(answered: Reply) -> Iterator[Finding]:
    """completion_tokens is above 0 when the answer holds text or calls."""
    if not any(choice.text or choice.calls for choice in answered.choices):
        raise AbsentError("the answer holds neither text nor calls")
    if count(answered, "completion_tokens") == 0:
        yield Finding(code="zero", expected="more than 0", received="0", at=at("completion_tokens"))


@requirement(
    "USAGE-DETAILS-PROMPT",
    Level.SHOULD,
    on=counted,
    cites=[contract("/x-usage/details-within-prompt"), incident("earendil-works/pi#2048"), incident("AstrBotDevs/AstrBot#9905")],
)
def prompt_details_are_parts(answered: Reply) -> Iterator[Finding]:
    """No count among the details of the prompt is larger than prompt_tokens.

    Clients subtract cached_tokens from prompt_tokens, and must not arrive below zero.
    """
    yield from _larger(answered, "prompt_tokens", "prompt_tokens_details", _IN_PROMPT)


@requirement(
    "USAGE-DETAILS-COMPLETION",
    Level.SHOULD,
    on=counted,
    cites=[
        contract("/x-usage/details-within-completion"),
        incident("router-for-me/CLIProxyAPI#5744"),
        incident("prism-php/prism#1017"),
    ],
)
def completion_details_are_parts(answered: Reply) -> Iterator[Finding]:
    """Reasoning, audio and accepted prediction tokens are each no more than completion_tokens, of which they are a part."""
    yield from _larger(answered, "completion_tokens", "completion_tokens_details", _IN_COMPLETION)


def _larger(answered: Reply, whole: str, group: str, parts: tuple[str, ...]) -> Iterator[Finding]:
    most, usage = count(answered, whole), usage_of(answered)
    details = [(name, value) for name in parts if is_integer(value := get(usage, group, name)) and isinstance(value, int | float)]
    if not details:
        raise AbsentError(f"the usage has no {group}")
    for name, value in details:
        if value > most:
            yield Finding(code="larger-than-whole", expected=f"at most {most}", received=str(value), at=at(f"{group}/{name}"))


@requirement(
    "USAGE-LOGPROBS",
    Level.SHOULD,
    on=counted.needing("logprobs"),
    cites=[contract("/x-usage/completion-counted"), incident("vllm-project/vllm#8625"), incident("vllm-project/vllm-omni#2313")],
)
def completion_agrees_with_logprobs(answered: Reply) -> Iterator[Finding]:
    """completion_tokens is the number of tokens that log probabilities are given for.

    One more or less is let pass for the token that ends the text, and one more for characters of which the cap left a part; but tokens
    that are listed in a text that was cut off were all generated.
    """
    if len(answered.choices) != 1 or not answered.first.logprobs or answered.first.calls or thinks(answered):
        raise AbsentError("the answer is not one text with log probabilities and no hidden tokens")
    tokens, entries = count(answered, "completion_tokens"), len(answered.first.logprobs)
    least = entries if answered.first.finish_reason == "length" else entries - SLACK
    if not least <= tokens <= entries + SLACK:
        yield Finding(code="other-count", expected=f"{least} to {entries + SLACK}", received=str(tokens), at=at("completion_tokens"))

"""Counts read from usage objects, and the answers that are meant to have one.

Whoever wants a count that is missing from a usage object, or is no integer, gets an `UnmetError`: the requirements in `shape` own that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.model import MISSING, Finding, Json, Place, Purpose
from conformance.observation import AbsentError, UnmetError, accepted
from conformance.strictjson import get, is_integer
from conformance.subjects.pair import Variation, twins, variation
from conformance.subjects.reply import Reply, answer, reply
from conformance.subjects.traits import counts_prompts

COUNTERS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")

DETAILS: Final = {"prompt_tokens_details": "PromptTokensDetails", "completion_tokens_details": "CompletionTokensDetails"}
"""Members of usage that break a counter down, and their schemas."""

SLACK: Final = 1
"""Tokens per choice by which counts of output may differ: some servers count the token that ends a text and some do not."""


def reports_usage(purpose: Purpose) -> bool:
    """Whether the answer is to have usage: to any valid request if it is whole, and to one that asked for usage if it is streamed."""
    return accepted(purpose) and (not purpose.stream or ("usage-in-stream" in purpose.needs and "no-usage" not in purpose.topics))


counted: Final = reply.where(reports_usage, "answer with usage")
"""Answers of both kinds that are to have usage."""

counted_extras: Final = replace(counted, name="answer with more than counters", covers=lambda purpose: "repeat" in purpose.topics)
"""The same, for rules on what most vendors never tell. Sought in every answer; only the plainest is missed when it is lost or refused."""

counted_whole: Final = answer.where(reports_usage, "whole answer to a valid request")
"""Whole answers."""

counted_twins: Final = twins.where(reports_usage, "whole and streamed answer with usage")
"""Pairs that differ in `stream` alone and both report usage."""

counted_variation: Final = variation.where(
    lambda purpose: accepted(purpose) and not purpose.stream, "whole answers to a request and a variation of it"
)
"""Pairs of a control and what varies it, both whole: what streams count otherwise is the affair of those that compare twins."""


def usage_of(answer: Reply) -> dict[str, Json]:
    """The usage object. Raises `AbsentError` when there is none: it is optional, and those that want it there say so."""
    if not isinstance(answer.usage, dict):
        raise AbsentError("the answer has no usage object")
    return answer.usage


def prompts(pair: Variation) -> tuple[int, int]:
    """The prompt_tokens of a request and of its variation, where the two can tell what reached the model.

    Raises `AbsentError` where they are the same and a longer prompt does not count for more either: that is the affair of
    USAGE-PROMPT-GROWS, and whatever else leaves the count as it was is no news. Raises `UnmetError` when a count is missing or no integer.
    """
    before, after = count(pair.control, "prompt_tokens"), count(pair.varied, "prompt_tokens")
    if before == after and counts_prompts(pair.varied.observation.evidence) is False:
        raise AbsentError("prompt_tokens is the same for a longer prompt as well, so that it tells nothing here")
    return before, after


def count(answer: Reply, name: str) -> int:
    """One of the three counters. Raises `UnmetError` when it is missing or no integer."""
    value = usage_of(answer).get(name, MISSING)
    if not is_integer(value):
        raise UnmetError(f"the usage has no integer {name}")
    return int(value)  # type: ignore[arg-type] # is_integer has made sure


def reasoning(answer: Reply) -> int:
    """Tokens the model thought in, as far as the answer tells."""
    value = get(answer.usage, "completion_tokens_details", "reasoning_tokens")
    return int(value) if is_integer(value) else 0  # type: ignore[arg-type] # is_integer has made sure


def cached(answer: Reply) -> int:
    """Tokens of the prompt that came from a cache, as far as the answer tells."""
    value = get(answer.usage, "prompt_tokens_details", "cached_tokens")
    return int(value) if is_integer(value) else 0  # type: ignore[arg-type] # is_integer has made sure


def thinks(answer: Reply) -> bool:
    """Whether the model thought, as its usage or a member for thought tells; not every server counts what it shows."""
    return reasoning(answer) > 0 or any(name in answer.exchange.body for name in (b'"reasoning_content"', b'"reasoning"'))


def same_prompt(control: Reply, varied: Reply) -> Iterator[Finding]:
    """What is wrong when two answers to the same prompt count it differently."""
    before, after = count(control, "prompt_tokens"), count(varied, "prompt_tokens")
    if before != after:
        other = control.observation.exchange.id
        yield Finding(code="prompt-differs", expected=f"{before}, as in {other}", received=str(after), at=at("prompt_tokens"))


def at(name: str) -> Place:
    """Where a counter stands."""
    return Place(pointer=f"/usage/{name}")

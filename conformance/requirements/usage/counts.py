"""Counts read from usage objects, and the answers that are meant to have one.

Whoever wants a count that is missing or is no integer gets an `UnmetError`: the requirements in `shape` own that.
"""

from __future__ import annotations

from typing import Final

from conformance.model import MISSING, Json, Place, Purpose
from conformance.observation import UnmetError, accepted
from conformance.strictjson import get, is_integer
from conformance.subjects.pair import twins, variation
from conformance.subjects.reply import Reply, answer, reply

COUNTERS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")

SLACK: Final = 1
"""Tokens per choice by which counts of output may differ: some servers count the token that ends a text and some do not."""


def reports_usage(purpose: Purpose) -> bool:
    """Whether the answer is to have usage: to any valid request if it is whole, and to one that asked for usage if it is streamed."""
    return accepted(purpose) and (not purpose.stream or ("usage-in-stream" in purpose.needs and "no-usage" not in purpose.topics))


counted: Final = reply.where(reports_usage, "answer with usage")
"""Answers of both kinds that are to have usage."""

counted_whole: Final = answer.where(reports_usage, "whole answer to a valid request")
"""Whole answers."""

counted_twins: Final = twins.where(reports_usage, "whole and streamed answer with usage")
"""Pairs that differ in `stream` alone and both report usage."""

counted_variation: Final = variation.where(
    lambda purpose: accepted(purpose) and not purpose.stream, "whole answers to a request and a variation of it"
)
"""Pairs of a control and what varies it, both whole: what streams count otherwise is the affair of those that compare twins."""


def usage_of(answer: Reply) -> dict[str, Json]:
    """The usage object. Raises `UnmetError` when there is none."""
    if not isinstance(answer.usage, dict):
        raise UnmetError("the answer has no usage object")
    return answer.usage


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


def at(name: str) -> Place:
    """Where a counter stands."""
    return Place(pointer=f"/usage/{name}")

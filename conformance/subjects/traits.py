"""What a target does in a run as a whole: without it, one answer alone would be read as more than it says."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING
from conformance.observation import Asked, Evidence, accepted
from conformance.recent import once
from conformance.strictjson import get, is_integer
from conformance.subjects.reply import Reply, reply

LONGER = "longer"
"""Topic of a request that is another one with more text."""


def prompt_tokens(asked: Asked | None) -> int | None:
    """The tokens of the prompt by a whole answer; None where they were not counted."""
    answer = asked.answer if asked is not None else None
    tokens = get(answer.json, "usage", "prompt_tokens") if answer is not None else None
    return tokens if isinstance(tokens, int) and is_integer(tokens) else None


@once
def counts_prompts(evidence: Evidence) -> bool | None:
    """Whether prompt_tokens moves with the prompt: it grew for a longer one. None where no two answers tell.

    A count that is the same for every prompt says nothing of what reached the model.
    """
    grown = [after > before for before, after in _lengthened(evidence)]
    return any(grown) if grown else None


def _lengthened(evidence: Evidence) -> Iterator[tuple[int, int]]:
    for asked in _accepted(evidence, LONGER):
        before, after = prompt_tokens(asked.control()), prompt_tokens(asked)
        if before is not None and after is not None:
            yield before, after


@once
def calls_tools(evidence: Evidence) -> bool:
    """Whether any answer calls a tool."""
    return any(choice.calls for asked in _accepted(evidence, "tools") for each in _replies(asked) for choice in each.choices)


@once
def chooses_tools(evidence: Evidence) -> bool:
    """Whether any answer calls a tool that it need not call. A call that was demanded may be the work of a grammar alone."""
    return any(
        choice.calls
        for asked in _accepted(evidence, "tools")
        for each in _replies(asked)
        if get(each.request, "tool_choice") in (MISSING, None, "auto")
        for choice in each.choices
    )


def _replies(asked: Asked) -> Iterator[Reply]:
    for each in reply.see(asked):
        if isinstance(each, Reply):
            yield each


def _accepted(evidence: Evidence, name: str) -> Iterator[Asked]:
    """The accepted requests that need a feature, or are about a topic."""
    for key in evidence.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
        purpose = evidence.records.purpose(key)
        if purpose is not None and accepted(purpose) and name in purpose.needs | purpose.topics:
            asked = evidence.asked(key)
            if asked is not None and asked.accepted:
                yield asked

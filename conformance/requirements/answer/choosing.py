"""Whether the wish about tools is heeded: none, some, this one, no more than one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from conformance.model import MISSING, Finding, Level, Place
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_reply
from conformance.strictjson import get, show
from conformance.subjects.reply import Choice, Reply
from conformance.subjects.traits import calls_tools

demanded: Final = valid_reply.needing("tool-choice-required").where(lambda purpose: not purpose.after, "first turn with a call demanded")
"""Answers of which the request wants a call, whichever."""


def _at(position: int) -> Place:
    return Place(pointer=f"/choices/{position}/message/tool_calls")


def _names(choice: Choice) -> str:
    return ", ".join(show(call.name) for call in choice.calls) or "no call"


def _uncut(answered: Reply) -> list[tuple[int, Choice]]:
    """The choices that had their say; one that does not say how it ended had it not. Raises `UnmetError` when there is none."""
    found = [
        (position, choice)
        for position, choice in enumerate(answered.choices)
        if choice.calls
        or (choice.finish_reason not in (None, MISSING, "length", "content_filter") and choice.refusal in (None, MISSING, ""))
    ]
    if not found:
        raise UnmetError("every choice was cut off or refused before it could call")
    return found


def _has_tools(answered: Reply) -> bool:
    """Whether the target calls a tool in any answer, or is claimed to have tools."""
    evidence = answered.observation.evidence
    return "tools" in evidence.claims or calls_tools(evidence)


def _held(answered: Reply, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings about calls. Raises `AbsentError` where nothing shows that the target has tools: ANSWER-TOOLS-HEEDED speaks of that."""
    for finding in findings:
        if not _has_tools(answered):
            raise AbsentError("the target never calls a tool, and nobody claims that it has tools")
        yield finding


def _uncalled(answered: Reply) -> Iterator[Finding]:
    for position, choice in _uncut(answered):
        if not choice.calls:
            yield Finding(code="no-call", expected="a call", received=choice.text[:160] or "nothing", at=_at(position))


def _others(answered: Reply, name: str) -> Iterator[Finding]:
    for position, choice in _uncut(answered):
        if not choice.calls or any(call.name != name for call in choice.calls):
            yield Finding(code="another", expected=f"a call of {name}", received=_names(choice), at=_at(position))


@requirement(
    "ANSWER-TOOL-CHOICE-NONE",
    Level.MUST,
    on=valid_reply.needing("tool-choice-none"),
    cites=[
        contract("/x-answer/tool-choice-none"),
        incident("google-ai-edge/LiteRT-LM#2471"),
        incident("raullenchai/Rapid-MLX#445"),
        incident("vllm-project/vllm#42747"),
    ],
    shows=["tool-choice-none"],
)
def none_means_none(answered: Reply) -> Iterator[Finding]:
    """With tool_choice `none` the answer holds no call. Text that was cut off stands where the call would have stood."""
    if get(answered.request, "tool_choice") != "none":
        raise UnmetError("the request does not forbid calls")
    spoken = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text or choice.calls]
    for position, choice in spoken or _uncut(answered):
        if choice.calls:
            yield Finding(code="called", expected="no call", received=_names(choice), at=_at(position))
    if not calls_tools(answered.observation.evidence):
        raise AbsentError("the target calls no tool where it may either")


@requirement(
    "ANSWER-TOOL-CHOICE-REQUIRED",
    Level.MUST,
    on=demanded,
    cites=[
        contract("/x-answer/tool-choice-required"),
        contract("/x-request/honour-or-refuse"),
        incident("Blaizzy/mlx-vlm#1045"),
        incident("jundot/omlx#2877"),
    ],
    shows=["tool-choice-required"],
)
def required_means_a_call(answered: Reply) -> Iterator[Finding]:
    """With tool_choice `required` the answer holds a call. An endpoint that cannot see to it refuses the request."""
    if get(answered.request, "tool_choice") != "required":
        raise UnmetError("the request does not demand a call")
    yield from _held(answered, _uncalled(answered))


@requirement(
    "ANSWER-TOOLS-HEEDED",
    Level.MUST,
    on=demanded,
    cites=[contract("/x-request/honour-or-refuse"), incident("Blaizzy/mlx-vlm#1045")],
)
def demands_are_not_passed_over(answered: Reply) -> Iterator[Finding]:
    """An endpoint without tools refuses a request that demands a call; it does not answer as if there were no tools.

    Of one that calls a tool anywhere, or is said to have them, ANSWER-TOOL-CHOICE-REQUIRED speaks.
    """
    if _has_tools(answered):
        raise AbsentError("the target has tools")
    yield from _uncalled(answered)


@requirement(
    "ANSWER-TOOL-CHOICE-NAMED",
    Level.MUST,
    on=valid_reply.needing("tool-choice-named"),
    cites=[
        contract("/x-answer/tool-choice-named"),
        contract("/x-request/honour-or-refuse"),
        incident("raullenchai/Rapid-MLX#445"),
        incident("lablup/mlxcel#1581"),
    ],
    shows=["tool-choice-named"],
)
def named_means_this_one(answered: Reply) -> Iterator[Finding]:
    """With a function named in tool_choice the answer calls it, and no other."""
    name = get(answered.request, "tool_choice", "function", "name")
    if not isinstance(name, str):
        raise UnmetError("the request names no function")
    yield from _held(answered, _others(answered, name))


@requirement(
    "ANSWER-PARALLEL-OFF",
    Level.MUST,
    on=valid_reply.needing("parallel-tool-calls"),
    cites=[
        contract("/x-answer/parallel-tool-calls-off"),
        incident("SamSaffron/term-llm#276"),
        incident("run-llama/llama_index#20831"),
    ],
    shows=["parallel-tool-calls"],
)
def one_call_at_a_time(answered: Reply) -> Iterator[Finding]:
    """With parallel_tool_calls false the answer holds at most one call."""
    if get(answered.request, "parallel_tool_calls") is not False or not any(choice.calls for choice in answered.choices):
        raise AbsentError("the request allows several calls, or there is none")
    for position, choice in enumerate(answered.choices):
        if len(choice.calls) > 1:
            yield Finding(code="several", expected="one call", received=_names(choice), at=_at(position))

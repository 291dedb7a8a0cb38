"""Defects in what was asked for over and above text: strict tools, log probabilities in detail, echoes, and what nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, COMPLETION, REPLY, REQUEST, Call, defect
from conformance.reference.pieces import each_choice, each_message
from conformance.reference.request import Format
from conformance.reference.tokens import tokens
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.model import Json
    from conformance.reference.completion import Completion, ToolCall
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply


def _alternatives(answer: dict[str, Json]) -> Iterator[tuple[dict[str, Json], list[Json]]]:
    """Every token of a whole answer with its alternatives, to be changed in place."""
    for choice in each_choice(answer):
        for entry in items(choice, "logprobs", "content"):
            if isinstance(entry, dict) and (others := items(entry, "top_logprobs")):
                yield entry, others


def _each_call(completion: Completion, change: Callable[[ToolCall], ToolCall]) -> Completion:
    """Change every call of an answer."""
    return replace(completion, choices=tuple(replace(each, calls=tuple(map(change, each.calls))) for each in completion.choices))


def _in_kelvin(call: ToolCall) -> ToolCall:
    return replace(call, pieces=tokens(call.arguments.replace("celsius", "kelvin")))


@defect("strict-tools-ignored", seam=COMPLETION, trips={"ANSWER-ARGUMENTS-STRICT"}, incident="BerriAI/litellm#6136")
def strict_tools_ignored(completion: Completion, call: Call) -> Completion:
    """The arguments of a strict tool have a word that its parameters do not list."""
    strict = any(get(tool, "function", "strict") is True for tool in items(call.body, "tools"))
    return _each_call(completion, _in_kelvin) if strict else completion


@defect("arguments-misfit", seam=COMPLETION, trips={"ANSWER-ARGUMENTS-FIT"})
def arguments_misfit(completion: Completion, _: Call) -> Completion:
    """Where a tool is called twice, the arguments of the calls have a word that its parameters do not list."""
    several = any(len(each.calls) > 1 for each in completion.choices)
    return _each_call(completion, _in_kelvin) if several else completion


@defect("no-arguments-empty", seam=COMPLETION, trips={"ANSWER-ARGUMENTS-NONE", "STREAM-TOOL-EMPTY"}, incident="simonw/llm#1164")
def no_arguments_empty(completion: Completion, _: Call) -> Completion:
    """A call without arguments has an empty text for them."""
    return _each_call(completion, lambda call: replace(call, pieces=()) if call.arguments == "{}" else call)


@defect("call-ids-counted", seam=COMPLETION, trips={"ANSWER-CALL-ID-FRESH"}, incident="HKUDS/nanobot#4059")
def call_ids_counted(completion: Completion, _: Call) -> Completion:
    """Calls are numbered from nought in each answer."""
    numbered = (
        replace(each, calls=tuple(replace(call, id=f"call_{number}") for number, call in enumerate(each.calls)))
        for each in completion.choices
    )
    return replace(completion, choices=tuple(numbered))


@defect("alternatives-rising", seam=ANSWER, trips={"ANSWER-TOP-LOGPROBS-ORDER"})
def alternatives_rising(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The alternatives to a token begin with the least likely one."""
    for _entry, others in _alternatives(answer):
        others.reverse()
    return answer


@defect("alternatives-certain", seam=ANSWER, trips={"ANSWER-TOP-LOGPROBS-SUM"})
def alternatives_certain(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """All alternatives to a token have the log probability of the token."""
    for entry, others in _alternatives(answer):
        for other in others:
            if isinstance(other, dict):
                other["logprob"] = entry["logprob"]
    return answer


@defect("alternatives-one-short", seam=REQUEST, trips={"ANSWER-TOP-LOGPROBS-ALL"})
def alternatives_one_short(request: ChatRequest, _: Call) -> ChatRequest:
    """The token itself is counted as an alternative to itself, and left out."""
    return replace(request, top_logprobs=max(request.top_logprobs - 1, 0))


@defect("alternatives-bytes-shared", seam=ANSWER, trips={"ANSWER-LOGPROBS-BYTES"})
def alternatives_bytes_shared(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """All alternatives to a token have the bytes of the token."""
    for entry, others in _alternatives(answer):
        for other in others:
            if isinstance(other, dict):
                other["bytes"] = entry["bytes"]
    return answer


@defect("logprobs-unasked", seam=ANSWER, trips={"ANSWER-LOGPROBS-UNASKED"})
def logprobs_unasked(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """Where several choices are asked for, each has an empty object of log probabilities."""
    for choice in each_choice(answer):
        if call.request.n > 1 and choice["logprobs"] is None:
            choice["logprobs"] = {"content": None, "refusal": None}
    return answer


@defect("refusal-beside-content", seam=ANSWER, trips={"ANSWER-REFUSAL-APART"})
def refusal_beside_content(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """Who asks for an instance of a schema gets one, and a refusal as well."""
    for message in each_message(answer):
        if call.request.format is Format.JSON_SCHEMA:
            message["refusal"] = "I cannot do that."
    return answer


@defect("refusal-empty", seam=ANSWER, trips={"ANSWER-REFUSAL-NULL"})
def refusal_empty(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """A refusal that is none is an empty text."""
    for message in each_message(answer):
        message["refusal"] = ""
    return answer


@defect("metadata-lost", seam=ANSWER, trips={"ANSWER-METADATA"})
def metadata_lost(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Metadata come back without their pairs."""
    return answer | {"metadata": {}} if "metadata" in answer else answer


@defect("tier-foreign", seam=ANSWER, trips={"ANSWER-SERVICE-TIER"}, incident="pydantic/pydantic-ai#4895")
def tier_foreign(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The service tier is a word of the vendor's own."""
    return answer | {"service_tier": "standard"}


@defect("answer-created-status", seam=REPLY, trips={"ANSWER-STATUS"})
def answer_created_status(reply: Reply, call: Call) -> Reply:
    """An answer with several choices has the status 201."""
    return replace(reply, status=201) if call.request.n > 1 and reply.status == 200 else reply


@defect("time-with-unit", seam=REPLY, trips={"ANSWER-HEADERS"})
def time_with_unit(reply: Reply, _: Call) -> Reply:
    """The time that an answer took has its unit beside it."""
    return reply.with_header("openai-processing-ms", "12ms") if reply.status == 200 else reply

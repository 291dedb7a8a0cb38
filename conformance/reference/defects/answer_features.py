"""Defects in what was asked for beyond text: JSON and log probabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, COMPLETION, REQUEST, Call, defect
from conformance.reference.pieces import each_choice
from conformance.reference.request import Format
from conformance.strictjson import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json
    from conformance.reference.completion import Completion
    from conformance.reference.request import ChatRequest


def _entries(answer: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """The log probabilities of a whole answer, to be changed in place."""
    for choice in each_choice(answer):
        for entry in items(choice, "logprobs", "content"):
            if isinstance(entry, dict):
                yield entry


@defect("json-fenced", seam=COMPLETION, trips={"ANSWER-JSON-OBJECT"}, incident="webai-at-home/webai-at-home#191")
def json_fenced(completion: Completion, call: Call) -> Completion:
    """A JSON object comes as prose with a code fence."""
    if call.request.format is not Format.JSON_OBJECT:
        return completion
    fenced = (replace(each, pieces=("```", "json", "\n", *(each.pieces or ()), "\n", "```")) for each in completion.choices)
    return replace(completion, choices=tuple(fenced))


@defect("schema-ignored", seam=REQUEST, trips={"ANSWER-JSON-SCHEMA"}, incident="BerriAI/litellm#38269")
def schema_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Who asks for an instance of a schema gets any JSON object."""
    return replace(request, format=Format.JSON_OBJECT) if request.format is Format.JSON_SCHEMA else request


@defect("logprobs-ignored", seam=REQUEST, trips={"ANSWER-LOGPROBS"}, incident="ollama/ollama#16117")
def logprobs_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Log probabilities are accepted and forgotten."""
    return replace(request, logprobs=False)


@defect("logprobs-bytes-text", seam=ANSWER, trips={"ANSWER-LOGPROBS-SHAPE"}, incident="vllm-project/vllm#3179")
def logprobs_bytes_text(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The bytes of a token are its text."""
    for entry in _entries(answer):
        entry["bytes"] = entry["token"]
    return answer


@defect("logprobs-key-missing", seam=ANSWER, trips={"ANSWER-LOGPROBS-KEY"})
def logprobs_key_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """A choice without log probabilities does not say so."""
    for choice in each_choice(answer):
        if choice["logprobs"] is None:
            del choice["logprobs"]
    return answer


@defect("logprobs-not-logarithms", seam=ANSWER, trips={"ANSWER-LOGPROBS-RANGE"})
def logprobs_not_logarithms(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Log probabilities are probabilities."""
    for entry in _entries(answer):
        if isinstance(value := entry["logprob"], float):
            entry["logprob"] = math.exp(value)
    return answer


@defect("top-logprobs-one-more", seam=REQUEST, trips={"ANSWER-TOP-LOGPROBS"})
def top_logprobs_one_more(request: ChatRequest, _: Call) -> ChatRequest:
    """There is one alternative more than asked for."""
    return replace(request, top_logprobs=request.top_logprobs + 1 if request.top_logprobs else 0)


@defect("logprobs-last-missing", seam=ANSWER, trips={"ANSWER-LOGPROBS-ALIGNED"})
def logprobs_last_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The last token of a text has no log probability."""
    for choice in each_choice(answer):
        if entries := items(choice, "logprobs", "content"):
            entries.pop()
    return answer


@defect("top-logprobs-disagree", seam=ANSWER, trips={"ANSWER-TOP-LOGPROBS-AGREE"})
def top_logprobs_disagree(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Alternatives are told at another temperature than the token that was taken."""
    for entry in _entries(answer):
        for other in items(entry, "top_logprobs"):
            if isinstance(other, dict) and isinstance(value := other["logprob"], int | float):
                other["logprob"] = value * 1.5 - 0.5
    return answer

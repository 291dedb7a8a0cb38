"""Defects in streamed calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, Call, Chunks, defect
from conformance.reference.pieces import each_choice, each_fragment
from conformance.strictjson import members

if TYPE_CHECKING:
    from conformance.model import Json


def _function(fragment: dict[str, Json]) -> dict[str, Json]:
    """The function of a fragment; an empty one for a custom tool."""
    return members(fragment, "function")


def _each(chunks: Chunks, change: Callable[[dict[str, Json]], None]) -> Chunks:
    for chunk in chunks:
        for fragment in each_fragment(chunk):
            change(fragment)
        yield chunk


def _each_later(chunks: Chunks, change: Callable[[dict[str, Json], dict[str, Json]], None]) -> Chunks:
    """Change every later fragment of a call; it comes with a copy of the first."""
    firsts: dict[Json, dict[str, Json]] = {}

    def act(fragment: dict[str, Json]) -> None:
        index = str(fragment["index"])
        if index in firsts:
            change(fragment, firsts[index])
        else:
            firsts[index] = deepcopy(fragment)

    return _each(chunks, act)


@defect("tool-index-missing", seam=CHUNKS, trips={"STREAM-TOOL-INDEX"}, incident="openai/openai-python#2806")
def tool_index_missing(chunks: Chunks, _: Call) -> Chunks:
    """Fragments of the first call have no index: zero is left out, as some writers of JSON do by default."""
    for chunk in chunks:
        for fragment in each_fragment(chunk):
            if fragment["index"] == 0:
                del fragment["index"]
        yield chunk


@defect("tool-index-zero", seam=CHUNKS, trips={"ANSWER-ARGUMENTS-JSON", "STREAM-TOOL-DISTINCT"}, incident="mcowger/plexus#691")
def tool_index_zero(chunks: Chunks, _: Call) -> Chunks:
    """All calls of an answer have index 0."""
    return _each(chunks, lambda fragment: fragment.update(index=0))


@defect("tool-id-missing", seam=CHUNKS, trips={"STREAM-TOOL-FIRST"}, incident="pipecat-ai/pipecat#5023")
def tool_id_missing(chunks: Chunks, _: Call) -> Chunks:
    """The id of a call comes with its second fragment."""
    ids: dict[str, Json] = {}

    def delay(fragment: dict[str, Json]) -> None:
        index = str(fragment["index"])
        if "id" in fragment:
            ids[index] = fragment.pop("id")
        elif index in ids:
            fragment["id"] = ids.pop(index)

    return _each(chunks, delay)


@defect("tool-type-missing", seam=CHUNKS, trips={"STREAM-TOOL-TYPE"}, incident="vercel/ai#12939")
def tool_type_missing(chunks: Chunks, _: Call) -> Chunks:
    """Calls do not say that they call a function."""
    for chunk in chunks:
        for fragment in each_fragment(chunk):
            fragment.pop("type", None)
        yield chunk


@defect("tool-id-repeated", seam=CHUNKS, trips={"STREAM-TOOL-LATER"}, incident="openai/openai-agents-python#990")
def tool_id_repeated(chunks: Chunks, _: Call) -> Chunks:
    """Every fragment has the id of its call."""
    return _each_later(chunks, lambda later, first: later.update(id=first["id"]))


@defect("tool-id-changes", seam=CHUNKS, trips={"STREAM-TOOL-CONSTANT"})
def tool_id_changes(chunks: Chunks, _: Call) -> Chunks:
    """Every fragment has an id of its own."""
    return _each_later(chunks, lambda later, first: later.update(id=f"{first['id']}x"))


@defect("tool-name-grows", seam=CHUNKS, trips={"STREAM-TOOL-CONSTANT"}, incident="continuedev/continue#5849")
def tool_name_grows(chunks: Chunks, _: Call) -> Chunks:
    """Later fragments give the name of the function with a prefix."""
    return _each_later(chunks, lambda later, first: _function(later).update(name=f"functions.{_function(first).get('name')}"))


@defect("tool-arguments-object", seam=CHUNKS, trips={"STREAM-TOOL-ARGUMENTS"}, incident="ggml-org/llama.cpp#20198")
def tool_arguments_object(chunks: Chunks, _: Call) -> Chunks:
    """The empty arguments at the beginning of a call are an empty object."""

    def empty(fragment: dict[str, Json]) -> None:
        if _function(fragment).get("arguments") == "":
            _function(fragment)["arguments"] = json.loads("{}")

    return _each(chunks, empty)


@defect("tool-calls-empty", seam=CHUNKS, trips={"STREAM-TOOL-NONE"}, incident="vllm-project/vllm#44105")
def tool_calls_empty(chunks: Chunks, _: Call) -> Chunks:
    """Every delta with text has an empty list of calls."""
    for chunk in chunks:
        for choice in each_choice(chunk):
            if isinstance(delta := choice["delta"], dict) and delta.get("content"):
                delta["tool_calls"] = []
        yield chunk


@defect("tool-arguments-cut", seam=CHUNKS, trips={"ANSWER-ARGUMENTS-JSON", "STREAM-TOOL-JOIN"}, incident="vllm-project/vllm#32152")
def tool_arguments_cut(chunks: Chunks, _: Call) -> Chunks:
    """The last brace of the arguments gets lost."""

    def cut(fragment: dict[str, Json]) -> None:
        function = _function(fragment)
        if isinstance(text := function.get("arguments"), str):
            function["arguments"] = text.replace("}", "")

    return _each(chunks, cut)


@defect(
    "tool-arguments-snapshots",
    seam=CHUNKS,
    trips={"STREAM-TOOL-DELTAS", "STREAM-TOOL-JOIN", "ANSWER-ARGUMENTS-JSON"},
    incident="NousResearch/hermes-agent#35592",
)
def tool_arguments_snapshots(chunks: Chunks, _: Call) -> Chunks:
    """Each fragment of a call holds all of its arguments so far."""
    so_far: dict[str, str] = {}

    def gather(fragment: dict[str, Json]) -> None:
        index, function = str(fragment["index"]), _function(fragment)
        if "arguments" in function:
            so_far[index] = so_far.get(index, "") + str(function["arguments"])
            function["arguments"] = so_far[index]

    return _each(chunks, gather)


@defect(
    "tool-arguments-placeholder",
    seam=CHUNKS,
    trips={"STREAM-TOOL-DELTAS", "STREAM-TOOL-JOIN", "ANSWER-ARGUMENTS-JSON"},
    incident="openai/openai-agents-js#712",
)
def tool_arguments_placeholder(chunks: Chunks, _: Call) -> Chunks:
    """Arguments begin with an empty object, and then with themselves."""

    def begin(fragment: dict[str, Json]) -> None:
        if "id" in fragment and "arguments" in (function := _function(fragment)):
            function["arguments"] = "{}"

    return _each(chunks, begin)


@defect("tool-name-blank", seam=CHUNKS, trips={"STREAM-TOOL-BLANK"}, incident="lazy-hq/aisdk#121")
def tool_name_blank(chunks: Chunks, _: Call) -> Chunks:
    """Later fragments of a call have an empty string for its name."""
    return _each_later(chunks, lambda fragment, _first: _function(fragment).update(name=""))

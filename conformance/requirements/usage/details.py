"""What usage says beyond its three counters: details, thought, caches, and what vendors add of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from conformance.contract import BASE, Contract, Schema, load
from conformance.model import MISSING, Finding, Json, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import DETAILS, at, cached, count, counted_extras, counted_twins, reasoning, usage_of
from conformance.strictjson import get, is_integer, members
from conformance.subjects.pair import Twins
from conformance.subjects.reply import Reply

_CACHE_HITS: Final = ("prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens")
"""Members of usage under which vendors tell of cache hits, beside or instead of `prompt_tokens_details.cached_tokens`."""


@requirement(
    "USAGE-REASONING-ONCE",
    Level.SHOULD,
    on=counted_extras,
    cites=[contract("/x-usage/sum"), incident("theopenco/llmgateway#3486"), incident("browser-use/browser-use#4075")],
)
def thought_is_counted_once(answered: Reply) -> Iterator[Finding]:
    """total_tokens is prompt_tokens plus completion_tokens when the model thought, and does not add reasoning_tokens once more.

    They are a part of completion_tokens; whoever adds them up again bills each thought twice.
    """
    if (thought := reasoning(answered)) == 0:
        raise AbsentError("no thought is told of")
    total, parts = count(answered, "total_tokens"), count(answered, "prompt_tokens") + count(answered, "completion_tokens")
    if total == parts + thought:
        yield Finding(code="thought-added", expected=str(parts), received=str(total), at=at("total_tokens"))


@requirement(
    "USAGE-CACHE-NAMES",
    Level.SHOULD,
    on=counted_extras,
    cites=[
        contract("/components/schemas/PromptTokensDetails"),
        incident("xorbitsai/xagent#922"),
        incident("genkit-ai/genkit#6229"),
        incident("ollama/ollama#17943"),
    ],
)
def cache_hits_have_the_common_name(answered: Reply) -> Iterator[Finding]:
    """Cache hits that usage tells under a name of the vendor's stand in prompt_tokens_details.cached_tokens as well.

    Clients look there and nowhere else, and take what they do not find for paid in full.
    """
    told = [(name, int(value)) for name in _CACHE_HITS if _is_count(value := usage_of(answered).get(name))]  # type: ignore[arg-type]
    if not told and not is_integer(get(answered.usage, "prompt_tokens_details", "cached_tokens")):
        raise AbsentError("usage does not tell of a cache")
    for name, hits in told:
        if hits > cached(answered):
            yield Finding(
                code="other-name",
                expected=f"{hits}, as in {name}",
                received=str(cached(answered)),
                at=at("prompt_tokens_details/cached_tokens"),
            )


def _is_count(value: Json) -> bool:
    return is_integer(value) and isinstance(value, int | float)


@requirement(
    "USAGE-STREAM-DETAILS",
    Level.SHOULD,
    on=counted_twins,
    cites=[
        contract("/x-usage/streamed-details"),
        incident("agentjido/req_llm#542"),
        incident("2389-research/tracker#545"),
        incident("promptdriven/pdd#629"),
    ],
)
def streams_have_the_details_too(pair: Twins) -> Iterator[Finding]:
    """Details that the usage of a whole answer has are there in that of the same answer as a stream."""
    told = [
        group for group in DETAILS if isinstance(details := get(pair.whole.usage, group), dict) and any(map(_is_count, details.values()))
    ]
    if not told:
        raise AbsentError("the whole answer has no details")
    usage = usage_of(pair.streamed)
    for group in told:
        if not isinstance(usage.get(group), dict):
            yield Finding(code="details-lost", expected=f"{group}, as in the whole answer", received="none", at=at(group))


@requirement(
    "USAGE-EXTENSIONS",
    Level.MUST,
    on=counted_extras,
    cites=[contract("/components/schemas/CompletionUsage/properties"), incident("QwenLM/qwen-code#7239")],
)
def extensions_have_their_types(answered: Reply) -> Iterator[Finding]:
    """What usage holds beyond the original, such as costs and times, has the type that this vendor documents for it."""
    usage, reading = answered.usage, answered.observation.contract
    told = {f"/{'/'.join(path)}" for path in extensions(reading) if get(usage, *path) is not MISSING}
    if not isinstance(usage, dict) or not told:
        raise AbsentError("usage has no member that the vendor added")
    for fault in reading.faults(Schema.USAGE, usage):
        if any(fault.pointer == known or fault.pointer.startswith(f"{known}/") for known in told):
            place = Place(pointer=f"/usage{fault.pointer}")
            yield Finding(code=f"schema-{fault.keyword}", expected=fault.message, received=fault.value, at=place)


@cache
def extensions(reading: Contract) -> frozenset[tuple[str, ...]]:
    """Paths within usage to the members that a reading documents and the original does not."""
    return _paths(reading) - _paths(load(BASE))


def _paths(reading: Contract) -> frozenset[tuple[str, ...]]:
    own = frozenset((name,) for name in _properties(reading, "CompletionUsage"))
    return own | {(group, name) for group, schema in DETAILS.items() for name in _properties(reading, schema)}


def _properties(reading: Contract, schema: str) -> dict[str, Json]:
    return members(reading.document, "components", "schemas", schema, "properties")

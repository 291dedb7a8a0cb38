"""Defects in what usage says beyond its three counters, and in whether it can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.contract import SchemaFault
from conformance.model import Level
from conformance.reference.behaviour import ANSWER, CHUNKS, FAULTS, Call, Chunks, defect
from conformance.reference.request import Format
from conformance.strictjson import get, show

if TYPE_CHECKING:
    from conformance.model import Json


def _changed(answer: dict[str, Json], **members: Json) -> dict[str, Json]:
    usage = answer["usage"]
    return answer | {"usage": usage | members} if isinstance(usage, dict) else answer


@defect("thought-added-twice", seam=ANSWER, trips={"USAGE-REASONING-ONCE"}, incident="theopenco/llmgateway#3486")
def thought_added_twice(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """Tokens of thought are a part of the completion, and are added to the total once more."""
    usage = answer["usage"]
    if call.request.format is not Format.JSON_OBJECT or not isinstance(usage, dict):
        return answer
    thought, total = 2, usage["total_tokens"]
    details: Json = {"reasoning_tokens": thought}
    return _changed(answer, completion_tokens_details=details, total_tokens=total + thought if isinstance(total, int) else total)


@defect("cache-under-another-name", seam=ANSWER, trips={"USAGE-CACHE-NAMES"}, incident="xorbitsai/xagent#922")
def cache_under_another_name(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Cache hits are told under a name of the vendor's, while the common one stays 0."""
    return _changed(answer, prompt_cache_hit_tokens=8)


@defect("details-lost-in-streams", seam=CHUNKS, trips={"USAGE-STREAM-DETAILS"}, incident="agentjido/req_llm#542")
def details_lost_in_streams(chunks: Chunks, _: Call) -> Chunks:
    """The usage of streams has the three counters alone."""
    for chunk in chunks:
        usage = chunk.get("usage")
        kept = {name: value for name, value in usage.items() if not name.endswith("_details")} if isinstance(usage, dict) else None
        yield chunk | {"usage": kept} if kept else chunk


@defect("stream-options-refused", seam=FAULTS, trips={"USAGE-STREAM-WISH"}, incident="anomalyco/opencode#31156")
def stream_options_refused(faults: tuple[SchemaFault, ...], call: Call) -> tuple[SchemaFault, ...]:
    """The options of a stream are refused as a member that nobody knows."""
    options = get(call.body, "stream_options")
    if faults or not isinstance(options, dict):
        return faults
    pointer, clause = "/stream_options", "/components/schemas/CreateChatCompletionRequest/additionalProperties"
    message = "stream_options: extra inputs are not permitted"
    return (
        SchemaFault(pointer=pointer, keyword="additionalProperties", message=message, clause=clause, value=show(options), level=Level.MUST),
    )


@defect("cost-as-text", seam=ANSWER, trips={"USAGE-EXTENSIONS"}, dialect="requesty")
def cost_as_text(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """What an answer cost is told as a text."""
    return _changed(answer, cost="0.0002 USD")


@defect("times-as-text", seam=ANSWER, trips={"USAGE-EXTENSIONS"}, dialect="8080")
def times_as_text(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """How long an answer took is told as a text with its unit."""
    return _changed(answer, total_time="18ms")


@defect("vendor-details-negative", seam=ANSWER, trips={"USAGE-EXTENSIONS"}, dialect="requesty")
def vendor_details_negative(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Tokens that were written to the cache are subtracted from nothing."""
    return _changed(answer, prompt_tokens_details={"cached_tokens": 0, "caching_tokens": -3})


@defect("details-as-text", seam=ANSWER, trips={"USAGE-DETAILS-INTEGERS"})
def details_as_text(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The details of the completion are a text for people."""
    return _changed(answer, completion_tokens_details="reasoning_tokens=0")

"""Every member that the contract describes, at every depth, holds right values and refuses wrong ones, null included.

A table has a whole message as its sample and a row for each member: where it stands in the sample, what is right there and what is
wrong. The tables of a request are in `request_rows.py`, those of answers are here; `test_contract_requests.py` does the same for the
members of a request at its top. The last test holds that no member is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

import pytest

from conformance import contract
from conformance.contract import Schema
from conformance.contract.schemas import Validator, resolve
from conformance.model import Json
from tests.request_rows import CALLS, OTHER_REQUESTS, REQUEST, REQUEST_ROWS, Row, calls, count, fixed, object_, one_of, text, text_or_null
from tests.test_contract_requests import REQUEST_FIELDS

BASE = contract.load("openai")
SCHEMAS: Final = "/components/schemas/"
EVENT: Final = "StreamEvent"

DETAILS: dict[str, tuple[str, ...]] = {
    "prompt_tokens_details": ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens"),
    "completion_tokens_details": (
        *("reasoning_tokens", "audio_tokens", "text_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    ),
}
USAGE: dict[str, Json] = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    **{name: dict.fromkeys(members, 0) for name, members in DETAILS.items()},
}
USAGE_ROWS: list[Row] = [
    *(count(f"/{name}", needed=True) for name in ("prompt_tokens", "completion_tokens", "total_tokens")),
    *(object_(f"/{name}", {}) for name in DETAILS),
    *(count(f"/{name}/{member}") for name, members in DETAILS.items() for member in members),
]

TOKEN: dict[str, Json] = {
    "token": "H",
    "logprob": -0.1,
    "bytes": [72],
    "top_logprobs": [{"token": "H", "logprob": -0.1, "bytes": [72]}],
}
LOGPROBS: Json = {"content": [TOKEN], "refusal": [TOKEN]}
BYTES: Final[list[Json]] = [None, [], [0, 255]]
NOT_BYTES: Final[list[Json]] = ["H", [256], [-1], [0.5], {}]


def _logprobs(at: str, *, needed: bool) -> list[Row]:
    return [
        object_(at, LOGPROBS, {"content": None, "refusal": None}, null=True, needed=needed),
        *(Row(f"{at}/{name}", [None, [], [TOKEN]], ["x", {}, ["H"], [{}]], needed=True) for name in ("content", "refusal")),
        text(f"{at}/content/0/token", needed=True),
        Row(f"{at}/content/0/logprob", [0, -9999, -0.5], [None, "0", []], needed=True),
        Row(f"{at}/content/0/bytes", BYTES, NOT_BYTES, needed=True),
        Row(f"{at}/content/0/top_logprobs", [[]], [None, {}, [{}]], needed=True),
        text(f"{at}/content/0/top_logprobs/0/token", needed=True),
        Row(f"{at}/content/0/top_logprobs/0/logprob", [0, -9999, -0.5], [None, "0", []], needed=True),
        Row(f"{at}/content/0/top_logprobs/0/bytes", BYTES, NOT_BYTES, needed=True),
    ]


TIERS: Final[list[Json]] = ["auto", "default", "flex", "scale", "priority", "fast"]
REASONS: Final[list[Json]] = ["stop", "length", "tool_calls", "content_filter", "function_call"]
ANSWER: dict[str, Json] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1763712000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello!",
                "refusal": None,
                "tool_calls": CALLS,
                "annotations": [{"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 1, "url": "u", "title": "t"}}],
                "audio": {"id": "a", "expires_at": 1763712000, "data": "AA==", "transcript": "t"},
                "function_call": {"name": "f", "arguments": ""},
            },
            "logprobs": LOGPROBS,
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
    "service_tier": "default",
    "system_fingerprint": "fp",
    "metadata": {},
    "moderation": {},
}
NOT_TIME: Final[list[Json]] = [None, 0.5, "2025-11-21"]
MESSAGE: Final = "/choices/0/message"
CITATION: Final = f"{MESSAGE}/annotations/0/url_citation"
ANSWER_ROWS: list[Row] = [
    text("/id", needed=True),
    fixed("/object", "chat.completion"),
    Row("/created", [1763712000, 0], NOT_TIME, needed=True),
    text("/model", needed=True),
    Row("/choices", [[]], [None, {}, "x", [None]], needed=True),
    object_("/usage", USAGE),
    Row("/service_tier", [*TIERS, None], ["slow", 5]),
    text_or_null("/system_fingerprint"),
    Row("/metadata", [{}, {"k": "v"}, None], [{"k": 1}, {"k": "v" * 513}, "x"]),
    object_("/moderation", {}, null=True),
    count("/choices/0/index", needed=True),
    object_(MESSAGE, {"role": "assistant", "content": None, "refusal": None}, needed=True),
    Row("/choices/0/finish_reason", REASONS, [None, "eos", "error", 5], needed=True),
    *_logprobs("/choices/0/logprobs", needed=True),
    fixed(f"{MESSAGE}/role", "assistant"),
    text_or_null(f"{MESSAGE}/content", needed=True),
    text_or_null(f"{MESSAGE}/refusal", needed=True),
    Row(f"{MESSAGE}/tool_calls", [[], CALLS], [None, {}, ["x"], [{"type": "other"}]]),
    *calls(f"{MESSAGE}/tool_calls"),
    Row(f"{MESSAGE}/annotations", [[]], [None, {}, ["x"], [{}]]),
    fixed(f"{MESSAGE}/annotations/0/type", "url_citation"),
    object_(CITATION, {"start_index": 0, "end_index": 0, "url": "u", "title": ""}, needed=True),
    Row(f"{CITATION}/start_index", [0], [None, 0.5, "0"], needed=True),
    Row(f"{CITATION}/end_index", [0], [None, 0.5, "0"], needed=True),
    text(f"{CITATION}/url", needed=True),
    text(f"{CITATION}/title", needed=True),
    object_(f"{MESSAGE}/audio", {"id": "", "expires_at": 0, "data": "", "transcript": ""}, null=True),
    text(f"{MESSAGE}/audio/id", needed=True),
    Row(f"{MESSAGE}/audio/expires_at", [0], NOT_TIME, needed=True),
    text(f"{MESSAGE}/audio/data", needed=True),
    text(f"{MESSAGE}/audio/transcript", needed=True),
    object_(f"{MESSAGE}/function_call", {"name": "f", "arguments": ""}),
]

CHUNK: dict[str, Json] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1763712000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "content": "H",
                "refusal": None,
                "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}],
                "function_call": {"name": "f", "arguments": ""},
            },
            "logprobs": LOGPROBS,
            "finish_reason": None,
        }
    ],
    "usage": None,
    "service_tier": "default",
    "system_fingerprint": "fp",
    "moderation": {},
    "obfuscation": "xyz",
}
DELTA: Final = "/choices/0/delta"
CHUNK_ROWS: list[Row] = [
    text("/id", needed=True),
    fixed("/object", "chat.completion.chunk"),
    Row("/created", [1763712000, 0], NOT_TIME, needed=True),
    text("/model", needed=True),
    Row("/choices", [[]], [None, {}, "x", [None]], needed=True),
    object_("/usage", USAGE, null=True),
    Row("/service_tier", [*TIERS, None], ["slow", 5]),
    text_or_null("/system_fingerprint"),
    object_("/moderation", {}, null=True),
    text("/obfuscation"),
    count("/choices/0/index", needed=True),
    object_(DELTA, {}, {"content": "x"}, needed=True),
    Row("/choices/0/finish_reason", [*REASONS, None], ["eos", 5], needed=True),
    *_logprobs("/choices/0/logprobs", needed=False),
    one_of(f"{DELTA}/role", "developer", "system", "user", "assistant", "tool"),
    text_or_null(f"{DELTA}/content"),
    text_or_null(f"{DELTA}/refusal"),
    Row(f"{DELTA}/tool_calls", [[], [{"index": 0}]], [None, {}, [{}]]),
    count(f"{DELTA}/tool_calls/0/index", needed=True),
    text(f"{DELTA}/tool_calls/0/id"),
    Row(f"{DELTA}/tool_calls/0/type", ["function"], [None, "custom", 5]),
    object_(f"{DELTA}/tool_calls/0/function", {}),
    text(f"{DELTA}/tool_calls/0/function/name"),
    text(f"{DELTA}/tool_calls/0/function/arguments"),
    object_(f"{DELTA}/function_call", {}),
    text(f"{DELTA}/function_call/name"),
    text(f"{DELTA}/function_call/arguments"),
]

ERROR: dict[str, Json] = {"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}
ERROR_ROWS: list[Row] = [
    object_("/error", {"message": "", "type": "", "param": None, "code": None}, needed=True),
    text("/error/message", needed=True),
    text("/error/type", needed=True),
    text_or_null("/error/param", needed=True),
    text_or_null("/error/code", needed=True),
]

EVENT_ROWS: list[Row] = [text("/data", needed=True)]

TABLES: list[tuple[str, dict[str, Json], list[Row]]] = [
    (Schema.REQUEST, REQUEST, REQUEST_ROWS),
    *((Schema.REQUEST, sample, rows) for sample, rows in OTHER_REQUESTS),
    (Schema.RESPONSE, ANSWER, ANSWER_ROWS),
    (Schema.CHUNK, CHUNK, CHUNK_ROWS),
    (Schema.USAGE, USAGE, USAGE_ROWS),
    (Schema.ERROR, ERROR, ERROR_ROWS),
    (EVENT, {"data": "[DONE]"}, EVENT_ROWS),
]
ROWS = [pytest.param(schema, sample, row, id=f"{schema}{row.at}") for schema, sample, rows in TABLES for row in rows]


@cache
def _validator(at: str) -> Validator:
    return Validator(BASE.document, at)


def _placed(sample: dict[str, Json], at: str, value: Json, *, gone: bool = False) -> dict[str, Json]:
    changed: dict[str, Json] = json.loads(json.dumps(sample))  # a deep copy would keep what the sample holds in two places one and the same
    holder: Any = changed
    *way, last = at.split("/")[1:]
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if gone:
        del holder[last]
    else:
        holder[last] = value
    return changed


@pytest.mark.parametrize(("schema", "sample"), [(schema, sample) for schema, sample, _ in TABLES])
def test_a_whole_message_is_valid(schema: str, sample: dict[str, Json]) -> None:
    assert _validator(SCHEMAS + schema).faults(sample) == ()


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_right_values(schema: str, sample: dict[str, Json], row: Row) -> None:
    for value in row.right:
        assert _validator(SCHEMAS + schema).faults(_placed(sample, row.at, value)) == (), value


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_wrong_values(schema: str, sample: dict[str, Json], row: Row) -> None:
    for value in row.wrong:
        faults = _validator(SCHEMAS + schema).faults(_placed(sample, row.at, value))
        assert faults, value
        assert all(fault.pointer.startswith(row.at) for fault in faults), value


@pytest.mark.parametrize(("schema", "sample", "row"), ROWS)
def test_absence_is_wrong_only_where_a_member_is_needed(schema: str, sample: dict[str, Json], row: Row) -> None:
    assert _validator(SCHEMAS + schema).is_valid(_placed(sample, row.at, None, gone=True)) is not row.needed


@pytest.mark.parametrize("row", [row for _, _, rows in TABLES for row in rows], ids=lambda row: row.at)
def test_each_row_decides_about_null(row: Row) -> None:
    assert (None in row.right) is not (None in row.wrong)


# ---- that nothing is left out


def _reached(sample: Json, at: str, schema: str) -> Iterator[str]:
    """Pointers into the contract to the member that a place in a sample is, one for each alternative that the sample fits."""
    step, _, rest = at.removeprefix("/").partition("/")
    node = resolve(BASE.document, schema)
    assert isinstance(node, dict)
    if isinstance(reference := node.get("$ref"), str):
        yield from _reached(sample, at, reference.removeprefix("#"))
    for keyword in ("anyOf", "oneOf"):
        for index in range(len(cast("list[Json]", node.get(keyword, [])))):
            arm = f"{schema}/{keyword}/{index}"
            if _validator(arm).is_valid(sample):
                yield from _reached(sample, at, arm)
    if isinstance(sample, list):
        if "items" in node:
            yield from _reached(sample[int(step)], f"/{rest}", f"{schema}/items")
    elif step in cast("dict[str, Json]", node.get("properties", {})):
        member = f"{schema}/properties/{step}"
        if rest:
            yield from _reached(cast("dict[str, Json]", sample)[step], f"/{rest}", member)
        else:
            yield member


def _members(schema: str) -> Iterator[str]:
    """Every member that the contract describes at or below a schema, references not followed."""
    node = resolve(BASE.document, schema)
    if not isinstance(node, dict):
        return
    for name in cast("dict[str, Json]", node.get("properties", {})):
        yield f"{schema}/properties/{name}"
        yield from _members(f"{schema}/properties/{name}")
    for keyword in ("items", "additionalProperties"):
        yield from _members(f"{schema}/{keyword}") if keyword in node else ()
    for keyword in ("anyOf", "oneOf", "allOf"):
        for index in range(len(cast("list[Json]", node.get(keyword, [])))):
            yield from _members(f"{schema}/{keyword}/{index}")


def _components() -> set[str]:
    """Components that the operation leads to."""
    found: set[str] = set()
    open_ends: list[Json] = [BASE.at("/paths")]
    while open_ends:
        match open_ends.pop():
            case dict() as node:
                open_ends += node.values()
                reference = node.get("$ref")
                if isinstance(reference, str) and reference not in found:
                    found.add(reference)
                    open_ends.append(resolve(BASE.document, reference.removeprefix("#")))
            case list() as nodes:
                open_ends += nodes
            case _:
                pass
    return {reference.removeprefix("#") for reference in found if reference.startswith(f"#{SCHEMAS}")}


UNTESTED: dict[str, str] = {}
"""Members without a row, and why."""


def test_no_member_of_the_contract_is_left_out() -> None:
    tested = {member for schema, sample, rows in TABLES for row in rows for member in _reached(sample, row.at, SCHEMAS + schema)}
    tested |= {f"{SCHEMAS}{Schema.REQUEST}/properties/{field}" for field, right, wrong in REQUEST_FIELDS if right and wrong}
    described = {member for component in _components() for member in _members(component)}
    assert len(described) > 200
    assert described - tested == set(UNTESTED)

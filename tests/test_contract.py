"""What the contract allows in an answer, in two readings; that both engines judge alike; and how clauses and dialects are read."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.contract import Schema
from conformance.errors import ClauseNotFoundError, ContractError, OverlayError, UnknownNameError
from conformance.model import Json, Level
from tests.test_contract_requests import CALL, MESSAGES, REQUEST_FIELDS, body_with

BASE = contract.load("openai")
COMPATIBLE = contract.load()

USAGE: Json = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
}


def _answer(message: Json = None, /, **choice: Json) -> dict[str, Json]:
    message = message or {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1763712000,
        "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", **choice}],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _chunk(*choices: Json, **members: Json) -> dict[str, Json]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1763712000, "model": "m", "choices": [*choices], **members}


def _delta(finish_reason: Json = None, **delta: Json) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


LOGPROB: Json = {
    "token": "H",
    "logprob": -0.1,
    "bytes": [72],
    "top_logprobs": [{"token": "H", "logprob": -0.1, "bytes": None}],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema.RESPONSE, _answer()),
        (
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]}, finish_reason="tool_calls"),
        ),
        (Schema.RESPONSE, _answer(logprobs={"content": [LOGPROB], "refusal": None})),
        (Schema.RESPONSE, _answer() | {"surprise": 1}),
        (Schema.CHUNK, _chunk(_delta(role="assistant", content="", refusal=None), usage=None, obfuscation="x", service_tier="default")),
        (Schema.CHUNK, _chunk(_delta(content="Hello"))),
        (
            Schema.CHUNK,
            _chunk(_delta(tool_calls=[{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}])),
        ),
        (Schema.CHUNK, _chunk(_delta(tool_calls=[{"index": 0, "function": {"arguments": "{"}}]))),
        (Schema.CHUNK, _chunk(_delta("stop"))),
        (Schema.CHUNK, _chunk(usage=USAGE)),
        (Schema.USAGE, USAGE),
        (Schema.ERROR, {"error": {"message": "m", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}),
    ],
)
def test_what_openai_sends_is_valid_in_both_readings(schema: Schema, value: Json) -> None:
    assert BASE.faults(schema, value) == ()
    assert COMPATIBLE.faults(schema, value) == ()


def _without(value: dict[str, Json], *path: str | int) -> dict[str, Json]:
    changed = copy.deepcopy(value)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return changed


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        pytest.param(Schema.RESPONSE, _without(_answer(), "choices", 0, "logprobs"), "/choices/0", id="o3-mini"),
        pytest.param(Schema.RESPONSE, _without(_answer(), "choices", 0, "message", "refusal"), "/choices/0/message", id="groq"),
        pytest.param(Schema.RESPONSE, _answer() | {"service_tier": "on_demand"}, "/service_tier", id="groq-tier"),
        pytest.param(Schema.RESPONSE, _answer({"role": "assistant", "tool_calls": [CALL]}), "/choices/0/message", id="gemini"),
        pytest.param(Schema.RESPONSE, _answer(finish_reason="eos"), "/choices/0/finish_reason", id="together"),
        pytest.param(Schema.RESPONSE, _answer() | {"created": 1763712000.5}, "/created", id="time-with-fraction"),
        pytest.param(
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": "x", "refusal": None, "tool_calls": None, "function_call": None}),
            "/choices/0/message/",
            id="nulls",
        ),
        pytest.param(Schema.RESPONSE, _answer() | {"usage": None}, "/usage", id="null-usage"),
        pytest.param(Schema.CHUNK, _chunk({"index": 0, "delta": {"content": "x"}}), "/choices/0", id="xai"),
        pytest.param(Schema.CHUNK, _chunk(_delta(role=None, tool_calls=None)), "/choices/0/delta/", id="null-delta"),
        pytest.param(Schema.CHUNK, _chunk(_delta(tool_calls=[{"index": 0, "id": None, "type": None}])), "/choices/0/delta/", id="null-id"),
        pytest.param(Schema.ERROR, {"error": {"message": "m", "code": 400}}, "/error", id="openrouter-error"),
        pytest.param(
            Schema.ERROR, {"error": {"message": "m", "type": None, "param": None, "code": "400"}}, "/error/type", id="litellm-error"
        ),
    ],
)
def test_what_clients_survive_is_valid_in_the_default_reading_alone(schema: Schema, value: Json, pointer: str) -> None:
    assert COMPATIBLE.faults(schema, value) == ()
    faults = BASE.faults(schema, value)
    assert faults
    assert all(fault.pointer.startswith(pointer) for fault in faults)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema.RESPONSE, {}),
        (Schema.RESPONSE, _answer() | {"object": "text_completion"}),
        (Schema.RESPONSE, _answer() | {"choices": None}),
        (Schema.RESPONSE, _answer({"role": "assistant"})),
        (
            Schema.RESPONSE,
            _answer({"role": "assistant", "content": "x", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]}),
        ),
        (Schema.RESPONSE, _answer() | {"usage": {"prompt_tokens": 1.5, "completion_tokens": 1, "total_tokens": 2}}),
        (Schema.CHUNK, _answer()),
        (Schema.CHUNK, _chunk(_delta(tool_calls=[{"id": "c1"}]))),
        (Schema.CHUNK, _chunk({"index": 0, "message": {}})),
        (Schema.USAGE, {"prompt_tokens": -1, "completion_tokens": 1, "total_tokens": 0}),
        (Schema.ERROR, {"error": "bad"}),
        (Schema.ERROR, {"error": {"message": None}}),
        (Schema.ERROR, {"detail": []}),
        (Schema.ERROR, {"object": "error", "message": "m"}),
    ],
)
def test_what_breaks_clients_is_invalid_in_both_readings(schema: Schema, value: Json) -> None:
    for reading in (BASE, COMPATIBLE):
        assert not reading.is_valid(schema, value)
        assert reading.faults(schema, value)


def test_what_is_wrong_at_one_place_is_told_in_the_order_of_the_contract_whatever_the_process() -> None:
    required = BASE.at("/components/schemas/CreateChatCompletionResponse/required")
    assert isinstance(required, list)
    assert [fault.message for fault in BASE.faults(Schema.RESPONSE, {})] == [f"must have the member {name!r}" for name in required]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["role", "type", "name", "index"]), inner, max_size=2),
    max_leaves=4,
)
_SAMPLES: list[tuple[Schema, dict[str, Json]]] = [
    (Schema.REQUEST, body_with(**{field: right[0] for field, right, _ in REQUEST_FIELDS})),
    (Schema.REQUEST, body_with(messages=[message for message, valid in MESSAGES if valid])),
    (Schema.RESPONSE, _answer({"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]})),
    (Schema.CHUNK, _chunk(_delta(content="x", tool_calls=[{"index": 0, "function": {"arguments": "{"}}]), usage=USAGE)),
    (Schema.ERROR, {"error": {"message": "m", "type": "t", "param": None, "code": None}}),
]


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[Schema, Json]:
    schema, sample = draw(st.sampled_from(_SAMPLES))
    changed: dict[str, Json] = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 2))):
        holder: Any = changed
        while True:
            if isinstance(holder, dict) and holder:
                key: str | int = draw(st.sampled_from(sorted(holder)))
            elif isinstance(holder, list) and holder:
                key = draw(st.integers(0, len(holder) - 1))
            else:
                break
            below = holder[key]
            if not isinstance(below, dict | list) or not below or draw(st.integers(0, 2)) == 0:
                if draw(st.booleans()):
                    holder[key] = draw(_JSON)
                else:
                    del holder[key]
                break
            holder = below
    return schema, changed


@settings(deadline=None, max_examples=300)
@given(case=_mutated())
@example(case=(Schema.REQUEST, body_with(tools=[{"type": "function", "function": {"name": "a\n"}}])))
@example(case=(Schema.REQUEST, body_with(temperature=float("inf"))))
@example(case=(Schema.REQUEST, body_with(user="\ud800", n=10**400)))
def test_words_and_verdict_agree(case: tuple[Schema, Json]) -> None:
    from jsonschema import Draft202012Validator

    schema, value = case
    for reading in (BASE, COMPATIBLE):
        faults = reading.faults(schema, value)
        assert (faults == ()) is reading.is_valid(schema, value)
        for fault in faults:
            assert fault.keyword != "schema", "only one of the two engines objects"
            assert reading.at(fault.clause) is not None
        root = {"$ref": f"#/components/schemas/{schema}", **reading.document}
        slow = Draft202012Validator(root).is_valid(value)
        assert slow is reading.is_valid(schema, value) or "\n" in json.dumps(value).replace("\\n", "\n")


def test_what_the_fast_engine_cannot_read_is_still_judged() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        jsonschema_rs.is_valid({}, "\ud800")
    assert BASE.is_valid(Schema.REQUEST, body_with(user="\ud800"))
    assert not BASE.is_valid(Schema.REQUEST, body_with(temperature=3, user="\ud800"))


# ---- clauses, features, dialects


def test_a_clause_is_read_by_its_pointer() -> None:
    clause = BASE.clause("/x-stream/terminator")
    assert clause.level is Level.MUST
    assert "[DONE]" in clause.text
    assert clause.source[0].url.startswith("https://github.com/openai/openai-openapi/")


def test_a_thread_is_a_source_too() -> None:
    sources = BASE.clause("/x-request/tool-result-has-call").source
    assert [(source.label, source.url) for source in sources] == [("sdcb/chats#132", "https://github.com/sdcb/chats/issues/132")]


@pytest.mark.parametrize("pointer", ["/x-stream/nothing", "/nothing", "x-stream", "/x-sources/oas", "/paths", "/servers/9", "/servers/x"])
def test_a_pointer_without_a_clause(pointer: str) -> None:
    with pytest.raises(ClauseNotFoundError):
        BASE.clause(pointer)


@pytest.mark.parametrize(
    ("pointer", "core"),
    [("", True), ("/model", True), ("/messages/3/role", True), ("/stop/0", True), ("/logit_bias", False), ("/messages/0/name", False)],
)
def test_core_members(pointer: str, core: bool) -> None:
    assert BASE.is_core(pointer) is core


def test_features_name_the_fields_of_an_honest_refusal() -> None:
    assert BASE.features["logprobs"].fields == ("logprobs", "top_logprobs")


def test_dialects_build_on_each_other() -> None:
    assert contract.dialect_names()[0] == "openai"
    assert (BASE.chain, COMPATIBLE.chain) == (("openai",), ("openai", "openai-compatible"))
    assert BASE.revision == COMPATIBLE.revision == "2026-11-21"
    assert BASE.digest != COMPATIBLE.digest
    assert contract.load() is COMPATIBLE
    assert COMPATIBLE.at("/x-dialect/name") == COMPATIBLE.dialect


def _overlay(actions: str, extends: str = "") -> str:
    return f"overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\n{extends}\nactions:\n{actions}\n"


DIALECT = """
  - target: $['x-dialect']
    update:
      levels: {SOME-ID: {level: MAY, because: It is so.}}
      claims: [tools]
      denies: [logprobs, seed]
  - target: $.components.schemas.CreateChatCompletionRequest.properties.n.maximum
    remove: true
"""


def test_a_dialect_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.overlay.yaml"
    path.write_text(_overlay(DIALECT))
    mine = contract.load(str(path))
    assert mine.chain == ("openai", "openai-compatible", "mine")
    assert mine.levels["SOME-ID"] == contract.LevelChange(level=Level.MAY, because="It is so.")
    assert (mine.claims, mine.denies) == (frozenset({"tools"}), frozenset({"logprobs", "seed"}))
    assert mine.is_valid(Schema.REQUEST, body_with(n=1000))
    assert not COMPATIBLE.is_valid(Schema.REQUEST, body_with(n=1000))


def test_a_dialect_names_its_parent(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(_overlay(DIALECT, "x-extends: openai"))
    (tmp_path / "child.yaml").write_text(_overlay("  - {target: $, update: {x-mine: 1}}", "x-extends: strict.yaml"))
    assert contract.load(str(tmp_path / "child.yaml")).chain == ("openai", "strict", "child")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", r"line 3: the key 'a' stands there twice"),
        ("- a\n", "not an object"),
        ("", "not an object"),
        ("a: [", "not YAML"),
        ("a: &x {}\nb: {<<: *x}\n", "a key has to be a text"),
        ("? [a]\n: 1\n", "a key has to be a text"),
        ("a: yes\n", "Put it in quotes|neither JSON nor"),
        ("a: 0o7\nb: 0x1F\n", "neither JSON nor"),
        ("a: !!python/name:os.system x\n", "neither JSON nor"),
        (_overlay("  - {target: $, update: {}}", "x-extends: 5"), "x-extends"),
        (_overlay("  - {target: $, update: {}}", "x-extends: broken.yaml"), "extends itself"),
        (_overlay("  - {target: $, update: {}}", "x-extends: nowhere.yaml"), "cannot be read"),
        (_overlay("  - {target: \"$['x-dialect']\", update: {levels: {A: MAY}}}"), "without a level or without a reason"),
        (_overlay("  - {target: \"$['x-dialect']\", update: {levels: {A: {level: MAY}}}}"), "without a level or without a reason"),
        (_overlay("  - {target: $.components.schemas.Choice, update: {nullable: true}}"), "unknown keyword 'nullable'"),
        (_overlay("  - {target: $.components.schemas.Choice, update: {type: nothing}}"), "cannot be used"),
        (_overlay("  - {target: $.components.schemas.Choice, remove: true}"), "which is not there"),
        (_overlay("  - {target: \"$['x-stream'].terminator\", update: {level: NEVER}}"), "has no level"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ContractError, match=words):
        contract.load(str(path))


def test_other_ways_to_be_wrong(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no dialect called"):
        contract.load("opena")
    with pytest.raises(ContractError, match="cannot be read"):
        contract.load(str(tmp_path / "nowhere.yaml"))
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ContractError, match="not UTF-8"):
        contract.load(str(path))
    (tmp_path / "feature.yaml").write_text(_overlay("  - {target: \"$['x-dialect']\", update: {claims: [toools]}}"))
    with pytest.raises(UnknownNameError, match="no feature called"):
        contract.load(str(tmp_path / "feature.yaml"))
    (tmp_path / "stale.yaml").write_text(_overlay("  - {target: $.components.schemas.Gone, remove: true}"))
    with pytest.raises(OverlayError, match=r"stale.yaml, action 1"):
        contract.load(str(tmp_path / "stale.yaml"))

"""Everything the server says is valid under the contract that it reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract import Schema
from tests.reference.asking import ask, conversation, send
from tests.reference.test_stream import REQUESTS
from tests.reference.test_toymodel import TIME, WEATHER

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Json
    from conformance.reference.service import Service


def check(contract: Contract, service: Service, prompt: str, fields: dict[str, Json]) -> None:
    answered = ask(service, prompt, **fields)
    if answered.status != 200:
        assert contract.faults(Schema.ERROR, answered.json) == ()
    elif fields.get("stream") is True:
        assert [contract.faults(Schema.CHUNK, chunk) for chunk in answered.chunks if not contract.is_valid(Schema.CHUNK, chunk)] == []
    else:
        assert contract.faults(Schema.RESPONSE, answered.json) == ()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("prompt", "fields"), REQUESTS)
def test_answers(contract: Contract, service: Service, prompt: str, fields: dict[str, Json], stream: bool) -> None:
    check(contract, service, prompt, {**fields, "stream": stream})


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"model": 1, "messages": []}'])
def test_refusals(contract: Contract, service: Service, body: bytes) -> None:
    assert contract.faults(Schema.ERROR, send(service, body).json) == ()


FIELDS: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "stream": st.sampled_from([None, False, True]),
        "n": st.sampled_from([None, 1, 2, 3.0, 0]),
        "max_tokens": st.none() | st.integers(1, 12),
        "max_completion_tokens": st.none() | st.integers(1, 12),
        "stop": st.none() | st.text(min_size=1, max_size=2) | st.lists(st.text(min_size=1, max_size=2), min_size=1, max_size=5),
        "temperature": st.none() | st.floats(-1, 3),
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(0, 21),
        "tools": st.lists(st.sampled_from([WEATHER, TIME]), min_size=1, max_size=2, unique_by=str),
        "tool_choice": st.sampled_from(["none", "auto", "required", {"type": "function", "function": {"name": "tell_time"}}]),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from([{"type": "text"}, {"type": "json_object"}, {"type": "xml"}]),
        "stream_options": st.sampled_from([None, {}, {"include_usage": True}, {"include_usage": False}]),
        "metadata": st.none() | st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
        "unheard_of": st.none() | st.integers(),
    },
)  # fmt: skip
PROMPTS = st.text(max_size=20) | st.sampled_from(["Count from 1 to 30", "Weather and time", "Weather in Bonn and Rome", "json: count"])


@given(PROMPTS, FIELDS)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_asked(contract: Contract, service: Service, prompt: str, fields: dict[str, Json]) -> None:
    check(contract, service, prompt, fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_sent(contract: Contract, service: Service, data: st.DataObject) -> None:
    """Members of any type: never an exception, always a valid answer or a valid refusal."""
    properties = contract.at("/components/schemas/CreateChatCompletionRequest/properties")
    assert isinstance(properties, dict)
    wild = data.draw(st.dictionaries(st.sampled_from(sorted(properties)), JSON, min_size=1, max_size=3))
    check(contract, service, "Hello", wild)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1" * 400, "1.0", "1e2", "-0", "0.1e1"])
@pytest.mark.parametrize("member", ["temperature", "n", "max_tokens", "seed", "top_logprobs"])
def test_odd_numbers(contract: Contract, service: Service, member: str, text: str) -> None:
    answered = send(service, json.dumps(conversation("Hello", **{member: 12345})).replace("12345", text).encode())
    assert answered.status in {200, 400}
    assert contract.faults(Schema.RESPONSE if answered.status == 200 else Schema.ERROR, answered.json) == ()

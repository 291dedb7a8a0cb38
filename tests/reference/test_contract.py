"""Everything the server says is valid under the contract that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract import Schema
from tests.reference.asking import ask, send
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

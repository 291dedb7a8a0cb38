"""Drawn conversations are valid, make sense, keep to the features allowed, and come out the same each time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from conformance import contract
from conformance.generate import drawings
from conformance.generate.conversations import drawn
from conformance.generate.corpus import READY
from conformance.generate.drawn import Drawn
from conformance.generate.switches import FEATURES
from conformance.strictjson import get, items, parse


@pytest.fixture(scope="module", params=READY)
def reading(request: pytest.FixtureRequest) -> contract.Contract:
    return contract.load(request.param)


@pytest.fixture(scope="module")
def many(reading: contract.Contract) -> tuple[Drawn, ...]:
    return drawn(reading, seed=7, count=300, features=FEATURES)


def test_as_many_as_asked_for_and_no_two_alike(many: tuple[Drawn, ...]) -> None:
    assert len({json.dumps(each.body, sort_keys=True) for each in many}) == len(many) == 300


def test_every_body_is_valid_and_in_order(many: tuple[Drawn, ...], reading: contract.Contract) -> None:
    for each in many:
        body = {"model": "m", **each.body}
        assert reading.request_faults(body) == ()


def test_every_body_survives_strict_json(many: tuple[Drawn, ...]) -> None:
    for each in many:
        parsed = parse(json.dumps(each.body, ensure_ascii=False).encode())
        assert parsed.notes == ()
        assert "\\u0000" not in json.dumps(each.body)


def test_the_plan_adds_model_cap_and_stream(many: tuple[Drawn, ...]) -> None:
    for each in many:
        assert not each.body.keys() & {"model", "max_tokens", "max_completion_tokens", "stream", "stream_options"}


def test_somebody_is_to_be_answered(many: tuple[Drawn, ...]) -> None:
    for each in many:
        last = items(each.body, "messages")[-1]
        assert get(last, "role") in {"user", "tool"}


def test_every_feature_is_one_of_the_contract_and_is_drawn_at_times(many: tuple[Drawn, ...], reading: contract.Contract) -> None:
    assert reading.features.keys() >= FEATURES
    assert frozenset().union(*(each.needs for each in many)) == FEATURES


@pytest.mark.parametrize("left_out", sorted(FEATURES))
def test_a_feature_left_out_is_not_used(left_out: str) -> None:
    for each in drawn(contract.load(), seed=1, count=15, features=FEATURES - {left_out}):
        assert left_out not in each.needs
        if left_out in {"tools", "seed", "stop", "user", "n"}:
            assert left_out not in each.body


def test_without_any_feature_there_is_one_plain_question() -> None:
    for each in drawn(contract.load(), seed=1, count=20, features=frozenset()):
        assert each.needs == frozenset()
        assert each.body.keys() == {"messages"}
        [message] = items(each.body, "messages")
        assert isinstance(message, dict)
        assert message.keys() == {"role", "content"}
        assert isinstance(message["content"], str)


def test_another_seed_draws_others() -> None:
    first, second = (drawn(contract.load(), seed=seed, count=10, features=FEATURES) for seed in (1, 2))
    assert first != second


PROGRAM = """
import {extra}
import hashlib, json
from conformance import contract
from conformance.generate.conversations import drawn
from conformance.generate.switches import FEATURES
bodies = drawn(contract.load(), seed=7, count=60, features=FEATURES)
print(hashlib.sha256(json.dumps([[each.body, sorted(each.needs)] for each in bodies]).encode()).hexdigest())
"""


@pytest.mark.parametrize(("hash_seed", "extra"), [("0", "json"), ("1", "conformance.generate.corpus, conformance.generate.loosening")])
def test_every_process_draws_the_same(hash_seed: str, extra: str) -> None:
    """Whatever the hash seed, and whatever modules happen to be loaded: hypothesis takes constants from those."""
    here = drawn(contract.load(), seed=7, count=60, features=FEATURES)
    expected = hashlib.sha256(json.dumps([[each.body, sorted(each.needs)] for each in here]).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(extra=extra)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == expected


@pytest.mark.parametrize("features", [drawings.PLAIN, FEATURES], ids=["plain", "rich"])
@pytest.mark.parametrize("dialect", ["openai", "openai-compatible", "8080", "requesty-2025"])
def test_what_is_shipped_is_what_is_drawn(dialect: str, features: frozenset[str]) -> None:
    """After an update of hypothesis, or a change of what is drawn: `python -m conformance.generate`."""
    reading = contract.load(dialect)
    for seed, count in ((1, 2), (1, 30), (2, 2)):
        asked = {"seed": seed, "count": count}
        assert drawings.drawn(reading, **asked, features=features) == drawn(reading, **asked, features=features)


def test_an_ordinary_run_is_planned_without_hypothesis() -> None:
    program = """
import sys
from tests.test_plan import shipped
from conformance.model import Tier
shipped("openai-compatible", Tier.GATE).steps()
print("hypothesis.core" in sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"

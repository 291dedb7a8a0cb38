"""What is legal is said by the contract: every value is one of it, is asked for, and is written as it claims to be."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from conformance import contract
from conformance.ask import Ask
from conformance.contract import Contract, dialect_names
from conformance.generate.documented import documented
from conformance.generate.samples import PADDING, Value, clash, compose, media_type, write
from conformance.generate.turns import TEXTS, handwritten
from conformance.model import CAP_FIELDS, Json, Request, SampleKind, Tier
from conformance.scenarios.samples import offered, samples
from conformance.steps import Step
from conformance.strictjson import get, items, parse


def asking(dialect: str = "openai-compatible", tier: Tier = Tier.GATE, *denies: str) -> Ask:
    reading = contract.load(dialect)
    return Ask(contract=reading, model="m", cap_field=CAP_FIELDS[0], seed=1, tier=tier, scenario="samples", denies=frozenset(denies))


def body(step: Step) -> bytes:
    assert isinstance(step.request, Request)
    return step.request.body


def slugs(step: Step) -> set[str]:
    return {sample.slug for sample in step.purpose.samples}


VALUES = {value.sample.slug: value for value in (*handwritten(), *documented(contract.load("openai")))}


def test_no_two_values_have_one_name() -> None:
    assert len(VALUES) == len(handwritten()) + len(documented(contract.load("openai")))


@pytest.mark.parametrize("slug", ["temperature", "top_p", "frequency_penalty", "presence_penalty", "top_logprobs", "logit_bias"])
def test_both_bounds_of_a_number_are_values(slug: str) -> None:
    assert {f"{slug}/minimum", f"{slug}/maximum"} <= VALUES.keys()
    assert VALUES[f"{slug}/minimum"].put != VALUES[f"{slug}/maximum"].put


def test_null_is_a_value_of_every_member_that_may_be_null() -> None:
    nullable = {"temperature", "n", "stop", "stream", "stream_options", "seed", "logit_bias", "metadata", "audio", "reasoning_effort"}
    found = {value.sample.pointer[1:] for value in VALUES.values() if value.sample.kind is SampleKind.NULL}
    assert nullable <= found
    assert not found & {"model", "tool_choice", "user", "response_format", "parallel_tool_calls"}


def test_what_is_dear_or_lasting_is_no_value() -> None:
    assert not VALUES.keys() & {"n/maximum", "store/true", "service_tier/priority", "modalities/audio", "reasoning_effort/max"}


@pytest.mark.parametrize(("dialect", "tier"), [*((name, Tier.GATE) for name in dialect_names()), ("openai", Tier.FULL)])
def test_every_value_that_the_reading_allows_is_asked_for_and_nothing_that_it_forbids(dialect: str, tier: Tier) -> None:
    ask = asking(dialect, tier)
    steps = list(samples(ask))
    for step in steps:
        assert ask.contract.request_faults(parse(body(step)).value) == (), step.key
    allowed = {value.sample.slug for value in offered(ask) if not faults(ask.contract, value)}
    assert {slug for step in steps if step.billed for slug in slugs(step)} == allowed
    assert len({step.key for step in steps}) == len(steps)


def faults(reading: Contract, value: Value) -> bool:
    minimal: dict[str, Json] = {"model": "m", "messages": [{"role": "user", "content": "Hi."}], CAP_FIELDS[0]: 16}
    return bool(reading.request_faults(compose(minimal, [value])))


def test_each_request_of_many_is_split_down_to_its_single_values() -> None:
    steps = list(samples(asking()))
    for step in steps:
        inner = [each for each in steps if each.purpose.splits == step.key]
        if len(slugs(step)) > 1:
            assert set().union(*map(slugs, inner)) == slugs(step)
            assert sum(len(slugs(each)) for each in inner) == len(slugs(step))
        else:
            assert not inner
        assert step.billed == (not step.purpose.splits)
        assert step.after == step.purpose.splits


def test_a_single_value_is_the_control_and_that_value() -> None:
    ask = asking()
    (step,) = [each for each in samples(ask) if each.key.endswith("/temperature/maximum")]
    assert parse(body(step)).value == {**ask.minimal, "temperature": 2}
    assert step.purpose.control == ask.control
    assert step.purpose.needs == {"temperature"}


def test_a_value_that_stands_in_an_earlier_turn_is_held_against_one_that_has_nothing_else_to_it() -> None:
    (step,) = [each for each in samples(asking()) if each.key.endswith("/text/han")]
    assert step.purpose.control == "roles/history"


def test_a_feature_that_is_denied_costs_no_other_value_its_place() -> None:
    everything = {slug for step in samples(asking()) for slug in slugs(step)}
    without = {slug for step in samples(asking("openai-compatible", Tier.GATE, "tools")) for slug in slugs(step)}
    assert everything - without == {slug for slug in everything if "tools" in VALUES[slug].needs}


def test_the_cap_of_the_run_is_left_alone() -> None:
    for cap in CAP_FIELDS:
        for step in samples(replace(asking(), cap_field=cap)):
            assert get(parse(body(step)).value, cap) == 16


@pytest.mark.parametrize("name", TEXTS)
def test_text_travels_as_it_is_and_never_with_nul(name: str) -> None:
    value = VALUES[f"text/{name}"]
    sent = write(compose({"messages": []}, [value]), [value])
    assert TEXTS[name][1] in str(get(json.loads(sent), "messages", 0, "content"))
    assert b"\\u0000" not in sent
    assert name in {"controls", "line-breaks"} or b"\\u" not in sent.replace(b"\\\\u0041", b"")


@pytest.mark.parametrize("slug", ["body/reversed", "body/padded", "body/indented", "body/escaped"])
def test_however_it_is_written_it_says_the_same(slug: str) -> None:
    value = VALUES[slug]
    plain = compose({"model": "m", "messages": [{"role": "user", "content": "naïve 😀"}]}, [value])
    sent = write(plain, [value])
    assert json.loads(sent) == plain
    assert sent != json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    if slug == "body/reversed":
        assert next(iter(json.loads(sent))) == "messages"
    if slug == "body/padded":
        assert PADDING <= len(sent) <= PADDING + 4096
    if slug == "body/escaped":
        assert sent.isascii()
        assert b"\\ud83d\\ude00" in sent


def test_values_of_one_place_clash_and_others_do_not() -> None:
    assert clash(VALUES["temperature/minimum"], VALUES["temperature/null"])
    assert clash(VALUES["text/emoji"], VALUES["body/escaped"])
    assert clash(VALUES["top_logprobs/maximum"], VALUES["logprobs/null"])
    assert not clash(VALUES["temperature/minimum"], VALUES["top_p/maximum"])
    assert media_type([VALUES["body/charset"]]) == "application/json; charset=utf-8"
    assert media_type([VALUES["text/emoji"]]) == "application/json"


def test_a_conversation_of_values_alternates_and_ends_with_the_question() -> None:
    chosen = [value for value in VALUES.values() if value.turns]
    turns = [get(turn, "role") for value in chosen for turn in value.turns]
    for before, after in pairwise(turns):
        assert before != after or before == "tool", (before, after)
    messages = items(compose({"messages": [{"role": "user", "content": "Last."}]}, chosen), "messages")
    assert messages[-1] == {"role": "user", "content": "Last."}

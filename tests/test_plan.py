"""What is sent, and what it may cost at most."""

from __future__ import annotations

import dataclasses

import pytest

from conformance import contract, plan, preflight, registry, strictjson
from conformance.ask import Ask
from conformance.contract import Contract, dialect_names
from conformance.errors import CatalogueError
from conformance.model import CAP_FIELDS, MISSING, Expectation, Json, Request, Tier, Violation
from conformance.registry import Catalogue, Requirement, Scenario
from conformance.scenarios import refusals
from conformance.session import Assignment
from conformance.steps import Step
from conformance.strictjson import get, items
from conformance.subjects.failure import exchange
from conformance.target import Target
from tests.evidence import purpose, requirement


def ask(tier: Tier = Tier.GATE, reading: Contract | None = None, cap_field: str = CAP_FIELDS[0]) -> Ask:
    return Ask(contract=reading or contract.load(), model="m", cap_field=cap_field, seed=1, tier=tier, scenario="")


def step(key: str, **options: object) -> Step:
    one = purpose(key, **options)  # type: ignore[arg-type]
    return Step(purpose=one, request=ask().step("x", ask().minimal).request, after=one.after, output_tokens=16)


def planned(*steps: Step, wanted: str = "", denies: str = "", tier: Tier = Tier.GATE) -> list[str]:
    """Keys of what is planned when a requirement wants to see `wanted`, or everything."""
    catalogue = Catalogue(
        requirements=(),
        scenarios=(Scenario(name="s", text="", tiers=frozenset({Tier.GATE}), build=lambda _: steps),),
        exclusions=(),
    )
    view = exchange.where(lambda one: not wanted or one.key == wanted, "wanted") if wanted else exchange
    built = plan.build(catalogue, [requirement(view)], ask(tier), denies=frozenset(filter(None, [denies])))
    return [one.key for one in built.every]


def test_only_what_somebody_wants_to_see_is_planned() -> None:
    assert planned(step("s/a"), step("s/b"), wanted="s/b") == ["s/b"]
    assert planned(step("s/a"), step("s/b"), wanted="s/c") == []
    assert planned(step("s/a"), step("s/b")) == ["s/a", "s/b"]


def test_what_something_is_compared_with_or_built_from_is_planned_with_it() -> None:
    steps = (
        step("s/first"),
        step("s/control", after="s/first"),
        step("s/whole", control="s/control"),
        step("s/streamed", twin="s/whole", stream=True),
        step("s/other"),
    )
    assert planned(*steps, wanted="s/streamed") == ["s/first", "s/control", "s/whole", "s/streamed"]


def test_a_control_outside_the_plan_is_no_trouble() -> None:
    assert planned(step("s/a", control="preflight/max_tokens"), wanted="s/a") == ["s/a"]


def test_pairs_that_name_each_other_are_no_trouble() -> None:
    assert planned(step("s/a", control="s/b"), step("s/b", control="s/a"), wanted="s/a") == ["s/a", "s/b"]


def test_what_needs_a_denied_feature_is_left_out_and_what_follows_it() -> None:
    steps = (
        step("s/plain"),
        step("s/call", needs=("tools",)),
        step("s/result", after="s/call"),
        step("s/verbatim", after="s/result"),
        step("s/n", needs=("n", "streaming")),
    )
    assert planned(*steps, denies="tools") == ["s/plain", "s/n"]
    assert planned(*steps, denies="n") == ["s/plain", "s/call", "s/result", "s/verbatim"]


def test_a_scenario_is_asked_in_its_tiers_only() -> None:
    assert planned(step("s/a"), tier=Tier.SMOKE) == []


def test_two_steps_with_one_name_are_a_mistake_of_ours() -> None:
    with pytest.raises(CatalogueError, match="s/a"):
        planned(step("s/a"), step("s/a"))


def test_what_is_to_come_last_comes_last() -> None:
    assert planned(step("s/a", topics=("last",)), step("s/b")) == ["s/b", "s/a"]


def test_the_price_is_what_all_tries_cost_and_a_refusal_is_free() -> None:
    steps = [
        dataclasses.replace(step("s/a"), tries=3, output_tokens=10),
        dataclasses.replace(step("s/b"), output_tokens=7),
        dataclasses.replace(step("s/c"), billed=False, output_tokens=99),
    ]
    priced = plan.price(steps)
    assert (priced.requests, priced.billed, priced.output_tokens) == (5, 4, 37)


# What ships


def shipped(dialect: str, tier: Tier) -> Assignment:
    catalogue = registry.load()
    return Assignment(
        target=Target(base_url="http://127.0.0.1", model="m"),
        contract=contract.load(dialect),
        catalogue=catalogue,
        requirements=catalogue.requirements,
        tier=tier,
    )


@pytest.mark.parametrize("dialect", dialect_names())
def test_the_default_tier_costs_cents(dialect: str) -> None:
    price = shipped(dialect, Tier.GATE).price()
    assert price.billed <= 60
    assert price.output_tokens <= 3_000


@pytest.mark.parametrize("dialect", [contract.BASE, contract.DEFAULT])
def test_the_default_tier_wants_hundreds_of_different_things_refused(dialect: str) -> None:
    purposes = [one.purpose for one in shipped(dialect, Tier.GATE).steps().every]
    assert refusals.distinct(purposes) >= 200
    core = [one for one in purposes if one.violation and one.violation.core]
    assert refusals.distinct(core) >= 60


def test_a_stream_and_what_may_go_either_way_are_no_further_refusals() -> None:
    one = Violation(constraint="type", pointer="/n", clause="/x", sent="{}")
    wanted = [purpose("s/a", violation=one), purpose("s/b", violation=dataclasses.replace(one, sent="[]"))]
    assert refusals.distinct([*wanted, purpose("s/c", violation=one, stream=True)]) == 2
    assert refusals.distinct([*wanted, purpose("s/d", violation=dataclasses.replace(one, sent="1"), expect=Expectation.EITHER)]) == 2


@pytest.mark.parametrize("dialect", dialect_names())
def test_smoke_is_three_requests_at_most(dialect: str) -> None:
    # The second name of the cap is tried only when the first is refused, which is not billed.
    assert 1 + plan.price(shipped(dialect, Tier.SMOKE).steps().every).requests in {2, 3}


@pytest.mark.parametrize("dialect", dialect_names())
def test_refusals_are_billed_for_nothing_but_the_preflight(dialect: str) -> None:
    assignment = shipped(dialect, Tier.REFUSALS)
    assert plan.price(assignment.steps().every).billed == 0
    assert assignment.price().billed == plan.price(preflight.steps(assignment.ask())).billed == 1


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("cap_field", CAP_FIELDS)
def test_every_step_that_ships_hangs_together(tier: Tier, cap_field: str) -> None:
    everything: Requirement = requirement(exchange)
    one = ask(tier, cap_field=cap_field)
    steps = plan.build(registry.load(), [everything], one, denies=frozenset())
    keys = {each.key for each in steps.every}
    known = keys | {each.key for each in preflight.steps(one)}
    assert keys
    for each in steps.every:
        why = each.purpose
        assert each.after in {"", *keys}
        assert why.after == (each.after if callable(each.request) else ""), f"{each.key}: what is built from an answer, and nothing else"
        assert {why.twin, why.control} <= {"", *known}, each.key
        assert why.needs <= set(one.contract.features), each.key
        assert (why.violation is not None) == (why.expect is not Expectation.ACCEPTED), each.key
        assert not why.twin or why.stream, f"{each.key}: only what is streamed has a twin"
        assert each.billed or each.output_tokens == 0
        assert not each.billed or each.output_tokens > 0, f"{each.key} has no ceiling"


def test_denying_any_one_feature_leaves_a_plan_that_hangs_together() -> None:
    catalogue = registry.load()
    # What must be refused needs no feature, and takes the longest to build.
    asking = dataclasses.replace(catalogue, scenarios=tuple(one for one in catalogue.scenarios if Tier.REFUSALS not in one.tiers))
    whole = [each.purpose for each in plan.build(asking, [requirement(exchange)], ask(), denies=frozenset()).every]
    for feature in frozenset().union(*(one.needs for one in whole)):
        steps = plan.build(asking, [requirement(exchange)], ask(), denies=frozenset({feature}))
        keys = {each.key for each in steps.every}
        assert 0 < len(keys) < len(whole)
        for each in steps.every:
            assert feature not in each.purpose.needs
            assert each.after in {"", *keys}


def test_the_same_is_asked_every_time() -> None:
    first, second = (shipped("openai-compatible", Tier.GATE).steps() for _ in range(2))
    assert [(each.purpose, each.request if not callable(each.request) else None) for each in first.first] == [
        (each.purpose, each.request if not callable(each.request) else None) for each in second.first
    ]


def test_only_what_asks_for_the_bare_form_of_a_tool_offers_one() -> None:
    """A target that wants parameters of every function is to fail at that alone, not wherever a second tool is offered."""
    catalogue = registry.load()
    bare = {
        one.key
        for scenario in catalogue.scenarios
        if Tier.GATE in scenario.tiers
        for one in scenario.build(dataclasses.replace(ask(), scenario=scenario.name))
        if isinstance(one.request, Request) and (one.purpose.expect is Expectation.ACCEPTED or scenario.name == "door")
        for tool in items(_body(one.request), "tools")
        if isinstance(get(tool, "function"), dict) and get(tool, "function", "parameters") is MISSING
    }
    assert {key for key in bare if not key.startswith("samples/")} == set()
    assert "samples/conversation-1/tools/bare" in bare


def _body(request: Request) -> Json:
    try:
        return strictjson.parse(request.body).value
    except strictjson.NotJsonError:
        return None

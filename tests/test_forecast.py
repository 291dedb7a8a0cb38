"""What a run may take is said before anything is sent, in full and in numbers that a program can read."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from rich.console import Console

from conformance import contract, registry
from conformance.cli import main
from conformance.cost.budget import Budget
from conformance.cost.ceilings import Ceilings, Prices
from conformance.cost.charging import MOST_BYTES, most
from conformance.cost.forecast import BUILT, Forecast, forecast
from conformance.errors import ConfigurationError
from conformance.model import Json, Request, Tier
from conformance.options import Options
from conformance.provenance import RECORD, Spent, Tokens
from conformance.record.runlog import Record
from conformance.reference.service import KEY, MODEL
from conformance.render import spending
from conformance.render.console import LiveProgress
from conformance.sending.progress import Unwatched
from conformance.session import Assignment, conduct
from conformance.target import Target
from tests.flaky import calm, flaky
from tests.test_budget import refused

PRICES = Prices(input=Decimal("2.50"), output=Decimal(10))


def planned(tier: Tier = Tier.GATE, ceilings: Ceilings | None = None) -> Forecast:
    catalogue = registry.load()
    target = Target(base_url="http://127.0.0.1", model="m")
    one = Assignment(target=target, contract=contract.load(), catalogue=catalogue, requirements=catalogue.requirements, tier=tier)
    whole = forecast(one.everything(), ceilings or Ceilings())
    price = one.price()
    assert (whole.requests, whole.billed, whole.tokens.output) == (price.requests, price.billed, price.output_tokens)
    assert whole.purposes == price.purposes
    return whole


def told(*arguments: str) -> dict[str, Json]:
    result = CliRunner().invoke(main, ["plan", "--json", *arguments])
    loaded: dict[str, Json] = json.loads(result.stdout)
    return loaded


@pytest.mark.parametrize("tier", [Tier.SMOKE, Tier.REFUSALS, Tier.GATE])
def test_what_the_scenarios_take_adds_up_to_the_whole(tier: Tier) -> None:
    whole = planned(tier, Ceilings(prices=PRICES))
    assert whole.tokens.prompt > 0
    assert whole.counted == Tokens(prompt=whole.tokens.prompt, output=whole.tokens.output * MOST_BYTES)
    assert whole.money(whole.tokens) == sum(PRICES.of(share.tokens) for share in whole.shares)
    assert all(share.splits + share.billed <= share.requests for share in whole.shares)


def test_smoke_and_refusals_bill_next_to_nothing() -> None:
    smoke, refusals = planned(Tier.SMOKE), planned(Tier.REFUSALS)
    assert (smoke.requests, refusals.billed, refusals.tokens.output) == (3, 1, 16)
    assert smoke.tokens.total < 1_000
    assert refusals.tokens.total < 1_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tier", "smoke"],
        ["--tier", "smoke", "--price-input", "0.1", "--price-output", "0"],
        ["--tier", "smoke", "--max-requests", "2", "--max-tokens", "10", "--max-seconds", "1.5"],
        ["--only", "STREAM-DONE", "--max-cost", "1e-4", "--price-input", "1", "--price-output", "2"],
    ],
)
def test_the_plan_as_json_holds_to_its_published_schema(arguments: list[str]) -> None:
    jsonschema.validate(told(*arguments), spending.schema())


def test_the_schema_is_published_by_a_command_and_is_one() -> None:
    published = json.loads(CliRunner().invoke(main, ["schema", "plan"]).stdout)
    assert published == spending.schema()
    jsonschema.Draft202012Validator.check_schema(published)


def test_the_plan_names_ceilings_that_it_may_run_into() -> None:
    document = told("--tier", "smoke", "--max-requests", "2", "--max-tokens", "1000000", "--max-cost", "0.001", *PRICED)
    assert document["exceeds"] == ["requests", "cost"]
    assert document["ceilings"] == {"requests": 2, "tokens": 1_000_000, "seconds": None, "cost": "0.001"}


PRICED = ("--price-input", "2.50", "--price-output", "10")


def test_a_warning_has_both_numbers() -> None:
    words = list(spending.warnings(planned(Tier.SMOKE, Ceilings(requests=2, cost=Decimal("0.001"), prices=PRICES))))
    assert "up to 3 requests; it will stop at 2 (--max-requests)" in words[0]
    assert "it will stop at 0.0010 (--max-cost)" in words[1]
    assert list(spending.warnings(planned(Tier.SMOKE, Ceilings(requests=3)))) == []


def test_people_read_the_same_numbers() -> None:
    lines = "\n".join(spending.lines(planned(Tier.SMOKE, Ceilings(requests=2, prices=PRICES)), 0))
    assert "3  requests at most" in lines
    assert "32 output tokens" in lines
    assert "prompt tokens at most" in lines
    assert "at the prices given" in lines
    assert "will stop at 2" in lines


def test_what_is_built_from_an_answer_stays_within_its_forecast(tmp_path: Path) -> None:
    with flaky(calm) as server:
        target = Target(base_url=server.url, model=MODEL, key=KEY, key_variable="CONFORMANCE_API_KEY")
        catalogue = registry.load()
        one = Assignment(target=target, contract=contract.load(), catalogue=catalogue, requirements=catalogue.requirements)
        built = [step for step in one.steps().first if step.billed and not isinstance(step.request, Request)]
        wanted = tuple(
            each for each in catalogue.requirements if each.id in {"REQUEST-HISTORY-CALLS", "REQUEST-ECHO", "REQUEST-STOP-FORMS"}
        )
        conduct(replace(one, requirements=wanted), tmp_path, Unwatched(), threading.Event())
    asked = 0
    with Record.open(tmp_path / RECORD) as record:
        for step in built:
            for sent in record.attempts(step.key):
                asked += 1
                before = record.attempts(step.after)[-1]
                assert most(sent.sent.body).prompt <= most(before.sent.body).prompt + BUILT, step.key
    assert asked >= 4


# While it runs


def test_the_meter_tells_what_is_spent_of_which_ceiling() -> None:
    now = [0.0]
    ceilings = Ceilings(requests=500, tokens=20_000, seconds=60, cost=Decimal("0.50"), prices=PRICES)
    budget = Budget(ceilings, clock=lambda: now[0])
    budget.begin()
    now[0] = 17.0
    budget.recall(Spent(requests=12, tokens=Tokens(prompt=4000, output=100)))
    assert spending.meter(budget) == "12 of 500 requests, 4,100 of 20,000 tokens, 0.0110 of 0.50 spent, 43 s left"
    assert spending.meter(Budget()) == "0 tokens"


def test_a_log_tells_what_is_spent_beside_how_far_it_is() -> None:
    now, shown = [0.0], StringIO()
    progress = LiveProgress(Console(file=shown, width=200), lambda: now[0], meter=lambda: "7 tokens")
    progress.started(20)
    now[0] = 100.0
    progress.waiting(30, "The target is out of service (503).")
    progress.finished()
    assert shown.getvalue() == "0 of at most 20 requests sent; 7 tokens, waiting 30 s: The target is out of service (503).\n"


def test_a_bar_tells_what_is_spent() -> None:
    shown = StringIO()
    progress = LiveProgress(Console(file=shown, width=200, force_terminal=True), meter=lambda: "7 of 99 tokens")
    progress.started(20)
    progress.exchanged(refused(b"{}"))
    progress.finished()
    assert "7 of 99 tokens" in shown.getvalue()


# The options


def test_ceilings_are_read_out_of_the_options_of_a_run() -> None:
    given = Options(max_requests="5", max_tokens="1e4", max_seconds="2.5", max_cost="0.10", price_input="1", price_output="0")
    assert Ceilings.given(given) == Ceilings(
        requests=5, tokens=10_000, seconds=2.5, cost=Decimal("0.10"), prices=Prices(input=Decimal(1), output=Decimal(0))
    )
    assert not Ceilings.given(Options()).any


@pytest.mark.parametrize(
    ("given", "words", "field"),
    [
        (Options(max_requests="many"), "--max-requests takes a number", "max_requests"),
        (Options(max_requests="1.5"), "--max-requests takes a whole number", "max_requests"),
        (Options(max_requests="0"), "--max-requests is 0", "max_requests"),
        (Options(max_tokens="inf"), "--max-tokens", "max_tokens"),
        (Options(max_seconds="nan"), "--max-seconds", "max_seconds"),
        (Options(max_cost="1"), "without the prices", "max_cost"),
        (Options(price_input="1"), "One of the two prices", "price_input"),
        (Options(price_input="1", price_output="-1"), "no amount of money", "price_input"),
    ],
)
def test_a_ceiling_that_is_none_is_told_before_anything_is_sent(given: Options, words: str, field: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        Ceilings.given(given)
    assert field in raised.value.options

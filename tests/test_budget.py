"""No ceiling is ever passed, whatever a target says and whatever becomes of a request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cost.budget import BREAK, Budget, spent
from conformance.cost.ceilings import Ceilings, Prices
from conformance.cost.charging import NOTHING, charge, most, room
from conformance.errors import ConfigurationError
from conformance.exploration.oracle import Gathered
from conformance.model import Chunk, Exchange, Fault, FaultKind, Json, Purpose, Request, Sent
from conformance.provenance import BUDGET, Spent, Tokens
from conformance.sending import pacing
from conformance.sending.observe import Observed, observe
from conformance.sending.progress import Unwatched
from conformance.steps import Step

PRICES = Prices(input=Decimal("2.50"), output=Decimal(10))
FAULTS = tuple(kind for kind in FaultKind if kind is not FaultKind.OVERSIZE)


@pytest.fixture(autouse=True, scope="module")
def _quick() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "_BASE", 1e-6)
        yield


@dataclass
class Liar:
    """A target that does what it is asked at random, and says something else of it. What it really did is counted here."""

    seed: int
    obeys: bool = True
    """Whether it keeps to the cap of a request."""
    boasts: bool = True
    """Whether it may say that it did more than it did."""
    requests: int = 0
    truth: Tokens = NOTHING
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
        random = Random(f"{self.seed}/{purpose.key}/{attempt}")
        bound = most(request.body)
        did = bound if random.random() < 0.7 else Tokens(prompt=random.randint(1, bound.prompt), output=random.randint(0, bound.output))
        status: int | None = random.choice([200, 200, 200, 400, 429, 500, 503, None])
        fault = random.choice(FAULTS) if status is None or random.random() < 0.1 else None
        if (fault in (FaultKind.UNREACHABLE, FaultKind.DNS, FaultKind.TLS) and status is None) or status in (400, 429):
            did = NOTHING
        elif status == 200 and not self.obeys:
            did = Tokens(prompt=did.prompt, output=400)
        time.sleep(0.0005)
        with self.lock:
            self.requests += 1
            self.truth += did
        return Exchange(
            purpose=purpose,
            attempt=attempt,
            started=time.time(),
            sent=Sent(method="POST", url="u", headers=(), body=request.body),
            status=status,
            chunks=(Chunk(0.0, self._answer(did, random)),) if status == 200 else (),
            fault=Fault(kind=fault, detail="It broke.") if fault else None,
        )

    def _answer(self, did: Tokens, random: Random) -> bytes:
        text = "".join(random.choice(["a", "a", "a", " word"]) for _ in range(did.output))
        said: Json = random.choice([None, -3, 0, 1, "2", did.output, *([10**7] if self.boasts else [])])
        usage: Json = {"prompt_tokens": said, "completion_tokens": said, "total_tokens": 0}
        return json.dumps({"choices": [{"message": {"content": text}}], **({"usage": usage} if said is not None else {})}).encode()

    def abort(self) -> None: ...


def step(key: str, cap: int = 16, **more: object) -> Step:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi " * (cap % 7)}], "max_tokens": cap}).encode()
    fields = {"purpose": Purpose(key=key, scenario="s"), "request": Request(body=body)} | more
    return Step(**fields)  # type: ignore[arg-type]


def plan(caps: list[int]) -> list[Step]:
    """Steps of all kinds: alone, repeated for want of cooperation, in chains, splitting another."""
    steps = []
    for number, cap in enumerate(caps):
        key, before = f"s/{number}", f"s/{number - 1}"
        match number % 4:
            case 1:
                steps.append(step(key, cap, after=before))
            case 2:
                steps.append(step(key, cap, tries=3, until=lambda _: False))
            case 3:
                steps.append(step(key, cap, after=before, purpose=Purpose(key=key, scenario="s", splits=before)))
            case _:
                steps.append(step(key, cap))
    return steps


def run(steps: list[Step], target: Liar, budget: Budget, concurrency: int = 4) -> Observed:
    return observe(
        steps,
        target,
        Gathered(),
        concurrency=concurrency,
        progress=Unwatched(),
        stop=threading.Event(),
        probe=step("probe"),
        budget=budget,
    )


caps = st.lists(st.integers(1, 200), min_size=1, max_size=14)
seeds = st.integers(0, 10_000)


@settings(max_examples=80, deadline=None)
@given(caps=caps, seed=seeds, tokens=st.integers(1, 4_000), concurrency=st.integers(1, 6))
def test_tokens_are_never_more_than_allowed_whatever_the_target_says(caps: list[int], seed: int, tokens: int, concurrency: int) -> None:
    target = Liar(seed)
    run(plan(caps), target, Budget(Ceilings(tokens=tokens)), concurrency)
    assert target.truth.total <= tokens


@settings(max_examples=50, deadline=None)
@given(caps=caps, seed=seeds, cents=st.integers(1, 10))
def test_money_is_never_more_than_allowed(caps: list[int], seed: int, cents: int) -> None:
    target = Liar(seed)
    run(plan(caps), target, Budget(Ceilings(cost=Decimal(cents) / 100, prices=PRICES)))
    assert PRICES.of(target.truth) <= Decimal(cents) / 100


@settings(max_examples=50, deadline=None)
@given(caps=caps, seed=seeds, tokens=st.integers(1, 4_000))
def test_what_is_counted_stays_below_the_ceiling_and_above_the_truth(caps: list[int], seed: int, tokens: int) -> None:
    target, budget = Liar(seed, boasts=False), Budget(Ceilings(tokens=tokens))
    run(plan(caps), target, budget)
    counted = budget.spent
    assert target.truth.prompt <= counted.tokens.prompt
    assert target.truth.output <= counted.tokens.output
    assert counted.tokens.total <= tokens
    assert counted.requests == target.requests


@settings(max_examples=50, deadline=None)
@given(caps=caps, seed=seeds, requests=st.integers(1, 30), concurrency=st.integers(1, 6))
def test_requests_are_never_more_than_allowed(caps: list[int], seed: int, requests: int, concurrency: int) -> None:
    target = Liar(seed)
    observed = run(plan(caps), target, Budget(Ceilings(requests=requests)), concurrency)
    assert target.requests == observed.sent <= requests
    assert observed.complete or observed.reason


@settings(max_examples=40, deadline=None)
@given(caps=caps, seed=seeds, tokens=st.integers(1, 4_000))
def test_a_target_that_ignores_its_cap_passes_the_ceiling_by_one_answer_at_most(caps: list[int], seed: int, tokens: int) -> None:
    """What it is seen to do to the first request, which goes alone, every later one is given room for."""
    target, budget = Liar(seed, obeys=False, boasts=False), Budget(Ceilings(tokens=tokens))
    run([step("first")], target, budget, concurrency=1)
    first = target.truth
    run(plan(caps), target, budget)
    if first.output >= 400:
        assert target.truth.total <= max(tokens, first.total)


def test_whatever_is_left_out_makes_the_run_incomplete_and_the_rest_goes_on() -> None:
    class Obedient(Liar):
        def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
            self.requests += 1
            body = b'{"choices": [{"message": {"content": "1 2"}}]}'
            return Exchange(
                purpose=purpose,
                attempt=attempt,
                started=0.0,
                sent=Sent(method="POST", url="u", headers=(), body=request.body),
                status=200,
                chunks=(Chunk(0.0, body),),
            )

    target, budget = Obedient(1), Budget(Ceilings(tokens=3000))
    steps = [step("large", 4000), step("small"), step("built", after="large", request=lambda _: Request(body=b"{}"))]
    assert run(steps, target, budget) == Observed(complete=False, reason=BUDGET, sent=1)
    assert "--max-tokens 3000" in budget.refused


def test_a_request_waits_for_those_under_way_rather_than_being_left_out() -> None:
    request = Request(body=step("a", 16).request.body)  # type: ignore[union-attr]
    needed = room(request.body).total
    budget = Budget(Ceilings(tokens=needed + 100))
    first = budget.reserve(request)
    assert first is not None
    second: list[object] = []
    waiting = threading.Thread(target=lambda: second.append(budget.reserve(request)))
    waiting.start()
    waiting.join(0.05)
    assert second == []
    budget.settle(first, refused(request.body))
    waiting.join(5)
    assert [each is not None for each in second] == [True]


def test_nobody_waits_once_a_run_ends() -> None:
    request = Request(body=step("a", 16).request.body)  # type: ignore[union-attr]
    budget = Budget(Ceilings(tokens=room(request.body).total))
    assert budget.reserve(request) is not None
    budget.close()
    assert budget.reserve(request) is None
    assert budget.refused == ""


# Time


def test_when_the_time_is_over_nothing_is_sent_and_what_is_under_way_is_broken_off() -> None:
    class Slow(Liar):
        aborted = threading.Event()

        def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
            self.requests += 1
            self.aborted.wait(10)
            return replace(refused(request.body), status=None, fault=Fault(kind=FaultKind.RESET, detail="We broke it off."))

        def abort(self) -> None:
            self.aborted.set()

    target, budget, before = Slow(1), Budget(Ceilings(seconds=0.2)), time.monotonic()
    observed = run(plan([16] * 40), target, budget)
    assert (observed.complete, observed.reason) == (False, BUDGET)
    assert target.requests == 4
    assert time.monotonic() - before < 5
    assert "--max-seconds 0.2" in budget.refused
    assert budget.broken_off.requests == 4
    assert budget.broken_off.tokens.output == 4 * 16


def test_time_counts_from_the_beginning_and_what_was_spent_before_counts_too() -> None:
    now = [100.0]
    budget = Budget(Ceilings(seconds=10), clock=lambda: now[0])
    budget.recall(Spent(requests=3, seconds=4))
    budget.begin()
    now[0] += 5
    budget.begin()
    assert (budget.seconds_left, budget.is_late()) == (1, False)
    now[0] += 1
    assert (budget.seconds_left, budget.is_late()) == (0, True)
    assert budget.spent.requests == 3


# Earlier spending


def refused(body: bytes, started: float = 0.0) -> Exchange:
    return Exchange(
        purpose=Purpose(key="a", scenario="a"),
        attempt=1,
        started=started,
        sent=Sent(method="POST", url="u", headers=(), body=body),
        status=400,
        elapsed=2.0,
    )


def test_a_record_tells_what_was_spent_before() -> None:
    body = step("a", 30).request.body  # type: ignore[union-attr]
    accepted = replace(refused(body, 1001.0), status=200, chunks=(Chunk(0.0, b'{"choices":[]}'),))
    told = spent([refused(body, 1000.0), accepted, refused(body, 1010.0), refused(body, 1000.0 + 10 * BREAK)])
    assert told.requests == 4
    assert told.tokens == charge(accepted) == most(body)
    assert told.seconds == pytest.approx(12 + 2)


def test_what_was_spent_before_leaves_less() -> None:
    target, budget = Liar(1), Budget(Ceilings(requests=10))
    budget.recall(Spent(requests=7))
    assert run(plan([16] * 10), target, budget).sent == 3


# What is no ceiling


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ceilings(requests=0),
        lambda: Ceilings(tokens=-1),
        lambda: Ceilings(seconds=float("nan")),
        lambda: Ceilings(seconds=float("inf")),
        lambda: Ceilings(cost=Decimal("NaN"), prices=PRICES),
        lambda: Ceilings(cost=Decimal(1)),
        lambda: Ceilings(prices=Prices(input=Decimal(-1), output=Decimal(0))),
    ],
)
def test_a_ceiling_that_bounds_nothing_is_refused(make: Callable[[], Ceilings]) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_money_is_what_the_prices_make_of_the_tokens() -> None:
    assert PRICES.of(Tokens(prompt=1_000_000, output=100_000)) == Decimal("3.50")

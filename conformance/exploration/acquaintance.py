"""What a target shows at first sight, in ten requests at most: which models it lists, how it takes a cap, what features it has.

Nothing of it is scored. The questions are some of those of a run, and what an answer says of a feature is told as in a run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from conformance import plan, preflight, strictjson
from conformance.ask import Ask
from conformance.exploration.explorer import prepare
from conformance.exploration.inquiry import inquiry
from conformance.exploration.oracle import Gathered
from conformance.judge import judge
from conformance.model import CAP_FIELDS, Purpose, Request, Tier
from conformance.network.wire import OK
from conformance.observation import Evidence
from conformance.overview import capabilities
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.overview.capabilities import Capability
    from conformance.provenance import Plan
    from conformance.run import Run
    from conformance.steps import Step

MOST_REQUESTS: Final = 10

QUESTIONS: Final = ("streamed/usage", "tools/auto", "json/schema", "json/object", "logprobs/alone", "n/two", "roles/developer")
"""Requests of a run that are asked, one for each thing that servers most often lack; with the list of models and the preflight's two
they are `MOST_REQUESTS`."""

_LIST: Final = Request(method="GET", path="/models", body=b"", content_type=None)
_WHY: Final = Purpose(key="models/list", scenario="models")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaintance:
    """What was learnt of a target."""

    base_url: str
    model: str
    key_variable: str
    cap_field: str
    """The name under which it takes a cap on its output."""
    capabilities: tuple[Capability, ...]
    """Of the features that were asked about."""
    sent: int
    """Requests that it took, the list of models not counted."""


def models(run: Run) -> tuple[str, ...]:
    """The models that a target lists, in its order; none where it keeps no list, or none that can be read. One request."""
    with inquiry(run) as opened:
        exchange = opened.wire.send(_LIST, _WHY)
    if exchange.status != OK or exchange.fault is not None:
        return ()
    try:
        listed = get(strictjson.parse(exchange.body).value, "data")
    except strictjson.NotJsonError:
        return ()
    names = (get(entry, "id") for entry in listed) if isinstance(listed, list) else ()
    return tuple(name for name in names if isinstance(name, str) and name.strip())


def price(run: Run) -> Plan:
    """What it may cost to get to know a target, the list of its models included."""
    ask = Ask(contract=run.contract, model="m", cap_field=CAP_FIELDS[0], seed=run.seed, tier=Tier.GATE, scenario="")
    told = plan.price([*preflight.steps(ask), *_questions(run, ask)])
    return replace(told, requests=told.requests + 1)


def meet(run: Run) -> Acquaintance:
    """Ask a target what it takes to write its target file. Raises `CannotTestError` where nothing can be tested there."""
    with inquiry(run) as opened:
        oracle = opened.oracle(MOST_REQUESTS - 1)
        ready = prepare(opened.ask, oracle)
        record = Gathered(chain.from_iterable(ready.record.attempts(key) for key in ready.record.keys()))  # noqa: SIM118
        questions = _questions(run, ready.ask)
        oracle.ask_all(questions)
        for exchange in chain.from_iterable(oracle.known(step) for step in questions):
            record.append(exchange)
        evidence = Evidence(record, run.contract, opened.examiner.identity)
        requirements = run.catalogue.requirements
        table = capabilities.table(evidence, requirements, judge(evidence, requirements), _denies(run))
        return Acquaintance(
            base_url=opened.examiner.identity.base_url,
            model=ready.ask.model,
            key_variable=opened.examiner.identity.key_variable,
            cap_field=ready.ask.cap_field,
            capabilities=tuple(each for each in table if each.requests),
            sent=oracle.sent,
        )


def _questions(run: Run, ask: Ask) -> tuple[Step, ...]:
    """Those of `QUESTIONS` that this reading has, each asked once."""
    steps = plan.build(run.catalogue, run.catalogue.requirements, ask, denies=_denies(run))
    return tuple(replace(step, tries=1) for step in steps.every if step.key in QUESTIONS)


def _denies(run: Run) -> frozenset[str]:
    return (run.contract.denies | run.denies) - run.claims

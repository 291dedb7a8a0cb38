"""What a run may take and has taken, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from conformance.cost.budget import Budget, money

if TYPE_CHECKING:
    from conformance.cost.forecast import Forecast
    from conformance.model import Json

VERSION: Final = 1
"""Rises when a reader of the last version of the JSON could go wrong."""


def meter(budget: Budget) -> str:
    """Say in a few words what is spent, of which ceilings."""
    spent, ceilings = budget.spent, budget.ceilings
    parts = [f"{spent.requests:,} of {ceilings.requests:,} requests"] if ceilings.requests is not None else []
    parts.append(f"{spent.tokens.total:,}{f' of {ceilings.tokens:,}' if ceilings.tokens is not None else ''} tokens")
    if budget.cost is not None:
        parts.append(f"{money(budget.cost)}{f' of {ceilings.cost}' if ceilings.cost is not None else ''} spent")
    if budget.seconds_left is not None:
        parts.append(f"{budget.seconds_left:.0f} s left")
    return ", ".join(parts)


def warnings(plan: Forecast) -> Iterator[str]:
    """Say, for each ceiling that the plan may run into, what it may need and where it will stop."""
    for name, need, most in plan.beyond:
        said = money(need) if name == "cost" else f"{need:,}"
        unit = {"cost": "", "tokens": " tokens as they are counted", "requests": " requests"}[name]
        stop = money(most) if name == "cost" else f"{most:,}"
        yield f"The plan may need up to {said}{unit}; it will stop at {stop} (--max-{name}), and what is left out makes it inconclusive."


def lines(plan: Forecast, wrong: int) -> Iterator[str]:
    """The plan for people; `wrong` counts the different things in it that must be refused."""
    for share in sorted(plan.shares, key=lambda each: each.scenario):
        yield f"{share.requests:6}  {share.scenario}"
    yield f"{plan.requests:6}  requests at most (repeats of lost answers not counted), preflight included"
    yield f"{plan.splits:6}  of them only where a request that must be accepted is refused"
    yield f"{wrong:6}  different things in them that must be refused"
    yield f"{plan.billed:6}  of them billed by a conforming endpoint, for at most {plan.tokens.output} output tokens"
    yield f"{plan.tokens.prompt:6}  prompt tokens at most, each byte taken for one; most tokenizers make a quarter of it, or less"
    price, counted = plan.money(plan.tokens), plan.money(plan.counted)
    if price is not None and counted is not None:
        yield f"{money(price):>6}  for these at most, at the prices given; a ceiling counts up to {money(counted)}"
    yield from warnings(plan)


def document(plan: Forecast, wrong: int) -> dict[str, Json]:
    """The plan for programs, in the shape of `plan.schema.json`; money is text, so that no digit of it is lost."""
    ceilings = plan.ceilings
    return {
        "plan_version": VERSION,
        "requests": plan.requests,
        "splits": plan.splits,
        "refusals": wrong,
        "billed": plan.billed,
        "prompt_tokens": plan.tokens.prompt,
        "output_tokens": plan.tokens.output,
        "counted_tokens": plan.counted.total,
        "cost": _text(plan.money(plan.tokens)),
        "counted_cost": _text(plan.money(plan.counted)),
        "prices": {"input": str(ceilings.prices.input), "output": str(ceilings.prices.output)} if ceilings.prices else None,
        "ceilings": {
            "requests": ceilings.requests,
            "tokens": ceilings.tokens,
            "seconds": ceilings.seconds,
            "cost": _text(ceilings.cost),
        },
        "exceeds": [name for name, _, _ in plan.beyond],
        "scenarios": [
            {
                "name": share.scenario,
                "requests": share.requests,
                "splits": share.splits,
                "refusals": share.refusals,
                "billed": share.billed,
                "prompt_tokens": share.tokens.prompt,
                "output_tokens": share.tokens.output,
                "cost": _text(plan.money(share.tokens)),
            }
            for share in plan.shares
        ],
        "keys": [purpose.key for purpose in plan.purposes],
    }


def schema() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) that every plan of this version holds to."""
    loaded: dict[str, Json] = json.loads(files("conformance.render").joinpath("plan.schema.json").read_text("utf-8"))
    return loaded


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"

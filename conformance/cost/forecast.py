"""What a run may take, before anything is sent: by scenario, in tokens and in money, beside the ceilings that it is given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from conformance.cost.ceilings import Ceilings
from conformance.cost.charging import MOST_BYTES, NOTHING, most
from conformance.model import Purpose, Request
from conformance.provenance import Tokens
from conformance.steps import Step

BUILT: Final = 2048
"""Bytes by which a request that is built from an answer may be longer than the one that was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one scenario may send, and what a conforming endpoint bills for it at most."""

    scenario: str
    requests: int
    splits: int
    """Of them those that are sent only where a request that must be accepted is refused."""
    refusals: int
    """Of them those that break a clause."""
    billed: int
    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a whole run may send, the preflight included; repeats of lost answers are not."""

    purposes: tuple[Purpose, ...]
    shares: tuple[Share, ...]
    """In the order in which their first requests are planned."""
    ceilings: Ceilings

    @property
    def requests(self) -> int:
        """All that may be sent."""
        return sum(share.requests for share in self.shares)

    @property
    def splits(self) -> int:
        """Of them those that a conforming endpoint never gets."""
        return sum(share.splits for share in self.shares)

    @property
    def billed(self) -> int:
        """Of them those that a conforming endpoint bills."""
        return sum(share.billed for share in self.shares)

    @property
    def tokens(self) -> Tokens:
        """What a conforming endpoint bills at most."""
        return sum((share.tokens for share in self.shares), NOTHING)

    @property
    def counted(self) -> Tokens:
        """The same as a ceiling counts it at most: each byte of an answer as a token."""
        return Tokens(prompt=self.tokens.prompt, output=self.tokens.output * MOST_BYTES)

    def money(self, tokens: Tokens) -> Decimal | None:
        """What tokens cost; None where no prices are given."""
        return self.ceilings.prices.of(tokens) if self.ceilings.prices else None

    @property
    def beyond(self) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """What may be needed, and where it stops, for each ceiling that the plan may run into: its name and the two numbers."""
        needs = (
            ("requests", self.requests, self.ceilings.requests),
            ("tokens", self.counted.total, self.ceilings.tokens),
            ("cost", self.money(self.counted), self.ceilings.cost),
        )
        return tuple((name, Decimal(need), Decimal(most)) for name, need, most in needs if need is not None and most and need > most)


def forecast(steps: Iterable[Step], ceilings: Ceilings) -> Forecast:
    """Add up what steps may take on a conforming endpoint."""
    listed = tuple(steps)
    prompts = dict(_prompts(listed))
    names = dict.fromkeys(step.purpose.scenario for step in listed)
    shares = (_share(name, [step for step in listed if step.purpose.scenario == name], prompts) for name in names)
    return Forecast(purposes=tuple(step.purpose for step in listed), shares=tuple(shares), ceilings=ceilings)


def _share(name: str, steps: list[Step], prompts: dict[str, int]) -> Share:
    billed = [step for step in steps if step.billed]
    return Share(
        scenario=name,
        requests=sum(step.tries for step in steps),
        splits=sum(bool(step.purpose.splits) for step in steps),
        refusals=sum(step.tries for step in steps if step.purpose.violation is not None),
        billed=sum(step.tries for step in billed),
        tokens=Tokens(
            prompt=sum(step.tries * prompts[step.key] for step in billed), output=sum(step.tries * step.output_tokens for step in billed)
        ),
    )


def _prompts(steps: tuple[Step, ...]) -> Iterator[tuple[str, int]]:
    """The bound on the prompt of each step that is billed, and of those that others are built from."""
    known: dict[str, int] = {}
    by_key = {step.key: step for step in steps}

    def bound(step: Step) -> int:
        if step.key not in known:
            known[step.key] = most(step.request.body).prompt if isinstance(step.request, Request) else bound(by_key[step.after]) + BUILT
        return known[step.key]

    return ((step.key, bound(step)) for step in steps if step.billed)

"""What a run may take at most, as a user says it. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Self

from conformance.errors import ConfigurationError
from conformance.options import Options
from conformance.provenance import Tokens

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Units of some currency for a million tokens."""

    input: Decimal
    output: Decimal

    def of(self, tokens: Tokens) -> Decimal:
        """What so many tokens cost."""
        return (self.input * tokens.prompt + self.output * tokens.output) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What a run may take at most; None for as much as it takes. Raises `ConfigurationError` for what bounds nothing."""

    requests: int | None = None
    """Everything that is sent: preflight, repeats and probes included."""
    tokens: int | None = None
    """Of prompts and completions together."""
    seconds: float | None = None
    cost: Decimal | None = None
    prices: Prices | None = None

    def __post_init__(self) -> None:
        for name in ("requests", "tokens", "seconds", "cost"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                hint = "Give a number above 0, or leave it out."
                raise ConfigurationError(f"The ceiling --max-{name} is {value}.", hint=hint, options=(f"max_{name}",))
        if self.prices and any(not (price.is_finite() and price >= 0) for price in (self.prices.input, self.prices.output)):
            hint = "Give units of a currency for a million tokens, such as 2.50."
            raise ConfigurationError("A price is no amount of money.", hint=hint, options=("price_input", "price_output"))
        if self.cost is not None and self.prices is None:
            hint = "Give --price-input and --price-output, for a million tokens each."
            raise ConfigurationError("--max-cost is given without the prices.", hint=hint, options=("max_cost",))

    @classmethod
    def given(cls, options: Options) -> Self:
        """Read them out of the options of a run. Raises `ConfigurationError` for what is no number."""
        one, other = options.price_input, options.price_output
        if bool(one) != bool(other):
            missing, there = ("--price-output", "price_input") if one else ("--price-input", "price_output")
            hint = f"Give {missing} as well; 0 for what is free."
            raise ConfigurationError("One of the two prices is missing.", hint=hint, options=(there,))
        return cls(
            requests=_whole("max_requests", options.max_requests),
            tokens=_whole("max_tokens", options.max_tokens),
            seconds=float(seconds) if (seconds := _amount("max_seconds", options.max_seconds)) is not None else None,
            cost=_amount("max_cost", options.max_cost),
            prices=Prices(input=_price("price_input", one), output=_price("price_output", other)) if one else None,
        )

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return any(each is not None for each in (self.requests, self.tokens, self.seconds, self.cost))


def _amount(field: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigurationError(f"--{field.replace('_', '-')} takes a number, not {text!r}.", options=(field,)) from None


def _price(field: str, text: str) -> Decimal:
    return _amount(field, text) or Decimal(0)


def _whole(field: str, text: str) -> int | None:
    number = _amount(field, text)
    if number is None or (number.is_finite() and number == int(number)):
        return None if number is None else int(number)
    raise ConfigurationError(f"--{field.replace('_', '-')} takes a whole number, not {text!r}.", options=(field,))

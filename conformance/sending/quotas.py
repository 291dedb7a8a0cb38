"""What a target says of its rate limits while it still answers: how much is left, and until when. Pure.

There is no one way to say it. These are understood, in this order of trust:

* `x-ratelimit-remaining-requests` and `-tokens` with `-limit-` and `-reset-` beside them, the resets as `1s`, `6m0s`, `20ms`
  (https://platform.openai.com/docs/guides/rate-limits), as plain seconds, or as a date;
* `anthropic-ratelimit-requests-remaining` and its like, whose resets are dates of RFC 3339;
* `RateLimit: "name";r=50;t=30` and `RateLimit-Policy: "name";q=100;w=60` (draft-ietf-httpapi-ratelimit-headers-10), in their earlier
  form too: `RateLimit: limit=100, remaining=50, reset=30` (the same, -07), and as three fields `RateLimit-Limit`, `-Remaining`, `-Reset`;
* the same three with an `X-` before them, where a reset may also be a time in seconds or milliseconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from conformance.model import Exchange

_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|h|m|s|d))+")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s|d)")
_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_EPOCH: Final = 1e9
"""Seconds; a larger number is a point in time, not a span of it."""
_EPOCH_MILLISECONDS: Final = 1e11
"""The same of a point in time that is told in milliseconds."""

_STYLES: Final = (
    ("x-ratelimit-{}-requests", "x-ratelimit-{}-tokens"),
    ("anthropic-ratelimit-requests-{}", "anthropic-ratelimit-tokens-{}"),
    ("ratelimit-{}", ""),
    ("x-ratelimit-{}", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One limit, as it was when an answer was sent."""

    remaining: float
    reset: float
    """Seconds until it is whole again."""
    limit: float | None = None
    tokens: bool = False
    """Whether it counts tokens; else it counts requests."""


def quotas(exchange: Exchange, now: float) -> tuple[Quota, ...]:
    """Return every limit that an answer tells of and that can be understood; `now` is in seconds since the epoch."""
    for requests, tokens in _STYLES:
        found = [
            quota
            for style, counts in ((requests, False), (tokens, True))
            if style and (quota := _three(exchange, style, now, tokens=counts)) is not None
        ]
        if found:
            return tuple(found)
        if requests == "ratelimit-{}" and (structured := tuple(_structured(exchange))):
            return structured
    return ()


def seconds(text: str, now: float) -> float | None:
    """Read a span of time, or a point in it, in any of the ways above; None for what is neither."""
    given = text.strip()
    if _DURATION.fullmatch(given):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(given))
    try:
        number = float(given)
    except ValueError:
        return _until(given, now)
    if not isfinite(number) or number < 0:
        return None
    if number >= _EPOCH:
        return max(0.0, (number / 1000 if number >= _EPOCH_MILLISECONDS else number) - now)
    return number


def _until(given: str, now: float) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = read(given)
            return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
        except (ValueError, OverflowError):
            continue
    return None


def _three(exchange: Exchange, style: str, now: float, *, tokens: bool) -> Quota | None:
    remaining = _number(exchange.header(style.format("remaining")))
    reset = exchange.header(style.format("reset"))
    after = None if reset is None else seconds(reset, now)
    if remaining is None or after is None:
        return None
    return Quota(remaining=remaining, reset=after, limit=_number(exchange.header(style.format("limit"))), tokens=tokens)


def _structured(exchange: Exchange) -> Iterator[Quota]:
    limits = {name: _number(members.get("q")) for name, members in _items(exchange.header("ratelimit-policy"))}
    for name, members in _items(exchange.header("ratelimit")):
        remaining, reset = _number(members.get("r", members.get("remaining"))), _number(members.get("t", members.get("reset")))
        if remaining is not None and reset is not None:
            yield Quota(remaining=remaining, reset=reset, limit=limits.get(name) or _number(members.get("limit")))


def _items(field: str | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and parameters of a list; of the earlier form, which is one dictionary, a single item without a name."""
    text = field or ""
    if ";" not in text:
        members = dict(_member(part) for part in text.split(","))
        yield "", members
        return
    for item in text.split(","):
        name, *parameters = item.split(";")
        yield name.strip().strip('"'), dict(map(_member, parameters))


def _member(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def _number(text: str | None) -> float | None:
    """A number that is not below 0; of several, as `100, 100;w=60` gives them, the first."""
    try:
        number = float(re.split(r"[,;]", text or "")[0])
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None

"""What a run really took: requests, completions that a provider would bill, and the output tokens that it reported for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance import sse, strictjson
from conformance.model import Exchange
from conformance.report import Report
from conformance.strictjson import get, is_integer

_LARGEST: Final = 1_000_000
"""Bytes of the largest body that is searched for a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Counted in the record, by what the target itself says of tokens."""

    completions: int
    """Requests for a completion that were answered with a 2xx."""
    output_tokens: int
    silent: int
    """Of these completions, those whose answers do not tell their output tokens."""


def spent(report: Report) -> Cost:
    """Go through the whole record once."""
    completions = output_tokens = silent = 0
    for key in report.records.keys():  # noqa: SIM118 - a record is no mapping
        for exchange in report.records.attempts(key):
            if exchange.status is not None and 200 <= exchange.status < 300 and _is_completion(exchange):
                told = _output_tokens(exchange)
                completions += 1
                output_tokens += told or 0
                silent += told is None
    return Cost(completions=completions, output_tokens=output_tokens, silent=silent)


def _is_completion(exchange: Exchange) -> bool:
    return exchange.sent.method == "POST" and exchange.sent.url.partition("?")[0].endswith("/chat/completions")


def _output_tokens(exchange: Exchange) -> int | None:
    """What the last document of an answer that has a count says."""
    body = exchange.body
    if b'"completion_tokens"' not in body or len(body) > _LARGEST:
        return None
    texts = [body]
    if not body.lstrip().startswith(b"{"):
        texts = [event.data.encode("utf-8", "replace") for event in sse.decode(exchange.chunks).events if "completion_tokens" in event.data]
    for text in reversed(texts):
        try:
            found = get(strictjson.parse(text).value, "usage", "completion_tokens")
        except strictjson.NotJsonError:
            continue
        if is_integer(found) and isinstance(found, int | float) and 0 <= found < 10**9:
            return int(found)
    return None

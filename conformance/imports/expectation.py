"""What the contract says of requests that somebody else sent, and of which nobody knows more than their bytes. Pure.

An answer is judged as one to a valid request where the request is valid under the reading, the answer a success, and nothing in the
request is known to the target alone that may bear on it. All else may have been answered for reasons that nobody recorded: an account
without rights, a conversation too long for the model, a vendor's own parameter. Of that only what holds for every answer is judged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from conformance import strictjson
from conformance.contract import Contract, Schema
from conformance.generate.features import used
from conformance.model import Exchange, Expectation, Json, Purpose
from conformance.observation import Records
from conformance.strictjson import get, items

FIRST_TURN: Final = frozenset({"tool-choice-required", "tool-choice-named"})
"""Features that are judged in the first turn of a conversation: when the result of a call is there, many servers let the model speak."""

OF_FUNCTIONS: Final = frozenset(
    {"tools", "strict-tools", "parallel-tool-calls", "tool-choice-none", "tool-choice-required", "tool-choice-named", "tool-choice-allowed"}
)
"""Features of function tools; beside tools of other kinds nobody knows which kind a rule is about."""

CHANGED: Final = OF_FUNCTIONS - {"tools"} | {"stop", "n", "logprobs", "json-object", "json-schema"}
"""Features whose effect a vendor's own parameter may change, such as a minimum of tokens or a grammar."""


def purpose(exchange: Exchange, reading: Contract) -> Purpose:
    """What an exchange is judged as."""
    body = _request(exchange)
    found = replace(exchange.purpose, expect=Expectation.EITHER, stream=get(body, "stream") is True)
    if not (exchange.status and 200 <= exchange.status < 300) or not _speaks(body) or reading.request_faults(body):
        return found
    return replace(found, expect=Expectation.ACCEPTED, needs=frozenset(_needs(body, reading)))


def _request(exchange: Exchange) -> Json:
    try:
        return strictjson.parse(exchange.sent.body).value
    except strictjson.NotJsonError:
        return None


def _speaks(body: Json) -> bool:
    """Whether a request has any text: without, there may be nothing to count."""
    contents = [get(turn, "content") for turn in items(body, "messages")]
    return any(content.strip() if isinstance(content, str) else bool(items(content)) for content in contents)


def _needs(body: Json, reading: Contract) -> frozenset[str]:
    features = used(reading, body)
    if features & {"custom-tools", "functions"}:
        features -= OF_FUNCTIONS
    if any(get(turn, "role") == "tool" for turn in items(body, "messages")):
        features -= FIRST_TURN
    if _own_parameters(body, reading):
        features -= CHANGED
    return features


def _own_parameters(body: Json, reading: Contract) -> set[str]:
    """Members of a request that the reading does not know."""
    known = reading.at(f"/components/schemas/{Schema.REQUEST}/properties")
    return set(body) - set(known) if isinstance(body, dict) and isinstance(known, dict) else set()


class Recorded:
    """A record of somebody else's traffic under one reading; the purposes in the record itself say nothing yet.

    There may be very many: what is kept of each is its kind, which it shares with all that are judged alike.
    """

    def __init__(self, record: Records, reading: Contract) -> None:
        self._record = record
        alike: dict[Purpose, Purpose] = {}
        self._kinds: dict[str, Purpose] = {}
        for key in record.keys():  # noqa: SIM118 - a method of a record, not of a mapping
            for exchange in record.attempts(key):
                kind = replace(purpose(exchange, reading), key="")
                self._kinds[key] = alike.setdefault(kind, kind)

    def purpose(self, key: str) -> Purpose | None:
        """What it is judged as."""
        kind = self._kinds.get(key)
        return None if kind is None else replace(kind, key=key)

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        """The one exchange under this key."""
        return tuple(replace(exchange, purpose=replace(self._kinds[key], key=key)) for exchange in self._record.attempts(key))

    def keys(self) -> tuple[str, ...]:
        """All of them, as they came."""
        return tuple(self._kinds)

    @property
    def expected(self) -> Counter[Expectation]:
        """How many are judged as answers to valid requests, and how many are not."""
        return Counter(kind.expect for kind in self._kinds.values())

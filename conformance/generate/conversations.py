"""Whole request bodies that make sense, drawn by hypothesis: what a conforming endpoint must accept.

A schema alone gives bodies that are valid and absurd (a tool result that nobody asked for, `top_logprobs` without `logprobs`). These
strategies know what a conversation is. What a target may lack sits behind a switch named like the feature in the contract.

Every choice is made among fewer than a hundred: hypothesis mixes constants from whatever modules are loaded into wider draws
(`hypothesis.internal.constants_ast` leaves out integers below 100), so the same seed would give another process other bodies.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from conformance.errors import HarnessError
from conformance.generate.drawn import Drawn
from conformance.generate.mutants import MINIMAL, canonical
from conformance.generate.phrases import ANSWERS, FRAGMENTS, INSTRUCTIONS, NAMES, QUESTIONS
from conformance.generate.switches import DEVELOPER, NAME, PARTS, SWITCHES, SYSTEM, TOOLS, TURNS, Switch
from conformance.model import Json

if TYPE_CHECKING:
    from conformance.contract import Contract

T = TypeVar("T")

MAX_TURNS: Final = 3
"""Question and answer pairs before the last question: enough for history, cheap in tokens."""

MAX_OPTIONS: Final = 3
"""Options of one body: a target that lacks one of them refuses the whole, and then nothing is learnt about the rest."""

_EFFORT: Final = 50
"""Examples hypothesis may draw for each body wanted; most are distinct, so this is never reached unless the strategy is broken."""


_WHOLE: Final = frozenset({"openai", "openai-compatible"})
"""Readings under which every body that can be drawn is right. Vendors may document fewer forms."""


class _EnoughError(BaseException):
    """Ends the drawing; not an `Exception`, so that hypothesis neither catches nor replays it."""


def drawn(contract: Contract, *, seed: int, count: int, features: frozenset[str]) -> tuple[Drawn, ...]:
    """Draw `count` different bodies that use no feature but `features`; the same arguments give the same bodies in every process.

    Raises `HarnessError` for a body that the contract calls invalid: then these strategies and the contract have drifted apart.
    """
    found: dict[str, Drawn] = {}
    _collect(found, seed, count, features, contract)
    for each in found.values():
        if faults := contract.request_faults({"model": MINIMAL["model"], **each.body}):
            raise HarnessError(f"A drawn conversation is invalid at {faults[0].pointer!r}: {faults[0].message}")
    return tuple(found.values())


def _collect(found: dict[str, Drawn], number: int, count: int, features: frozenset[str], contract: Contract) -> None:
    @seed(number)
    @settings(
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        max_examples=max(1, count * _EFFORT),
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies(features))
    def collect(body: Drawn) -> None:
        if len(found) >= count:
            raise _EnoughError
        if contract.dialect in _WHOLE or not contract.request_faults({"model": MINIMAL["model"], **body.body}):
            found.setdefault(canonical(body.body), body)

    try:
        collect()
    except _EnoughError:
        return
    if len(found) < count:
        raise HarnessError(f"Only {len(found)} of {count} different conversations could be drawn.")


class _Pen:
    """Draws for one body and remembers which features that took."""

    def __init__(self, draw: st.DrawFn, features: frozenset[str]) -> None:
        self._draw = draw
        self._features = features
        self.used: set[str] = set()

    def one(self, options: Sequence[T]) -> T:
        """One of several."""
        return self._draw(st.sampled_from(options))

    def maybe(self, feature: str = "") -> bool:
        """Toss a coin; never heads for a feature that is not to be used."""
        if feature and feature not in self._features:
            return False
        heads = self._draw(st.booleans())
        if heads and feature:
            self.used.add(feature)
        return heads

    def options(self) -> list[Switch]:
        """A few switches, in the order of the table."""
        allowed = [switch for switch in SWITCHES if switch.needs <= self._features]
        wanted = {self.one(range(len(allowed))) for _ in range(self.one(range(MAX_OPTIONS + 1)))} if allowed else set()
        chosen = [allowed[index] for index in sorted(wanted)]
        self.used.update(*(switch.needs for switch in chosen))
        return chosen


@st.composite
def bodies(draw: st.DrawFn, features: frozenset[str]) -> Drawn:
    """Strategy for whole bodies; shrinks towards one short question."""
    pen = _Pen(draw, features)
    tools = pen.maybe(TOOLS)
    messages: list[Json] = _opening(pen)
    if pen.maybe(TURNS):
        for turn in range(pen.one(range(1, MAX_TURNS))):
            messages.append(_user(pen))
            if tools and pen.maybe():
                messages += _errand(pen, turn)
            messages.append({"role": "assistant", "content": pen.one(ANSWERS)})
    messages.append(_user(pen))
    if tools and pen.maybe():
        messages += _errand(pen, MAX_TURNS)
    body: dict[str, Json] = {"messages": messages}
    if tools:
        body["tools"] = [_TOOL]
    for switch in pen.options():
        body |= pen.one(switch.ways)
    return Drawn(body=body, needs=frozenset(pen.used))


def _opening(pen: _Pen) -> list[Json]:
    for role, feature in (("system", SYSTEM), ("developer", DEVELOPER)):
        if pen.maybe(feature):
            return [{"role": role, "content": _content(pen, INSTRUCTIONS)}]
    return []


def _user(pen: _Pen) -> Json:
    message: dict[str, Json] = {"role": "user", "content": _content(pen, QUESTIONS)}
    if pen.maybe(NAME):
        message["name"] = pen.one(NAMES)
    return message


def _content(pen: _Pen, sentences: Sequence[str]) -> Json:
    text = pen.one(sentences)
    fragment = pen.one(FRAGMENTS)
    if pen.maybe(PARTS):
        parts: list[Json] = [{"type": "text", "text": text}]
        return [*parts, {"type": "text", "text": fragment}] if fragment else parts
    return f'{text} "{fragment}"' if fragment else text


_TOOL: Final[Json] = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}


def _errand(pen: _Pen, turn: int) -> list[Json]:
    """An assistant that calls the tool once or twice, and every call answered, in order."""
    words = [pen.one(ANSWERS) for _ in range(pen.one((1, 2)))]
    ids = [f"call_{turn}_{index}" for index in range(len(words))]
    calls: list[Json] = [
        {"id": identifier, "type": "function", "function": {"name": "look_up", "arguments": json.dumps({"word": word})}}
        for identifier, word in zip(ids, words, strict=True)
    ]
    asked: dict[str, Json] = {"role": "assistant", "tool_calls": calls}
    if pen.maybe():
        asked["content"] = pen.one((None, ANSWERS[0]))
    results: list[Json] = [{"role": "tool", "tool_call_id": identifier, "content": pen.one(FRAGMENTS) or "nothing"} for identifier in ids]
    return [asked, *results]

"""Legal values, one at a time: what each adds to the smallest request there is, and how several of them are put into one.

What the values are is read out of the contract (`documented.py`), and said by hand where a schema cannot say it (`turns.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from conformance.model import Json, Sample

PADDING: Final = 64 * 1024
"""Bytes of a body that is large and cheap: white space between tokens of JSON (RFC 8259, section 2), which no model is shown."""


class Ring(StrEnum):
    """Which values may share a request: an honest refusal of what is rare must not cost the rest its one request."""

    CORE = "core"
    """Text, plain turns and ways of writing: what every endpoint knows."""
    PARAMETERS = "parameters"
    """Options that leave the conversation as it is."""
    CONVERSATION = "conversation"
    """Names, parts, calls and results in the history."""
    RARE = "rare"
    """What many endpoints do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A legal value of one member, and what a request needs in order to hold it."""

    sample: Sample
    ring: Ring
    put: dict[str, Json] = field(default_factory=dict)
    """Top-level members to set."""
    turns: tuple[Json, ...] = ()
    """Messages before the last question: whole exchanges, so that roles alternate whoever's they are."""
    tools: tuple[Json, ...] = ()
    """Tools to offer."""
    writing: dict[str, str] = field(default_factory=dict)
    """How the body is written: `order`, `escapes`, `space`, `type`."""
    gate: bool = True
    """Whether it is worth a place where requests are few."""

    @property
    def needs(self) -> frozenset[str]:
        """Features that the target needs in order to accept it."""
        return self.sample.needs


def clash(first: Value, second: Value) -> bool:
    """Whether two values want the same place for themselves."""
    members = any(first.put[name] != second.put[name] for name in first.put.keys() & second.put.keys())
    return members or any(first.writing[axis] != second.writing[axis] for axis in first.writing.keys() & second.writing.keys())


def compose(minimal: dict[str, Json], values: Iterable[Value]) -> dict[str, Json]:
    """The smallest request with all these values in it. Its own question stays the last."""
    chosen = tuple(values)
    question = minimal["messages"]
    assert isinstance(question, list)
    body: dict[str, Json] = {**minimal, "messages": [*(turn for value in chosen for turn in value.turns), *question]}
    for value in chosen:
        body |= value.put
    tools = {json.dumps(tool): tool for value in chosen for tool in value.tools}
    return {**body, "tools": [*tools.values()]} if tools else body


def write(body: dict[str, Json], values: Iterable[Value]) -> bytes:
    """Put a request down as JSON in the way that the values ask for."""
    ways: dict[str, str] = {}
    for value in values:
        ways |= value.writing
    form: Json = _reversed(body) if ways.get("order") == "reversed" else body
    space = ways.get("space")
    escaped = ways.get("escapes") == "ascii"
    text = json.dumps(form, ensure_ascii=escaped, indent=2 if space else None, separators=None if space else (",", ":"))
    if space == "padded":
        text = text.replace("\n", " " * (PADDING // text.count("\n")) + "\n")
    return text.encode()


def media_type(values: Iterable[Value]) -> str:
    """The Content-Type that the values ask for."""
    return next((value.writing["type"] for value in values if "type" in value.writing), "application/json")


def _reversed(value: Json) -> Json:
    """The same with the members of every object in the opposite order: their order means nothing (RFC 8259, section 1)."""
    match value:
        case dict():
            return {name: _reversed(value[name]) for name in reversed(value)}
        case list():
            return [_reversed(each) for each in value]
        case _:
            return value

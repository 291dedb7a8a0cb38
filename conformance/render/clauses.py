"""What a clause of the contract says, short enough to stand beside the requirement that rests on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import yaml

from conformance import json_pointer
from conformance.contract import Contract, Source
from conformance.errors import ClauseNotFoundError
from conformance.model import Json
from conformance.render.text import bounded

LINES: Final = 14
"""Lines shown of a schema."""

_TEXT: Final = 600
_VALUE: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A clause in prose, or the piece of a schema that is one."""

    pointer: str
    prose: str
    """The sentence; empty for a schema."""
    schema: str
    """YAML, shortened; empty for prose."""
    sources: tuple[Source, ...]


def excerpt(contract: Contract, pointer: str) -> Excerpt:
    """Quote what a JSON Pointer leads to; nothing but the pointer itself where it leads nowhere in this reading."""
    try:
        clause = contract.clause(pointer)
    except ClauseNotFoundError:
        return Excerpt(pointer=pointer, prose="", schema=_schema(contract, pointer), sources=())
    return Excerpt(pointer=pointer, prose=bounded(clause.text, _TEXT), schema="", sources=clause.source)


def _schema(contract: Contract, pointer: str) -> str:
    try:
        value = contract.at(pointer)
    except ClauseNotFoundError:
        return ""
    name = ["", *json_pointer.steps(pointer)][-1]
    written = yaml.safe_dump({name: _brief(value, 3)}, sort_keys=False, allow_unicode=True, width=100).splitlines()
    more = [f"# … {len(written) - LINES} more lines"] if len(written) > LINES else []
    return "\n".join([*written[:LINES], *more])


def _brief(value: Json, depth: int) -> Json:
    """The same without what goes too deep, and with long text cut."""
    match value:
        case str():
            return bounded(value, _VALUE)
        case list() if depth:
            return list(map(partial(_brief, depth=depth - 1), value))
        case Mapping() if depth:
            return {key: _brief(each, depth - 1) for key, each in value.items() if not key.startswith("x-")}
        case Mapping() if "$ref" in value:
            return value
        case list() | Mapping() if value:
            return "…"
        case _:
            return value

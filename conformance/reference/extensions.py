"""What usage holds beyond the original: each member that the reading documents is volunteered, with a value that is true here.

Names that are understood get what they mean: nothing is ever cached or heard, and thinking takes as long as it costs. Any other gets the
emptiest value of its documented type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.contract import BASE, Contract, load
from conformance.strictjson import get, members

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.model import Json
    from conformance.reference.completion import Usage

_GROUPS: Final = {"prompt_tokens_details": "PromptTokensDetails", "completion_tokens_details": "CompletionTokensDetails"}
_SECONDS: Final = 0.0005
"""How long a token takes."""
_PRICE: Final = 0.000_002
"""What a token costs, in whatever is paid with."""

_MEANT: Final[dict[str, Callable[[Usage], Json]]] = {
    "completion_time": lambda usage: round(usage.completion * _SECONDS, 6),
    "cost": lambda usage: round(usage.total * _PRICE, 9),
    "prompt_cache_miss_tokens": lambda usage: usage.prompt,
    "prompt_time": lambda usage: round(usage.prompt * _SECONDS, 6),
    "total_time": lambda usage: round(usage.total * _SECONDS, 6),
}
_EMPTIEST: Final[dict[str, Json]] = {"integer": 0, "number": 0.0, "boolean": False, "string": "", "object": {}, "array": [], "null": None}


class Extensions:
    """The members that one reading adds to usage. Immutable."""

    def __init__(self, reading: Contract) -> None:
        self._reading, self._base = reading, load(BASE)
        self._own = self._added("CompletionUsage")
        self._details = {group: self._added(schema) for group, schema in _GROUPS.items()}

    def add_to(self, usage: dict[str, Json], counted: Usage) -> dict[str, Json]:
        """Return usage with all of them."""
        grown = usage | {name: self._value(name, schema, counted) for name, schema in self._own.items()}
        for group, added in self._details.items():
            if isinstance(details := grown.get(group), dict):
                grown[group] = details | {name: self._value(name, schema, counted) for name, schema in added.items()}
        return grown

    def _added(self, schema: str) -> dict[str, Json]:
        path = ("components", "schemas", schema, "properties")
        known = members(self._base.document, *path)
        return {name: each for name, each in members(self._reading.document, *path).items() if name not in known}

    def _value(self, name: str, schema: Json, counted: Usage) -> Json:
        if name in _MEANT:
            return _MEANT[name](counted)
        reference = get(schema, "$ref")
        if isinstance(reference, str):
            schema = self._reading.at(reference.removeprefix("#"))
        kind = get(schema, "type")
        kinds = kind if isinstance(kind, list) else [kind]
        return next((_EMPTIEST[each] for each in kinds if isinstance(each, str) and each in _EMPTIEST), None)

"""Drawn conversations without hypothesis: the first of each kind are shipped, as it draws them for the seed that a run has by default.

To import hypothesis takes as long as to ask fifty questions. It is imported for another seed, or for more than is shipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.generate.drawn import Drawn
from conformance.generate.mutants import MINIMAL, canonical
from conformance.generate.switches import FEATURES
from conformance.model import Json
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.contract import Contract

SHIPPED: Final = Path(__file__).parent.parent / "corpus" / "drawn.json"
SEED: Final = 1
"""Seed of what is shipped."""

PLAIN: Final[frozenset[str]] = frozenset()
"""No features: whoever refuses such a body has no excuse."""

_KINDS: Final = {"plain": PLAIN, "rich": FEATURES}
_MANY: Final = 8
"""Bodies of each kind that are shipped: more than the default tier takes, as some readings know fewer forms."""


def drawn(contract: Contract, *, seed: int, count: int, features: frozenset[str]) -> tuple[Drawn, ...]:
    """Return what `conversations.drawn` draws, from what is shipped where that is enough."""
    kind = next((name for name, known in _KINDS.items() if known == features & FEATURES), "")
    if seed == SEED and kind:
        fitting = [each for each in _shipped(kind) if not contract.request_faults({"model": MINIMAL["model"], **each.body})]
        if len(fitting) >= count:
            return tuple(fitting[:count])
    from conformance.generate import conversations

    return conversations.drawn(contract, seed=seed, count=count, features=features)


def dump(contract: Contract) -> str:
    """The text of the file that is shipped."""
    from conformance.generate import conversations

    kinds = {name: conversations.drawn(contract, seed=SEED, count=_MANY, features=features) for name, features in _KINDS.items()}
    shown: dict[str, Json] = {
        name: [{"body": each.body, "needs": [*sorted(each.needs)]} for each in bodies] for name, bodies in kinds.items()
    }
    return f"{canonical(shown)}\n"


def _shipped(kind: str) -> tuple[Drawn, ...]:
    whole: Json = json.loads(SHIPPED.read_bytes())
    return tuple(
        Drawn(body=body, needs=frozenset(map(str, items(each, "needs"))))
        for each in items(whole, kind)
        if isinstance(body := get(each, "body"), dict)
    )

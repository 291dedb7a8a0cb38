"""Servers that drop one constraint of the contract: a few of the family in `reference.dropping`, to be run against whole.

That family is made from the contract and has a server for every constraint; what it holds up to is shown request by request. These are
here so that the full matrix sees some of them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from conformance.reference.behaviour import FAULTS, Call, defect

if TYPE_CHECKING:
    from conformance.contract.schemas import SchemaFault

_BODY: Final = "/components/schemas/CreateChatCompletionRequest/properties"

DROPPED: Final[Mapping[str, tuple[str, str]]] = {
    "top-p-maximum": (f"{_BODY}/top_p/maximum", "REQUEST-RANGE"),
    "presence-penalty-minimum": (f"{_BODY}/presence_penalty/minimum", "REQUEST-RANGE"),
    "top-logprobs-maximum": (f"{_BODY}/top_logprobs/maximum", "REQUEST-RANGE"),
    "reasoning-effort-enum": (f"{_BODY}/reasoning_effort/enum", "REQUEST-ENUM"),
    "tools-length": (f"{_BODY}/tools/maxItems", "REQUEST-LENGTH"),
    "service-tier-enum": ("/components/schemas/ServiceTier/enum", "REQUEST-ENUM"),
}
"""Name of the defect, the clause that its server does not know, and what has to notice."""


def _declare(name: str, clause: str, noticed: str) -> None:
    def drop(faults: tuple[SchemaFault, ...], _: Call) -> tuple[SchemaFault, ...]:
        return tuple(fault for fault in faults if fault.clause != clause)

    drop.__doc__ = f"The contract is kept but for its clause {clause}."
    defect(f"drops-{name}", seam=FAULTS, trips={noticed})(drop)


for _name, (_clause, _noticed) in DROPPED.items():
    _declare(_name, _clause, _noticed)

"""How sharp a corpus is: take one constraint from the contract, and some mutant should become valid.

A constraint whose loss no mutant notices is one that a server may ignore without being caught. It is a stricter measure than
"was this keyword reached", which any wrong value satisfies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.generate.loosening import Loosened, constraints
from conformance.generate.mutants import MINIMAL, Mutant

if TYPE_CHECKING:
    from conformance.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of taking away every constraint once."""

    killed: int
    survivors: tuple[str, ...]
    """Names of the constraints that no mutant notices."""

    @property
    def total(self) -> int:
        """How many constraints there are."""
        return self.killed + len(self.survivors)

    @property
    def share(self) -> float:
        """Noticed ones, from 0 to 1."""
        return self.killed / self.total


def score(contract: Contract, mutants: Iterable[Mutant]) -> Score:
    """Take each constraint away in turn."""
    bodies = [(body, contract.request_faults(body)) for body in (mutant.apply(MINIMAL) for mutant in mutants)]
    listed = constraints(contract)
    survivors = []
    for each in listed:
        loosened = Loosened(contract, each)
        if not any(loosened.admits(body, faults) for body, faults in bodies):
            survivors.append(each.name)
    return Score(killed=len(listed) - len(survivors), survivors=tuple(survivors))

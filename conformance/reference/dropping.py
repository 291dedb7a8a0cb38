"""Servers that do not know one constraint of the contract: a family of defects, made from the contract itself.

`conformance serve --defect drops:/components/schemas/Metadata/maxProperties` serves one of them, and `admits-null:POINTER` one that
takes null where the schema at the pointer has another type. `conformance list constraints` names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import UnknownNameError
from conformance.generate.loosening import Constraint, Loosened, Way, constraints
from conformance.reference import defects
from conformance.reference.behaviour import FAULTS, Call, Defect

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.contract.schemas import SchemaFault


def dropped(contract: Contract, constraint: Constraint) -> Defect:
    """The server that does not know the constraint; its `trips` are empty, since they depend on the reading."""
    loosened = Loosened(contract, constraint)

    def act(faults: tuple[SchemaFault, ...], call: Call) -> tuple[SchemaFault, ...]:
        return loosened.remaining(call.body, faults) if faults else faults

    return Defect(
        id=constraint.name,
        sentence=f"The contract is kept but for {constraint.clause}{', which admits null' if constraint.way is Way.ADMITS_NULL else ''}.",
        area="validation",
        trips=frozenset(),
        incident="",
        seam=FAULTS.name,
        act=act,
    )


def is_generated(name: str) -> bool:
    """Whether an id is one of this family: a way to fail, a colon and a pointer."""
    return name.partition(":")[0] in set(Way)


def named(name: str, contract: Contract) -> Defect:
    """Find a defect by its id, of this family or any other; raises `UnknownNameError`."""
    if not is_generated(name):
        return defects.named(name)
    known = {each.name: each for each in constraints(contract)}
    if name not in known:
        raise UnknownNameError("constraint", name, tuple(known))
    return dropped(contract, known[name])

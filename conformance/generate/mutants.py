"""An invalid request as a difference from an accepted one, and the one clause that makes it invalid.

A body that schemathesis would send carries every field at once, so a server may refuse it for any of them. Keeping just the violated
top-level member, on a body that the same run saw accepted, leaves one reason to refuse.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance import json_pointer
from conformance.model import Expectation, Json, Level, Missing, Violation
from conformance.strictjson import get, show

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.contract.schemas import SchemaFault

MINIMAL: Final[dict[str, Json]] = {"model": "any", "messages": [{"role": "user", "content": "Hello"}]}
"""Stands for the accepted control while mutants are made: the members that the contract requires, and nothing else."""

_ORDER: Final = "order"
_COERCION: Final = "coercion"
_NO_COERCION: Final = "/x-request/no-coercion"
_SENT_LIMIT: Final = 120
_PLACE_LIMIT: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What to change about an accepted body."""

    put: dict[str, Json]
    """Top-level members to set."""
    drop: tuple[str, ...] = ()
    """Top-level members to remove."""

    def apply(self, minimal: dict[str, Json]) -> dict[str, Json]:
        """A new body; members of `minimal` that are not touched stay, in their order."""
        kept = {name: value for name, value in minimal.items() if name not in self.drop}
        return copy.deepcopy(kept | self.put)

    @property
    def text(self) -> str:
        """Canonical form: equal deltas have equal texts."""
        return canonical([self.put, list(self.drop)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant(Delta):
    """An invalid request body as a difference from a minimal accepted one."""

    key: str
    """Names it for ever: place, constraint and a number among its likes, as in `temperature/maximum/1`."""
    violation: Violation
    level: Level
    """How binding the clause is that it breaks."""

    @property
    def expect(self) -> Expectation:
        """What the contract says of it: a clause that binds nobody leaves both answers open."""
        return Expectation.EITHER if self.level is Level.MAY else Expectation.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A delta and the clause it was found to break."""

    delta: Delta
    violation: Violation
    level: Level

    @property
    def broken(self) -> tuple[str, str, str]:
        """What it breaks, and where, in whichever entry of a list: two that agree here tell a server's author the same."""
        return re.sub(r"/\d+(?=/|$)", "/*", self.violation.pointer), self.violation.constraint, self.violation.clause


def label(contract: Contract, delta: Delta) -> Labelled | None:
    """Say which one clause a delta breaks; None when it breaks none, or more than one.

    A body with two faults would be refused for either, so its refusal proves nothing about the one that it was made for.
    """
    body = delta.apply(MINIMAL)
    faults = decisive(contract.request_faults(body))
    if len(faults) != 1:
        return None
    pointer = _place(faults[0], body, contract)
    offending = json_pointer.at(body, pointer)
    violation = Violation(
        constraint=_constraint(faults[0], offending, contract),
        pointer=pointer,
        clause=faults[0].clause,
        sent=show(offending, _SENT_LIMIT),
        core=contract.is_core(pointer),
    )
    lenient = violation.constraint == _COERCION
    return Labelled(delta=delta, violation=violation, level=contract.clause(_NO_COERCION).level if lenient else faults[0].level)


def decisive(faults: Iterable[SchemaFault]) -> tuple[SchemaFault, ...]:
    """Leave out what only follows from another fault: where a message is broken, calls and results cannot match either."""
    found = tuple(faults)
    broken = any(fault.keyword != _ORDER and fault.pointer.startswith("/messages/") for fault in found)
    return tuple(fault for fault in found if not (broken and fault.keyword == _ORDER))


def name(labelled: Iterable[Labelled]) -> tuple[Mutant, ...]:
    """Give each its key. The order of the input numbers those of one place and constraint."""
    seen: Counter[str] = Counter()
    mutants = []
    for each in labelled:
        stem = f"{slug(each.violation.pointer)}/{each.violation.constraint}"
        seen[stem] += 1
        key = f"{stem}/{seen[stem]}"
        mutants.append(Mutant(key=key, violation=each.violation, level=each.level, put=each.delta.put, drop=each.delta.drop))
    return tuple(mutants)


def slug(pointer: str) -> str:
    """A JSON Pointer as part of a key: `/messages/0/role` is `messages.0.role`, the whole body is `body`."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", pointer.strip("/").replace("/", "."))[:_PLACE_LIMIT] or "body"


def canonical(value: Json) -> str:
    """One text per value, whatever the order of its members; ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _constraint(fault: SchemaFault, offending: Json | Missing, contract: Contract) -> str:
    """Name of what was broken, apart from three kinds of wrong type that readers treat differently.

    `type` nobody can take for right; `null` many senders put for a member that they do not use; `coercion` is a value that a lenient
    reader would convert, as in `"0.7"` for 0.7.
    """
    match fault.keyword:
        case "type" | "enum" | "const" if offending is None:
            return "null"
        case "type":
            types = _types(contract, contract.at(fault.clause))
            return _COERCION if any(_convertible(offending, each) for each in types) else "type"
        case "enum" | "const":
            return "enum" if isinstance(offending, str) else "type"
        case other:
            return other


def _types(contract: Contract, bound: Json) -> frozenset[str]:
    """Types that the value of a broken keyword admits: of `type` itself, or of the arms of a union."""
    match bound:
        case str():
            return frozenset({bound})
        case {"$ref": str(target)}:
            return _types(contract, contract.at(target.removeprefix("#")))
        case {"type": names}:
            return _types(contract, names)
        case {"oneOf": list(arms)} | {"anyOf": list(arms)} | list(arms):
            return frozenset().union(*(_types(contract, arm) for arm in arms))
        case _:
            return frozenset()


def _convertible(value: Json | Missing, to: str) -> bool:
    match to, value:
        case (("number" | "integer"), str()):
            return re.fullmatch(r"[+-]?\d+(\.\d+)?", value) is not None
        case (("number" | "integer" | "string"), (bool() | int() | float())):
            return True
        case "boolean", (int() | float()):
            return True
        case "boolean", str():
            return value.lower() in {"true", "false", "yes", "no", "on", "off", "1", "0", "t", "f", "y", "n"}
        case _:
            return False


def _place(fault: SchemaFault, body: Json, contract: Contract) -> str:
    """Where the fault sits. A required member that is missing has its own place, rather than that of the object that lacks it."""
    holder = json_pointer.at(body, fault.pointer)
    if fault.keyword != "required" or not isinstance(holder, dict):
        return fault.pointer
    missing = [name for name in _required(fault.clause, contract) if name not in holder]
    return f"{fault.pointer}/{missing[0]}" if missing else fault.pointer


def _required(clause: str, contract: Contract) -> list[str]:
    """Members that a broken clause asks for: those of `required`, or the one that tells the arms of a union apart."""
    holder, _, keyword = clause.rpartition("/")
    if keyword in ("oneOf", "anyOf"):
        return [str(get(contract.at(holder), "discriminator", "propertyName"))]
    bound = contract.at(clause)
    return [str(name) for name in bound] if isinstance(bound, list) else [str(bound)]

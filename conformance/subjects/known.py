"""Which members of the request a target shows that it knows.

The contract documents more members than most servers know, and a member that a server does not know it may pass over. It passes over an
impossible value there as well, which therefore proves nothing: only who reads a member can be told to refuse what is wrong in it. Members
that ought to change the answer have requirements of their own, which tell of one that is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conformance.recent import once
from conformance.subjects.fate import Effect, fate
from conformance.subjects.reply import Reply, reply

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Violation
    from conformance.observation import Asked, Evidence

_BOUND: Final = frozenset({"/messages/*/content/*/type", "/messages/*/content/*/text"})
"""What every reader of content in parts has to look at."""

_FELT: Final = frozenset({Effect.HONOURED, Effect.COERCED, Effect.CLAMPED})

_SHOWN: Final[Mapping[str, Callable[[Reply], bool]]] = MappingProxyType(
    {
        "/n": lambda seen: len(seen.choices) > 1,
        "/logprobs": lambda seen: any(choice.has_logprobs for choice in seen.choices),
        "/tools": lambda seen: any(choice.calls for choice in seen.choices),
    }
)
"""How an answer shows that a member was heeded, where no model would do the same unasked."""


def member(pointer: str, contract: Contract) -> str:
    """The outermost place on the way to a pointer that an endpoint may not know, `*` for any index; empty where it knows all of it."""
    place = ""
    for step in pointer.split("/")[1:]:
        place = f"{place}/{'*' if step.isdigit() else step}"
        if place in _BOUND:
            return ""
        if not contract.is_core(place) and place != "/messages/*/content/*":
            return place
    return ""


def passed_over(evidence: Evidence, violation: Violation) -> str:
    """The member in which a clause is broken, if nothing in the run shows that the target knows it, and it need not; else empty."""
    place = "" if evidence.contract.knows_all else member(violation.pointer, evidence.contract)
    return "" if not place or place in known(evidence) else place


@once
def known(evidence: Evidence) -> frozenset[str]:
    """The members in which something wrong was turned down, or had an effect, or that an answer shows to be heeded.

    Streams of what was wrong say nothing: some servers fail at every stream.
    """
    return frozenset(place for asked in evidence.all() for place in _shown(asked, evidence.contract))


def _shown(asked: Asked, contract: Contract) -> frozenset[str]:
    violation = asked.purpose.violation
    if violation is not None:
        place = "" if asked.purpose.twin else member(violation.pointer, contract)
        answer = asked.answer
        felt = answer is not None and answer.succeeded and fate(answer, violation).effect in _FELT
        return frozenset({place} if place and (felt or asked.turned_down) else ())
    body = asked.attempts[-1].request_json if asked.attempts else None
    if not isinstance(body, dict) or not asked.accepted:
        return frozenset()
    sent = [place for place in _SHOWN if place.removeprefix("/") in body]
    answers = [seen for seen in reply.see(asked) if isinstance(seen, Reply)] if sent else []
    return frozenset(place for place in sent if any(_SHOWN[place](seen) for seen in answers))

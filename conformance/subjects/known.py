"""Which members of the request, at whatever depth, a target shows that it knows.

The contract documents more members than most servers know, and a member that a server does not know it may pass over. It passes over an
impossible value there as well, which therefore proves nothing: only who reads a member can be told to refuse what is wrong in it. Members
that ought to change the answer have requirements of their own, which tell of one that is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conformance.model import CAP_FIELDS, Json
from conformance.recent import once
from conformance.strictjson import NotJsonError, get, items, members, parse
from conformance.subjects.cap import is_cut
from conformance.subjects.fate import Effect, fate
from conformance.subjects.reply import Call, Reply, reply

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Violation
    from conformance.observation import Asked, Evidence

_BOUND: Final = frozenset({"/messages/*/content/*", "/messages/*/content/*/type", "/messages/*/content/*/text"})
"""What every reader of content in parts has to look at."""

_EITHER: Final = frozenset(f"/{name}" for name in CAP_FIELDS)
"""Two names of one member: an endpoint has to know one of them."""

_BETWEEN: Final = frozenset({"dependency", "order"})
"""Constraints between members: a refusal may be for any of these."""

_FELT: Final = frozenset({Effect.HONOURED, Effect.COERCED, Effect.CLAMPED})


def _uses_parameters(seen: Reply) -> bool:
    """Whether a call has an argument that the request declares for that function; nobody knows it who was not shown them."""
    tools = items(seen.request, "tools")
    declared = [(get(tool, "function", "name"), members(tool, "function", "parameters", "properties")) for tool in tools]
    calls = [call for choice in seen.choices for call in choice.calls]
    return any(_arguments(call).keys() & known.keys() for call in calls for name, known in declared if name == call.name)


def _arguments(call: Call) -> dict[str, Json]:
    try:
        return members(parse(call.arguments).value) if isinstance(call.arguments, str) else {}
    except NotJsonError:
        return {}


_SHOWN: Final[Mapping[str, Callable[[Reply], bool]]] = MappingProxyType(
    {
        "/n": lambda seen: len(seen.choices) > 1,
        "/logprobs": lambda seen: any(choice.has_logprobs for choice in seen.choices),
        "/tools/*/function/name": lambda seen: any(choice.calls for choice in seen.choices),
        "/tools/*/function/parameters": _uses_parameters,
    }
)
"""How an answer shows that a member was heeded, where no model would do the same unasked."""


def place(pointer: str, contract: Contract) -> str:
    """A place in the request with `*` for any index; empty where an endpoint has to know it."""
    found = "/".join("*" if step.isdigit() else step for step in pointer.split("/"))
    return "" if found in _BOUND or (contract.is_core(pointer) and found not in _EITHER) else found


def passed_over(evidence: Evidence, violation: Violation) -> bool:
    """Whether nothing in the run shows that the target knows the place in which a clause is broken, and it need not."""
    found = "" if evidence.contract.knows_all else place(violation.pointer, evidence.contract)
    if found in _EITHER and (known(evidence).isdisjoint(_EITHER) or is_cut(evidence, found.removeprefix("/"))):
        return False
    return bool(found) and found not in known(evidence)


@once
def known(evidence: Evidence) -> frozenset[str]:
    """The places in which something wrong was turned down or had an effect, or that an answer shows to be heeded; and all around these.

    Who refuses what is wrong inside an object reads the object. Streams of what was wrong say nothing: some servers fail at each.
    """
    return frozenset(around for asked in evidence.all() for found in _shown(asked, evidence.contract) for around in _around(found))


def _around(found: str) -> Iterator[str]:
    while found:
        yield found
        found = found.rpartition("/")[0]


def _shown(asked: Asked, contract: Contract) -> Iterator[str]:
    violation = asked.purpose.violation
    if violation is not None:
        answer = asked.answer
        if violation.constraint in _BETWEEN:
            return
        felt = answer is not None and answer.succeeded and fate(answer, violation).effect in _FELT
        if not asked.purpose.twin and (felt or asked.turned_down):
            yield place(violation.pointer, contract)
        return
    body = asked.attempts[-1].request_json if asked.attempts and asked.accepted else None
    sent = [found for found in _SHOWN if isinstance(body, dict) and found.split("/")[1] in body]
    answers = [seen for seen in reply.see(asked) if isinstance(seen, Reply)] if sent else []
    yield from (found for found in sent if any(_SHOWN[found](seen) for seen in answers))

"""Requests that break exactly one clause of the contract. A conforming endpoint bills nothing for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from conformance.ask import MINIMAL_CAP, Ask
from conformance.generate.malformed import large
from conformance.model import Expectation, Json, Purpose, Request, Tier, Violation
from conformance.registry import scenario
from conformance.steps import Step
from conformance.strictjson import show

JUDGED_APART = frozenset({"dependency", "order", "coercion", "null"})
"""Constraints with requirements of their own, whose level says how binding they are; what else binds nobody may go either way."""

UNKNOWN: Final = "x_unknown_to_the_contract"

NO_MESSAGES: Final = "invalid/messages/minItems/1"
"""The request with an empty list of messages and nothing else amiss: what is asked beside no messages is held against it."""

NOBODY: Final = "door/role"
"""The request with a message of no role that exists: what is asked beside such a message is held against it."""

_UNKNOWN: Final[dict[str, Json]] = {"word": "word", "null": None, "object": {"a": {"b": [1, None, "c"]}}}

EVERYWHERE = [Tier.REFUSALS, Tier.GATE, Tier.FULL]


def distinct(purposes: Iterable[Purpose]) -> int:
    """How many different things must be refused: by clause, place and value. The same once more, as a stream, is not another."""
    wrong = {each.violation for each in purposes if each.violation is not None and each.expect is Expectation.REFUSED}
    return len({(each.clause, each.pointer, each.constraint, each.sent) for each in wrong})


@scenario("invalid", tiers=EVERYWHERE)
def invalid(ask: Ask) -> Iterator[Step]:
    """Mutants of the preflight's question, generated from the contract.

    Each has a streamed twin in the full tier. In the smaller ones the first of each member has: what a server does to streams before it
    has read a body, it does to all of them. Of the members that every endpoint knows, the first of each constraint has, as a whole and
    further down: a second handler, for streams, may check less.
    """
    twinned: set[tuple[str, str]] = set()
    for mutant in ask.corpus.mutants:
        body = mutant.apply(ask.minimal)
        expect = Expectation.REFUSED if mutant.violation.constraint in JUDGED_APART else mutant.expect
        yield ask.refused(mutant.key, body, mutant.violation, expect=expect)
        member = mutant.violation.pointer.split("/")[1]
        whole = mutant.violation.pointer if mutant.violation.pointer == f"/{member}" else member
        place = (whole, mutant.violation.constraint) if mutant.violation.core else (member, "")
        if "stream" in {*mutant.put, *mutant.drop} or (place in twinned and ask.tier is not Tier.FULL):
            continue
        twinned.add(place)
        streamed = {**body, "stream": True}
        yield ask.refused(f"{mutant.key}/streamed", streamed, mutant.violation, expect=expect, twin=ask.key(mutant.key))


@scenario("malformed", tiers=EVERYWHERE)
def malformed(ask: Ask) -> Iterator[Step]:
    """Bodies that are no JSON object, or not labelled as one."""
    bounded = bool(ask.contract.request_faults({**ask.minimal, "temperature": 1e308}))
    for case in ask.corpus.malformed(ask.minimal):
        if case.violation.constraint == "magnitude" and not bounded:
            continue  # some document names no bound, and then no number is too large
        step = ask.refused(case.key, case.body, case.violation, expect=case.expect, content_type=case.content_type, topics=["malformed"])
        if case.content_encoding is not None and isinstance(step.request, Request):
            step = replace(step, request=replace(step.request, headers=(("content-encoding", case.content_encoding),)))
        yield step


@scenario("oversized", tiers=EVERYWHERE)
def oversized(ask: Ask) -> Iterator[Step]:
    """A body that is large and cannot be right."""
    case = large(ask.minimal)
    yield ask.refused(case.key, case.body, case.violation, expect=case.expect, topics=["malformed"])


@scenario("unknown", tiers=EVERYWHERE)
def unknown(ask: Ask) -> Iterator[Step]:
    """Members that the contract does not know, in a body and a message that are refused anyway; in the full tier in a good one, twice."""
    rest = {name: value for name, value in ask.minimal.items() if name != "messages"}
    for name, extra in _UNKNOWN.items():
        violation = Violation(constraint="unknown", pointer=f"/{UNKNOWN}", clause="/x-request/unknown-member", sent=show(extra))
        body: dict[str, Json] = {**rest, "messages": [], UNKNOWN: extra}
        yield ask.refused(f"beside-no-messages/{name}", body, violation, expect=Expectation.EITHER, control=NO_MESSAGES)
    violation = Violation(constraint="unknown", pointer=f"/messages/0/{UNKNOWN}", clause="/x-request/unknown-member", sent='"word"')
    message: Json = {"role": "no-such-role-at-all", "content": "Hello.", UNKNOWN: "word"}
    yield ask.refused("in-message", {**rest, "messages": [message]}, violation, expect=Expectation.EITHER, control=NOBODY)
    if ask.tier is Tier.FULL:
        violation = Violation(constraint="unknown", pointer=f"/{UNKNOWN}", clause="/x-request/unknown-member", sent="true")
        for number in ("first", "again"):
            step = ask.refused(number, {**ask.minimal, UNKNOWN: True}, violation, expect=Expectation.EITHER)
            yield replace(step, billed=True, output_tokens=MINIMAL_CAP)

"""Requests that break exactly one clause of the contract. A conforming endpoint bills nothing for them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import Ask
from conformance.model import Credential, Expectation, Tier, Violation
from conformance.registry import scenario
from conformance.steps import Step

JUDGED_APART = frozenset({"dependency", "order", "coercion", "null"})
"""Constraints with requirements of their own, whose level says how binding they are; what else binds nobody may go either way."""

EVERYWHERE = [Tier.REFUSALS, Tier.GATE, Tier.FULL]


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
    for case in ask.corpus.malformed(ask.minimal):
        yield ask.refused(case.key, case.body, case.violation, expect=case.expect, content_type=case.content_type, topics=["malformed"])


@scenario("door", tiers=EVERYWHERE)
def door(ask: Ask) -> Iterator[Step]:
    """Who may come in, and through which door."""

    def at(clause: str, constraint: str, sent: str) -> Violation:
        return Violation(constraint=constraint, pointer="", clause=f"/x-errors/{clause}", sent=sent, core=True)

    yield ask.refused("no-key", ask.minimal, at("missing-key", "auth", "no Authorization"), credential=Credential.NONE, topics=["auth"])
    yield ask.refused("wrong-key", ask.minimal, at("wrong-key", "auth", "another key"), credential=Credential.WRONG, topics=["auth"])
    streamed = {**ask.minimal, "stream": True}
    yield ask.refused(
        "wrong-key/streamed",
        streamed,
        at("wrong-key", "auth", "another key"),
        credential=Credential.WRONG,
        stream=True,
        twin=ask.key("wrong-key"),
        topics=["auth"],
    )
    unknown = {**ask.minimal, "model": "no-such-model-31f0b2"}
    yield ask.refused("unknown-model", unknown, at("unknown-model", "model", "no-such-model-31f0b2"), topics=["model"])
    yield ask.refused(
        "unknown-model/streamed",
        {**unknown, "stream": True},
        at("unknown-model", "model", "no-such-model-31f0b2"),
        stream=True,
        twin=ask.key("unknown-model"),
        topics=["model"],
    )
    # Not GET: on the original it lists the completions that were stored.
    yield ask.refused("put", ask.minimal, at("wrong-method", "method", "PUT"), method="PUT", topics=["method"])
    path = at("wrong-path", "path", "/chat/completion")
    yield ask.refused("path", ask.minimal, path, path="/chat/completion", topics=["path"])

"""Whatever the request schema says, some mutant notices when it is no longer said.

A constraint whose loss no mutant notices is one that a server may ignore without being caught. It is a stricter measure than "was this
keyword reached", which any wrong value satisfies.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from conformance import contract
from conformance.contract import Contract
from conformance.generate import corpus
from conformance.generate.corpus import READY
from conformance.generate.loosening import Loosened, constraints
from conformance.generate.mutants import MINIMAL, Mutant
from tests.sampling import sampled

UNSEEN = {"drops:/components/schemas/CreateChatCompletionRequest/type"}
"""Every mutant is an object; the malformed bodies that are none go beside the corpus."""


def survivors(reading: Contract, mutants: Iterable[Mutant]) -> set[str]:
    """The constraints that can be taken away, each by itself, and no mutant becomes valid."""
    bodies = [(body, reading.request_faults(body)) for body in (mutant.apply(MINIMAL) for mutant in mutants)]

    def is_noticed(loosened: Loosened) -> bool:
        return any(loosened.admits(body, faults) for body, faults in bodies)

    return {each.name for each in constraints(reading) if not is_noticed(Loosened(reading, each))}


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_the_corpus_notices_what_is_loosened(dialect: str) -> None:
    reading = contract.load(dialect)
    assert len(constraints(reading)) >= 450
    assert survivors(reading, corpus.load(reading).mutants) == UNSEEN


def test_a_corpus_without_a_mutant_of_a_clause_lets_it_go() -> None:
    reading = contract.load()
    kept = [mutant for mutant in corpus.load(reading).mutants if not mutant.key.startswith("temperature/maximum/")]
    assert "drops:/components/schemas/CreateChatCompletionRequest/properties/temperature/maximum" in survivors(reading, kept)


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_every_rule_between_members_has_its_mutant(dialect: str) -> None:
    reading = contract.load(dialect)
    rules = reading.document["x-dependencies"]
    assert isinstance(rules, dict)
    broken = {
        mutant.violation.clause.split("/")[2] for mutant in corpus.load(reading).mutants if mutant.violation.clause.startswith("/x-dep")
    }
    assert broken == rules.keys()

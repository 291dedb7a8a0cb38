"""Whatever the request schema says, some mutant notices when it is no longer said."""

from __future__ import annotations

import pytest

from conformance import contract
from conformance.generate import corpus
from conformance.generate.corpus import READY
from conformance.generate.score import score
from tests.sampling import sampled

UNSEEN = {"drops:/components/schemas/CreateChatCompletionRequest/type"}
"""Every mutant is an object; the malformed bodies that are none go beside the corpus."""


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_the_corpus_notices_what_is_loosened(dialect: str) -> None:
    reading = contract.load(dialect)
    found = score(reading, corpus.load(reading).mutants)
    assert found.total >= 450
    assert set(found.survivors) == UNSEEN


def test_a_corpus_without_a_mutant_of_a_clause_lets_it_go() -> None:
    reading = contract.load()
    kept = [mutant for mutant in corpus.load(reading).mutants if not mutant.key.startswith("temperature/maximum/")]
    assert "drops:/components/schemas/CreateChatCompletionRequest/properties/temperature/maximum" in score(reading, kept).survivors


@pytest.mark.parametrize("dialect", sampled(READY, every=2))
def test_every_rule_between_members_has_its_mutant(dialect: str) -> None:
    reading = contract.load(dialect)
    rules = reading.document["x-dependencies"]
    assert isinstance(rules, dict)
    broken = {
        mutant.violation.clause.split("/")[2] for mutant in corpus.load(reading).mutants if mutant.violation.clause.startswith("/x-dep")
    }
    assert broken == rules.keys()

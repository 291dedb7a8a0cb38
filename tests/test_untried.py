"""Every place of the contract is on the wire in a full run, or is left out with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import contract, registry, reporting
from conformance.contract import untried
from conformance.errors import ContractError
from conformance.model import Tier
from conformance.overview.exercised import Exercised, exercised
from tests import inprocess
from tests.matrix import PACE, kept


@pytest.fixture(scope="module")
def full() -> Exercised:
    """What a run of everything saw of the contract, on a server that conforms."""
    reading, catalogue = contract.load(), registry.load()
    with kept(connect=inprocess.to(inprocess.service(), pace=PACE), tier=Tier.FULL, concurrency=1) as record:
        return exercised(reporting.judged(record, reading, catalogue, catalogue.requirements))


def test_every_place_is_on_the_wire_or_left_out_with_a_reason(full: Exercised) -> None:
    assert [path for path in full.missing() if not untried.reason(path)] == []


def test_nothing_is_excused_that_a_run_tries(full: Exercised) -> None:
    unseen = full.missing()
    assert [place for place in untried.reasons() if not any(path.startswith(place) for path in unseen)] == []


def test_a_reason_holds_for_everything_below_a_place_and_for_nothing_beside_it(tmp_path: Path) -> None:
    assert untried.reason("answer.choices[].message.audio.id") == untried.reason("answer.choices[].message.audio") != ""
    assert untried.reason("answer.choices[].message.audiobook") == ""
    assert untried.reason("request.model") == ""


@pytest.mark.parametrize("text", ["- places: [request.n]", "- {because: why, places: [{a: 1}]}", "- {because: why, places: [a, a]}"])
def test_an_entry_needs_a_reason_and_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / untried.FILE).write_text(f"untried:\n  {text}\n", encoding="utf-8")
    monkeypatch.setattr(untried, "folder", lambda: tmp_path)
    untried.reasons.cache_clear()
    try:
        with pytest.raises(ContractError, match=r"untried\.yaml"):
            untried.reasons()
    finally:
        untried.reasons.cache_clear()

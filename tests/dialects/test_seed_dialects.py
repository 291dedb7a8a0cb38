"""The dialects of five reference pages: they take what the pages show, and differ from the base where the pages do and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance import contract, registry
from conformance.contract import Schema, documents
from conformance.contract.lint import problems
from conformance.generate import corpus
from conformance.generate.mutants import MINIMAL, decisive
from conformance.model import MISSING, Json, Level
from conformance.strictjson import get, items
from tests.dialects.seed_deltas import DELTAS, Delta
from tests.dialects.seed_examples import PAGES

CHAINS: Final = {
    "requesty-2025": (),
    "requesty": ("requesty-2025",),
    "8080": (),
    "openrouter-2025-10": (),
    "openrouter": ("openrouter-2025-10",),
}
STATUSES: Final = {
    "requesty-2025": {"200", "400", "401"},
    "requesty": {"400", "401", "402", "403", "404", "412", "424", "429", "502", "503", "529"},
    "8080": {"200", "401", "429"},
    "openrouter-2025-10": {"200", "400", "401", "429", "500"},
    "openrouter": {"400", "401", "402", "403", "408", "429", "500", "502", "503"},
}
FOLDER: Final = Path(__file__).parent.parent.parent / "openapi" / "dialects"
BASE: Final = contract.load("openai")

every_dialect = pytest.mark.parametrize("dialect", PAGES)


# ---- what the pages show


@every_dialect
def test_the_documented_request_fits(dialect: str) -> None:
    assert contract.load(dialect).request_faults(PAGES[dialect].request) == ()


@every_dialect
def test_the_documented_answer_fits(dialect: str) -> None:
    assert contract.load(dialect).faults(Schema.RESPONSE, PAGES[dialect].answer) == ()


@every_dialect
def test_the_base_faults_the_documented_request_where_the_page_differs(dialect: str) -> None:
    assert {fault.pointer for fault in BASE.faults(Schema.REQUEST, PAGES[dialect].request)} == PAGES[dialect].request_faults


@every_dialect
def test_the_base_faults_the_documented_answer_where_the_page_differs(dialect: str) -> None:
    assert {fault.pointer for fault in BASE.faults(Schema.RESPONSE, PAGES[dialect].answer)} == PAGES[dialect].answer_faults


@pytest.mark.parametrize("delta", DELTAS, ids=lambda delta: f"{delta.dialect}: {delta.says}")
def test_a_field_is_what_the_page_says(delta: Delta) -> None:
    assert contract.load(delta.dialect).is_valid(delta.schema, delta.value) is delta.here
    assert BASE.is_valid(delta.schema, delta.value) is delta.base


@every_dialect
def test_documented_statuses_are_there(dialect: str) -> None:
    responses = contract.load(dialect).at("/paths/~1chat~1completions/post/responses")
    assert isinstance(responses, dict)
    assert responses.keys() >= STATUSES[dialect]


def test_newer_and_older_pages_differ() -> None:
    for newer, (older, *_) in ((name, chain) for name, chain in CHAINS.items() if chain):
        assert contract.load(newer).digest != contract.load(older).digest
        assert contract.load(older).faults(Schema.REQUEST, PAGES[newer].request)


# ---- how they judge


@every_dialect
def test_a_form_that_the_page_lacks_is_held_against_nobody(dialect: str) -> None:
    """Where a page has fewer forms than the base, the others may be refused and need not be."""
    reading = contract.load(dialect)
    forms: dict[str, dict[str, Json]] = {
        "content as parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
        "choice of one tool": {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        "stop as a string": {"stop": "END"},
    }
    for name, form in forms.items():
        faults = reading.faults(Schema.REQUEST, {**MINIMAL, **form})
        assert {fault.level for fault in faults} <= {Level.MAY}, name


@every_dialect
def test_what_is_no_value_at_all_is_still_refused(dialect: str) -> None:
    reading = contract.load(dialect)
    bodies: tuple[Json, ...] = (
        {},
        {**MINIMAL, "messages": "Hello"},
        {**MINIMAL, "stream": "yes"},
        {**MINIMAL, "messages": [{"role": "moderator"}]},
    )
    for body in bodies:
        assert Level.MUST in {fault.level for fault in reading.faults(Schema.REQUEST, body)}


def test_what_the_pages_lack_is_not_asked_for() -> None:
    assert {"max-tokens", "content-parts"} <= contract.load("8080").denies
    assert {"content-parts", "developer-role", "tool-choice-named"} <= contract.load("requesty-2025").denies
    assert "content-parts" not in contract.load("requesty").denies
    assert not contract.load("openrouter").denies


@every_dialect
def test_nothing_is_claimed_and_denied(dialect: str) -> None:
    reading = contract.load(dialect)
    assert reading.claims
    assert not reading.claims & reading.denies


@every_dialect
def test_the_words_of_finish_reason_repeat_the_schema(dialect: str) -> None:
    reading = contract.load(dialect)
    listed = get(reading.at("/components/schemas/FinishReason"), "enum")
    assert listed in (MISSING, reading.at("/x-answer/finish-reason-vocabulary/values"))


@every_dialect
def test_every_requirement_still_finds_what_it_cites(dialect: str) -> None:
    registry.load().verify(contract.load(dialect))


# ---- each file


@every_dialect
def test_builds_on_another(dialect: str) -> None:
    assert contract.load(dialect).chain == ("openai", "openai-compatible", *CHAINS[dialect], dialect)


@every_dialect
def test_is_sound(dialect: str) -> None:
    document = contract.load(dialect).document
    assert not problems(document)
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


@every_dialect
def test_every_action_says_why_and_whence(dialect: str) -> None:
    """But for those that complete the one before them."""
    overlay = documents.read(FOLDER / f"{dialect}.overlay.yaml")
    assert str(overlay["x-page"]).startswith("https://")
    actions = items(overlay, "actions")
    assert get(actions[0], "description")
    for action in actions:
        if isinstance(reason := get(action, "description"), str):
            assert reason.endswith("."), reason
            sources = items(action, "x-source")
            assert all(str(source).startswith("https://") for source in sources), reason


# ---- what is generated from them


@pytest.fixture(scope="module", params=PAGES)
def generated(request: pytest.FixtureRequest) -> tuple[contract.Contract, corpus.Corpus]:
    reading = contract.load(request.param)
    return reading, corpus.load(reading)


def test_there_is_enough_to_send(generated: tuple[contract.Contract, corpus.Corpus]) -> None:
    reading, found = generated
    assert len(found.mutants) >= 150
    assert sum(mutant.level is Level.MUST for mutant in found.mutants) >= 100
    assert len(found.mutants) + len(found.malformed(MINIMAL)) >= 250, reading.dialect


def test_every_mutant_is_invalid_in_its_dialect(generated: tuple[contract.Contract, corpus.Corpus]) -> None:
    reading, found = generated
    for mutant in found.mutants:
        named = [fault.clause for fault in decisive(reading.request_faults(mutant.apply(MINIMAL)))]
        assert named == [mutant.violation.clause], mutant.key

"""The dialects of vendors: sound, short, with a source for everything, and right about what vendors really send."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance import contract, registry
from conformance.contract import documents
from conformance.contract.lint import problems
from conformance.generate import corpus
from conformance.generate.mutants import MINIMAL, decisive
from conformance.model import Json, Level
from conformance.strictjson import get, items
from tests.dialects.hosted import HOSTED
from tests.dialects.messages import Case
from tests.dialects.recorded import RECORDED
from tests.dialects.selfhosted import SELF_HOSTED

VENDORS: Final = ("azure", "deepseek", "fireworks", "gemini", "groq", "litellm", "llama.cpp", "mistral", "ollama", "together", "vllm")
CASES: Final = (*RECORDED, *HOSTED, *SELF_HOSTED)
FOLDER: Final = Path(__file__).parent.parent.parent / "openapi" / "dialects"
SOURCE: Final = re.compile(r"https://\S+|[\w.-]+/[\w.-]+#\d+")

every_vendor = pytest.mark.parametrize("vendor", VENDORS)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def overlay(vendor: str) -> dict[str, Json]:
    return documents.read(FOLDER / f"{vendor}.overlay.yaml")


# ---- each file


@every_vendor
def test_builds_on_what_clients_rely_on(vendor: str) -> None:
    assert contract.load(vendor).chain == ("openai", "openai-compatible", vendor)


@every_vendor
def test_is_sound(vendor: str) -> None:
    document = contract.load(vendor).document
    assert not problems(document)
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


@every_vendor
def test_every_action_has_a_reason_and_a_source(vendor: str) -> None:
    """But for one that completes the removal before it."""
    known = contract.load().document["x-sources"]
    assert isinstance(known, dict)
    removed = False
    for action in items(overlay(vendor), "actions"):
        reason, sources = get(action, "description"), items(action, "x-source")
        if not removed:
            assert isinstance(reason, str), action
            assert reason.endswith("."), action
            assert sources, action
        assert all(str(source) in known or SOURCE.fullmatch(str(source)) for source in sources), sources
        removed = get(action, "remove") is True


@every_vendor
def test_features_are_known_and_not_both_there_and_lacking(vendor: str) -> None:
    reading = contract.load(vendor)
    assert reading.claims | reading.denies <= reading.features.keys()
    assert not reading.claims & reading.denies


@every_vendor
def test_levels_are_those_of_requirements_that_exist(vendor: str) -> None:
    registry.load().verify(contract.load(vendor))


@every_vendor
def test_what_a_vendor_documents_excuses_and_never_accuses(vendor: str) -> None:
    """No level that a vendor's dialect sets is higher than it would be without, and each says why."""
    below, catalogue, strictness = contract.load(), registry.load(), [Level.MAY, Level.SHOULD, Level.MUST]
    for name, change in contract.load(vendor).levels.items():
        if change != below.levels.get(name):
            before = registry.level(catalogue.find(name), below)
            assert strictness.index(change.level) <= strictness.index(before), name
            assert change.because.endswith("."), name


@every_vendor
def test_a_plain_exchange_is_right_everywhere(vendor: str) -> None:
    """Vendors differ at the edges: what the base document gives as examples fits every dialect."""
    reading = contract.load(vendor)
    post = "/paths/~1chat~1completions/post"
    body = reading.at(f"{post}/requestBody/content/application~1json/example")
    assert not reading.request_faults(body)
    answer = reading.at(f"{post}/responses/200/content/application~1json/example")
    assert not reading.faults(contract.Schema.RESPONSE, answer)
    refusal = reading.at("/components/responses/Refused/content/application~1json/example")
    assert not reading.faults(contract.Schema.ERROR, refusal)


# ---- what vendors send


@every_case
def test_the_letter_of_the_contract(case: Case) -> None:
    assert fits(case, contract.BASE) is case.strict


@every_case
def test_what_clients_rely_on(case: Case) -> None:
    assert fits(case, contract.DEFAULT) is case.compatible


@pytest.mark.parametrize("case", [case for case in CASES if case.dialect], ids=lambda case: case.name)
def test_the_vendors_own_reading(case: Case) -> None:
    assert case.dialect is not None
    assert fits(case, case.dialect) is case.own


@every_vendor
def test_every_vendor_has_a_case_that_its_dialect_settles(vendor: str) -> None:
    """For a dialect that loosens nothing in the schemas, a case that fails to the letter is enough."""
    cases = [case for case in CASES if case.dialect == vendor]
    assert any(case.own is not case.compatible or case.own is not case.strict for case in cases)


def fits(case: Case, dialect: str) -> bool:
    reading = contract.load(dialect)
    faults = reading.faults(case.schema, case.value)
    assert reading.is_valid(case.schema, case.value) is (not faults)
    return not faults


@pytest.mark.parametrize(
    ("vendor", "word"),
    [
        ("deepseek", "insufficient_system_resource"),
        ("mistral", "model_length"),
        ("mistral", "error"),
        ("together", "eos"),
    ],
)
def test_words_of_a_vendors_own_are_no_surprise_there(vendor: str, word: str) -> None:
    values = "/x-answer/finish-reason-vocabulary/values"
    assert word in items(contract.load(vendor).at(values))
    assert word not in items(contract.load().at(values))


@pytest.mark.parametrize(
    ("vendor", "lacking"),
    [
        ("groq", {"n", "logprobs", "logit-bias", "message-name"}),
        ("ollama", {"tool-choice-required", "tool-choice-named", "tool-choice-none", "logit-bias", "user", "n"}),
        ("mistral", {"usage-in-stream", "max-completion-tokens", "developer-role", "seed"}),
        ("azure", {"developer-role"}),
        ("deepseek", {"json-schema"}),
    ],
)
def test_what_a_vendor_documents_to_lack_is_not_asked_for(vendor: str, lacking: set[str]) -> None:
    assert contract.load(vendor).denies >= lacking


def test_groq_answers_with_statuses_of_its_own() -> None:
    responses = contract.load("groq").at("/paths/~1chat~1completions/post/responses")
    assert isinstance(responses, dict)
    assert {"498", "499"} <= responses.keys()


# ---- requests that are wrong


@pytest.mark.parametrize("vendor", ["llama.cpp"])
def test_mutants_are_wrong_in_one_way_under_the_dialect_too(vendor: str) -> None:
    """A sample; generating takes seconds. This one changes what is required, and how the arms of a union are told apart."""
    reading = contract.load(vendor)
    made = corpus.generate(reading).mutants
    assert len(made) > 400
    for mutant in made:
        named = [fault.clause for fault in decisive(reading.request_faults(mutant.apply(MINIMAL)))]
        assert named == [mutant.violation.clause], mutant.key


def test_what_changes_no_request_needs_no_corpus_of_its_own() -> None:
    assert corpus.file_name(contract.load("litellm")) == corpus.file_name(contract.load())

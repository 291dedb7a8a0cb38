"""The shipped corpora are today's, whole, found without schemathesis, and every mutant in them is wrong in one way."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import contract
from conformance.generate import corpus
from conformance.generate.corpus import READY
from conformance.generate.mutants import MINIMAL, decisive
from conformance.model import Json

OVERLAY = """
overlay: 1.0.0
info: {title: A reading of our own, version: "1"}
actions:
  - target: $.components.schemas.CreateChatCompletionRequest.properties.n
    update: {maximum: 4}
"""


@pytest.fixture(scope="module", params=READY)
def reading(request: pytest.FixtureRequest) -> contract.Contract:
    return contract.load(request.param)


def test_the_shipped_corpus_is_the_one_generated_today(reading: contract.Contract) -> None:
    shipped = (corpus.SHIPPED / corpus.file_name(reading)).read_text(encoding="utf-8")
    assert shipped == corpus.dump(corpus.generate(reading)), "run `nox -s corpus`"


def test_every_mutant_breaks_the_one_clause_it_names(reading: contract.Contract) -> None:
    for mutant in corpus.load(reading).mutants:
        named = [fault.clause for fault in decisive(reading.request_faults(mutant.apply(MINIMAL)))]
        assert named == [mutant.violation.clause], mutant.key
        reading.at(mutant.violation.clause)


@pytest.mark.parametrize("extra", [{"max_tokens": 16}, {"max_completion_tokens": 16}, {"stream": True}], ids=str)
def test_a_mutant_stays_one_on_a_control_with_a_cap_and_streamed(reading: contract.Contract, extra: dict[str, Json]) -> None:
    for mutant in corpus.load(reading).mutants:
        if "stream" in extra and "stream" in {*mutant.put, *mutant.drop}:
            continue  # has no streamed twin
        named = [fault.clause for fault in decisive(reading.request_faults(mutant.apply({**MINIMAL, **extra})))]
        assert named == [mutant.violation.clause], mutant.key


def test_keys_are_unique_and_sorted(reading: contract.Contract) -> None:
    keys = [mutant.key for mutant in corpus.load(reading).mutants]
    assert keys == sorted(set(keys))


def test_there_is_enough_to_send(reading: contract.Contract) -> None:
    found = corpus.load(reading)
    assert len(found.mutants) + len(found.malformed(MINIMAL)) >= 400
    assert sum(mutant.violation.core for mutant in found.mutants) >= 40


def test_no_file_is_shipped_for_nobody() -> None:
    wanted = {corpus.file_name(contract.load(dialect)) for dialect in READY}
    assert {path.name for path in corpus.SHIPPED.glob("*.jsonl")} == wanted


def test_nothing_is_huge(reading: contract.Contract) -> None:
    path = corpus.SHIPPED / corpus.file_name(reading)
    assert path.stat().st_size < 512 * 1024
    assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) < 66 * 1024


def test_the_coverage_generator_is_still_the_one_relied_on() -> None:
    """It is internal to schemathesis: when this fails after an update, read what moved before regenerating."""
    from conformance.generate.coverage import from_coverage

    found = from_coverage(contract.load())
    assert {each.violation.constraint for each in found} >= {"type", "required", "enum", "maximum", "minimum", "minItems", "pattern"}
    assert len(found) >= 250


def test_a_reading_of_ones_own_is_generated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    overlay = tmp_path / "own.yaml"
    overlay.write_text(OVERLAY, encoding="utf-8")
    own = contract.load(str(overlay))
    first = corpus.load(own)
    assert {"n": 5} in [mutant.put for mutant in first.mutants]
    monkeypatch.setattr(corpus, "generate", None)
    assert corpus.load(own) == first


def test_a_torn_cache_file_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    reading = contract.load()
    made = corpus.Corpus(mutants=corpus.load(reading).mutants[:3])
    monkeypatch.setattr(corpus, "SHIPPED", tmp_path / "nowhere")
    monkeypatch.setattr(corpus, "generate", lambda _: made)
    folder = corpus.cache_folder()
    assert folder is not None
    folder.mkdir(parents=True)
    cached = folder / corpus.file_name(reading)
    cached.write_text("".join(corpus.dump(made).splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert corpus.load(reading) == made
    assert corpus.parse(cached.read_text(encoding="utf-8")) == made


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    made = corpus.load(contract.load())
    monkeypatch.setattr(corpus, "SHIPPED", tmp_path / "nowhere")
    monkeypatch.setattr(corpus, "generate", lambda _: made)
    assert corpus.load(contract.load()) == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mutants": 1}\n', '{"mutants": 1}\n{"key": 1}\n', '{"mutants": 1}\n{"key"'])
def test_what_is_no_corpus_is_not_read_as_one(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        corpus.parse(text)


LOAD = """
import sys
from conformance import contract
from conformance.generate import corpus
mutants = corpus.load(contract.load()).mutants
print(len(mutants), *sorted({module.partition(".")[0] for module in sys.modules} & {"schemathesis", "hypothesis"}))
"""

GENERATE = """
import hashlib
from conformance import contract
from conformance.generate import corpus
print(hashlib.sha256(corpus.dump(corpus.generate(contract.load())).encode()).hexdigest())
"""


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_loading_imports_neither_schemathesis_nor_hypothesis() -> None:
    assert run(LOAD) == str(len(corpus.load(contract.load()).mutants))


def test_generation_does_not_depend_on_the_hash_seed() -> None:
    reading = contract.load()
    shipped = (corpus.SHIPPED / corpus.file_name(reading)).read_bytes()
    assert run(GENERATE, PYTHONHASHSEED="1") == hashlib.sha256(shipped).hexdigest()


def test_a_change_of_wording_keeps_the_corpus(reading: contract.Contract) -> None:
    changed = json.loads(json.dumps(reading.document))
    changed["components"]["schemas"]["CreateChatCompletionRequest"]["description"] = "Other words."
    reworded = contract.Contract(changed, reading.chain)
    assert corpus.file_name(reworded) == corpus.file_name(reading)

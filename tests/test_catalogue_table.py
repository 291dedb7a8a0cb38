"""The catalogue as a document."""

from __future__ import annotations

from conformance import registry
from conformance.documentation import catalogue_table


def test_the_document_is_current() -> None:
    assert catalogue_table.DOCUMENT.read_text("utf-8") == catalogue_table.document(registry.load()), "run `nox -s documents`"


def test_every_requirement_has_an_entry_with_a_source_and_a_defect() -> None:
    entries = catalogue_table.document(registry.load()).split("\n### ")[1:]
    told = {entry.splitlines()[0]: entry for entry in entries}
    for requirement in registry.load().requirements:
        entry = told[requirement.id]
        assert requirement.text in entry
        assert "- Tripped by: `" in entry
        assert all(citation.label in entry for citation in requirement.cites)

"""Which codes there are. That whatever is found has a known one, the matrix of all defects holds."""

from __future__ import annotations

import pytest

from conformance import contract, registry
from conformance.baseline import codes
from conformance.baseline.codes import Known
from conformance.commands import listing

CATALOGUE = registry.load()
KNOWN = Known(contract.load(), CATALOGUE)


def test_every_requirement_has_codes_that_can_be_told() -> None:
    for requirement in CATALOGUE.requirements:
        assert codes.written(requirement), requirement.id
        only_named = codes.written(requirement) == {None}
        assert not only_named or KNOWN.listed(requirement), requirement.id


@pytest.mark.parametrize(
    ("rule", "code", "known"),
    [
        ("STREAM-DONE", "no-done", True),
        ("STREAM-DONE", "no-role", False),
        ("STREAM-CONTENT", "refusal", True),  # the name of a member, out of a loop
        ("STREAM-TOOL-FIRST", "no-id", True),  # put together of two words
        ("STREAM-UTF8", "malformed", True),  # handed to another function
        ("STREAM-JSON-NAMES", "duplicate-name", True),  # a word of an enumeration
        ("STREAM-CHUNK", "type", True),  # a keyword of JSON Schema
        ("STREAM-CHUNK", "kind", False),
        ("ANSWER-SCHEMA", "schema-required", True),
        ("ANSWER-SCHEMA", "required", False),
        ("ANSWER-STATUS", "201", True),
        ("ANSWER-STATUS", "500", False),
        ("REQUEST-TYPE", "audio.format/type", True),  # the constraint that a request breaks
        ("REQUEST-TYPE", "audio.format/enum", False),
        ("REQUEST-RANGE", "temperature/maximum", True),
        ("REQUEST-STOP-LENGTH", "stop/maxItems", True),  # what may go either way in this reading
        ("REQUEST-TYPE-CORE", "max_tokens/type", True),  # a core member where the target takes its cap by this name
        ("REQUEST-BOUNDS", "temperature/maximum", True),  # a legal value that a request holds
        ("REQUEST-BOUNDS", "stop/list", False),
        ("REQUEST-FORMS", "stop/list", True),
    ],
)
def test_a_code_is_known_of_its_own_requirement_alone(rule: str, code: str, known: bool) -> None:
    assert KNOWN.has(CATALOGUE.find(rule), code) is known


def test_explaining_a_requirement_lists_its_codes() -> None:
    assert "Codes: no-done" in listing.explain("STREAM-DONE", contract.load())

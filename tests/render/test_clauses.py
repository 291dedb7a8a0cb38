"""What a clause says stands beside the requirement, short and in the contract's own words."""

from __future__ import annotations

from conformance.contract import load
from conformance.render import clauses


def test_a_clause_in_prose_is_quoted_with_its_sources() -> None:
    made = clauses.excerpt(load(), "/x-stream/terminator")
    assert "[DONE]" in made.prose
    assert made.sources
    assert made.schema == ""


def test_a_piece_of_a_schema_is_quoted_as_yaml() -> None:
    made = clauses.excerpt(load(), "/components/schemas/CompletionUsage/required")
    assert made.schema.startswith("required:\n- ")
    assert made.prose == ""


def test_a_large_schema_is_cut_and_says_so() -> None:
    made = clauses.excerpt(load(), "/components/schemas/CreateChatCompletionRequest")
    lines = made.schema.splitlines()
    assert len(lines) == clauses.LINES + 1
    assert lines[-1].endswith("more lines")


def test_a_clause_that_this_reading_lacks_is_only_named() -> None:
    made = clauses.excerpt(load(), "/x-stream/no-such-clause")
    assert (made.pointer, made.prose, made.schema, made.sources) == ("/x-stream/no-such-clause", "", "", ())

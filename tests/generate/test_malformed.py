"""Bodies that are wrong before any schema is looked at."""

from __future__ import annotations

import gzip
import json

import pytest

from conformance import contract
from conformance.generate.malformed import Malformed, large, malformed
from conformance.model import Expectation, Json

MINIMAL: dict[str, Json] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
ALL = malformed(MINIMAL)


def _strict(body: bytes) -> object:
    def refuse(literal: str) -> None:
        raise ValueError(literal)

    return json.loads(body.decode("utf-8"), parse_constant=refuse)


def test_keys_are_unique_and_there_are_enough() -> None:
    assert len({case.key for case in ALL}) == len(ALL) >= 45


@pytest.mark.parametrize("case", [case for case in ALL if case.expect is Expectation.REFUSED], ids=lambda case: case.key)
def test_what_must_be_refused_is_no_json_object_in_utf8_or_holds_a_number_without_measure(case: Malformed) -> None:
    try:
        value = _strict(case.body)
    except (ValueError, RecursionError):
        return
    assert not isinstance(value, dict) or value["temperature"] > 2


@pytest.mark.parametrize(
    "case", [case for case in ALL if case.expect is Expectation.EITHER and "deep" not in case.key], ids=lambda case: case.key
)
def test_what_may_be_taken_holds_the_whole_accepted_body(case: Malformed) -> None:
    body = gzip.decompress(case.body) if case.content_encoding == "gzip" else case.body
    value = json.loads(body)  # a lenient reader: guesses the encoding, drops a byte order mark
    assert isinstance(value, dict)
    assert MINIMAL.items() <= value.items()


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.key)
def test_each_cites_a_clause_that_exists(case: Malformed) -> None:
    contract.load().at(case.violation.clause)


def test_the_bodies_are_made_from_the_one_given() -> None:
    other = malformed({**MINIMAL, "stream": True})
    assert {case.key for case in other} == {case.key for case in ALL}
    assert b'"stream":true' in next(case.body for case in other if case.key == "json/trailing-comma")


def test_none_is_larger_than_a_server_can_be_asked_to_read() -> None:
    assert max(len(case.body) for case in ALL) < 64 * 1024


def test_one_body_is_larger_than_that_and_can_never_be_taken() -> None:
    one = large(MINIMAL)
    assert 2 * 1024 * 1024 < len(one.body) < 4 * 1024 * 1024
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(one.body)

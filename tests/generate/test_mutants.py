"""An invalid request is an accepted one with one thing wrong."""

from __future__ import annotations

import pytest

from conformance import contract
from conformance.generate.companions import accompanied, alone
from conformance.generate.mutants import MINIMAL, Delta, label, name, slug
from conformance.model import Expectation, Json


@pytest.fixture(scope="module")
def compatible() -> contract.Contract:
    return contract.load()


def test_a_delta_sets_and_drops_members_and_leaves_the_rest() -> None:
    delta = Delta(put={"n": 0}, drop=("max_tokens",))
    assert delta.apply({"model": "m", "max_tokens": 16, "messages": []}) == {"model": "m", "messages": [], "n": 0}


def test_a_body_made_from_a_delta_shares_nothing_with_it() -> None:
    delta = Delta(put={"stop": ["a"]})
    body = delta.apply(MINIMAL)
    assert isinstance(body["stop"], list)
    body["stop"].append("b")
    assert delta.put == {"stop": ["a"]}


def test_the_minimal_body_is_valid(compatible: contract.Contract) -> None:
    assert label(compatible, Delta(put={})) is None


@pytest.mark.parametrize(
    "legal",
    [
        {"n": 1.0},
        {"temperature": 2},
        {"temperature": 0},
        {"seed": 2**63 - 1},
        {"seed": -(2**63)},
        {"x_unknown": {"anything": 1}},
        {"model": "a model nobody has heard of"},
        {"logprobs": True, "top_logprobs": 0},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "not a url"}}]}]},
        {"messages": [{"role": "user", "content": "hi", "x_extra": None}]},
    ],
    ids=str,
)
def test_a_legal_body_is_no_mutant(compatible: contract.Contract, legal: dict[str, Json]) -> None:
    assert label(compatible, Delta(put=legal)) is None


def test_a_body_that_is_wrong_twice_is_no_mutant(compatible: contract.Contract) -> None:
    assert label(compatible, Delta(put={"temperature": 3, "top_p": 3})) is None


@pytest.mark.parametrize(
    ("put", "constraint", "pointer"),
    [
        ({"temperature": 2.1}, "maximum", "/temperature"),
        ({"temperature": {}}, "type", "/temperature"),
        ({"temperature": "0.7"}, "coercion", "/temperature"),
        ({"temperature": "hot"}, "type", "/temperature"),
        ({"stream": "true"}, "coercion", "/stream"),
        ({"model": None}, "null", "/model"),
        ({"messages": []}, "minItems", "/messages"),
        ({"messages": [{"role": "user"}]}, "required", "/messages/0/content"),
        ({"messages": [{"role": "moderator", "content": "hi"}]}, "enum", "/messages/0/role"),
        ({"metadata": {"key": 42}}, "coercion", "/metadata/key"),
    ],
    ids=str,
)
def test_the_label_says_what_is_wrong_and_where(compatible: contract.Contract, put: dict[str, Json], constraint: str, pointer: str) -> None:
    found = label(compatible, Delta(put=put))
    assert found is not None
    assert (found.violation.constraint, found.violation.pointer) == (constraint, pointer)
    compatible.at(found.violation.clause)


@pytest.mark.parametrize(
    ("put", "core"),
    [
        ({"temperature": 3}, True),
        ({"messages": [{"content": "hi"}]}, True),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, False),
        ({"metadata": 1}, False),
    ],
    ids=str,
)
def test_the_label_says_whether_every_server_must_know_the_member(compatible: contract.Contract, put: dict[str, Json], core: bool) -> None:
    found = label(compatible, Delta(put=put))
    assert found is not None
    assert found.violation.core is core


@pytest.mark.parametrize(
    ("put", "expect"),
    [
        ({"temperature": {}}, Expectation.REFUSED),
        ({"logit_bias": {"50256": 101}}, Expectation.REFUSED),
        ({"temperature": "0.7"}, Expectation.EITHER),
        ({"max_tokens": 1, "max_completion_tokens": 1}, Expectation.EITHER),
        ({"tool_choice": "none"}, Expectation.EITHER),
    ],
    ids=str,
)
def test_a_clause_that_binds_nobody_leaves_both_answers_open(
    compatible: contract.Contract, put: dict[str, Json], expect: Expectation
) -> None:
    found = label(compatible, Delta(put=put))
    assert found is not None
    [mutant] = name([found])
    assert mutant.expect is expect


def test_the_order_of_calls_and_results_is_part_of_validity(compatible: contract.Contract) -> None:
    orphan = Delta(put={"messages": [{"role": "user", "content": "hi"}, {"role": "tool", "tool_call_id": "a", "content": "42"}]})
    found = label(compatible, orphan)
    assert found is not None
    assert found.violation.clause == "/x-request/tool-result-has-call"


def test_keys_are_made_of_place_constraint_and_number(compatible: contract.Contract) -> None:
    labelled = [label(compatible, Delta(put={"temperature": value})) for value in (2.1, 99)]
    mutants = name(each for each in labelled if each is not None)
    assert [mutant.key for mutant in mutants] == ["temperature/maximum/1", "temperature/maximum/2"]


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [("", "body"), ("/messages/0/role", "messages.0.role"), ("/metadata/a b~1c", "metadata.a-b-1c"), ("/metadata/" + "k" * 99, None)],
)
def test_slugs_are_short_and_plain(pointer: str, expected: str | None) -> None:
    made = slug(pointer)
    assert len(made) <= 60
    assert expected is None or made == expected


def test_a_member_comes_with_what_it_needs_and_without_its_rival() -> None:
    assert accompanied("top_logprobs", 21).put == {"logprobs": True, "top_logprobs": 21}
    assert alone({"max_tokens": 0}).drop == ("max_completion_tokens",)
    assert alone({"max_tokens": 1, "max_completion_tokens": 1}).drop == ()

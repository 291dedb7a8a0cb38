"""An overlay changes a copy of the contract, and says so when it cannot."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import overlay
from conformance.errors import OverlayError
from conformance.model import Json

DOCUMENT: dict[str, Json] = {
    "title": "old",
    "limits": {"low": 0, "high": {"value": 2, "unit": "K"}},
    "names": ["a", "b"],
    "arms": [{"kind": "x", "size": 1}, {"kind": "y", "size": 2}, {"kind": "x", "size": 3}],
    "nested": {"arms": [{"kind": "x"}]},
}


def _overlay(*actions: Json, **members: Json) -> dict[str, Json]:
    return {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": list(actions), **members}


def _apply(*actions: Json) -> dict[str, Json]:
    return overlay.apply(DOCUMENT, _overlay(*actions), "test")


def test_update_merges_objects_and_replaces_plain_values() -> None:
    result = _apply({"target": "$.limits", "update": {"high": {"value": 1}, "new": True}})
    assert result["limits"] == {"low": 0, "high": {"value": 1, "unit": "K"}, "new": True}


def test_update_of_the_root_merges_and_joins_lists_on_the_way() -> None:
    result = _apply({"target": "$", "update": {"title": "new", "names": ["c"]}})
    assert result == {**DOCUMENT, "title": "new", "names": ["a", "b", "c"]}


@pytest.mark.parametrize("entry", ["c", {"d": 1}, ["e"], None])
def test_update_of_a_list_appends_the_value_as_one_entry(entry: Json) -> None:
    assert _apply({"target": "$.names", "update": entry})["names"] == ["a", "b", entry]


def test_remove_takes_every_match_away() -> None:
    result = _apply({"target": "$.arms[?@.kind == 'x']", "remove": True})
    assert result["arms"] == [{"kind": "y", "size": 2}]


def test_one_place_that_is_matched_twice_is_removed_once() -> None:
    assert _apply({"target": "$.names[0, 0]", "remove": True})["names"] == ["b"]


def test_removal_of_nested_matches() -> None:
    result = _apply({"target": "$..arms", "remove": True})
    assert "arms" not in result
    assert result["nested"] == {}


def test_every_match_is_updated_and_shares_nothing_with_the_others() -> None:
    result = _apply({"target": "$..[?@.kind == 'x']", "update": {"tags": []}}, {"target": "$.arms[0].tags", "update": "only here"})
    assert result["arms"] == [
        {"kind": "x", "size": 1, "tags": ["only here"]},
        {"kind": "y", "size": 2},
        {"kind": "x", "size": 3, "tags": []},
    ]


def test_an_action_sees_what_the_ones_before_it_did() -> None:
    result = _apply({"target": "$.names", "remove": True}, {"target": "$", "update": {"names": ["z"]}})
    assert result["names"] == ["z"]


def test_extensions_are_allowed() -> None:
    change = _overlay({"target": "$.limits", "x-source": ["a"], "description": "why", "remove": True}, **{"x-extends": "p", "extends": "u"})
    assert "limits" not in overlay.apply(DOCUMENT, change, "test")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"target": "$.nowhere", "remove": True}, "nothing in the contract matches"),
        ({"target": "$.arms[?@.kind == 'z']", "update": {}}, "nothing in the contract matches"),
        ({"target": "$.[", "remove": True}, "no JSONPath"),
        ({"target": "limits", "remove": True}, "no JSONPath"),
        ({"remove": True}, "no target"),
        ({"target": 5, "remove": True}, "no target"),
        ("remove it all", "no target"),
        ({"target": "$.limits"}, "either"),
        ({"target": "$.limits", "remove": False}, "either"),
        ({"target": "$.limits", "remove": True, "update": {}}, "either"),
        ({"target": "$.limits", "remove": "yes"}, "true or false"),
        ({"target": "$.limits", "updaet": {}}, "'updaet'"),
        ({"target": "$.title", "update": "new"}, "object or a list"),
        ({"target": "$.limits", "update": 5}, "with an object"),
        ({"target": "$", "update": 5}, "with an object"),
        ({"target": "$", "remove": True}, "with an object"),
    ],
)
def test_an_action_that_cannot_be_applied_is_named(action: Json, words: str) -> None:
    good: Json = {"target": "$.names", "update": "c"}
    with pytest.raises(OverlayError, match=words) as caught:
        _apply(good, action)
    assert caught.value.action == 2
    assert caught.value.message.startswith("test, action 2")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "not an Overlay 1.0 document"),
        ({"overlay": 1.0}, "not an Overlay 1.0 document"),
        (_overlay() | {"overlay": "2.0.0"}, "not an Overlay 1.0 document"),
        (_overlay({"target": "$", "update": {}}, surprise=1), "'surprise'"),
        (_overlay({"target": "$", "update": {}}) | {"info": {"title": "t"}}, "title or version"),
        (_overlay(), "no actions"),
        (_overlay() | {"actions": {}}, "no actions"),
    ],
)
def test_a_document_that_is_no_overlay_is_refused(document: dict[str, Json], words: str) -> None:
    with pytest.raises(OverlayError, match=words):
        overlay.apply(DOCUMENT, document, "test")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["limits", "arms", "low", "a"]), inner, max_size=3),
    max_leaves=8,
)
_ACTIONS = st.fixed_dictionaries(
    {
        "target": st.sampled_from(
            ["$", "$.limits", "$.names", "$.arms[*]", "$..arms", "$.arms[?@.size > 1]", "$.names[0]", "$.title", "$..a"]
        )
    },
    optional={"update": _VALUES, "remove": st.booleans()},
)


@settings(deadline=None, max_examples=200)
@given(actions=st.lists(_ACTIONS, max_size=4))
def test_applying_never_changes_its_arguments_nor_shares_data_with_them(actions: list[Json]) -> None:
    change = _overlay(*actions)
    document_before, change_before = copy.deepcopy(DOCUMENT), copy.deepcopy(change)
    try:
        result = overlay.apply(DOCUMENT, change, "test")
    except OverlayError:
        result = {}
    assert (document_before, change_before) == (DOCUMENT, change)
    _spoil(result)
    assert (document_before, change_before) == (DOCUMENT, change)


def _spoil(value: Json) -> None:
    match value:
        case dict():
            for each in value.values():
                _spoil(each)
            value["spoilt"] = True
        case list():
            for each in value:
                _spoil(each)
            value.append("spoilt")
        case _:
            pass

"""A JSON text in lines says what it said on one, and each line knows its member."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Json
from conformance.render.members import located, members

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(values)
def test_it_is_still_the_same_value(value: Json) -> None:
    assert json.loads("\n".join(text for text, _ in members(json.dumps(value)))) == value


def test_literals_are_kept_as_they_were_sent() -> None:
    assert [text.strip() for text, _ in members('{"a":1.0,"a":1E400,"b":"\\u0041"}')] == [
        "{",
        '"a": 1.0,',
        '"a": 1E400,',
        '"b": "\\u0041"',
        "}",
    ]


def test_each_line_knows_its_member() -> None:
    found = {pointer: text.strip() for text, pointer in members('{"a/b":[1,{"~":{}}]}') if pointer is not None}
    assert found == {"": "{", "/a~1b": '"a/b": [', "/a~1b/0": "1,", "/a~1b/1": "{", "/a~1b/1/~0": '"~": {}'}


@settings(deadline=None)
@given(values)
def test_each_line_knows_where_it_stands_in_the_text(value: Json) -> None:
    text = json.dumps(value)
    for written, _, (start, end) in located(text):
        assert "".join(text[start:end].split()) == "".join(written.removesuffix(",").split())

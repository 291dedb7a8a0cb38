"""JSON is read as RFC 8259 has it; what a lenient reader would hide is noted."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import MISSING, Json
from conformance.strictjson import MAX_DEPTH, JsonNote, NoteCode, NotJsonError, get, is_integer, items, members, parse, read, show

ANSWER: Json = {"choices": [{"index": 0, "message": {"content": None}}], "usage": {"total_tokens": 3}}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(values, st.booleans())
def test_valid_json_is_read_as_everybody_reads_it_and_nothing_is_odd_about_it(value: Json, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    for given_text in (text, text.encode()):
        parsed = parse(given_text)
        assert parsed.value == json.loads(text)
        assert parsed.notes == ()


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused_at_a_place_within_it(text: bytes | str) -> None:
    try:
        parse(text)
    except NotJsonError as error:
        assert 0 <= error.offset <= len(text)
        assert str(error)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ('{"a": 1, "a": 2}', [JsonNote(NoteCode.DUPLICATE_NAME, "a")]),
        ('{"b": 1, "a": 1, "b": 2, "a": 2, "b": 3, "c": 4}', [JsonNote(NoteCode.DUPLICATE_NAME, n) for n in "ab"]),
        ('{"a": {"x": 1, "x": 1}, "b": {"x": 1}}', [JsonNote(NoteCode.DUPLICATE_NAME, "x")]),
        ("[NaN, -Infinity]", [JsonNote(NoteCode.NOT_A_NUMBER, "NaN"), JsonNote(NoteCode.NOT_A_NUMBER, "-Infinity")]),
        (r'"\ud83d"', [JsonNote(NoteCode.LONE_SURROGATE, "")]),
        (r'{"\ude00": 1}', [JsonNote(NoteCode.LONE_SURROGATE, "")]),
        (r'"\ud83d\ude00"', []),
        (r'"\\ud83d"', []),
        ('"NaN"', []),
        ('[{"a": 1}, {"a": 1}]', []),
    ],
)
def test_what_a_lenient_reader_would_hide_is_noted(text: str, notes: list[JsonNote]) -> None:
    assert list(parse(text).notes) == notes


def test_the_last_of_two_equal_names_wins_as_it_does_in_most_readers() -> None:
    assert parse('{"a": 1, "a": 2}').value == {"a": 2}


def test_nan_is_read_so_that_the_rest_can_be_judged() -> None:
    value = parse('{"top": NaN, "usage": 1}').value
    assert isinstance(number := get(value, "top"), float)
    assert math.isnan(number)
    assert get(value, "usage") == 1


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        (" ", 1),
        ("{", 1),
        ("[1,]", 3),
        ("{'a': 1}", 1),
        ("[01]", 2),
        ("1 2", 2),
        ('"\t"', 1),
        ("\ufeff{}", 0),
        ("nul", 0),
        (b'{"a": "\xff"}', 7),
    ],
)
def test_what_is_no_json_is_refused_where_it_goes_wrong(text: str | bytes, offset: int) -> None:
    with pytest.raises(NotJsonError) as caught:
        parse(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b'{"a": 1}', []),
        (b'\xef\xbb\xbf{"a": 1}', [NoteCode.BYTE_ORDER_MARK]),
        (b'{"a": 1}\n\ndata: [DONE]', [NoteCode.TEXT_AFTER]),
        (b'{"a": 1}{"a": 2}', [NoteCode.TEXT_AFTER]),
        (b'{"a": 0, "a": 1}\xff', [NoteCode.TEXT_AFTER, NoteCode.DUPLICATE_NAME]),
    ],
)
def test_an_object_is_read_whatever_stands_around_it(body: bytes, codes: list[NoteCode]) -> None:
    found = read(body)
    assert found.value == {"a": 1}
    assert [note.code for note in found.notes] == codes


@pytest.mark.parametrize(
    "body", [b"", b"404 page not found", b'"text" and more', b'{"a": 1', b'\xff{"a": 1}', b'[1] data: {"a": 1}', b"\xef\xbb\xbf"]
)
def test_what_holds_no_object_is_no_body(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        read(body)


@settings(deadline=None)
@given(values)
def test_a_body_with_nothing_around_it_is_read_as_any_other_text(value: Json) -> None:
    text = json.dumps(value).encode()
    assert read(text) == parse(text)


def test_nesting_is_bounded() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).notes == ()
    with pytest.raises(NotJsonError, match="deeper") as caught:
        parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert caught.value.offset == MAX_DEPTH
    with pytest.raises(NotJsonError, match="deeper"):
        parse('{"a":' * 100_000)


def test_brackets_that_do_not_nest_are_no_depth() -> None:
    assert parse(json.dumps(["[" * 2000, '\\"{' * 2000])).notes == ()
    assert parse("[" + "[]," * 2000 + "[]]").notes == ()


def test_a_great_many_names_are_no_trouble() -> None:
    text = "{" + ",".join(f'"{number}":0' for number in range(100_000)) + ',"0":1}'
    assert parse(text).notes == (JsonNote(NoteCode.DUPLICATE_NAME, "0"),)


def test_a_number_too_long_to_read_is_refused() -> None:
    with pytest.raises(NotJsonError):
        parse("1" * 10_000)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), ANSWER),
        (("usage", "total_tokens"), 3),
        (("choices", 0, "index"), 0),
        (("choices", 0, "message", "content"), None),
        (("choices", 1), MISSING),
        (("choices", -1), MISSING),
        (("choices", "0"), MISSING),
        (("usage", 0), MISSING),
        (("usage", "total_tokens", "x"), MISSING),
        (("choices", 0, "message", "content", "x"), MISSING),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path: tuple[str | int, ...], found: object) -> None:
    assert get(ANSWER, *path) == found


def test_only_an_array_has_items() -> None:
    assert items(ANSWER, "choices", 0, "message") == []
    assert items(ANSWER, "nothing") == []
    assert items(MISSING) == []
    assert items([1, 2]) == [1, 2]


def test_only_an_object_has_members() -> None:
    assert members(ANSWER, "choices") == {}
    assert members(ANSWER, "nothing") == {}
    assert members(MISSING) == {}
    assert members({"a": {"b": 1}}, "a") == {"b": 1}


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0, True),
        (-3, True),
        (1.0, True),
        (1e20, True),
        (1.5, False),
        (True, False),
        (math.inf, False),
        (math.nan, False),
        ("1", False),
        (None, False),
        (MISSING, False),
    ],
)
def test_an_integer_is_one_in_the_sense_of_json_schema(value: Json, verdict: bool) -> None:
    assert is_integer(value) is verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [(MISSING, "(absent)"), (None, "null"), ({"a": [1, True]}, '{"a": [1, true]}'), ("ü\n", '"ü\\n"'), ("\ud800", '"\\ud800"')],
)
def test_a_value_is_shown_as_json(value: Json, text: str) -> None:
    assert show(value) == text


def test_a_long_value_is_cut_and_says_so() -> None:
    assert show("x" * 100, 10) == f'"{"x" * 9}… (102 characters)'

"""What came from a target is shown whole, harmless and not for ever."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.render.text import bounded, decoded, line, shown, visible

anything = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("dangerous", "written"),
    [
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("a\0b", "a⟨U+0000⟩b"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x9b2J", "⟨U+009B⟩2J"),
        ("\ufffe", "⟨U+FFFE⟩"),
        ("\u200b", "⟨U+200B⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_what_hides_or_acts_is_written_out(dangerous: str, written: str) -> None:
    assert visible(dangerous) == written


@pytest.mark.parametrize("harmless", ["plain", "größer 東京 💥", "two\nlines\tand a tab", ""])
def test_the_rest_stays_as_it_is(harmless: str) -> None:
    assert visible(harmless) == harmless


@settings(deadline=None)
@given(anything)
def test_nothing_visible_is_a_control_and_all_of_it_can_be_encoded(text: str) -> None:
    seen = visible(text)
    seen.encode()
    assert not [char for char in seen if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\t\n"]
    assert visible(seen) == seen


@settings(deadline=None)
@given(anything)
def test_a_line_has_one_line(text: str) -> None:
    assert len(line(text).splitlines()) <= 1


def test_a_megabyte_is_cut_and_counted() -> None:
    assert bounded("A" * 1_000_000, 10) == "AAAAAAAAAA… (1,000,000 characters)"
    assert len(shown("\x1b" * 1_000_000, 10)) < 120


def test_bytes_that_are_no_utf8_are_told_from_those_that_are() -> None:
    assert decoded(b"gr\xc3\xb6\xff\xfe") == "grö⟨xFF⟩⟨xFE⟩"

"""The file of a baseline: what may stand in it, and what is said of each mistake, before anything is sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract, registry
from conformance.baseline import baseline_file
from conformance.errors import ConfigurationError
from conformance.provenance import Accepted, Expect

TODAY = date(2026, 11, 21)
READING = contract.load()
CATALOGUE = registry.load()

GOOD = """\
# Agreed on in the review.
[[accepted]]
rule = "STREAM-DONE"
code = "no-done"
reason = "The gateway drops it."
issue = "https://tracker.example/1"
until = 2026-11-21

[[accepted]]
rule = "REQUEST-TYPE"
code = "audio.format/type"
expect = "flaky"
reason = "One of two backends."

[[accepted]]
rule = "STREAM-JSON"
expect = "inconclusive"
reason = "The backend is slow."
until = "2027-01-31"
"""


def load(text: str, folder: Path) -> tuple[Accepted, ...]:
    path = folder / "baseline.toml"
    path.write_bytes(text.encode())
    return baseline_file.load(path, READING, CATALOGUE, TODAY)


def test_a_good_one_is_read_in_its_order(tmp_path: Path) -> None:
    first, second, third = load(GOOD, tmp_path)
    assert first == Accepted(
        rule="STREAM-DONE",
        code="no-done",
        reason="The gateway drops it.",
        issue="https://tracker.example/1",
        until="2026-11-21",
    )
    assert (second.expect, second.code) == (Expect.FLAKY, "audio.format/type")
    assert (third.expect, third.code, third.until) == (Expect.INCONCLUSIVE, "", "2027-01-31")


def test_an_empty_one_accepts_nothing(tmp_path: Path) -> None:
    assert load("# nothing left\n", tmp_path) == ()


def test_line_ends_and_marks_of_other_systems_are_read(tmp_path: Path) -> None:
    assert load("\ufeff" + GOOD.replace("\n", "\r\n"), tmp_path) == load(GOOD, tmp_path)


ENTRY = '[[accepted]]\nrule = "STREAM-DONE"\ncode = "no-done"\nreason = "r"\n'


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        # a name that nobody declared
        (ENTRY.replace("DONE", "DOEN"), "line 1, entry 1: there is no requirement called 'STREAM-DOEN'", "Did you mean STREAM-DONE"),
        (ENTRY.replace("STREAM-DONE", "stream-done"), "there is no requirement called 'stream-done'", "Did you mean STREAM-DONE"),
        (ENTRY.replace("STREAM-DONE", "X"), "there is no requirement called 'X'", "conformance list"),
        (ENTRY.replace("no-done", "no-dome"), "STREAM-DONE has no code 'no-dome'", "Did you mean no-done?"),
        (ENTRY.replace("no-done", "zzz"), "STREAM-DONE has no code 'zzz'", "It has: no-done."),
        (
            ENTRY + ENTRY.replace("STREAM-DONE", "REQUEST-TYPE").replace("no-done", "audio.format/typ"),
            "line 5, entry 2",
            "audio.format/type",
        ),
        # an entry that does not say what it has to
        (ENTRY.replace('"r"', '""'), "nobody has said why STREAM-DONE [no-done] is accepted", "why it may stay"),
        (ENTRY.replace('reason = "r"\n', ""), "its reason is missing or empty", 'Write reason = "…"'),
        (ENTRY.replace('"r"', '"  "'), "its reason is missing or empty", 'Write reason = "…"'),
        (ENTRY.replace('rule = "STREAM-DONE"\n', ""), "which requirement it is about", "rule ="),
        (ENTRY.replace('code = "no-done"\n', ""), "STREAM-DONE has no code", "one for each|an entry for each code"),
        (ENTRY + 'expect = "inconclusive"\n', "line 3, entry 1: what is inconclusive has found nothing", "Take the code out"),
        # what stands there is not of its kind
        (ENTRY + 'expect = "pass"\n', "line 5, entry 1: expect is 'pass'", "fail, inconclusive, flaky"),
        (ENTRY + "issue = 12\n", "line 5, entry 1: issue is not a text", 'Write issue = "…".'),
        (ENTRY + "until = 2026-11-20\n", "was accepted until 2026-11-20, and today is 2026-11-21", "agree on another day"),
        (ENTRY + 'until = "soon"\n', "line 5, entry 1: until is no day: 'soon'", "until = 2027-01-31"),
        (ENTRY + "until = 2027-01-01T00:00:00Z\n", "until is no day", "until = 2027-01-31"),
        (ENTRY + 'raeson = "x"\n', "line 5, entry 1: an entry has no 'raeson'", "Did you mean reason?"),
        (ENTRY + ENTRY, "line 5, entry 2: STREAM-DONE [no-done] stands there twice; first at line 1", "Keep one"),
        # the file as a whole
        ("[[accepted]\n", "is not TOML", "Begin each entry with `[[accepted]]`"),
        (ENTRY + "code = 1\n", "line 5", "Begin each entry"),
        ("[[acepted]]\n", "a baseline has no 'acepted'", "Did you mean [[accepted]]?"),
        ("accepted = 3\n", "'accepted' is not a list of entries", "Begin each entry"),
        ('accepted = [{rule = "X", code = "a", reason = "r"}]\n', "baseline.toml, entry 1: there is no requirement", "conformance list"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(text: str, said: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text, tmp_path)
    assert said in caught.value.message
    assert "baseline.toml" in caught.value.message
    assert any(each in caught.value.hint for each in hint.split("|")), caught.value.hint


def test_a_retired_requirement_is_told_with_what_took_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RETIRED", MappingProxyType({"STREAM-OLD": "STREAM-DONE"}))
    with pytest.raises(ConfigurationError) as caught:
        load(ENTRY.replace("STREAM-DONE", "STREAM-OLD"), tmp_path)
    assert "STREAM-OLD was retired" in caught.value.message
    assert "STREAM-DONE" in caught.value.hint


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        baseline_file.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        baseline_file.read(tmp_path / "latin.toml")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
entries = st.builds(
    Accepted,
    rule=texts,
    code=texts,
    expect=st.sampled_from([Expect.FAIL, Expect.FLAKY]),
    reason=st.one_of(st.just(""), texts),
    issue=st.one_of(st.just(""), texts),
    until=st.one_of(st.just(""), st.dates(min_value=date(1000, 1, 1)).map(date.isoformat)),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(entries, texts), max_size=4, unique_by=lambda pair: (pair[0].rule, pair[0].code)))
def test_what_is_written_is_read_back_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[Accepted, str]]
) -> None:
    path = tmp_path_factory.mktemp("written") / "baseline.toml"
    path.write_bytes(baseline_file.write(listed).encode())
    assert [entry.accepted for entry in baseline_file.read(path)] == [accepted for accepted, _ in listed]

"""The same words everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.gate import ExitStatus, Gate
from conformance.model import Outcome, Place, Tier
from conformance.provenance import Footer, Identity
from conformance.render import wording
from tests.render.runs import Make, row


def test_the_command_to_ask_again_names_what_was_not_the_default(make: Make) -> None:
    header = make().header
    assert wording.rerun(header, "STREAM-DONE") == (
        "conformance run --base-url http://127.0.0.1:8000/v1 --model toy-model --only STREAM-DONE"
    )
    target = Identity(base_url="https://host/v1", model="a b", claims=frozenset({"tools", "n"}), denies=frozenset({"audio"}))
    odd = replace(header, target=target, dialect=("openai",), tier=Tier.FULL, seed=7)
    assert wording.rerun(odd, "STREAM-DONE") == (
        "conformance run --base-url https://host/v1 --model 'a b' --dialect openai --tier full --seed 7"
        " --claim n --claim tools --deny audio --only STREAM-DONE"
    )
    assert wording.rerun(replace(header, embedded=True), "STREAM-DONE") == "conformance run --only STREAM-DONE"


def test_a_run_with_a_target_file_is_asked_again_with_it_and_with_all_that_went_before_it(make: Make) -> None:
    header = replace(make().header, target_file="our file.toml")
    assert wording.rerun(header, "STREAM-DONE") == (
        "conformance run --target 'our file.toml' --base-url http://127.0.0.1:8000/v1 --model toy-model"
        f" --dialect {header.dialect[-1]} --tier gate --seed 1 --only STREAM-DONE"
    )
    assert "--base-url reference --dialect" in wording.rerun(replace(header, embedded=True), "STREAM-DONE")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(), ""),
        (Place(header="Content-Type"), "header Content-Type"),
        (Place(pointer="/usage"), "at /usage"),
        (Place(pointer=""), "at the whole body"),
        (Place(event=3, pointer=""), "event 3, at its data"),
        (Place(event=3, pointer="/id", span=(10, 20)), "event 3, at /id, bytes 10 to 20"),
    ],
)
def test_a_place_is_said_as_far_as_it_is_known(place: Place, said: str) -> None:
    assert wording.where(place) == said


def test_what_was_not_run_says_why_as_far_as_the_run_tells(make: Make) -> None:
    idle = row("STREAM-DONE", Outcome.NOT_RUN)
    assert wording.why(idle, make(idle)) == ("no request of the tier gate bears on it",)
    assert wording.why(idle, make(idle, selection="-k USAGE")) == ("no request about it among those selected by -k USAGE, tier gate",)
    assert wording.why(idle, make(idle, footer=None)) == ("the run ended before anything was sent that bears on it",)


def test_the_headline_is_short_and_does_not_repeat_why_the_run_was_cut_off(make: Make) -> None:
    whole = make(row("STREAM-DONE", Outcome.PASS))
    told = replace(whole, gate=Gate(status=ExitStatus.NOT_JUDGED, sentence="Could not be tested. No answer in 10 s."))
    assert wording.headline(told) == ("Could not be tested.", "No answer in 10 s.")
    cut = replace(told, footer=Footer(complete=False, reason="No answer in 10 s.", exchanges=0, ended=0.0))
    assert wording.headline(cut) == ("Could not be tested.", "")
    assert wording.headline(whole) == ("Conforms: 1 MUST requirements hold.", "")


@pytest.mark.parametrize(("seconds", "said"), [(0.0, "1970-01-01T00:00:00Z"), (1e300, "unknown"), (float("nan"), "unknown")])
def test_a_time_is_utc_or_unknown(seconds: float, said: str) -> None:
    assert wording.utc(seconds) == said

"""No requirement depends on what the model says: the reference server keeps the contract whatever its model is like.

Where a model leaves nothing to judge a verdict is INCONCLUSIVE, and each such verdict is named here: one more would be a requirement
that has lost its sight for no reason. None is FAIL. With a defect of the server behind such a model, what the defect breaks is not
said to hold, and nothing else is said to be broken.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from conformance import contract, registry
from conformance.gate import decide
from conformance.judge import judge
from conformance.model import Area, Outcome, Tier
from conformance.observation import Evidence
from conformance.record.runlog import Record
from conformance.reference import defects
from conformance.reference.characters import Character
from tests import inprocess
from tests.matrix import PACE, kept

READINGS: Final = ("openai-compatible", "openai")
"""What a run is judged by; it is asked as the first of them asks."""

CATALOGUE: Final = registry.load()

SPOKEN: Final = tuple(each for each in CATALOGUE.requirements if each.area is not Area.VALIDATION)
"""Requirements that look at answers."""

SAMPLE: Final = 1
"""Defects tried behind each character."""

FAILED: Final = {Outcome.FAIL, Outcome.ERROR}

JSON_CUT: Final = {"ANSWER-JSON-OBJECT"}
"""Who talks on inside of JSON is cut off by the cap before it is JSON."""

LENGTHS: Final = {"USAGE-CHOICES", "USAGE-LENGTH-REACHES-CAP"}
"""What compares answers that the cap cut off in their text."""

STOPS: Final = {"ANSWER-STOP", "ANSWER-STOP-EXCLUDED"}
"""What needs text before a stop string."""

STOPPED: Final = {"ANSWER-STOP-EXACT", "ANSWER-STOP-FINISH", "ANSWER-STOP-WHOLE", "USAGE-STOPPED"}
"""What compares a stopped text with what was said without a stop string."""

TWICE: Final = {"STREAM-SAME-LOGPROBS", "USAGE-STREAM-COMPLETION"}
"""What needs the same text twice, or any."""

FORCED: Final = {"ANSWER-TOOL-CHOICE-NAMED", "ANSWER-TOOL-CHOICE-REQUIRED", "ANSWER-ARGUMENTS-NONE", "ANSWER-ARGUMENTS-STRICT"} | {
    "ANSWER-CALL-ID-FRESH",
    "USAGE-PROMPT-RESULT",
}
"""What needs a call that is demanded."""

CALLS: Final = FORCED | {
    *("ANSWER-ARGUMENTS", "ANSWER-ARGUMENTS-FIT", "ANSWER-ARGUMENTS-JSON", "ANSWER-TOOL-CHOICE-NONE", "ANSWER-FINISH-TOOL-CALLS"),
    *("ANSWER-CALL-ID", "ANSWER-CALL-IDS-DISTINCT", "ANSWER-CALL-NAME", "ANSWER-CALL-TYPE", "STREAM-SAME-CALLS"),
    *("STREAM-TOOL-ARGUMENTS", "STREAM-TOOL-CONSTANT", "STREAM-TOOL-COUNTED", "STREAM-TOOL-DISTINCT", "STREAM-TOOL-FIRST"),
    *("STREAM-TOOL-INDEX", "STREAM-TOOL-JOIN", "STREAM-TOOL-LATER", "STREAM-TOOL-TYPE", "STREAM-TOOL-TYPE-KEPT"),
    *("STREAM-TOOL-BLANK", "STREAM-TOOL-DELTAS", "ANSWER-TOOLS-HEEDED"),
}
"""What needs any call."""

ENDS: Final = {"ANSWER-JSON-OBJECT", "ANSWER-JSON-SCHEMA", "ANSWER-SAYS-SOMETHING"}
"""What needs an answer that came to its end."""

OPEN: Final[dict[Character, set[str]]] = {
    Character.RAMBLING: JSON_CUT,
    Character.FOREIGN: JSON_CUT,
    Character.CONFUSING: JSON_CUT,
    Character.TERSE: LENGTHS,
    Character.MUTE: LENGTHS | STOPPED | STOPS | {"ANSWER-LOGPROBS", "USAGE-STREAM-COMPLETION"},
    Character.MOODY: TWICE,
    Character.STOPPING: STOPS,
    Character.THINKING: LENGTHS | {"USAGE-STREAM-COMPLETION"},
    Character.LOST: CALLS
    | ENDS
    | LENGTHS
    | STOPS
    | STOPPED
    | {"USAGE-STREAM-COMPLETION", "ANSWER-LOGPROBS", "ANSWER-FINISH-NOT-LENGTH", "STREAM-SAME-TEXT"},
    Character.DECLINING: FORCED | {"ANSWER-JSON-SCHEMA"},
    Character.FILTERED: ENDS,
}
"""What cannot be judged, by the character of the model; all else is judged."""

EITHER: Final[dict[Character, set[str]]] = {
    Character.MOODY: LENGTHS | STOPPED | {"STREAM-SAME-TEXT", "ANSWER-FINISH-LENGTH", "ANSWER-FINISH-LENGTH-ALIKE"}
}
"""What can be judged at times: which of its moods meets which question is chance."""


@contextmanager
def recorded(character: Character, defect: str = "") -> Iterator[Record]:
    """One run of the gate tier, against a server with a model of that character."""
    served = inprocess.service(character=character, defect=defects.ALL[defect] if defect else None)
    with kept(connect=inprocess.to(served, pace=PACE), dialect=READINGS[0], concurrency=1) as record:
        yield record


@pytest.mark.parametrize("character", Character)
def test_a_server_is_not_accused_of_what_its_model_is_like(character: Character) -> None:
    with recorded(character) as record:
        for dialect in READINGS:
            verdicts = judge(Evidence(record, contract.load(dialect), record.header.target), CATALOGUE.requirements)
            assert {each.requirement for each in verdicts if each.outcome in FAILED} == set()
            open_ones = {each.requirement for each in verdicts if each.outcome is Outcome.INCONCLUSIVE}
            assert open_ones - EITHER.get(character, set()) == OPEN.get(character, set())
            assert decide(verdicts, complete=record.complete).status in {0, 2}


@pytest.mark.parametrize("character", Character)
def test_a_defect_shows_or_leaves_open_what_it_breaks_whatever_the_model_is_like(character: Character) -> None:
    reading = contract.load(READINGS[0])
    names = [name for name, one in defects.ALL.items() if one.tier is Tier.GATE and one.area != Area.VALIDATION]
    for name in random.Random(character).sample(names, SAMPLE):
        with recorded(character, name) as record:
            verdicts = judge(Evidence(record, reading, record.header.target), SPOKEN)
        trips = defects.ALL[name].trips
        assert {each.requirement for each in verdicts if each.outcome in FAILED} <= trips, name
        assert not {each.requirement for each in verdicts if each.outcome is Outcome.PASS} & trips, name

"""A stream on an axis of time, and the same in a sentence."""

from __future__ import annotations

import re

from conformance.model import Place
from conformance.render import timeline, transcript
from conformance.render.timeline import WIDTH, Timeline
from conformance.render.transcript import Mark
from tests.render.runs import ANSWER, STREAM, exchange


def drawn(*chunks: bytes, marks: tuple[Mark, ...] = ()) -> Timeline | None:
    made = exchange("a/b", *chunks)
    return timeline.of(made, transcript.events(made, marks))


def places(path: str) -> list[int]:
    return [int(found) for found in re.findall(r"M(\d+) ", path)]


def test_every_read_and_every_event_has_its_place_in_time() -> None:
    made = drawn(*STREAM)
    assert made is not None
    assert made.seconds == 0.32
    assert places(made.reads) == places(made.events) == [376, 532, 688, 844]
    assert places(made.head) == [376]
    assert made.marked == ""


def test_events_that_share_a_read_share_a_place() -> None:
    made = drawn(b"".join(STREAM))
    assert made is not None
    assert len(places(made.events)) == 1
    assert made.words.startswith("4 events in 1 read; ")


def test_what_is_wrong_is_marked_and_named() -> None:
    made = drawn(*STREAM, marks=(Mark(requirement="STREAM-ID", at=Place(event=2)),))
    assert made is not None
    assert places(made.marked) == [688]
    assert made.words == (
        "4 events in 4 reads; head after 0.120 s; first event after 0.120 s; longest silence 0.050 s, before #2; over after 0.320 s."
        " Marked: #2 at 0.220 s."
    )


def test_thousands_of_reads_are_a_small_drawing() -> None:
    made = drawn(*(b"data: %d\n\n" % number for number in range(5000)))
    assert made is not None
    assert len(made.reads) < 4000
    assert all(0 <= place <= WIDTH for place in places(made.reads))


def test_an_answer_without_events_has_none() -> None:
    plain = exchange("a/b", ANSWER, content_type="application/json")
    assert timeline.of(plain, transcript.events(plain)) is None
    assert drawn() is None

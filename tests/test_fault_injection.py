"""One fault in a conforming stream is told by the requirement that is about it, and by none that is about something else.

Streams of the reference server are recorded, and one thing is done to the bytes of one of them. The tables say which requirements may
fail for it, out of all areas: `right` are those about the fault, of which at least one must; beside them may fail those about what a
client no longer gets (`LOSS`). What is legal, or cannot be seen from outside, fails nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import registry
from conformance.judge import judge
from conformance.model import Chunk, Exchange, Fault, FaultKind, Outcome
from conformance.observation import Evidence
from conformance.provenance import Identity
from conformance.reference.service import MODEL, Service
from tests.injection import (
    DONE,
    Inject,
    Injected,
    between,
    by_turns,
    cut_anywhere,
    cut_short,
    doubled,
    dropped,
    event_by,
    fields,
    in_json,
    in_member,
    line_ends,
    merged,
    over_lines,
    rechunked,
    reencoded,
    says,
    swapped,
    whole_by,
    within_a_string,
    without_a_byte,
    without_a_sign,
)
from tests.recording import READING, Records, asked, exchange

STREAMS = [
    "text/streamed",
    "streamed/usage",
    "emoji/echo/streamed",
    "json/schema/streamed",
    "n/two/streamed",
    "logprobs/alternatives/streamed",
    "tools/auto/streamed",
    "tools/named/streamed",
    "tools/parallel/streamed",
]
FIRST = "streamed/usage"
REQUIREMENTS = registry.load().requirements

Outcomes = dict[str, Outcome]

LOSS: dict[str, set[str]] = {
    "role": {"STREAM-ROLE-FIRST", "ANSWER-N"},
    "text": {"STREAM-SAME-TEXT", "USAGE-LOGPROBS", "ANSWER-JSON-SCHEMA"},
    "call": {"STREAM-TOOL-FIRST", "STREAM-TOOL-TYPE", "ANSWER-TOOL-CHOICE-NAMED"},
    "fragment": {"STREAM-TOOL-JOIN", "STREAM-TOOL-EMPTY", "ANSWER-ARGUMENTS-JSON", "ANSWER-ARGUMENTS-FIT"},
    "finish": {"STREAM-FINISH-ONCE"},
    "usage": {"STREAM-USAGE-PRESENT"},
    "done": {"STREAM-DONE"},
}
"""What may be told when a client gets none of the event that says this."""


@cache
def recorded() -> dict[str, Exchange]:
    service = Service(READING)
    return {purpose.key: exchange(service, purpose, request) for purpose, request in asked()}


@pytest.fixture(scope="module", autouse=True)
def _recorded_first() -> None:
    """Planning may generate requests, for which hypothesis must not be at work already."""
    recorded()


def frames(key: str) -> list[bytes]:
    """The events of a stream, each with its blank line."""
    return [chunk.data for chunk in recorded()[key].chunks]


def judged(key: str, chunks: Iterable[Chunk], fault: Fault | None = None) -> Outcomes:
    """What every requirement says of this stream with these bytes, beside its twin and the first stream of the run."""
    held = recorded()
    twin = held[key].purpose.twin
    wanted = [FIRST, *([twin] if twin else []), key]
    exchanges = {each: held[each] for each in dict.fromkeys(wanted)}
    exchanges[key] = replace(held[key], chunks=tuple(chunks), fault=fault)
    verdicts = judge(Evidence(Records(exchanges, only=key), READING, Identity(base_url="", model=MODEL)), REQUIREMENTS)
    return {verdict.requirement: verdict.outcome for verdict in verdicts}


@cache
def plain(key: str) -> Outcomes:
    return judged(key, recorded()[key].chunks)


def failing(outcomes: Outcomes) -> set[str]:
    return {identifier for identifier, outcome in outcomes.items() if outcome in (Outcome.FAIL, Outcome.ERROR)}


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to do something to a stream."""

    inject: Inject
    right: set[str]
    """Those about it, of which one must fail; none for what is legal."""
    also: frozenset[str] = frozenset()
    """Those that may fail with them."""
    because: str = ""
    """Why none need fail though it is wrong."""


ALL = set(LOSS)
BROKEN = Fault(kind=FaultKind.TRUNCATED, detail="The body ended before its last chunk.")
GARBLED = {"STREAM-JSON"}
UNREADABLE = frozenset({"STREAM-UTF8", "STREAM-LINES", "STREAM-HAS-CHUNKS"})
CHANCE = "a model may have said it so the second time; where neither counts of tokens nor log probabilities come with it, nothing tells"

LEGAL: dict[str, Kind] = {
    "other reads": Kind(rechunked, set()),
    "CRLF": Kind(whole_by(line_ends(b"\r\n")), set()),
    "CR": Kind(whole_by(line_ends(b"\r")), set()),
    "a comment between events": Kind(between(b": ping\n\n"), set()),
    "an empty comment": Kind(between(b":\n"), set()),
    "a comment in an event": Kind(event_by(lambda event, pick: event[:-1] + b": data: {}\n\n"), set()),
    "a comment after the end": Kind(between(b": bye\n\n", after_done=True), set()),
    "blank lines": Kind(between(b"\n\n\n"), set()),
    "ASCII": Kind(event_by(in_json(lambda text, pick: json.dumps(json.loads(text))), "chunk"), set()),
    "white space in the JSON": Kind(event_by(in_json(lambda text, pick: f" {text}\t"), "chunk"), set()),
    "text of two choices in another order": Kind(swapped("text", "text", apart=True), set()),
    "ends of two choices in another order": Kind(swapped("finish", "finish", apart=True), set()),
    "two calls interleaved": Kind(swapped("fragment", "call", apart=True), set()),
}

WRONG: dict[str, Kind] = {
    "the role is dropped": Kind(dropped("role"), LOSS["role"]),
    "text is dropped": Kind(dropped("text"), LOSS["text"], because=CHANCE),
    "the beginning of a call is dropped": Kind(dropped("call"), LOSS["call"]),
    "a fragment of a call is dropped": Kind(
        dropped("fragment"), LOSS["fragment"], also=frozenset({"ANSWER-ARGUMENTS-FIT"}), because=CHANCE
    ),
    "the finish_reason is dropped": Kind(dropped("finish"), LOSS["finish"]),
    "the usage is dropped": Kind(dropped("usage"), LOSS["usage"]),
    "[DONE] is dropped": Kind(dropped("done"), LOSS["done"]),
    "the role is doubled": Kind(doubled("role"), {"STREAM-ROLE-ONCE"}),
    "text is doubled": Kind(doubled("text"), LOSS["text"], because=CHANCE),
    "the beginning of a call is doubled": Kind(doubled("call"), {"STREAM-TOOL-LATER"}),
    "a fragment of a call is doubled": Kind(
        doubled("fragment"), LOSS["fragment"], also=frozenset({"ANSWER-ARGUMENTS-FIT"}), because=CHANCE
    ),
    "the finish_reason is doubled": Kind(doubled("finish"), {"STREAM-FINISH-ONCE"}),
    "the usage is doubled": Kind(doubled("usage"), {"STREAM-USAGE-ONCE"}),
    "[DONE] is doubled": Kind(doubled("done"), {"STREAM-DONE-ONCE"}),
    "text before the role": Kind(swapped("role", "text"), {"STREAM-ROLE-FIRST"}),
    "a call before the role": Kind(swapped("role", "call"), {"STREAM-ROLE-FIRST"}),
    "text in another order": Kind(swapped("text", "text"), LOSS["text"], because=CHANCE),
    "a fragment before its call": Kind(swapped("call", "fragment"), {"STREAM-TOOL-FIRST", "STREAM-TOOL-TYPE"}),
    "fragments in another order": Kind(
        swapped("fragment", "fragment"), LOSS["fragment"], also=frozenset({"ANSWER-ARGUMENTS-FIT"}), because=CHANCE
    ),
    "text after the finish_reason": Kind(swapped("text", "finish"), {"STREAM-FINISH-LAST"}),
    "a fragment after the finish_reason": Kind(swapped("fragment", "finish"), {"STREAM-FINISH-LAST"}),
    "usage before the finish_reason": Kind(swapped("finish", "usage"), {"STREAM-USAGE-AFTER-FINISH"}),
    "usage after [DONE]": Kind(swapped("usage", "done"), {"STREAM-NOTHING-AFTER-DONE"}),
    "the finish_reason after [DONE]": Kind(swapped("finish", "done"), {"STREAM-NOTHING-AFTER-DONE"}),
    "JSON is cut short": Kind(event_by(in_json(cut_short), "chunk", lost=True), GARBLED),
    "JSON lacks a sign": Kind(event_by(in_json(without_a_sign), "chunk", lost=True), GARBLED),
    "JSON twice in one event": Kind(event_by(in_json(lambda text, pick: text + text), "chunk", lost=True), GARBLED),
    "data: within the data": Kind(event_by(lambda event, pick: b"data: " + event, "chunk", lost=True), GARBLED),
    "NaN": Kind(event_by(in_json(lambda text, pick: text[:-1] + ',"x":NaN}'), "chunk"), {"STREAM-JSON-NUMBERS"}),
    "a name twice": Kind(
        event_by(in_json(lambda text, pick: text[:-1] + ',"id":' + json.dumps(json.loads(text)["id"]) + "}"), "chunk"),
        {"STREAM-JSON-NAMES"},
    ),
    "an event of plain text": Kind(between(b"data: still thinking\n\n"), GARBLED),
    "a line of plain text": Kind(between(b"upstream: 200 OK\n\n"), {"STREAM-LINES"}),
    "bare JSON": Kind(between(b'{"status":"ok"}\n\n'), {"STREAM-LINES"}),
    "half a character": Kind(event_by(in_member(b"\xe2\x82"), "chunk"), {"STREAM-UTF8"}),
    "Latin-1": Kind(event_by(in_member(b"caf\xe9"), "chunk"), {"STREAM-UTF8"}),
    "half a surrogate pair": Kind(event_by(in_member(b"\xed\xa0\xbd"), "chunk"), {"STREAM-UTF8"}),
    "a byte of the text is missing": Kind(without_a_byte, {"STREAM-UTF8"}, also=frozenset({"STREAM-WHOLE-CHARACTERS", "STREAM-SAME-TEXT"})),
    "a stray byte between events": Kind(between(b": \xff\n\n"), {"STREAM-UTF8"}),
    "LF and CRLF by turns": Kind(whole_by(by_turns), {"STREAM-LINE-ENDS"}),
    "a byte order mark": Kind(lambda events, pick: Injected([b"\xef\xbb\xbf", *events]), {"STREAM-BOM"}),
    "UTF-16": Kind(whole_by(reencoded("utf-16"), ALL), {"STREAM-UTF8"}, also=UNREADABLE),
    "UTF-16 without a mark": Kind(whole_by(reencoded("utf-16-be"), ALL), {"STREAM-LINES"}, also=UNREADABLE),
    "a capital": Kind(event_by(lambda event, pick: b"D" + event[1:], lost=True), {"STREAM-LINES"}),
    "a missing d": Kind(event_by(lambda event, pick: event[1:], lost=True), {"STREAM-LINES"}),
    "a missing colon": Kind(event_by(lambda event, pick: event.replace(b"data:", b"data", 1), lost=True), {"STREAM-LINES"}),
    "a missing space": Kind(event_by(lambda event, pick: event.replace(b"data: ", b"data:", 1)), {"STREAM-DATA-SPACE"}),
    "a space before": Kind(event_by(lambda event, pick: b" " + event, lost=True), {"STREAM-LINES"}),
    "no prefix": Kind(event_by(lambda event, pick: event.removeprefix(b"data: "), lost=True), {"STREAM-LINES"}),
    "a blank line is missing": Kind(merged, GARBLED | {"STREAM-ONE-LINE"}),
    "the last blank line is missing": Kind(event_by(lambda event, pick: event[:-1], "done"), {"STREAM-DONE-CLOSED"}),
    "both last line ends are missing": Kind(event_by(lambda event, pick: event[:-2], "done"), {"STREAM-DONE-CLOSED"}),
    "two data lines": Kind(event_by(over_lines, "chunk"), {"STREAM-ONE-LINE"}),
    "two data lines, cut in a string": Kind(event_by(within_a_string, "chunk", lost=True), GARBLED | {"STREAM-ONE-LINE"}),
    "other fields": Kind(event_by(fields(b"event: message", b"id: 7", b"retry: 3000")), {"STREAM-DATA-ONLY"}),
    "blocks without data": Kind(between(b"event: ping\n\n"), {"STREAM-DATALESS"}),
    "an id alone": Kind(between(b"id: 3\n\n"), {"STREAM-DATALESS"}),
    "an unknown field": Kind(event_by(fields(b"event_id: 4", b"Event: x", b"meta")), {"STREAM-LINES"}),
    "white space at [DONE]": Kind(event_by(lambda event, pick: b"data: [DONE] \n\n", "done"), {"STREAM-DONE"}),
    "[DONE] in quotes": Kind(event_by(lambda event, pick: b'data: "[DONE]"\n\n', "done"), {"STREAM-DONE"}),
    "[done]": Kind(event_by(lambda event, pick: b"data: [done]\n\n", "done"), {"STREAM-DONE"}),
    "an object after [DONE]": Kind(between(b'data: {"took_ms":12}\n\n', after_done=True), {"STREAM-NOTHING-AFTER-DONE"}),
    "text after [DONE]": Kind(between(b"data: bye\n\n", after_done=True), {"STREAM-NOTHING-AFTER-DONE"}),
    "an unfinished event after [DONE]": Kind(between(b'data: {"took', after_done=True), {"STREAM-NOTHING-AFTER-DONE"}),
    "a line after [DONE]": Kind(between(b"bye\n\n", after_done=True), {"STREAM-LINES"}),
    "an unfinished line after [DONE]": Kind(between(b"<!-- bye", after_done=True), {"STREAM-LINES", "STREAM-NOTHING-AFTER-DONE"}),
    "a third [DONE]": Kind(between(DONE + DONE, after_done=True), {"STREAM-DONE-ONCE"}),
    "cut off": Kind(cut_anywhere(None), {"STREAM-DONE", "STREAM-DONE-CLOSED", "STREAM-HAS-CHUNKS"}),
    "connection lost": Kind(cut_anywhere(BROKEN), {"STREAM-COMPLETE"}),
}


def injected(kind: Kind, data: st.DataObject) -> tuple[str, Injected]:
    """A stream to which this was done; which, where and how is hypothesis's choice."""
    able = [key for key in STREAMS if kind.inject(frames(key), lambda below: 0) is not None]
    key = data.draw(st.sampled_from(able))
    found = kind.inject(frames(key), lambda below: data.draw(st.integers(0, below - 1)))
    assert found is not None
    return key, found


def test_the_recorded_streams_conform() -> None:
    for key in STREAMS:
        assert failing(plain(key)) == set()


@pytest.mark.parametrize("name", LEGAL)
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_what_is_legal_changes_no_verdict(name: str, data: st.DataObject) -> None:
    key, found = injected(LEGAL[name], data)
    assert judged(key, found.chunks) == plain(key)


@pytest.mark.parametrize("name", WRONG)
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_a_fault_is_told_by_the_right_requirement_and_by_no_unrelated_one(name: str, data: st.DataObject) -> None:
    kind = WRONG[name]
    key, found = injected(kind, data)
    failed = failing(judged(key, found.chunks, found.fault))
    assert failed <= kind.right | kind.also | {each for what in found.lost for each in LOSS[what]}
    assert failed & kind.right or kind.because


def test_the_tables_name_requirements_that_exist() -> None:
    named = set[str]().union(*LOSS.values(), *(kind.right | kind.also for kind in WRONG.values()))
    assert named <= {each.id for each in REQUIREMENTS}


@pytest.mark.parametrize("what", ["text", "fragment"])
def test_a_loss_in_mid_answer_is_told_where_something_counts_or_parses_it(what: str) -> None:
    key, found = {"text": ("streamed/usage", 5), "fragment": ("tools/parallel/streamed", 5)}[what]
    events = frames(key)
    assert says(events[found]) == what
    for changed in (events[:found] + events[found + 1 :], [*events[: found + 1], *events[found:]]):
        assert failing(judged(key, Injected(changed).chunks)) & LOSS[what]

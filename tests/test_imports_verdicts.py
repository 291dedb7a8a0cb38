"""What is judged of traffic that nobody planned: never an innocent, whatever a tool has lost of it, and all that shows in an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from conformance import contract, registry
from conformance.commands import listing
from conformance.imports import passive
from conformance.model import Detail, Exchange, Level, Outcome
from conformance.reference import defects
from conformance.reference.behaviour import Behaviour
from conformance.reference.service import Service
from conformance.report import Report
from tests import traffic
from tests.exporting import TOOLS, Tool
from tests.innocent.trial import STYLES
from tests.sampling import sampled
from tests.test_imports import ASKED, STREAM, entry, har
from tests.traffic import having, judged, judged_har, judged_log

READING = contract.load()
NAMED = {tool.name: tool for tool in TOOLS}

BLAMED = ("STREAM-", "USAGE-", "ERROR-", "ANSWER-")

FOUND = {
    "done-missing": "proxy",
    "done-quoted": "browser",
    "answer-streamed-unasked": "browser",
    "answer-as-text": "proxy",
    "answer-id-missing": "bare",
    "answer-choices-empty": "tester",
    "indexes-constant": "wire",
    "n-ignored": "tidy",
    "json-fenced": "faithful",
    "schema-ignored": "browser",
    "logprobs-not-logarithms": "proxy",
    "finish-foreign": "bare",
    "stop-with-calls-streamed": "browser",
    "call-ids-repeated": "wire",
    "content-in-parts": "tidy",
    "strict-tools-ignored": "faithful",
    "tool-choice-named-ignored": "browser",
    "errors-flat": "proxy",
    "errors-as-detail": "bare",
    "too-long-500": "tester",
    "done-twice": "wire",
    "stream-mislabelled": "tidy",
    "stream-ignored": "faithful",
    "object-last": "browser",
    "id-usage": "proxy",
    "created-fraction": "bare",
}
"""Defects that show in a HAR file, and the tool that wrote it; the first two only where it is said that every answer is whole."""


@cache
def calm() -> tuple[Exchange, ...]:
    """The traffic of a conforming server."""
    return tuple(traffic.of_reference(Service(READING)))


@cache
def calmly(tool: Tool) -> Report:
    """What the suite makes of it."""
    return judged_har(calm(), tool)


def wrong(name: str) -> list[Exchange]:
    return traffic.of_reference(Service(READING, behaviour=Behaviour(defects.ALL[name])))


# Nobody is accused who keeps to the contract


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_no_tool_makes_the_innocent_look_guilty(tool: Tool) -> None:
    report = calmly(tool)
    assert not having(report, Outcome.FAIL) | having(report, Outcome.ERROR) | having(report, Outcome.INCONCLUSIVE)
    assert report.gate.status == 0


@pytest.mark.parametrize("style", sampled(STYLES, every=12))
def test_no_other_habit_does_either(style: str) -> None:
    number = list(STYLES).index(style)
    tool = TOOLS[(number + number // 12) % len(TOOLS)]
    report = judged_har(traffic.of_innocent(STYLES[style]), tool)
    failed = {row.requirement.id for row in report.rows if row.verdict.outcome is Outcome.FAIL and row.verdict.level is Level.MUST}
    assert not failed | having(report, Outcome.ERROR)


@pytest.mark.parametrize("length", sampled(range(1, 1200, 50), every=8))
def test_a_body_that_a_tool_cut_off_anywhere_accuses_nobody(length: int) -> None:
    report = judged_har(calm(), replace(NAMED["short"], cut=length))
    assert not having(report, Outcome.FAIL) | having(report, Outcome.ERROR)


def test_a_client_that_hung_up_accuses_nobody() -> None:
    assert "STREAM-DONE" in having(calmly(NAMED["tester"]), Outcome.NOT_RUN)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"error":{"message":"This model\'s maximum context length is 8192 tokens","type":"invalid_request_error"}}'),
        (403, '{"error":{"message":"No access","type":"permission_error","param":null,"code":null}}'),
        (429, '{"error":{"message":"Slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}'),
        (500, '{"error":{"message":"Sorry","type":"server_error","param":null,"code":null}}'),
        (503, "<html>Service unavailable</html>"),
        (302, "moved"),
    ],
)
def test_a_refusal_of_a_valid_request_is_no_failure(status: int, body: str) -> None:
    report = judged(har(entry(body, status=status)))
    must = {row.requirement.id for row in report.rows if row.verdict.outcome is Outcome.FAIL and row.verdict.level is Level.MUST}
    assert not must
    assert not {each for each in having(report, Outcome.FAIL) if each.startswith("REQUEST-")}


@pytest.mark.parametrize(
    "asked",
    [
        {**ASKED, "temperature": "hot"},
        {**ASKED, "n": 0},
        {"model": "m", "messages": []},
        {**ASKED, "messages": [{"role": "wizard", "content": "hi"}]},
        "no object",
    ],
)
def test_a_request_that_breaks_the_contract_and_was_answered_claims_nothing(asked: Any) -> None:
    report = judged(har(entry('{"id":"c","choices":[]}', asked=asked)))
    assert not having(report, Outcome.FAIL)


def test_what_a_vendor_parameter_may_have_changed_is_not_held_against_the_answer() -> None:
    said = json.dumps(
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1795000000,
            "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "one. two."}, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        }
    )
    plain = {**ASKED, "stop": ["."]}
    assert "ANSWER-STOP" in having(judged(har(entry(said, asked=plain))), Outcome.FAIL)
    assert not having(judged(har(entry(said, asked={**plain, "min_tokens": 4}))), Outcome.FAIL)


def test_the_reading_decides_what_a_valid_request_is() -> None:
    captured = har(entry('{"id":"c","choices":[]}', asked={**ASKED, "temperature": None}))
    assert "ANSWER-CHOICES" in having(judged(captured), Outcome.FAIL)
    elsewhere = judged(captured, dialect="requesty")
    assert "0 of them are successes of requests that are valid" in " ".join(elsewhere.notes)
    assert not having(elsewhere, Outcome.FAIL)


# What shows in an answer is found


@pytest.mark.parametrize("name", sampled(FOUND, every=3))
def test_a_defect_of_answers_is_found_in_a_har_file(name: str) -> None:
    report = judged_har(wrong(name), NAMED[FOUND[name]], whole=name.startswith("done-") and name != "done-twice")
    assert having(report, Outcome.FAIL) & defects.ALL[name].trips
    assert having(report, Outcome.FAIL) <= defects.ALL[name].trips


OF_ANSWERS = [name for name, defect in defects.ALL.items() if not defect.dialect and any(each.startswith(BLAMED) for each in defect.trips)]


@pytest.mark.parametrize("name", sampled(OF_ANSWERS, every=40))
def test_no_defect_is_taken_for_another(name: str) -> None:
    """Whatever is found in an access log is what the defect was declared to trip; a defect that needs requests of its own may go unseen."""
    report = judged_log(wrong(name))
    assert having(report, Outcome.FAIL) <= defects.ALL[name].trips
    assert not having(report, Outcome.ERROR)


@pytest.mark.exhaustive
def test_most_defects_of_streams_are_found_in_an_access_log() -> None:
    names = [name for name in OF_ANSWERS if any(each.startswith("STREAM-") for each in defects.ALL[name].trips)][::4]
    missed = [name for name in names if not having(judged_log(wrong(name)), Outcome.FAIL)]
    assert len(missed) * 3 < len(names), missed


# What was not recorded is not judged


def reasons(identifier: str) -> tuple[str, ...]:
    """Why a requirement is not judged on the traffic of a browser."""
    row = next(row for row in calmly(NAMED["browser"]).rows if row.requirement.id == identifier)
    assert row.verdict.outcome is Outcome.NOT_RUN
    return row.verdict.reasons


@pytest.mark.parametrize("identifier", ["STREAM-INCREMENTAL", "REQUEST-ACCEPTED", "STREAM-SAME-TEXT", "REQUEST-TYPE-CORE", "ANSWER-CAP"])
def test_what_needs_requests_of_its_own_says_so(identifier: str) -> None:
    assert reasons(identifier) == (passive.OWN,)


@pytest.mark.parametrize(
    ("identifier", "detail"),
    [
        ("STREAM-COMPLETE", Detail.CLOSE),
        ("ERROR-REQUEST-ID", Detail.HEADERS),
        ("STREAM-CODING", Detail.HEADERS),
        ("ERROR-KEY-SECRET", Detail.KEY),
    ],
)
def test_what_rests_on_more_than_a_har_file_holds_says_on_what(identifier: str, detail: Detail) -> None:
    assert any(passive.MISSING[detail] in reason for reason in reasons(identifier))


def test_an_access_log_that_says_how_answers_ended_tells_more() -> None:
    assert "STREAM-COMPLETE" in having(judged_log(calm()), Outcome.PASS)
    assert "STREAM-COMPLETE" in having(judged_log(calm(), complete=False), Outcome.NOT_RUN)


def test_everything_that_is_not_judged_says_why() -> None:
    for row in (*judged_har(calm()[:3]).rows, *calmly(NAMED["browser"]).rows):
        assert row.verdict.outcome is Outcome.PASS or row.verdict.reasons, row.requirement.id


def test_nothing_observed_is_never_green() -> None:
    report = judged(har(entry(None)))
    assert report.gate.status == 2
    assert "nothing was observed" in report.gate.sentence
    assert not having(report, Outcome.PASS)


def test_the_verdict_says_what_it_rests_on() -> None:
    report = judged(har(entry(STREAM, headers={"content-type": "text/event-stream"}, asked={**ASKED, "stream": True})), name="monday.har")
    assert "Judged on 1 recorded exchange from monday.har." in report.gate.sentence
    assert report.notes[0].startswith("Nothing was sent: 1 recorded exchange from monday.har, HAR by Recorder 3.1.")


def test_requirements_on_requests_are_never_judged_on_traffic() -> None:
    known = frozenset(READING.features)
    for each in registry.load().requirements:
        if each.id.startswith("REQUEST-"):
            assert Detail.PURPOSE in each.rests_on or not passive._may_occur(each, known), each.id


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("REQUEST-ACCEPTED", "not judged"),
        ("STREAM-SAME-TEXT", "not judged"),
        ("STREAM-COMPLETE", "unless how"),
        ("ANSWER-OBJECT", "judged"),
    ],
)
def test_the_explanation_of_a_requirement_says_whether_traffic_tells_of_it(identifier: str, said: str) -> None:
    (told,) = (line for line in listing.explain(identifier, READING) if line.startswith("Captured traffic: "))
    assert said in told


def test_a_schema_that_refers_to_another_place_is_not_fetched() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"$ref": "http://127.0.0.1:1/schema.json"}}}
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": {"$ref": "http://127.0.0.1:1/schema.json"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": "{}", "refusal": None}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1795000000,
        "model": "m",
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    said = {**body, "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]}
    calling = {**message, "content": None, "tool_calls": [call]}
    called = {**body, "choices": [{"index": 0, "message": calling, "finish_reason": "tool_calls", "logprobs": None}]}
    report = judged(
        har(entry(json.dumps(said), asked={**ASKED, "response_format": form}), entry(json.dumps(called), asked={**ASKED, "tools": [tool]}))
    )
    assert not having(report, Outcome.ERROR) | having(report, Outcome.FAIL)
    told = {row.requirement.id: row.verdict.reasons for row in report.rows}
    assert "refers to another one" in " ".join(told["ANSWER-JSON-SCHEMA"])

"""What of the machinery may be seen of an answer, and what may not: lengths, codings, stop strings, marks, alternatives."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from conformance.model import Exchange, Json, Outcome, Purpose, Request
from conformance.network.wire import Wire
from conformance.target import Bounds, Target
from tests.evidence import WHOLE, Held, answered, delta, purpose, refused, streamed, verdict
from tests.servers import LAST_CHUNK, always, chunk, serving

PASS, FAIL, NOT_RUN = Outcome.PASS, Outcome.FAIL, Outcome.NOT_RUN


def outcome(identifier: str, exchange: Exchange, *needs: str) -> Outcome:
    held = Held()
    held.add(purpose("s/one", needs=needs), exchange)
    return verdict(identifier, held).outcome


def headed(exchange: Exchange, *headers: tuple[str, str]) -> Exchange:
    return replace(exchange, headers=(*exchange.headers, *headers))


def reply(text: str, *, sent: Json = None, **more: Json) -> Exchange:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    return answered({"object": "chat.completion", "choices": [choice]}, sent=sent)


# How many bytes there are


PIECES = ("Transfer-Encoding", "chunked")
LENGTH = ("content-length", "4096")


@pytest.mark.parametrize(
    ("headers", "expected"), [((PIECES,), PASS), ((LENGTH,), NOT_RUN), ((), NOT_RUN), ((PIECES, LENGTH), FAIL), ((LENGTH, PIECES), FAIL)]
)
@pytest.mark.parametrize("exchange", [streamed(delta("1")), answered(), refused()], ids=["stream", "whole", "refusal"])
def test_what_is_sent_in_pieces_has_no_length(exchange: Exchange, headers: tuple[tuple[str, str], ...], expected: Outcome) -> None:
    assert outcome("ANSWER-ONE-LENGTH", headed(exchange, *headers)) is expected


def test_both_are_seen_on_a_connection() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\nTransfer-Encoding: chunked\r\n\r\n"
    handler = always(head + chunk(json.dumps(WHOLE).encode()) + LAST_CHUNK)
    with serving(handler) as server:
        target = Target(base_url=server.url, model="m", key="k", key_variable="K", bounds=Bounds(connect=5, idle=5, total=10))
        with Wire(target) as wire:
            exchange = wire.send(Request(body=b"{}"), Purpose(key="s/one", scenario="s"))
    assert exchange.fault is None
    assert outcome("ANSWER-ONE-LENGTH", exchange) is FAIL


# In which coding they are


@pytest.mark.parametrize(
    ("body", "coding", "expected"),
    [
        (json.dumps(WHOLE).encode(), "gzip", FAIL),
        (json.dumps(WHOLE).encode(), "BR", FAIL),
        (b"data: {}\n\n", "zstd", FAIL),
        (b": waiting\n\ndata: {}\n\n", "gzip", FAIL),
        (gzip.compress(json.dumps(WHOLE).encode()), "gzip", PASS),
        # Brotli may begin as JSON does, and what nobody can read says nothing about its label.
        (b"[\x0b\x02\x80hello\x03", "br", PASS),
        (b"data: \xff", "br", PASS),
        (json.dumps(WHOLE).encode(), "identity", NOT_RUN),
        (b"", "gzip", NOT_RUN),
    ],
)
def test_a_body_is_what_its_label_says(body: bytes, coding: str, expected: Outcome) -> None:
    assert outcome("ANSWER-CODING", headed(answered(body), ("Content-Encoding", coding))) is expected


# What a stop string leaves


SAID = "1 2 3 4 5 6 7 8"
AT_FOUR: Json = {"stop": ["@@@", " 4 5"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2 3", PASS),
        ("1 2", PASS),
        ("1 2 3 ", PASS),
        ("1 2 3 4", FAIL),
        ("1 2 3 4 ", FAIL),
        ("1 2 3 4 5", NOT_RUN),
        ("1 2 3 4 5 6", NOT_RUN),
        ("one two", NOT_RUN),
        ("", NOT_RUN),
    ],
)
def test_no_beginning_of_a_stop_string_is_left(text: str, expected: Outcome) -> None:
    held = Held()
    held.add(purpose("s/open"), reply(SAID))
    held.add(purpose("s/stopped", control="s/open", topics=("stop",)), reply(text, sent=AT_FOUR))
    assert verdict("ANSWER-STOP-EXACT", held).outcome is expected


def test_a_text_that_the_cap_cut_off_did_not_come_to_its_stop_string() -> None:
    held = Held()
    held.add(purpose("s/open"), reply(SAID))
    held.add(purpose("s/stopped", control="s/open", topics=("stop",)), reply("1 2 3 4", sent=AT_FOUR, finish_reason="length"))
    assert verdict("ANSWER-STOP-EXACT", held).outcome is NOT_RUN


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("eins, zwei", "; drei", PASS),
        ("eins,", "; drei", FAIL),
        ("", "ei; drei", FAIL),
        ("ein", "; drei", PASS),
        ("eins, zwei; drei; vier", "; drei", PASS),  # ignored, which others tell
        ("eins, z", "; drei", PASS),  # one of its characters stood before
        ("eins,", ["; drei"], NOT_RUN),  # a list is another form
        ("eins,", ";", NOT_RUN),  # one character is all of it
        ("eins,", "; four", NOT_RUN),  # what was never to come
        ("one,", "; drei", NOT_RUN),  # another text
    ],
)
def test_a_stop_string_is_not_met_in_one_of_its_characters(text: str, stop: Json, expected: Outcome) -> None:
    held = Held()
    held.add(purpose("s/open"), reply("eins, zwei; drei; vier"))
    held.add(purpose("s/stopped", control="s/open", topics=("stop",)), reply(text, sent={"stop": stop}))
    assert verdict("ANSWER-STOP-WHOLE", held).outcome is expected


# What a template leaves


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.", PASS),
        ("Hello.<|im_end|>", FAIL),
        ("Hello.<|eot_id|>\n", FAIL),
        ("<start_of_turn>model\nHello.", FAIL),
        ("Hello.</s>", FAIL),
        ("Hello.<\uff5cend\u2581of\u2581sentence\uff5c>", FAIL),
        # HTML strikes out with it, and a pipe in a fish is no mark.
        ("<s>Hello</s> there.", PASS),
        ("a <|> b |> c", PASS),
    ],
)
def test_marks_of_a_template_are_not_part_of_a_text(text: str, expected: Outcome) -> None:
    assert outcome("ANSWER-NO-TEMPLATE-MARKS", reply(text)) is expected


def test_a_mark_that_was_asked_for_may_be_said() -> None:
    asked: Json = {"messages": [{"role": "user", "content": 'Repeat "<|im_end|>".'}]}
    assert outcome("ANSWER-NO-TEMPLATE-MARKS", reply("<|im_end|>", sent=asked)) is PASS
    assert outcome("ANSWER-NO-TEMPLATE-MARKS", reply("<|eot_id|>", sent=asked)) is FAIL


# Alternatives


def entry(token: str, *others: tuple[str, float]) -> Json:
    return {"token": token, "logprob": -0.1, "bytes": None, "top_logprobs": [{"token": t, "logprob": p, "bytes": None} for t, p in others]}


A, B = (("a", -0.1), ("x", -3.0)), (("b", -0.1), ("y", -3.0))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry("a", *A), entry("b", *B)], PASS),
        ([entry("a", *A), entry("b", *A)], FAIL),
        # The same token in the same doubt, and a token that is one of the alternatives, may be as it is.
        ([entry("a", *A), entry("a", *A)], PASS),
        ([entry("a", *A), entry("x", *A)], PASS),
        ([entry("q", ("a", -9999.0)), entry("r", ("a", -9999.0))], NOT_RUN),
        ([entry("a"), entry("b")], NOT_RUN),
    ],
)
def test_alternatives_are_those_of_their_token(entries: list[Json], expected: Outcome) -> None:
    exchange = reply("ab", sent={"logprobs": True, "top_logprobs": 2}, logprobs={"content": entries, "refusal": None})
    assert outcome("ANSWER-TOP-LOGPROBS-OWN", exchange, "logprobs") is expected


@pytest.mark.parametrize(
    ("others", "expected"), [(A, PASS), ((("\ufffd", -1.0), ("\ufffd", -2.0)), FAIL), ((("a", -1.0), ("A", -1.0)), PASS)]
)
def test_alternatives_are_different_tokens(others: tuple[tuple[str, float], ...], expected: Outcome) -> None:
    exchange = reply("a", sent={"logprobs": True, "top_logprobs": 2}, logprobs={"content": [entry("a", *others)], "refusal": None})
    assert outcome("ANSWER-TOP-LOGPROBS-DISTINCT", exchange, "logprobs") is expected

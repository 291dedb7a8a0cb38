"""What a request may cost and what an answer did cost are counted from above, whatever the target says of it."""

from __future__ import annotations

import json
import time

import pytest

from conformance.ask import MINIMAL_CAP
from conformance.cost.charging import ATTACHMENT, MOST_BYTES, NOTHING, charge, most, room
from conformance.model import Chunk, Exchange, Fault, FaultKind, Json, Purpose, Sent
from conformance.provenance import Tokens
from conformance.target import Bounds


def body(**fields: Json) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 20, **fields}).encode()


def answered(
    received: bytes | Json, *, status: int | None = 200, sent: bytes | None = None, fault: FaultKind | None = None, media: str = ""
) -> Exchange:
    data = received if isinstance(received, bytes) else json.dumps(received).encode()
    return Exchange(
        purpose=Purpose(key="a", scenario="a"),
        attempt=1,
        started=time.time(),
        sent=Sent(method="POST", url="u", headers=(), body=body() if sent is None else sent),
        status=status,
        headers=(("content-type", media),) if media else (),
        chunks=(Chunk(0.0, data),) if data else (),
        fault=Fault(kind=fault, detail="") if fault else None,
    )


def completion(text: str, **usage: Json) -> Json:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [choice], **({"usage": dict(usage)} if usage else {})}


def stream(*texts: str, usage: Json = None) -> bytes:
    events: list[Json] = [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]} for text in texts]
    events += [{"choices": [], "usage": usage}] if usage else []
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"


# Before it is sent


def test_a_prompt_is_bounded_by_what_is_written_in_it_and_white_space_between_members_is_free() -> None:
    plain = most(body()).prompt
    assert plain <= len(body())
    assert most(body() + b" " * 100_000).prompt == plain
    assert most(body(user="x" * 1000)).prompt > plain + 1000


def test_white_space_within_text_counts() -> None:
    assert most(body(messages=[{"role": "user", "content": " " * 5000}])).prompt > 5000


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({}, 20),
        ({"n": 4}, 80),
        ({"max_completion_tokens": 50}, 50),
        ({"max_tokens": -1}, MINIMAL_CAP),
        ({"max_tokens": "abc"}, MINIMAL_CAP),
        ({"max_tokens": True}, MINIMAL_CAP),
        ({"n": 0}, 20),
        ({"n": "many"}, 20),
        ({"n": 100_000}, 20),
    ],
)
def test_the_answer_is_bounded_by_its_cap_for_each_choice(fields: dict[str, Json], output: int) -> None:
    assert most(body(**fields)).output == output
    assert room(body(**fields)).output == output * MOST_BYTES


@pytest.mark.parametrize("sent", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"messages": 3, "max_tokens": {}}', b"[" * 5000])
def test_a_body_that_means_nothing_has_room_for_the_smallest_cap(sent: bytes) -> None:
    assert most(sent).output == MINIMAL_CAP
    assert most(sent).prompt <= len(sent)


def test_an_attachment_costs_more_than_its_address() -> None:
    parts: Json = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "https://a/b"}}]
    assert most(body(messages=[{"role": "user", "content": parts}])).prompt > ATTACHMENT


# Once it is answered


def test_an_answer_costs_at_least_what_it_was_allowed_to() -> None:
    assert charge(answered(completion("1 2"))) == most(body())
    assert charge(answered(completion("1 2", prompt_tokens=3, completion_tokens=2))) == most(body())


def test_what_was_generated_counts_by_its_bytes_when_the_cap_was_passed() -> None:
    assert charge(answered(completion("x" * 500, completion_tokens=1))).output == 500
    assert charge(answered(stream("é" * 100, "x" * 100))).output == 300


def test_thoughts_and_arguments_of_tools_are_generated_too() -> None:
    call: Json = {"id": "c" * 99, "type": "function", "function": {"name": "f" * 10, "arguments": "a" * 90}}
    message: Json = {"role": "assistant", "content": None, "reasoning_content": "r" * 100, "tool_calls": [call]}
    assert charge(answered({"choices": [{"message": message}]})).output == 200


@pytest.mark.parametrize("value", [-5, None, "9", True, [], {}, float("inf"), float("nan")])
def test_a_report_that_is_no_count_lowers_nothing(value: Json) -> None:
    given = answered(json.dumps(completion("1", prompt_tokens=value, completion_tokens=value, total_tokens=value)).encode())
    assert charge(given) == most(body())


def test_a_report_of_more_counts() -> None:
    assert charge(answered(completion("1", prompt_tokens=9000, completion_tokens=800))) == Tokens(prompt=9000, output=800)
    assert charge(answered(completion("1", prompt_tokens=10, total_tokens=810))).output == 800
    assert charge(answered(stream("1", usage={"completion_tokens": 77}))).output == 77


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 422, 429])
def test_a_refusal_costs_nothing(status: int) -> None:
    assert charge(answered({"error": {"message": "No."}}, status=status)) == NOTHING
    assert charge(answered(b"<html>", status=status)) == NOTHING


def test_a_refusal_that_reports_usage_is_believed() -> None:
    assert charge(answered({"error": {}, "usage": {"prompt_tokens": 7, "completion_tokens": 2}}, status=400)) == Tokens(prompt=7, output=2)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_may_have_been_billed(status: int) -> None:
    assert charge(answered(b"<html>", status=status)) == most(body())


@pytest.mark.parametrize("fault", list(FaultKind))
def test_what_never_left_costs_nothing_and_what_broke_off_costs_all(fault: FaultKind) -> None:
    cost = charge(answered(b"", status=None, fault=fault))
    assert cost == (NOTHING if fault in (FaultKind.UNREACHABLE, FaultKind.DNS, FaultKind.TLS) else most(body()))


def test_an_answer_without_end_is_counted_with_our_bound() -> None:
    assert charge(answered(b"data: x\n\n" * 10_000, fault=FaultKind.OVERSIZE)).output == Bounds().body


@pytest.mark.parametrize("received", [b"<html>" + b"x" * 100, b"{" + b"x" * 200, b'"' + b"y" * 300])
def test_of_a_success_that_cannot_be_read_all_of_it_counts(received: bytes) -> None:
    assert charge(answered(received)).output == len(received)

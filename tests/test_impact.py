"""What a user of the official Python client would see of a recorded answer."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import metadata

import pytest

from conformance.model import Chunk, Exchange, Fault, FaultKind, Json
from conformance.opinion import impact
from tests.evidence import answered, delta, purpose, streamed

installed = pytest.mark.skipif(impact.client() is None, reason="the extra is not installed")

CHUNK: dict[str, Json] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE: dict[str, Json] = {**CHUNK, "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


def at_the_endpoint(exchange: Exchange, *, stream: bool = False) -> Exchange:
    sent = replace(exchange.sent, url="http://127.0.0.1/v1/chat/completions")
    return replace(exchange, sent=sent, purpose=purpose("s/one", stream=stream))


def chunk(*choices: Json, **members: Json) -> dict[str, Json]:
    return {**CHUNK, "choices": list(choices), **members}


def said(text: str | None = None, finish: Json = None, **more: Json) -> dict[str, Json]:
    return {**CHUNK, **delta(text, finish=finish, **more)}


GOOD = [said("Hello", role="assistant"), said(finish="stop")]
CALL: dict[str, Json] = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}


def seen(exchange: Exchange, *, stream: bool = False) -> impact.Impact:
    found = impact.of(at_the_endpoint(exchange, stream=stream))
    assert found is not None
    return found


@installed
def test_the_client_and_its_version_are_named() -> None:
    assert seen(answered()).client == f"openai-python {metadata.version('openai')}"


@installed
@pytest.mark.parametrize(
    "exchange", [streamed(*GOOD), streamed(*GOOD, USAGE), streamed(said("Hello", role="assistant"), said(finish="length"))]
)
def test_a_good_stream_is_read(exchange: Exchange) -> None:
    found = seen(exchange, stream=True)
    assert not found.fails
    assert "without an error" in found.says


@installed
@pytest.mark.parametrize(
    ("exchange", "says"),
    [
        (streamed(GOOD[0], "oops"), "raises JSONDecodeError after 1 chunk: "),
        (streamed(GOOD[0], chunk(), GOOD[1]), "a chunk on which `chunk.choices[0]` raises IndexError"),
        (streamed(GOOD[0], chunk({"index": 0}), GOOD[1]), "`chunk.choices[0].delta.content` raises AttributeError"),
        (streamed(GOOD[0]), "without a finish_reason: a cut answer looks like a whole one"),
        (streamed(done=False), "yields no chunk and raises nothing"),
        (streamed(GOOD[0], {"error": {"message": "out of memory"}}), "raises APIError after 1 chunk: out of memory"),
        (streamed(said(role="assistant", tool_calls=[CALL]), said(finish="tool_calls")), "on which `json.loads` raises JSONDecodeError"),
        (
            streamed(said(role="assistant", tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]), GOOD[1]),
            "a call that names no function",
        ),
        (answered(b"\xef\xbb\xbf" + streamed(*GOOD).body, media="text/event-stream"), "yields 1 of 2 chunks and raises nothing"),
        (answered(b"event: ping\n\n" + streamed(*GOOD).body, media="text/event-stream"), "raises JSONDecodeError after 0 chunks"),
        (answered(b'data: {"x": "\xff"}\n\n', media="text/event-stream"), "raises UnicodeDecodeError after 0 chunks"),
    ],
)
def test_what_a_stream_does_to_the_usual_loop_is_told(exchange: Exchange, says: str) -> None:
    found = seen(exchange, stream=True)
    assert found.fails
    assert says in found.says


@installed
def test_what_only_the_streaming_helper_stumbles_over_is_told() -> None:
    fragments: Json = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    found = seen(streamed(GOOD[0], said(tool_calls=fragments), said(finish="tool_calls")), stream=True)
    assert found.fails
    assert "its streaming helper, `chat.completions.stream`, raises" in found.says


@installed
@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.TIMEOUT])
def test_a_body_that_breaks_off_breaks_off_for_the_client_too(kind: FaultKind) -> None:
    broken = replace(streamed(*GOOD, done=False), fault=Fault(kind=kind, detail="It broke."))
    found = seen(broken, stream=True)
    assert found.fails
    assert "after 2 chunks" in found.says


@installed
def test_how_the_bytes_were_cut_into_reads_changes_nothing() -> None:
    whole = streamed(*GOOD, "oops")
    cut = replace(whole, chunks=tuple(Chunk(0.1, bytes([byte])) for byte in whole.body))
    assert seen(cut, stream=True) == seen(whole, stream=True)


@installed
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"oops", "raises JSONDecodeError"),
        ({"id": "x", "choices": []}, "`completion.choices[0]` raises IndexError"),
        ({}, "`completion.choices[0]` raises TypeError"),
        ({"choices": [{"index": 0}]}, "`completion.choices[0].message.content` raises AttributeError"),
        ({"choices": [{"message": {"tool_calls": [CALL]}}]}, "`json.loads(call.function.arguments)` raises JSONDecodeError"),
    ],
)
def test_what_a_whole_answer_does_to_the_usual_lines_is_told(body: Json | bytes, says: str) -> None:
    found = seen(answered(body))
    assert found.fails
    assert says in found.says


@installed
def test_a_good_whole_answer_is_read() -> None:
    assert not seen(answered()).fails


@installed
def test_what_is_labelled_as_text_and_no_json_comes_back_as_text() -> None:
    assert "returns the body as a string" in seen(answered(b"Hello", media="text/plain")).says


@installed
@pytest.mark.parametrize(
    ("status", "body", "fails", "says"),
    [
        (400, {"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}, False, "raises BadRequestError: Error code: 400"),
        (400, {"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}, False, "with code 'c', type 't'"),
        (404, {"error": "No."}, True, "with no message of its own and neither code nor type"),
        (500, b"<html>", True, "raises InternalServerError"),
        (422, {"detail": []}, True, "raises UnprocessableEntityError"),
    ],
)
def test_the_exception_of_a_refusal_is_named_with_what_it_holds(status: int, body: Json | bytes, fails: bool, says: str) -> None:
    for stream in (False, True):
        found = seen(answered(body, status=status), stream=stream)
        assert found.fails is fails
        assert says in found.says


@pytest.mark.parametrize(
    "exchange",
    [
        answered(b"", status=None, fault=FaultKind.UNREACHABLE),
        answered(b"{}", fault=FaultKind.OVERSIZE),
        answered(json.dumps("x" * impact.LARGEST).encode()),
    ],
)
def test_nothing_is_said_of_what_cannot_be_replayed(exchange: Exchange) -> None:
    assert impact.of(at_the_endpoint(exchange)) is None


def test_nothing_is_said_of_another_path() -> None:
    exchange = answered()
    assert impact.of(replace(exchange, sent=replace(exchange.sent, url="http://127.0.0.1/v1/models"))) is None


def test_without_the_client_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact, "client", lambda: None)
    assert impact.of(at_the_endpoint(answered())) is None


@installed
def test_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert not seen(streamed(*GOOD), stream=True).fails

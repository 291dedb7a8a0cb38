"""How the server says no."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.reference.reading import MAX_BODY
from conformance.reference.service import COMPLETIONS, KEY, MODELS
from conformance.reference.transport import RawRequest
from tests.reference.asking import AUTHORISED, ask, conversation, send

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.service import Service

BODY = json.dumps(conversation()).encode()


def with_type(value: str) -> tuple[tuple[str, str], ...]:
    return (AUTHORISED[0], ("content-type", value))


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 401, None),
        ("", 401, None),
        ("Bearer", 401, None),
        (f"Basic {KEY}", 401, None),
        (KEY, 401, None),
        ("Bearer sk-wrong-abcdefghijklmnop", 401, "invalid_api_key"),
        ("Bearer short", 401, "invalid_api_key"),
        (f"Bearer {KEY}", 200, None),
        (f"bearer {KEY}", 200, None),
        (f"BEARER  {KEY}", 200, None),
    ],
)
def test_the_key(service: Service, authorization: str | None, status: int, code: str | None) -> None:
    headers = [AUTHORISED[1], *([("authorization", authorization)] if authorization is not None else [])]
    answered = send(service, BODY, tuple(headers))
    assert answered.status == status
    if status == 401:
        assert answered.get("error", "code") == code
        assert answered.headers["www-authenticate"] == "Bearer"
    if code == "invalid_api_key":
        assert str(authorization).removeprefix("Bearer ").encode() not in answered.body


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"hello", b"[]", b'"x"', b"null", b"{}}", b"\xff\xfe", b'{"model": "\xc3("}', b"\xef\xbb\xbf" + BODY,
     BODY.replace(b'"Hello"', b'"\\ud800"'), BODY[:-1] + b', "temperature": NaN}', BODY[:-1] + b', "temperature": Infinity}',
     BODY[:-1] + b', "model": "reference-model"}', BODY[:-1] + b",}", b"[" * 100_000],
)  # fmt: skip
def test_what_is_not_strict_json_is_refused(service: Service, body: bytes) -> None:
    answered = send(service, body)
    assert (answered.status, answered.get("error", "type")) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON;charset="UTF-8"', 200),
        ("application/json; charset=latin-1", 400),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("", 400),
    ],
)
def test_the_media_type(service: Service, media_type: str, status: int) -> None:
    assert send(service, BODY, with_type(media_type)).status == status
    assert send(service, BODY, AUTHORISED[:1]).status == 400


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_p": -0.1}, "top_p", "decimal_below_min_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs", "integer_above_max_value"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": None}, "messages", "invalid_type"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text", "missing_required_parameter"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ({"reasoning_effort": "heroic"}, "reasoning_effort", "invalid_value"),
        ({"stream": False, "stream_options": {"include_usage": True}}, "stream_options", None),
        ({"top_logprobs": 2}, "top_logprobs", None),
        ({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}, "audio", "unsupported_parameter"),
    ],
)
def test_a_broken_clause_is_named(service: Service, fields: dict[str, Json], param: str, code: str | None) -> None:
    for stream in (False, True):
        answered = ask(service, "Hello", **{"stream": stream, **fields})
        assert answered.status == 400, answered.body
        assert set(answered.get("error") or ()) == {"message", "type", "param", "code"}  # type: ignore[arg-type]
        assert (answered.get("error", "param"), answered.get("error", "code")) == (param, code)


FUNCTION: Json = {"name": "f", "arguments": "{}"}
CALLS: Json = {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": FUNCTION} for name in ("a", "b")]}
USER: Json = {"role": "user", "content": "go on"}


def result(call: str) -> Json:
    return {"role": "tool", "tool_call_id": call, "content": "done"}


@pytest.mark.parametrize(
    ("turns", "status"),
    [
        ([USER, CALLS, result("a"), result("b")], 200),
        ([USER, CALLS, result("b"), result("a"), USER, CALLS, result("a"), result("b"), USER], 200),
        ([USER, result("a")], 400),
        ([USER, CALLS, result("a"), result("c")], 400),
        ([USER, CALLS, USER], 400),
        ([USER, CALLS, result("a"), USER], 400),
        ([USER, CALLS, result("a"), result("b"), USER, result("a")], 400),
    ],
)
def test_results_answer_calls_and_calls_get_results(service: Service, turns: list[Json], status: int) -> None:
    answered = ask(service, messages=turns)
    assert answered.status == status, answered.body
    assert status == 200 or str(answered.get("error", "param")).startswith("messages[")


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_field_is_named(service: Service, missing: str) -> None:
    body = conversation()
    del body[missing]
    answered = send(service, json.dumps(body).encode())
    assert (answered.get("error", "param"), answered.get("error", "code")) == (missing, "missing_required_parameter")


def test_an_unknown_model(service: Service) -> None:
    answered = ask(service, model="another")
    assert (answered.status, answered.get("error", "code"), answered.get("error", "param")) == (404, "model_not_found", None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods(service: Service, method: str) -> None:
    answered = send(service, b"", method=method)
    assert (answered.status, answered.headers["allow"]) == (405, "POST")


def test_a_browser_may_ask_first(service: Service) -> None:
    answered = send(service, b"", (), method="OPTIONS")
    assert (answered.status, answered.headers["allow"]) == (204, "OPTIONS, POST")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/chat/completions/", "/v1/nothing"])
def test_other_paths(service: Service, path: str) -> None:
    answered = send(service, BODY, path=path)
    assert (answered.status, answered.headers["content-type"]) == (404, "application/json")


def test_too_large_a_body(service: Service) -> None:
    reply = service.handle(RawRequest(method="POST", path=COMPLETIONS, headers=AUTHORISED, oversize=True))
    assert reply.status == 413 and isinstance(reply.body, bytes) and str(MAX_BODY).encode() in reply.body


def test_every_reply_has_its_own_id_and_says_how_long_it_took(service: Service) -> None:
    replies = [ask(service), ask(service), ask(service, stream=True), ask(service, model="another"), send(service, b"", path=MODELS)]
    ids = {reply.headers["x-request-id"] for reply in replies}
    assert len(ids) == len(replies)
    assert all(len(one) == 36 and one.startswith("req_") for one in ids)
    assert all(int(reply.headers["openai-processing-ms"]) >= 0 for reply in replies)


def test_models_are_listed_to_those_with_a_key(service: Service) -> None:
    assert send(service, b"", method="GET", path=MODELS).get("data", 0, "id") == "reference-model"
    assert send(service, b"", (), method="GET", path=MODELS).status == 401

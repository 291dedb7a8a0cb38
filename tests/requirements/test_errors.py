"""Where a rule about errors would be too strict: what it lets pass, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model import Exchange, Expectation, Json, Outcome, Violation
from tests.evidence import REFUSAL, Held, answered, outcome, purpose, refused, streamed

AUTH = Violation(constraint="auth", pointer="", clause="/x-errors/wrong-key", sent="another key", core=True)
BODY = Violation(constraint="maximum", pointer="/temperature", clause="/x-request/out-of-range", sent="3", core=True)


def answering(answer: Exchange) -> Held:
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    held.add(purpose("invalid/temperature/maximum/1", violation=BODY, control="preflight/max_tokens"), answer)
    return held


def error(**members: Json) -> dict[str, Json]:
    return {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None, **members}}


def keyed(exchange: Exchange, key: str = "$CONFORMANCE_API_KEY") -> Exchange:
    return replace(exchange, sent=replace(exchange.sent, headers=(("Authorization", f"Bearer {key}"),)))


def door(*, no_key: Exchange, wrong_key: Exchange, control: Exchange) -> Held:
    held = Held()
    held.add(purpose("preflight/max_tokens"), control)
    held.add(purpose("door/no-key", violation=AUTH, control="preflight/max_tokens", topics=("auth",)), no_key)
    held.add(purpose("door/wrong-key", violation=AUTH, control="preflight/max_tokens", topics=("auth",)), wrong_key)
    return held


def test_a_server_that_serves_everybody_has_no_keys_to_check() -> None:
    held = door(no_key=answered(), wrong_key=answered(), control=keyed(answered()))
    assert outcome("ERROR-KEY-CHECKED", held) is Outcome.INAPPLICABLE


def test_a_server_that_is_asked_without_a_key_is_not_said_to_let_everybody_in() -> None:
    held = door(no_key=answered(), wrong_key=refused(401), control=answered())
    assert outcome("ERROR-KEY-CHECKED", held) is Outcome.INAPPLICABLE


def test_a_server_that_refuses_one_bad_key_and_takes_the_other_is_found_out() -> None:
    held = door(no_key=refused(401), wrong_key=answered(), control=keyed(answered()))
    assert outcome("ERROR-KEY-CHECKED", held) is Outcome.FAIL


def test_a_key_that_is_an_everyday_word_is_not_said_to_be_repeated() -> None:
    word = replace(answered(b'{"error": {"message": "use ****"}}', status=401), masked=1)
    assert outcome("ERROR-KEY-SECRET", answering(word)) is not Outcome.FAIL


def test_a_key_that_is_masked_in_the_record_was_repeated() -> None:
    whole = replace(answered(b'{"error": {"message": "wrong key: ' + b"*" * 40 + b'"}}', status=401), masked=1)
    assert outcome("ERROR-KEY-SECRET", answering(whole)) is Outcome.FAIL


def test_a_wrong_key_may_be_shown_by_its_ends() -> None:
    shown = keyed(answered(error(message="Incorrect key: sk-wr***0000."), status=401), "sk-wrong-0000")
    assert outcome("ERROR-KEY-SECRET", answering(shown)) is Outcome.PASS


@pytest.mark.parametrize("status", [502, 503, 504, 524, 429, 413])
@pytest.mark.parametrize("rule", ["ERROR-NO-HTML", "ERROR-JSON", "ERROR-ENVELOPE"])
def test_the_page_of_a_proxy_is_not_held_against_the_api(status: int, rule: str) -> None:
    page = answered(b"<html><h1>Bad gateway</h1></html>", status=status, media="text/html")
    assert outcome(rule, answering(page)) is not Outcome.FAIL


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value for 'messages[0].content[0]': expected one of text, image_url.",
        "/v1/chat/completions does not support GET.",
        "Could not read https://example.org/a/b.py: not found.",
        "No such model: /models/llama.gguf",
        "Expected <tool_call> at position 12; see File format.",
    ],
)
def test_sentences_that_look_technical_give_nothing_away(message: str) -> None:
    assert outcome("ERROR-NO-INTERNALS", answering(answered(error(message=message), status=400))) is Outcome.PASS


@pytest.mark.parametrize(
    "message",
    [
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in f',
        "bad role in <starlette.requests.Request object at 0x7f2b8c1d9e50>",
        "/usr/lib/python3/site-packages/x/y.py:12: KeyError",
        "TypeError: x\n    at Object.f (/srv/app/index.js:10:3)",
        "java.lang.NullPointerException at com.example.Chat.handle(Chat.java:88)",
    ],
)
def test_traces_of_the_inside_are_found(message: str) -> None:
    assert outcome("ERROR-NO-INTERNALS", answering(answered(error(message=message), status=400))) is Outcome.FAIL


@pytest.mark.parametrize("param", ["temperature", "body.temperature", "/temperature", "Temperature (temperature)"])
def test_a_param_names_the_member_in_any_spelling_of_its_path(param: str) -> None:
    assert outcome("ERROR-PARAM-RIGHT", answering(answered(error(param=param), status=400))) is Outcome.PASS


def test_a_param_that_names_another_member_is_found() -> None:
    assert outcome("ERROR-PARAM-RIGHT", answering(answered(error(param="top_p"), status=400))) is Outcome.FAIL


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2", Outcome.PASS),
        ("0.5", Outcome.PASS),
        ("Wed, 21 Oct 2026 07:28:00 GMT", Outcome.PASS),
        ("soon", Outcome.FAIL),
        ("-1", Outcome.FAIL),
        ("", Outcome.FAIL),
    ],
)
def test_retry_after_is_a_number_or_a_date(after: str, expected: Outcome) -> None:
    limited = answered(REFUSAL, status=429)
    held = answering(replace(limited, headers=(*limited.headers, ("Retry-After", after))))
    assert outcome("ERROR-RETRY-AFTER", held) is expected


@pytest.mark.parametrize(("status", "expected"), [(404, Outcome.NOT_RUN), (400, Outcome.FAIL)])
def test_the_code_of_a_model_that_is_not_found_names_no_fault_of_form(status: int, expected: Outcome) -> None:
    """Portkey-AI/gateway answers a request without a model like one for a model that does not exist."""
    unnamed = Violation(constraint="required", pointer="/model", clause="/x-errors/invalid-field", sent="(absent)", core=True)
    told = error(code="model_not_found")
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    held.add(purpose("invalid/model/required/1", violation=unnamed, control="preflight/max_tokens"), answered(told, status=status))
    assert outcome("ERROR-CODE-FAMILY", held) is expected


def test_an_unknown_model_that_is_refused_inside_a_stream_has_no_status_of_its_own() -> None:
    """STREAM-ERROR-STATUS says so; Nayjest/lm-proxy passes the refusal of its upstream on like this."""
    held = Held()
    told = streamed(error(code="model_not_found"), done=False)
    held.add(purpose("door/unknown-model/streamed", stream=True, expect=Expectation.REFUSED, topics=("model",)), told)
    assert outcome("ERROR-MODEL-STATUS", held) is Outcome.NOT_RUN


def test_a_null_error_beside_choices_is_no_error() -> None:
    held = Held()
    held.add(purpose("text/one"), answered({"error": None, "choices": [{"index": 0}]}))
    assert outcome("ERROR-NOT-200", held) is Outcome.PASS


def test_an_error_with_status_200_is_found() -> None:
    held = Held()
    held.add(purpose("text/one"), answered(REFUSAL))
    assert outcome("ERROR-NOT-200", held) is Outcome.FAIL


@pytest.mark.parametrize(
    ("constraint", "status", "expected"),
    [("minLength", 400, Outcome.PASS), ("minLength", 404, Outcome.PASS), ("minLength", 409, Outcome.FAIL), ("required", 404, Outcome.PASS)],
)
def test_no_name_is_wrong_in_itself_or_that_of_no_model(constraint: str, status: int, expected: Outcome) -> None:
    unnamed = Violation(constraint=constraint, pointer="/model", clause="/x-errors/invalid-field", sent='""', core=True)
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    held.add(purpose("invalid/model/one/1", violation=unnamed, control="preflight/max_tokens"), refused(status))
    assert outcome("ERROR-INVALID-STATUS", held) is expected


def test_an_answer_to_a_browser_that_asks_beforehand_needs_no_request_id() -> None:
    """SGLang's router has an id on all that it answers itself, and not on what its CORS layer answers before."""
    identified = replace(answered(), headers=(("Content-Type", "application/json"), ("x-request-id", "1")))
    held = Held()
    held.add(purpose("preflight/max_tokens"), identified)
    beforehand = answered(b"", status=200)
    held.add(purpose("door/preflight"), replace(beforehand, sent=replace(beforehand.sent, method="OPTIONS")))
    assert outcome("ERROR-REQUEST-ID", held) is Outcome.PASS
    held.add(purpose("roles/developer"), answered())
    assert outcome("ERROR-REQUEST-ID", held) is Outcome.FAIL


def test_a_question_of_a_browser_that_is_refused_for_its_origin_was_not_read_as_a_request() -> None:
    """Starlette's CORS layer, before vLLM, refuses an origin that is not on its list with a 400."""
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    turned_away = answered(b"Disallowed CORS origin", status=400, media="text/plain")
    told = replace(turned_away, headers=(*turned_away.headers, ("access-control-allow-methods", "GET, POST")))
    held.add(purpose("door/preflight", topics=("cors",), expect=Expectation.EITHER), told)
    assert outcome("ERROR-PREFLIGHT", held) is Outcome.PASS
    held.add(purpose("door/preflight", topics=("cors",), expect=Expectation.EITHER), turned_away)
    assert outcome("ERROR-PREFLIGHT", held) is Outcome.FAIL


def test_a_gateway_that_has_a_key_of_its_own_for_who_brings_none_does_not_ask_for_one() -> None:
    """OptiLLM passes on the key it is given, and what the upstream says of a wrong one ends in a 500."""
    held = door(no_key=answered(), wrong_key=refused(500), control=keyed(answered()))
    assert outcome("ERROR-KEY-CHECKED", held) is Outcome.INAPPLICABLE
    held = door(no_key=answered(), wrong_key=refused(401), control=keyed(answered()))
    assert outcome("ERROR-KEY-CHECKED", held) is Outcome.FAIL

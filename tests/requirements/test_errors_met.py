"""What is judged of errors that were not asked for, and where a rule about the door would be too strict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model import Exchange, Expectation, FaultKind, Json, Outcome, Sent, Violation
from tests.evidence import REFUSAL, Held, answered, delta, lost, purpose, refused, streamed, verdict

BODY = Violation(constraint="maximum", pointer="/temperature", clause="/x-request/out-of-range", sent="3", core=True)
METHOD = Violation(constraint="method", pointer="", clause="/x-errors/wrong-method", sent="PUT", core=True)
AUTH = Violation(constraint="auth", pointer="", clause="/x-errors/wrong-key", sent="another key", core=True)
MODEL = Violation(constraint="model", pointer="", clause="/x-errors/unknown-model", sent="x", core=True)


def outcome(
    identifier: str, *tries: Exchange, violation: Violation = BODY, key: str = "invalid/a", topics: tuple[str, ...] = ()
) -> Outcome:
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered())
    held.add(purpose(key, violation=violation, control="preflight/max_tokens", topics=topics), *tries)
    return verdict(identifier, held).outcome


def error(status: int = 400, /, **members: Json) -> Exchange:
    return answered({"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None, **members}}, status=status)


def headed(exchange: Exchange, **headers: str) -> Exchange:
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return replace(exchange, headers=(*exchange.headers, *more))


# What was met


def test_an_answer_without_limits_is_not_judged_for_them() -> None:
    for rule in ("ERROR-RATE-ENVELOPE", "ERROR-RATE-CODE", "ERROR-RATE-RETRY-AFTER", "ERROR-RATE-HEADERS", "ERROR-EDGE-JSON"):
        assert outcome(rule, refused()) is Outcome.NOT_RUN


@pytest.mark.parametrize(
    ("code", "expected"),
    [("rate_limit_exceeded", Outcome.PASS), ("insufficient_quota", Outcome.PASS), (None, Outcome.FAIL), ("429", Outcome.FAIL)],
)
def test_a_429_says_whether_waiting_helps(code: str | None, expected: Outcome) -> None:
    assert outcome("ERROR-RATE-CODE", error(429, code=code), refused()) is expected


def test_a_429_that_waiting_cannot_mend_needs_no_time() -> None:
    assert outcome("ERROR-RATE-RETRY-AFTER", error(429, code="insufficient_quota"), refused()) is Outcome.NOT_RUN
    assert outcome("ERROR-RATE-RETRY-AFTER", error(429, code="rate_limit_exceeded"), refused()) is Outcome.FAIL
    told = headed(error(429, code="rate_limit_exceeded"), retry_after="1")
    assert outcome("ERROR-RATE-RETRY-AFTER", told, refused()) is Outcome.PASS


@pytest.mark.parametrize("value", ["0", "1s", "6m0s", "7.66s", "20ms", "1735689600000", "2026-11-21T00:00:00Z"])
def test_a_limit_is_lifted_at_a_time_in_any_of_the_forms_in_use(value: str) -> None:
    assert outcome("ERROR-RATE-HEADERS", headed(refused(), x_ratelimit_reset_requests=value)) is Outcome.PASS


def test_a_limit_in_words_cannot_be_read() -> None:
    assert outcome("ERROR-RATE-HEADERS", headed(refused(), x_ratelimit_remaining_tokens="plenty")) is Outcome.FAIL


def test_a_page_of_the_server_in_front_is_told_once_it_is_met() -> None:
    page = answered(b"<html><h1>Bad gateway</h1></html>", status=502, media="text/html")
    assert outcome("ERROR-EDGE-JSON", page, refused()) is Outcome.FAIL
    assert outcome("ERROR-EDGE-ENVELOPE", page, refused()) is Outcome.NOT_RUN
    assert outcome("ERROR-EDGE-ENVELOPE", answered({"detail": "busy"}, status=503), refused()) is Outcome.FAIL


def test_what_every_attempt_says_is_told_once() -> None:
    held = Held()
    bare = answered({"error": {"message": "no", "type": "server_error"}}, status=500)
    held.add(purpose("invalid/a", violation=BODY), bare, bare, bare)
    assert verdict("ERROR-MEMBERS", held).failed == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(400, message="This model's maximum context length is 8192 tokens."), Outcome.PASS),
        (error(500, message="Context size has been exceeded."), Outcome.FAIL),
        (error(500, message="The context was cancelled."), Outcome.NOT_RUN),
    ],
)
def test_what_says_that_the_prompt_is_too_long_is_no_5xx(answer: Exchange, expected: Outcome) -> None:
    assert outcome("ERROR-CONTEXT-STATUS", answer) is expected


# What is given away


@pytest.mark.parametrize(("model", "expected"), [("/srv/models/tiny", Outcome.PASS), ("tiny", Outcome.FAIL)])
def test_a_path_that_is_the_name_of_the_model_may_be_named(model: str, expected: Outcome) -> None:
    """transformers serve says which model it is pinned to; a model from a folder is called by its path."""
    held = Held()
    held.add(purpose("preflight/max_tokens"), answered(sent={"model": model}))
    told = error(400, message="Server is pinned to '/srv/models/tiny'; requested 'no-such-model'.")
    held.add(purpose("door/unknown-model", violation=MODEL, control="preflight/max_tokens"), told)
    assert verdict("ERROR-NO-INTERNALS", held).outcome is expected


# The door


def test_a_server_may_know_a_handful_of_methods() -> None:
    page = answered(b"<html>Unsupported method</html>", status=501, media="text/html")
    tries = (page, page, page)
    assert outcome("ERROR-DOOR-NO-5XX", *tries, violation=METHOD, key="door/put", topics=("method",)) is Outcome.PASS
    assert outcome("ERROR-DOOR-NO-5XX", *tries, violation=MODEL, key="door/unknown-model", topics=("model",)) is Outcome.FAIL


FAILS: dict[str, Json] = {"error": {"message": "no such key", "type": "invalid_request_error"}}


@pytest.mark.parametrize(
    ("answer", "checked", "status"),
    [
        (streamed(FAILS), Outcome.PASS, Outcome.FAIL),
        (streamed(delta(role="assistant"), {**delta(), **FAILS}), Outcome.PASS, Outcome.FAIL),
        (answered(FAILS), Outcome.PASS, Outcome.FAIL),
        (streamed(delta(role="assistant"), delta("Hi"), FAILS), Outcome.FAIL, Outcome.NOT_RUN),
        (streamed(delta("Hi"), delta(finish="stop")), Outcome.FAIL, Outcome.NOT_RUN),
    ],
)
def test_nobody_is_let_in_whose_answer_is_an_error_whatever_its_status(answer: Exchange, checked: Outcome, status: Outcome) -> None:
    """Nayjest/lm-proxy begins every stream with a role, and tells after that what is wrong."""
    for rule, expected in (("ERROR-KEY-CHECKED", checked), ("ERROR-KEY-STATUS", status)):
        held = Held()
        keyed = answered()
        held.add(purpose("preflight/max_tokens"), replace(keyed, sent=replace(keyed.sent, headers=(("Authorization", "Bearer $KEY"),))))
        held.add(purpose("door/wrong-key", violation=AUTH, control="preflight/max_tokens", topics=("auth",)), answer)
        held.add(purpose("door/no-key", violation=AUTH, control="preflight/max_tokens"), refused(401))
        assert verdict(rule, held).outcome is expected


@pytest.mark.parametrize(
    ("rule", "key", "violation"),
    [
        ("ERROR-DOOR-NO-5XX", "door/slash", replace(METHOD, constraint="path")),
        ("ERROR-DOOR-NO-5XX", "door/scheme/lower-case", replace(AUTH, constraint="scheme")),
        ("REQUEST-UNKNOWN-MEMBER", "unknown/beside-no-messages/word", replace(BODY, constraint="unknown", pointer="/x")),
    ],
)
def test_what_no_messages_bring_about_is_not_blamed_on_what_is_beside_them(rule: str, key: str, violation: Violation) -> None:
    for alone, expected in ((error(500), Outcome.NOT_RUN), (error(400), Outcome.FAIL)):
        held = Held()
        held.add(purpose("invalid/messages/minItems/1", violation=replace(BODY, pointer="/messages")), alone, alone)
        held.add(
            purpose(key, violation=violation, expect=Expectation.EITHER, control="invalid/messages/minItems/1"), error(500), error(500)
        )
        assert verdict(rule, held).outcome is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(refused(400), Outcome.PASS), (refused(401), Outcome.FAIL), (refused(403), Outcome.FAIL), (answered(), Outcome.PASS)],
)
def test_the_right_key_is_let_in_whatever_the_case_of_the_scheme(answer: Exchange, expected: Outcome) -> None:
    held = Held()
    keyed = answered()
    held.add(purpose("preflight/max_tokens"), replace(keyed, sent=replace(keyed.sent, headers=(("Authorization", "Bearer $KEY"),))))
    held.add(purpose("door/no-key", violation=AUTH, control="preflight/max_tokens", topics=("auth",)), refused(401))
    case = replace(AUTH, constraint="scheme")
    lower = purpose(
        "door/scheme/lower-case", violation=case, expect=Expectation.EITHER, control="preflight/max_tokens", topics=("scheme-case",)
    )
    held.add(lower, answer)
    assert verdict("ERROR-SCHEME-CASE", held).outcome is expected


@pytest.mark.parametrize("status", [200, 204, 403, 404, 405, 501])
def test_a_server_need_not_serve_browsers(status: int) -> None:
    assert outcome("ERROR-PREFLIGHT", refused(status), violation=METHOD, key="door/preflight", topics=("cors",)) is not Outcome.FAIL


@pytest.mark.parametrize(("status", "expected"), [(400, Outcome.PASS), (404, Outcome.PASS), (308, Outcome.PASS), (301, Outcome.FAIL)])
def test_a_slash_may_mean_anything_but_get(status: int, expected: Outcome) -> None:
    assert outcome("ERROR-SLASH", answered(b"", status=status), violation=METHOD, key="door/slash", topics=("slash",)) is expected


def test_a_body_label_that_is_refused_as_invalid_json_is_no_other_status() -> None:
    label = replace(BODY, constraint="media-type", pointer="")
    assert outcome("ERROR-MEDIA-STATUS", refused(415), violation=label, key="malformed/x") is Outcome.PASS
    assert outcome("ERROR-MEDIA-STATUS", refused(406), violation=label, key="malformed/x") is Outcome.FAIL


# Streams


def twins(*tries: Exchange) -> Held:
    held = Held()
    held.add(purpose("door/unknown-model", violation=MODEL), refused(404))
    held.add(purpose("door/unknown-model/streamed", violation=MODEL, stream=True, twin="door/unknown-model"), *tries)
    return held


def test_a_refusal_that_never_arrives_is_told_after_the_second_silence() -> None:
    assert verdict("ERROR-STREAMED-ENDS", twins(lost(), lost())).outcome is Outcome.FAIL
    assert verdict("ERROR-STREAMED-ENDS", twins(lost())).outcome is Outcome.INCONCLUSIVE
    assert verdict("ERROR-STREAMED-ENDS", twins(lost(FaultKind.RESET), lost())).outcome is Outcome.INCONCLUSIVE
    assert verdict("ERROR-STREAMED-ENDS", twins(lost(), refused(404))).outcome is Outcome.PASS


def test_the_words_of_a_message_may_differ_for_streams() -> None:
    assert verdict("ERROR-DOOR-STREAMED-SAME", twins(replace(error(404, message="else"), status=404))).outcome is Outcome.PASS
    assert verdict("ERROR-DOOR-STREAMED-SAME", twins(error(404, code="else"))).outcome is Outcome.FAIL


# Words


@pytest.mark.parametrize(
    "message",
    [
        "[{'type': 'missing', 'loc': ('body', 'messages'), 'msg': 'Field required'}]",
        "{'error': {'message': 'no'}}",
        "failed: [object Object]",
        "KeyError('model')",
        "java.lang.IllegalArgumentException: no",
        "b'no such model'",
        "<Response [400]>",
        "1 validation error:\n  {'type': 'float_type', 'loc': ('body', 'temperature'), 'msg': 'Input should be a valid number'}",
    ],
)
def test_what_a_language_prints_is_no_sentence(message: str) -> None:
    assert outcome("ERROR-MESSAGE-PLAIN", error(message=message)) is Outcome.FAIL


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value: 'x'. Supported values are: 'system', 'user', and 'tool'.",
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer instead.",
        "messages.0.role: Input should be 'user' or 'tool' (input was {'role': 'x'})",
        "messages: Input should be a valid string (input was [{'type': 'text', 'text': 'x'}])",
        "Failed to deserialize the JSON body: messages[0]: missing field `role` at line 1 column 42",
        "Mail a@deadbeef for help.",
    ],
)
def test_a_sentence_may_quote_what_was_sent(message: str) -> None:
    assert outcome("ERROR-MESSAGE-PLAIN", error(message=message)) is Outcome.PASS


# What is given away


def sent_to(exchange: Exchange, url: str, body: str = "{}") -> Exchange:
    return replace(exchange, sent=Sent(method="POST", url=url, headers=(), body=body.encode()))


@pytest.mark.parametrize(
    ("message", "url"),
    [
        ("10.42.7.19 did not answer", "https://10.42.7.19/v1"),
        ("no route for localhost:8000/v1", "http://localhost:8000/v1"),
        ("see https://platform.example.com/docs and version 1.10.0.3.7", "https://a.example/v1"),
        ("8.8.8.8 and 203.0.113.10 are public", "https://a.example/v1"),
        ("internal error in the internal queue", "https://a.example/v1"),
    ],
)
def test_what_anybody_may_know_is_no_secret(message: str, url: str) -> None:
    assert outcome("ERROR-NO-HOSTS", sent_to(error(message=message), url)) is Outcome.PASS


@pytest.mark.parametrize(
    "message",
    [
        "dial tcp 192.168.3.4:8000: refused",
        "http://vllm.prod.svc.cluster.local/v1",
        "connect ECONNREFUSED 127.0.0.1:8000",
        "gpu-7.internal",
    ],
)
def test_addresses_of_the_inside_are_found(message: str) -> None:
    assert outcome("ERROR-NO-HOSTS", sent_to(error(message=message), "https://a.example/v1")) is Outcome.FAIL


def test_a_credential_is_found_and_not_repeated() -> None:
    key = "sk-proj-" + "a1B2" * 8
    held = Held()
    held.add(purpose("invalid/a", violation=BODY), error(message=f"Incorrect key {key}"))
    found = verdict("ERROR-NO-CREDENTIALS", held)
    assert found.outcome is Outcome.FAIL
    assert key not in str(found.findings)


@pytest.mark.parametrize(
    "message", ["Incorrect API key: sk-conf****0000.", "postgres://user:***@db", "Send Bearer YOUR_API_KEY.", "sk-test"]
)
def test_a_masked_credential_is_none(message: str) -> None:
    assert outcome("ERROR-NO-CREDENTIALS", error(message=message)) is Outcome.PASS


def test_a_credential_of_the_client_is_not_somebody_else_s() -> None:
    key = "sk-" + "a1B2" * 8
    echoed = sent_to(error(message=f"user {key}"), "https://a.example/v1", body=f'{{"user": "{key}"}}')
    assert outcome("ERROR-NO-CREDENTIALS", echoed) is Outcome.PASS


def test_a_server_of_its_own_kind_may_have_its_own_body() -> None:
    assert outcome("ERROR-ONLY-ERROR", answered({**REFUSAL, "request_id": "r"}, status=400)) is Outcome.FAIL  # type: ignore[dict-item]
    assert outcome("ERROR-ONLY-ERROR", refused()) is Outcome.PASS

"""Where a rule about the details of an answer would be too strict: what it lets pass, and what it does not."""

from __future__ import annotations

import json

import pytest

from conformance.model import Exchange, Json, Outcome
from tests.evidence import Held, answered, purpose, verdict

PARAMETERS: Json = {
    "type": "object",
    "properties": {
        "place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "unit": {"enum": ["c", "f"]},
    },
    "required": ["place", "unit"],
    "additionalProperties": False,
}


def outcome(identifier: str, exchange: Exchange, *needs: str, topics: tuple[str, ...] = ()) -> Outcome:
    held = Held()
    held.add(purpose("s/one", needs=needs, topics=topics), exchange)
    return verdict(identifier, held).outcome


def reply(message: dict[str, Json], *, finish: str = "stop", sent: Json = None, **more: Json) -> Exchange:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish, **more}
    return answered({"object": "chat.completion", "choices": [choice]}, sent=sent)


def called(arguments: str, *, strict: Json = True, finish: str = "tool_calls", id: str = "call_2", earlier: str = "") -> Exchange:  # noqa: A002
    call: Json = {"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}}
    tool: Json = {"type": "function", "function": {"name": "f", "strict": strict, "parameters": PARAMETERS}}
    turns: Json = [{"role": "assistant", "tool_calls": [{"id": earlier}]}] if earlier else []
    return reply({"tool_calls": [call]}, finish=finish, sent={"tools": [tool], "messages": turns})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"place": {"city": "Oslo"}, "unit": "c"}, Outcome.PASS),
        ({"place": {"city": "Oslo"}, "unit": "k"}, Outcome.FAIL),
        ({"place": {"city": 7}, "unit": "c"}, Outcome.FAIL),
        ({"place": {}, "unit": "c"}, Outcome.FAIL),
        ({"place": {"city": "Oslo"}}, Outcome.FAIL),
        ({"place": {"city": "Oslo"}, "unit": "c", "more": 1}, Outcome.FAIL),
        ([], Outcome.FAIL),
    ],
)
def test_strict_arguments_fit_at_any_depth(arguments: Json, expected: Outcome) -> None:
    assert outcome("ANSWER-ARGUMENTS-STRICT", called(json.dumps(arguments)), "strict-tools") is expected
    assert outcome("ANSWER-ARGUMENTS-FIT", called(json.dumps(arguments), strict=False), "tools") is expected


def test_what_was_not_declared_strict_is_not_held_to_it() -> None:
    for strict in (False, None):
        assert outcome("ANSWER-ARGUMENTS-STRICT", called("{}", strict=strict), "strict-tools") is Outcome.NOT_RUN
    assert outcome("ANSWER-ARGUMENTS-FIT", called("{}"), "tools") is Outcome.NOT_RUN


def test_half_a_call_is_held_against_nobody() -> None:
    assert outcome("ANSWER-ARGUMENTS-STRICT", called('{"place": {"ci', finish="length"), "strict-tools") is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("earlier", "expected"), [("call_1", Outcome.PASS), ("call_2", Outcome.FAIL), ("", Outcome.NOT_RUN)])
def test_an_id_is_new_in_its_conversation(earlier: str, expected: Outcome) -> None:
    exchange = called("{}", earlier=earlier)
    assert outcome("ANSWER-CALL-ID-FRESH", exchange, "tools", topics=("history",)) is expected


def entry(token: str, data: bytes | None, *others: float, logprob: float = -0.1) -> Json:
    shown: Json = None if data is None else [*data]
    return {
        "token": token,
        "logprob": logprob,
        "bytes": shown,
        "top_logprobs": [{"token": "x", "logprob": value, "bytes": None} for value in others],
    }


def weighed(*entries: Json, top: int = 2) -> Exchange:
    return reply({"content": "é"}, sent={"logprobs": True, "top_logprobs": top}, logprobs={"content": [*entries], "refusal": None})


@pytest.mark.parametrize(
    ("token", "data", "expected"),
    [
        ("é", "é".encode(), Outcome.PASS),
        ("é", "é".encode("latin-1"), Outcome.PASS),
        ("é", b"e", Outcome.FAIL),
        (" the", b"the", Outcome.FAIL),
        ("bytes:\\xc3", b"\xc3", Outcome.NOT_RUN),
        ("<0x0A>", b"\n", Outcome.NOT_RUN),
        ("\u2581the", b" the", Outcome.NOT_RUN),
        ("\ufffd", b"\xc3", Outcome.NOT_RUN),
        ("the", None, Outcome.NOT_RUN),
    ],
)
def test_the_bytes_of_a_token_are_its_text_where_it_is_written_as_it_is(token: str, data: bytes | None, expected: Outcome) -> None:
    """Bytes that are no text may be part of a character, whatever the token shows of it."""
    assert outcome("ANSWER-LOGPROBS-BYTES", weighed(entry(token, data)), "logprobs") is expected


@pytest.mark.parametrize(
    ("others", "order", "total", "number"),
    [
        ((-0.2, -1.8), Outcome.PASS, Outcome.PASS, Outcome.PASS),
        ((-1.8, -0.2), Outcome.FAIL, Outcome.PASS, Outcome.PASS),
        ((-0.1, -0.2), Outcome.PASS, Outcome.FAIL, Outcome.PASS),
        ((-0.1, -9999.0), Outcome.PASS, Outcome.PASS, Outcome.PASS),
        ((-0.1,), Outcome.PASS, Outcome.PASS, Outcome.FAIL),
        ((), Outcome.NOT_RUN, Outcome.NOT_RUN, Outcome.NOT_RUN),
    ],
)
def test_alternatives_are_sorted_complete_and_at_most_certain(
    others: tuple[float, ...], order: Outcome, total: Outcome, number: Outcome
) -> None:
    exchange = weighed(entry("é", None, *others))
    assert outcome("ANSWER-TOP-LOGPROBS-ORDER", exchange, "logprobs") is order
    assert outcome("ANSWER-TOP-LOGPROBS-SUM", exchange, "logprobs") is total
    assert outcome("ANSWER-TOP-LOGPROBS-ALL", exchange, "logprobs") is number


@pytest.mark.parametrize(
    ("message", "apart", "null"),
    [
        ({"content": "1"}, Outcome.NOT_RUN, Outcome.PASS),
        ({"content": "1", "refusal": None}, Outcome.NOT_RUN, Outcome.PASS),
        ({"content": "1", "refusal": ""}, Outcome.NOT_RUN, Outcome.FAIL),
        ({"content": None, "refusal": "No."}, Outcome.PASS, Outcome.PASS),
        ({"content": "", "refusal": "No."}, Outcome.PASS, Outcome.PASS),
        ({"content": "1", "refusal": "No."}, Outcome.FAIL, Outcome.PASS),
    ],
)
def test_a_refusal_stands_apart_and_none_is_null(message: dict[str, Json], apart: Outcome, null: Outcome) -> None:
    assert outcome("ANSWER-REFUSAL-APART", reply(message)) is apart
    assert outcome("ANSWER-REFUSAL-NULL", reply(message)) is null


@pytest.mark.parametrize(("echo", "expected"), [({"a": "1"}, Outcome.PASS), ({}, Outcome.FAIL), (None, Outcome.NOT_RUN)])
def test_metadata_need_not_come_back_but_not_otherwise(echo: Json, expected: Outcome) -> None:
    exchange = answered({"choices": [], "metadata": echo}, sent={"metadata": {"a": "1"}})
    assert outcome("ANSWER-METADATA", exchange) is expected


@pytest.mark.parametrize(("status", "expected"), [(200, Outcome.PASS), (201, Outcome.FAIL), (202, Outcome.FAIL)])
def test_a_success_has_one_status(status: int, expected: Outcome) -> None:
    assert outcome("ANSWER-STATUS", answered(status=status)) is expected


def cut(text: str, finish: str, tokens: int) -> Exchange:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    usage: Json = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    return answered({"object": "chat.completion", "choices": [choice], "usage": usage}, sent={"max_completion_tokens": 5})


@pytest.mark.parametrize(
    ("text", "finish", "tokens", "expected"),
    [
        ("1 2 3", "length", 5, Outcome.PASS),
        ("1 2 3", "stop", 5, Outcome.FAIL),
        ("1 2 3", "stop", 4, Outcome.INCONCLUSIVE),
        ("1 2 3 4 5", "stop", 5, Outcome.NOT_RUN),  # all of it, under the larger cap too
        ("1 2 3 4 5", "stop", 2, Outcome.NOT_RUN),
        ("Yes.", "stop", 2, Outcome.NOT_RUN),  # a model of another mind, with room left
        ("Yes. It is", "stop", 5, Outcome.INCONCLUSIVE),
    ],
)
def test_only_a_text_that_was_cut_off_has_to_say_so(text: str, finish: str, tokens: int, expected: Outcome) -> None:
    held = Held()
    held.add(purpose("s/open"), cut("1 2 3 4 5", "stop", 9))
    held.add(purpose("s/cut", control="s/open", topics=("cap",)), cut(text, finish, tokens))
    assert verdict("ANSWER-FINISH-LENGTH", held).outcome is expected

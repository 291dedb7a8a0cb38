"""What a run saw of the contract: each place once, and what was sent, received and found there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.contract import places
from conformance.contract.outline import Group, outline
from conformance.contract.places import Kind, Node
from conformance.model import Exchange, Expectation, Finding, Json, Level, Outcome, Place, Sample, SampleKind, Violation
from conformance.overview.exercised import COUNTED, Exercised, Seen, State, exercised
from tests.render.runs import STREAM, constraint, exchange, report, row

READING = contract.load()
HELLO: dict[str, Json] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ANSWER: dict[str, Json] = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi", "refusal": None}, "logprobs": None, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
}
REFUSAL: dict[str, Json] = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}


def asked(key: str, body: Json, answer: Json = ANSWER, *, status: int = 200, violation: Violation | None = None) -> Exchange:
    """One request and an answer that is not a stream."""
    sent, received = json.dumps(body).encode(), json.dumps(answer).encode()
    return exchange(key, received, status=status, body=sent, content_type="application/json", stream=False, violation=violation)


def seen(walked: Exercised, path: str) -> Seen:
    (node,) = [node for node in walked.tree.all() if node.path == path]
    return walked.of(node)


def walk(*exchanges: Exchange, **rest: object) -> Exercised:
    return exercised(replace(report(exchanges=exchanges), **rest))  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", contract.dialect_names())
def test_every_place_of_the_contract_is_in_the_tree_exactly_once(dialect: str) -> None:
    reading = contract.load(dialect)
    nodes = list(places.tree(reading).all())
    told = [(node.group, node.path) for node in nodes if node.kind is not Kind.VALUE]
    assert len(told) == len(set(told))
    assert set(told) == {(place.group, place.path) for place in outline(reading) if place.group in places.GROUPS}
    assert [node.number for node in nodes] == list(range(len(nodes)))


@pytest.mark.parametrize("dialect", contract.dialect_names())
def test_every_variant_can_be_told_by_its_tag(dialect: str) -> None:
    for node in places.tree(contract.load(dialect)).all():
        for tag, words, variant in node.variants:
            for word in words:
                assert node.variant({tag: json.loads(word)}) is variant, variant.path


def test_a_run_that_asked_nothing_saw_nothing() -> None:
    walked = walk()
    assert {each.state for each in walked.seen} == {State.NEVER}
    assert all(each.exercised == 0 < each.total for each in walked.coverage())


def test_what_was_accepted_has_passed() -> None:
    walked = walk(asked("a", HELLO | {"temperature": 1, "verbosity": "low"}), asked("b", HELLO))
    assert seen(walked, "request.model") == Seen(sent=2, held=2)
    assert seen(walked, "request.temperature") == Seen(sent=1, held=1)
    assert seen(walked, "request.messages[]<user>.content").state is State.PASSED
    assert seen(walked, "request.verbosity=low").state is State.PASSED
    assert seen(walked, "request.verbosity=high").state is State.NEVER
    assert seen(walked, "request.messages[]<tool>").state is State.NEVER


def test_what_was_turned_down_is_exercised_and_no_more() -> None:
    walked = walk(asked("a", HELLO | {"seed": 7}, REFUSAL, status=400))
    assert seen(walked, "request.seed") == Seen(sent=1)
    assert seen(walked, "request.seed").state is State.EXERCISED
    assert seen(walked, "errors.error.message") == Seen(received=1, held=1)
    assert seen(walked, "400") == Seen(received=1, held=1)


def test_a_place_that_occurs_often_in_a_message_is_counted_once() -> None:
    walked = walk(asked("a", HELLO | {"messages": [{"role": "user", "content": "hi"}] * 5}))
    assert seen(walked, "request.messages[]<user>.content").sent == 1


def test_a_wrong_value_counts_where_it_is_wrong_and_for_nothing_below() -> None:
    wrong = Violation(constraint="type", pointer="/response_format", clause="/x", sent="…")
    body = HELLO | {"response_format": {"type": "json_schema"}, "n": 1}
    walked = walk(asked("a", body, REFUSAL, status=400, violation=wrong))
    assert seen(walked, "request.response_format") == Seen(wrong=1)
    assert seen(walked, "request.response_format<json_schema>").state is State.NEVER
    assert seen(walked, "request.n") == Seen(sent=1)


def test_a_wrong_value_that_was_refused_has_passed_and_one_that_was_not_has_failed() -> None:
    held = constraint("temperature ≤ 2", "3", status=400, owner="REQUEST-RANGE")
    broken = constraint("n ≤ 128", "129", status=200, owner="REQUEST-RANGE")
    exchanges = [
        asked(
            each.trials[0].whole.key,
            HELLO | {name: value},
            violation=Violation(constraint="maximum", pointer=f"/{name}", clause="/x", sent=""),
        )
        for each, name, value in ((held, "temperature", 3), (broken, "n", 129))
    ]
    walked = exercised(report(row("REQUEST-RANGE", Outcome.FAIL), exchanges=exchanges, constraints=(held, broken)))
    assert seen(walked, "request.temperature").state is State.PASSED
    assert seen(walked, "request.n").state is State.FAILED
    assert [found.requirement for found in seen(walked, "request.n").found] == ["REQUEST-RANGE"]


def test_a_legal_value_that_was_refused_has_failed() -> None:
    sample = Sample(slug="temperature/maximum", kind=SampleKind.BOUND, pointer="/temperature", text="temperature at its maximum, 2")
    one = asked("a", HELLO | {"temperature": 2}, REFUSAL, status=400)
    one = replace(one, purpose=replace(one.purpose, samples=(sample,)))
    found = Finding(code="temperature/maximum", expected="accepted", received="400", exchange="a")
    walked = exercised(report(row("REQUEST-BOUNDS", Outcome.FAIL, Level.SHOULD, findings=[found]), exchanges=[one]))
    (told,) = seen(walked, "request.temperature").found
    assert (told.requirement, told.level, told.times) == ("REQUEST-BOUNDS", Level.SHOULD, 1)


def test_what_was_received_in_a_message_that_fits_has_passed() -> None:
    walked = walk(asked("a", HELLO))
    for path in (
        "answer.id",
        "answer.choices[].message.content",
        "answer.usage",
        "usage.total_tokens",
        "answer.object=chat.completion",
        "200",
    ):
        assert seen(walked, path) == Seen(received=1, held=1), path
    assert seen(walked, "stream.id").state is State.NEVER


def test_what_was_received_in_a_message_that_does_not_fit_is_exercised() -> None:
    walked = walk(asked("a", HELLO, ANSWER | {"choices": "none"}))
    assert seen(walked, "answer.id").state is State.EXERCISED
    assert seen(walked, "answer.choices[]").state is State.NEVER


def test_the_pointer_of_a_finding_leads_to_its_place() -> None:
    found = [
        Finding(code="x", expected="an integer", received="'9'", at=Place(pointer="/usage/prompt_tokens"), exchange="a"),
        Finding(code="x", expected="one id", received="two", at=Place(event=2, pointer="/id"), exchange="s"),
        Finding(code="x", expected="odd", received="even", at=Place(event=1, pointer="/choices/0/delta/unheard/of"), exchange="s"),
        Finding(code="x", expected="some", received="none", at=Place(header="X-Request-Id"), exchange="a"),
        Finding(code="x", expected="?", received="?", at=Place(event=99, pointer="/id"), exchange="s"),
    ]
    walked = exercised(report(row("ANY", Outcome.FAIL, findings=found), exchanges=[asked("a", HELLO), exchange("s", *STREAM)]))
    failed = {node.path for node in walked.tree.all() if walked.of(node).state is State.FAILED}
    assert failed == {"usage.prompt_tokens", "stream.id", "stream.choices[].delta", "200.headers.x-request-id"}


def test_statuses_are_counted_under_their_own_name_or_that_of_their_class() -> None:
    walked = walk(asked("a", HELLO, REFUSAL, status=401), asked("b", HELLO, REFUSAL, status=418), asked("c", HELLO, REFUSAL, status=503))
    assert [seen(walked, path).received for path in ("401", "4XX", "5XX", "400", "default")] == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b'{"messages": 7, "model": {}, "tools": [[[]]]}', b"NaN", b"null"])
def test_whatever_is_on_the_wire_can_be_counted(body: bytes) -> None:
    exchanges = [exchange(f"{number}", body, body=body, status=status, stream=False) for number, status in enumerate((200, 400, None))]
    assert len(walk(*exchanges).seen) == len(list(places.tree(READING).all()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "messages", "role", "tools", "usage", "x"]), inner)
    ),
)


@given(body=JSON, answer=JSON)
@settings(deadline=None, max_examples=25)
def test_counting_never_counts_more_than_there_was(body: Json, answer: Json) -> None:
    walked = walk(asked("a", body, answer))
    for each in walked.seen:
        assert each.sent <= 1
        assert each.received <= 1
        assert each.held <= each.sent + each.wrong + each.received


def test_coverage_counts_every_counted_place_once() -> None:
    walked = walk(asked("a", HELLO))
    counted = [node for node in walked.tree.all() if node.kind in COUNTED]
    assert sum(each.total for each in walked.coverage()) == len(counted)
    assert sum(each.total - each.exercised for each in walked.coverage()) == len(walked.missing())
    assert "request.model" not in walked.missing()
    assert "request.seed" in walked.missing()


def test_the_reading_names_what_it_says_in_prose() -> None:
    texts = {node.path: node.text for node in places.tree(READING).all()}
    assert texts["request.temperature"].startswith("How far sampling strays")
    assert texts["400.headers.x-request-id"].startswith("Names the request")


def test_the_usage_of_an_answer_is_told_in_one_place() -> None:
    again = {node.path: node.again for node in places.tree(READING).all() if node.again}
    assert again == {"answer.usage": "usage", "stream.usage": "usage"}


def node_of(walked: Exercised, group: Group) -> Node:
    return walked.tree.message(group)


def test_whole_messages_are_counted_as_well() -> None:
    walked = walk(asked("a", HELLO), exchange("s", *STREAM))
    assert walked.of(node_of(walked, Group.REQUEST)).sent == 2
    assert walked.of(node_of(walked, Group.STREAM)).received == len(STREAM)
    assert walked.of(node_of(walked, Group.ANSWER)).received == 1


def test_what_was_expected_to_be_refused_shows_nothing_when_it_is_accepted() -> None:
    one = asked("a", HELLO | {"n": 2}, violation=Violation(constraint="maximum", pointer="/seed", clause="/x", sent=""))
    assert one.purpose.expect is Expectation.REFUSED
    assert seen(walk(one), "request.n") == Seen(sent=1)

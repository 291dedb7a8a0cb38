"""What requirements look at: answers put together as clients put them together, and answers that are compared."""

from __future__ import annotations

import pytest

from conformance.model import MISSING, Exchange, Expectation, FaultKind, Json
from conformance.observation import Gap, GapKind, UnmetError
from conformance.subjects.failure import Probe, probe
from conformance.subjects.pair import ProbeTwins, Twins, Variation, probe_twins, twins, variation
from conformance.subjects.reply import Answer, Stream, answer, streamed_answer
from tests.evidence import VIOLATION, WHOLE, Held, alone, answered, asked, delta, lost, purpose, refused, streamed


def stream(one: Exchange) -> Stream:
    (found,) = streamed_answer.see(alone(one, stream=True))
    assert isinstance(found, Stream)
    return found


def whole(body: Json = None, *, sent: Json = None) -> Answer:
    (found,) = answer.see(alone(answered(body, sent=sent)))
    assert isinstance(found, Answer)
    return found


def call(index: Json, *, name: Json = None, arguments: Json = None, **more: Json) -> dict[str, Json]:
    function: dict[str, Json] = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {"index": index, "function": function, **more}


# One whole answer


def test_a_whole_answer_is_read_member_by_member() -> None:
    one = whole(sent={"max_tokens": 7})
    assert one.first.text == "1 2 3"
    assert one.first.finish_reason == "stop"
    assert one.first.logprobs == []
    assert not one.first.has_logprobs
    assert one.usage == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert one.cap == 7


@pytest.mark.parametrize("choices", [None, [], {}, "none", [1, "x", None]])
def test_an_answer_without_a_choice_leaves_what_is_said_of_choices_open(choices: Json) -> None:
    with pytest.raises(UnmetError):
        _ = whole({"choices": choices}).first


def test_no_member_has_to_be_of_the_type_it_should_be() -> None:
    one = whole(
        {"choices": [{"index": "0", "message": {"content": ["x"], "tool_calls": [None, {"function": 3}]}, "logprobs": {"content": 5}}]}
    )
    assert one.first.text == ""
    assert one.first.content == ["x"]
    assert [each.name for each in one.first.calls] == [MISSING, MISSING]
    assert one.first.logprobs == []
    assert one.first.has_logprobs


@pytest.mark.parametrize(
    ("sent", "cap"),
    [({"max_completion_tokens": 3, "max_tokens": 9}, 3), ({"max_tokens": 9}, 9), ({"max_tokens": True}, None), ({}, None), ([], None)],
)
def test_the_cap_is_what_was_asked_for_under_either_name(sent: Json, cap: int | None) -> None:
    assert whole(sent=sent).cap == cap


# A stream put together


def test_text_is_put_together_in_order() -> None:
    one = stream(streamed(delta("", role="assistant"), delta("Hel"), delta("lo"), delta(finish="stop")))
    assert one.first.text == "Hello"
    assert one.first.role == "assistant"
    assert one.first.finish_reason == "stop"


def test_interleaved_choices_are_kept_apart() -> None:
    chunks = [delta("a", index=1), delta("x", index=0), delta("b", index=1), delta("y", index=0), delta(index=1, finish="length")]
    one = stream(streamed(*chunks))
    assert {repr(each.index): (each.text, each.finish_reason) for each in one.choices} == {"0": ("xy", MISSING), "1": ("ab", "length")}


def test_tool_calls_are_put_together_by_their_index_within_their_choice() -> None:
    chunks = [
        delta(
            tool_calls=[
                call(0, name="f", arguments="", id="a", type="function"),
                call(1, name="g", arguments='{"x"', id="b", type="function"),
            ]
        ),
        delta(tool_calls=[call(1, arguments=":1}")]),
        delta(tool_calls=[call(0, arguments="{}")]),
        delta(index=1, tool_calls=[call(0, name="h", arguments="[]", id="c", type="function")]),
    ]
    first, second = stream(streamed(*chunks)).choices
    assert [(each.id, each.type, each.name, each.arguments) for each in first.calls] == [
        ("a", "function", "f", "{}"),
        ("b", "function", "g", '{"x":1}'),
    ]
    assert [(each.id, each.name, each.arguments) for each in second.calls] == [("c", "h", "[]")]


def test_nothing_comes_before_null_and_text_comes_before_anything() -> None:
    assert stream(streamed(delta(content=None), delta("x"), delta(content=None))).first.content == "x"
    assert stream(streamed(delta(role="assistant"))).first.content is MISSING
    assert stream(streamed(delta(content=None))).first.content is None
    assert stream(streamed(delta(refusal="No"), delta(refusal="."))).first.refusal == "No."


def test_log_probabilities_of_all_chunks_are_gathered() -> None:
    chunks: list[Json] = [{"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [{"token": token}]}}]} for token in "ab"]
    one = stream(streamed(*chunks)).first
    assert one.logprobs == [{"token": "a"}, {"token": "b"}]
    assert one.has_logprobs


def test_the_last_usage_that_is_not_null_counts() -> None:
    chunks: list[dict[str, Json]] = [
        {**delta("x"), "usage": None},
        {"choices": [], "usage": {"total_tokens": 1}},
        {"choices": [], "usage": {"total_tokens": 2}},
    ]
    one = stream(streamed(*chunks, sent={"stream_options": {"include_usage": True}}))
    assert one.usage == {"total_tokens": 2}
    assert len(one.usage_chunks) == 2
    assert one.asks_usage
    assert not stream(streamed(delta("x"), sent={"stream_options": {"include_usage": 1}})).asks_usage


def test_what_reports_a_failure_is_no_chunk() -> None:
    one = stream(streamed(delta("x"), {"error": {"message": "lost"}}))
    assert one.failed
    assert len(one.chunks) == 1
    assert not stream(streamed({**delta("x"), "error": None})).failed


def test_data_that_is_no_json_is_kept_for_the_requirement_that_owns_it() -> None:
    one = stream(streamed("{oops", delta("x"), "[1]"))
    assert len(one.parsed) == 3
    assert len(one.objects) == 1


@pytest.mark.parametrize("data", [b"", b": ping\n\n", b"\n\n"])
def test_a_stream_without_events_lets_nothing_pass(data: bytes) -> None:
    one = stream(answered(data, media="text/event-stream"))
    for look in ("events", "chunks", "choices", "first", "head", "usage"):
        with pytest.raises(UnmetError):
            getattr(one, look)


def test_a_stream_without_chunks_lets_nothing_pass_that_is_said_of_chunks() -> None:
    one = stream(streamed())
    assert len(one.events) == 1
    for look in ("chunks", "choices", "first", "head", "usage"):
        with pytest.raises(UnmetError):
            getattr(one, look)


# Answers that are compared


def pair(first: tuple[Exchange, ...], second: tuple[Exchange, ...], **options: object) -> Held:
    held = Held()
    held.add(purpose("s/first", violation=VIOLATION if options.get("violation") else None), *first)
    held.add(purpose("s/second", **options), *second)  # type: ignore[arg-type]
    return held


def test_twins_are_the_last_answers_to_one_request_whole_and_streamed() -> None:
    body: Json = {"choices": [{"index": 0, "message": {"content": "ab"}}]}
    held = pair((answered(), answered(body)), (streamed(delta("a"), delta("b")),), stream=True, twin="s/first")
    (found,) = twins.see(asked(held, "s/second"))
    assert isinstance(found, Twins)
    assert found.same_text
    assert found.observation.exchange.purpose.key == "s/second"


def test_twins_that_say_different_things_say_so() -> None:
    (found,) = twins.see(asked(pair((answered(),), (streamed(delta("a")),), stream=True, twin="s/first"), "s/second"))
    assert isinstance(found, Twins)
    assert not found.same_text


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ((lost(),), (streamed(delta("a")),), GapKind.LOST),
        ((), (streamed(delta("a")),), GapKind.LOST),
        ((answered(),), (lost(),), GapKind.LOST),
        ((answered(),), (refused(),), GapKind.UNMET),
        ((answered(),), (answered(),), GapKind.UNMET),
    ],
)
def test_without_both_twins_there_is_nothing_to_compare(first: tuple[Exchange, ...], second: tuple[Exchange, ...], kind: GapKind) -> None:
    (found,) = twins.see(asked(pair(first, second, stream=True, twin="s/first"), "s/second"))
    assert isinstance(found, Gap)
    assert found.kind is kind


def test_a_request_without_a_twin_is_no_pair() -> None:
    one = alone(answered())
    assert list(twins.see(one)) == []
    assert list(variation.see(one)) == []
    assert list(probe_twins.see(one)) == []
    assert not twins.covers(one.purpose)
    assert not variation.covers(one.purpose)


def test_a_variation_is_compared_with_its_control() -> None:
    (found,) = variation.see(asked(pair((answered(),), (answered(WHOLE),), control="s/first"), "s/second"))
    assert isinstance(found, Variation)
    assert found.observation.exchange.purpose.key == "s/second"
    (nothing,) = variation.see(asked(pair((refused(),), (answered(),), control="s/first"), "s/second"))
    assert isinstance(nothing, Gap)


@pytest.mark.parametrize(
    ("control", "mutant", "kind"),
    [
        ((answered(),), (refused(),), None),
        ((answered(),), (answered(),), None),
        ((lost(), answered()), (refused(),), None),
        ((refused(),), (refused(),), GapKind.LOST),
        ((lost(),), (refused(),), GapKind.LOST),
        ((), (refused(),), GapKind.LOST),
        ((answered(),), (refused(401),), GapKind.LOST),
        ((answered(),), (refused(403),), GapKind.LOST),
        ((answered(),), (refused(302),), GapKind.LOST),
        ((answered(),), (refused(429),), GapKind.LOST),
        ((answered(),), (refused(500),), GapKind.LOST),
        ((answered(),), (refused(500), refused(500)), GapKind.UNMET),
        ((answered(),), (lost(FaultKind.RESET),), GapKind.LOST),
    ],
)
def test_a_refusal_counts_only_when_the_control_was_accepted_and_the_body_is_blamed(
    control: tuple[Exchange, ...], mutant: tuple[Exchange, ...], kind: GapKind | None
) -> None:
    held = Held()
    held.add(purpose("s/control"), *control)
    held.add(purpose("s/mutant", violation=VIOLATION, control="s/control"), *mutant)
    (found,) = probe.see(asked(held, "s/mutant"))
    if kind is None:
        assert isinstance(found, Probe)
        assert found.violation == VIOLATION
    else:
        assert isinstance(found, Gap)
        assert found.kind is kind


def test_the_envelope_of_a_refusal_is_read_whatever_it_is() -> None:
    (found,) = probe.see(alone(refused(), violation=VIOLATION))
    assert isinstance(found, Probe)
    assert found.reply.member("message") == "no"
    (bare,) = probe.see(alone(answered(b"nope", status=400), violation=VIOLATION))
    assert isinstance(bare, Probe)
    assert bare.reply.error is MISSING


def test_an_invalid_body_is_compared_whole_and_streamed() -> None:
    held = pair((refused(),), (answered(),), stream=True, twin="s/first", violation=VIOLATION)
    (found,) = probe_twins.see(asked(held, "s/second"))
    assert isinstance(found, ProbeTwins)
    assert (found.whole.observation.status, found.streamed.observation.status) == (400, 200)
    (nothing,) = probe_twins.see(asked(pair((lost(),), (refused(),), stream=True, twin="s/first", violation=VIOLATION), "s/second"))
    assert isinstance(nothing, Gap)


def test_what_may_go_either_way_is_seen_but_not_counted_on() -> None:
    one = alone(answered(), violation=VIOLATION, expect=Expectation.EITHER)
    assert [type(found) for found in probe.see(one)] == [Probe]
    assert not probe.covers(one.purpose)

"""Where a rule about streams would be too strict: what it lets pass, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import registry
from conformance.model import Chunk, Exchange, FaultKind, Json, Outcome
from conformance.requirements.streaming.delivery import Arrival, held_back
from tests.evidence import Held, answered, delta, outcome, purpose, refused, streamed

TEXT = " ".join(str(number) for number in range(1, 25))


def of_stream(identifier: str, *chunks: Json | str, topics: tuple[str, ...] = ()) -> Outcome:
    held = Held()
    held.add(purpose("s/one", stream=True, topics=topics), streamed(*chunks))
    return outcome(identifier, held)


# When text arrives. Times are simulated: so many tokens, each of which takes so long, after a wait for the first.


def arrivals(tokens: int, *, wait: float, each: float, buffered: bool, deaf: float = 0.0, whole: bool = True) -> Arrival:
    """A stream as we would see it; `deaf` is how long our own process is held up from the moment of asking."""
    total = wait + tokens * each
    first = max(total if buffered else wait + each, deaf)
    return Arrival(first=first, total=max(total, deaf), words=tokens // 2, whole=whole)


WAITS = st.floats(0.001, 5)
EACH = st.floats(0.0001, 0.2)
DEAF = st.floats(0, 10)


@settings(deadline=None, max_examples=300)
@given(wait=WAITS, each=EACH, deaf=st.lists(DEAF, min_size=5, max_size=5), heard=st.integers(0, 1))
def test_a_server_that_sends_as_it_goes_is_not_accused_however_deaf_we_are_in_between(
    wait: float, each: float, deaf: list[float], heard: int
) -> None:
    deaf[heard] = 0.0  # of the long streams that we read to their end one is heard in peace
    long = [arrivals(48, wait=wait, each=each, buffered=False, deaf=one) for one in deaf[:2]]
    long.append(arrivals(10, wait=wait, each=each, buffered=False, deaf=deaf[2], whole=False))
    short = [arrivals(size, wait=wait, each=each, buffered=False, deaf=one) for size, one in zip((5, 16), deaf[3:], strict=True)]
    assert held_back(long, short) is not True


@settings(deadline=None, max_examples=300)
@given(waits=st.lists(st.floats(0.001, 0.3), min_size=5, max_size=5))
def test_a_server_that_is_too_fast_to_tell_is_not_accused_for_a_wait_that_varies(waits: list[float]) -> None:
    long = [arrivals(48, wait=wait, each=0.0, buffered=True) for wait in waits[:3]]
    short = [arrivals(16, wait=wait, each=0.0, buffered=True) for wait in waits[3:]]
    assert held_back(long, short) is not True


@settings(deadline=None, max_examples=300)
@given(each=st.floats(0.02, 0.2), share=st.floats(0, 0.25), jitter=st.lists(st.floats(0.98, 1.02), min_size=5, max_size=5))
def test_a_stream_that_is_kept_to_its_end_is_told_when_generating_takes_the_time(each: float, share: float, jitter: list[float]) -> None:
    wait = share * 16 * each
    long = [arrivals(48, wait=wait, each=each * one, buffered=True, whole=bool(number)) for number, one in enumerate(jitter[:3])]
    short = [arrivals(size, wait=wait, each=each * one, buffered=True) for size, one in zip((5, 16), jitter[3:], strict=True)]
    assert held_back(long, short) is True


def test_one_stream_that_came_bit_by_bit_is_enough() -> None:
    long = [arrivals(48, wait=0.1, each=0.05, buffered=number < 2) for number in range(3)]
    assert held_back(long, [arrivals(5, wait=0.1, each=0.05, buffered=True), arrivals(16, wait=0.1, each=0.05, buffered=True)]) is False


@pytest.mark.parametrize("buffered", [True, False])
def test_one_that_is_over_soon_leaves_it_open_whatever_the_others_took_beside_other_requests(buffered: bool) -> None:
    swift = arrivals(48, wait=0.1, each=0.001, buffered=buffered)
    long = [swift, *[arrivals(48, wait=0.1, each=0.05, buffered=buffered)] * 2]
    assert held_back(long, [swift, swift]) is None


@pytest.mark.parametrize("number", [1, 2])
def test_fewer_than_three_streams_tell_nothing(number: int) -> None:
    long = [arrivals(48, wait=0.1, each=0.05, buffered=True)] * number
    assert held_back(long, [arrivals(5, wait=0.1, each=0.05, buffered=True)] * 2) is None


def heard_at(times: list[float]) -> Arrival:
    return Arrival(first=times[0], total=times[-1], words=48, times=tuple(times))


def blocks(size: int, each: float) -> Arrival:
    """A buffer that takes `size` chunks is passed on when it is full."""
    return heard_at([min((number // size + 1) * size, 48) * each for number in range(48)])


@pytest.mark.parametrize("size", [12, 16, 24, 40])
def test_a_buffer_that_is_smaller_than_the_stream_is_known_by_its_rhythm(size: int) -> None:
    assert held_back([blocks(size, 0.05)] * 2, []) is True


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_a_few_chunks_at_a_time_are_no_block(size: int) -> None:
    assert held_back([blocks(size, 0.05)] * 2, []) is False


@settings(deadline=None, max_examples=300)
@given(each=EACH, at=st.floats(0, 10), pause=st.floats(0, 10))
def test_one_pause_of_ours_in_each_stream_makes_no_block(each: float, at: float, pause: float) -> None:
    times = [number * each for number in range(1, 49)]
    quarter = times[-1] / 4
    begin = min(at, times[-1])
    late = [max(time, begin + min(pause, quarter)) if time > begin else time for time in times]
    assert held_back([heard_at(late)] * 2, []) is not True


# Company


def timed(exchange: Exchange, *times: float) -> Exchange:
    """The body cut into as many reads as there are times."""
    size = len(exchange.body) // len(times) + 1
    pieces = [exchange.body[at : at + size] for at in range(0, len(exchange.body), size)]
    return replace(exchange, chunks=tuple(Chunk(at, piece) for at, piece in zip(times, pieces, strict=True)), elapsed=times[-1])


def after_hanging_up(*tries: Exchange, hung_up: bool = True) -> Held:
    held = Held()
    left = replace(streamed(delta("quill"), sent={"stream": True}), hung_up=hung_up)
    held.add(purpose("delivery/hung-up", stream=True, topics=("hang-up", "sentinel=quill-1")), left)
    held.add(purpose("delivery/2", stream=True, topics=("after-hang-up",)), *tries)
    return held


def test_after_hanging_up_the_next_request_is_answered() -> None:
    assert outcome("STREAM-HANG-UP", after_hanging_up(streamed(delta("1", finish="stop")))) is Outcome.PASS
    assert outcome("STREAM-HANG-UP", after_hanging_up(refused(409))) is Outcome.FAIL
    assert outcome("STREAM-HANG-UP", after_hanging_up(refused(503), refused(503))) is Outcome.FAIL


def test_where_nobody_hung_up_nothing_follows_from_it() -> None:
    assert outcome("STREAM-HANG-UP", after_hanging_up(refused(409), hung_up=False)) is Outcome.NOT_RUN


def test_a_stream_that_we_left_is_no_answer_to_judge() -> None:
    held = Held()
    held.add(purpose("delivery/hung-up", stream=True, topics=("hang-up",)), replace(streamed(delta("1"), done=False), hung_up=True))
    for each in registry.load().requirements:
        if each.area == "streaming":
            assert outcome(each.id, held) in {Outcome.NOT_RUN, Outcome.PASS}, each.id


def test_a_word_of_another_request_is_told_and_a_word_of_its_own_is_not() -> None:
    said = streamed(delta("quill-1", finish="stop"), sent={"content": "nothing of the kind"})
    assert outcome("STREAM-OWN-ANSWER", after_hanging_up(said)) is Outcome.FAIL
    own = streamed(delta("quill-1", finish="stop"), sent={"content": "say quill-1"})
    assert outcome("STREAM-OWN-ANSWER", after_hanging_up(own)) is Outcome.PASS


# Thought


def test_a_thought_that_the_model_marks_from_end_to_end_is_its_own_affair() -> None:
    assert of_stream("STREAM-THOUGHT-MARKS", delta("<think>hm</think>4", finish="stop")) is Outcome.PASS
    assert of_stream("STREAM-THOUGHT-MARKS", delta("hm</think>4", finish="stop")) is Outcome.FAIL


def test_an_answer_may_begin_as_the_thought_did() -> None:
    thoughts = [delta(reasoning_content=word) for word in ("1 ", "2 ", "3 ")]
    assert of_stream("STREAM-THOUGHT-APART", *thoughts, *(delta(word) for word in ("1 ", "2 ", "3 "))) is Outcome.PASS
    both = [delta(word, reasoning_content=word) for word in ("1 ", "2 ", "3 ")]
    assert of_stream("STREAM-THOUGHT-APART", *both) is Outcome.FAIL


def test_thought_that_is_null_or_absent_is_none() -> None:
    assert of_stream("STREAM-THOUGHT-TEXT", delta("1", reasoning=None), delta("2")) is Outcome.NOT_RUN


def with_thought(whole: str, *chunks: str) -> Held:
    held = Held()
    message: Json = {"role": "assistant", "content": "4", whole: "hm"}
    held.add(purpose("s/one"), answered({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
    held.add(purpose("s/one/streamed", stream=True, twin="s/one"), streamed(*(delta(**{name: "hm"}) for name in chunks), delta("4")))
    return held


def test_thought_keeps_its_name() -> None:
    assert outcome("STREAM-THOUGHT-NAME", with_thought("reasoning", "reasoning", "reasoning")) is Outcome.PASS
    assert outcome("STREAM-THOUGHT-NAME", with_thought("reasoning", "reasoning_content")) is Outcome.FAIL
    assert outcome("STREAM-THOUGHT-NAME", with_thought("reasoning", "reasoning", "reasoning_content")) is Outcome.FAIL


# Failures


def test_an_event_without_choices_is_not_yet_a_failure() -> None:
    assert of_stream("STREAM-ERROR-SHOWS", {"id": "c", "prompt_filter_results": []}, delta("1")) is Outcome.NOT_RUN
    assert of_stream("STREAM-ERROR-SHOWS", delta("1"), {"detail": "out of memory"}) is Outcome.FAIL
    assert of_stream("STREAM-ERROR-SHOWS", delta("1"), {"error": {"message": "out of memory"}}) is Outcome.PASS


# What is asked in the full tier alone


def test_padding_that_was_not_wanted() -> None:
    padded = [{**delta("1"), "obfuscation": "x7"}]
    assert of_stream("STREAM-OBFUSCATION-OFF", *padded, topics=("unpadded",)) is Outcome.FAIL
    assert of_stream("STREAM-OBFUSCATION-OFF", delta("1"), topics=("unpadded",)) is Outcome.PASS
    assert of_stream("STREAM-OBFUSCATION-OFF", *padded) is Outcome.NOT_RUN


@pytest.mark.parametrize(("pieces", "expected"), [(1, Outcome.FAIL), (2, Outcome.PASS), (24, Outcome.PASS)])
def test_tools_on_offer_do_not_make_one_chunk_of_a_text(pieces: int, expected: Outcome) -> None:
    words = [f"{number} " for number in range(24)]
    size = len(words) // pieces
    held = Held()
    held.add(purpose("delivery/1", stream=True), streamed(*(delta(word) for word in words)))
    texts = ["".join(words[at : at + size]) for at in range(0, len(words), size)]
    held.add(purpose("rare/tools-unused", stream=True, topics=("tools-unused",)), streamed(*(delta(text) for text in texts)))
    assert outcome("STREAM-INCREMENTAL-TOOLS", held) is expected


@pytest.mark.parametrize(
    ("whole", "stream", "expected"),
    [
        ('{"a": [1, 2]}', '{\n  "a": [1,2]\n}', Outcome.INCONCLUSIVE),
        ('{"a": "b c"}', '{"a": "bc"}', Outcome.FAIL),
        ("1 2", "12", Outcome.FAIL),
        ("1 2", "1  2", Outcome.FAIL),
        ('{"a": 1}', '{"a": 1}', Outcome.PASS),
    ],
)
def test_a_model_may_lay_out_json_in_another_way_each_time(whole: str, stream: str, expected: Outcome) -> None:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": whole}, "finish_reason": "stop"}
    held = Held()
    held.add(purpose("s/one"), answered({"object": "chat.completion", "choices": [choice]}))
    held.add(purpose("s/one/streamed", stream=True, twin="s/one"), streamed(delta(stream), delta(finish="stop")))
    assert outcome("STREAM-SAME-TEXT", held) is expected


def test_a_body_that_breaks_off_before_its_first_byte_is_not_said_to_be_no_stream() -> None:
    """Nor does txtai label its streams; that one breaks off is told by others."""
    held = Held()
    held.add(purpose("s/one", stream=True), answered(b"", media="", fault=FaultKind.TRUNCATED))
    assert outcome("STREAM-HONOURED", held) is Outcome.INCONCLUSIVE
    held.add(purpose("s/two", stream=True), answered())
    assert outcome("STREAM-HONOURED", held) is Outcome.FAIL

"""How a request ended, over all its attempts, and why there may be nothing to judge."""

from __future__ import annotations

import pytest

from conformance.model import Exchange, FaultKind
from conformance.observation import Gap, GapKind, Standing, gap
from conformance.subjects.failure import error_reply, exchange, probe, request, valid_request
from conformance.subjects.reply import Answer, Stream, answer, reply, streamed_answer
from tests.evidence import VIOLATION, Held, alone, answered, asked, delta, evidence, lost, purpose, refused, streamed

CUT = answered(b'{"choi', fault=FaultKind.TRUNCATED)
ENDLESS = answered(b"data: 1\n\n" * 9, media="text/event-stream", fault=FaultKind.OVERSIZE)
LIMITED = answered(status=429)
HANGING = answered(b'{"choi', fault=FaultKind.TIMEOUT)
BROKEN = answered(status=500)


@pytest.mark.parametrize(
    ("tries", "standing", "answers"),
    [
        ((answered(),), Standing.ANSWERED, 1),
        ((refused(),), Standing.ANSWERED, 1),
        ((lost(), answered()), Standing.ANSWERED, 1),
        ((answered(), answered()), Standing.ANSWERED, 2),
        ((BROKEN, answered()), Standing.ANSWERED, 1),
        ((BROKEN, BROKEN), Standing.BROKEN, 0),
        ((BROKEN,), Standing.LOST, 0),
        ((BROKEN, lost(), BROKEN), Standing.BROKEN, 0),
        ((lost(FaultKind.RESET), BROKEN, BROKEN), Standing.BROKEN, 0),
        ((BROKEN, CUT), Standing.ANSWERED, 1),
        ((BROKEN, lost()), Standing.LOST, 0),
        ((BROKEN, LIMITED), Standing.LOST, 0),
        ((LIMITED, LIMITED), Standing.LOST, 0),
        ((answered(status=408), answered(status=425)), Standing.LOST, 0),
        ((lost(), lost()), Standing.LOST, 0),
        ((), Standing.LOST, 0),
    ],
)
def test_how_a_request_ended(tries: tuple[Exchange, ...], standing: Standing, answers: int) -> None:
    one = alone(*tries)
    assert one.standing is standing
    assert len(one.answers) == answers


@pytest.mark.parametrize(
    ("tries", "counts"),
    [
        ((CUT,), False),
        ((CUT, CUT, CUT, CUT), True),
        ((CUT, lost()), False),
        ((CUT, BROKEN), True),
        ((BROKEN, CUT, BROKEN, CUT), True),
        ((CUT, lost(FaultKind.RESET), CUT), True),
        ((CUT, LIMITED), False),
        ((CUT, BROKEN, LIMITED), False),
        ((HANGING, BROKEN), False),
        ((BROKEN, lost(FaultKind.RESET)), False),
        ((ENDLESS,), True),
        ((CUT, answered()), True),
    ],
)
def test_a_success_that_breaks_off_every_time_is_what_the_target_does(tries: tuple[Exchange, ...], counts: bool) -> None:
    one = alone(*tries)
    assert bool(one.answers) is counts
    assert one.accepted is counts
    if counts:
        assert one.answer is not None
        assert one.answer.succeeded


@pytest.mark.parametrize(
    ("accidents", "tries", "standing"),
    [
        ((CUT, answered()), (BROKEN, BROKEN), Standing.BROKEN),
        ((BROKEN, answered()), (BROKEN, BROKEN), Standing.LOST),
        ((BROKEN, answered()), (CUT, CUT), Standing.ANSWERED),
        ((CUT, answered()), (CUT, CUT), Standing.LOST),
        ((CUT, answered()), (BROKEN, CUT), Standing.LOST),
        ((BROKEN, BROKEN), (BROKEN, BROKEN), Standing.BROKEN),
    ],
)
def test_only_accidents_of_its_own_kind_excuse_what_happens_each_time(
    accidents: tuple[Exchange, ...], tries: tuple[Exchange, ...], standing: Standing
) -> None:
    held = Held()
    for number in range(9):
        held.add(purpose(f"s/calm/{number}"), answered())
    held.add(purpose("s/other"), *accidents)
    held.add(purpose("s/one"), *tries)
    assert asked(held, "s/one").standing is standing


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422])
def test_a_status_that_blames_the_request_is_a_refusal(status: int) -> None:
    one = alone(refused(status)).answer
    assert one is not None
    assert one.refused
    assert not one.succeeded


@pytest.mark.parametrize("status", [200, 301, 401, 402, 403])
def test_a_status_that_blames_something_else_is_none(status: int) -> None:
    one = alone(refused(status)).answer
    assert one is not None
    assert not one.refused


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_status_that_says_try_again_is_not_even_an_answer(status: int) -> None:
    assert alone(refused(status), refused(status)).answer is None


@pytest.mark.parametrize(
    ("tries", "needs", "claims", "denies", "kind"),
    [
        ((), (), (), (), GapKind.LOST),
        ((lost(),), (), (), (), GapKind.LOST),
        ((LIMITED,), ("tools",), (), (), GapKind.LOST),
        ((BROKEN,), ("tools",), (), (), GapKind.LOST),
        ((BROKEN, BROKEN), (), (), (), GapKind.UNMET),
        ((answered(status=401),), ("tools",), (), (), GapKind.LOST),
        ((refused(),), (), (), (), GapKind.UNMET),
        ((refused(),), ("tools",), (), (), GapKind.INAPPLICABLE),
        ((refused(),), ("tools",), ("n",), (), GapKind.INAPPLICABLE),
        ((refused(),), ("tools",), ("tools",), (), GapKind.UNMET),
        ((refused(),), ("tools",), ("tools",), ("tools",), GapKind.INAPPLICABLE),
        ((streamed(delta("x")),), (), (), (), GapKind.UNMET),
    ],
)
def test_why_there_is_no_answer_to_judge(
    tries: tuple[Exchange, ...], needs: tuple[str, ...], claims: tuple[str, ...], denies: tuple[str, ...], kind: GapKind
) -> None:
    held = Held()
    held.add(purpose("s/one", needs=needs), *tries)
    found = gap(asked(held, "s/one", claims=claims, denies=denies))
    assert found.kind is kind
    assert found.reason


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ((answered(),), GapKind.UNMET),
        ((BROKEN, BROKEN), GapKind.UNMET),
        ((answered(status=401),), GapKind.UNMET),
        ((refused(),), GapKind.INAPPLICABLE),
        ((lost(),), GapKind.LOST),
        ((LIMITED, LIMITED), GapKind.LOST),
        ((), GapKind.LOST),
    ],
)
def test_what_was_not_sent_shares_the_fate_of_what_it_follows(before: tuple[Exchange, ...], kind: GapKind) -> None:
    held = Held()
    held.add(purpose("s/first", needs=("tools",)), *before)
    held.add(purpose("s/second", needs=("tools",), after="s/first"))
    held.add(purpose("s/third", needs=("tools",), after="s/second"))
    for key in ("s/second", "s/third"):
        one = asked(held, key)
        for view in (answer, reply, request, valid_request, exchange):
            (found,) = view.see(one)
            assert isinstance(found, Gap)
            assert found.kind is kind, (key, view.name)


def test_the_views_of_whole_and_streamed_answers_share_nothing() -> None:
    whole, stream = alone(answered()), alone(streamed(delta("x")), stream=True)
    assert [type(one) for one in answer.see(whole)] == [Answer]
    assert [type(one) for one in reply.see(whole)] == [Answer]
    assert [type(one) for one in streamed_answer.see(stream)] == [Stream]
    assert [type(one) for one in reply.see(stream)] == [Stream]
    assert not answer.covers(stream.purpose)
    assert not streamed_answer.covers(whole.purpose)


@pytest.mark.parametrize(
    ("one", "is_stream"),
    [
        (streamed(delta("x")), True),
        (answered(b"data: 1\n\n", media="application/json"), True),
        (answered(b"\xef\xbb\xbf: hi\n\n", media="text/plain"), True),
        (answered(b"", media="text/event-stream; charset=utf-8"), True),
        (answered(), False),
        (answered(b"<html>", media="text/html"), False),
    ],
)
def test_a_stream_is_known_by_its_first_bytes_or_by_its_label(one: Exchange, is_stream: bool) -> None:
    seen = alone(one).answer
    assert seen is not None
    assert seen.is_event_stream is is_stream


def test_what_was_let_in_and_broke_off_lacks_no_error() -> None:
    held = Held()
    held.add(purpose("s/other"), CUT, answered())
    held.add(purpose("s/let-in", violation=VIOLATION), CUT, CUT)
    held.add(purpose("s/lost", violation=VIOLATION), lost(), lost())
    assert asked(held, "s/let-in").standing is Standing.LOST
    assert list(error_reply.see(asked(held, "s/let-in"))) == []
    assert [type(found) for found in error_reply.see(asked(held, "s/lost"))] == [Gap]


def test_every_attempt_with_an_error_status_is_an_error_reply_retried_ones_too() -> None:
    one = alone(BROKEN, LIMITED, refused(), violation=VIOLATION)
    assert [found.observation.status for found in error_reply.see(one) if not isinstance(found, Gap)] == [500, 429, 400]


def test_a_request_that_is_broken_every_time_is_judged_and_one_that_got_lost_is_not() -> None:
    broken, gone = alone(BROKEN, BROKEN), alone(LIMITED)
    assert list(valid_request.see(broken)) == [broken]
    (found,) = valid_request.see(gone)
    assert isinstance(found, Gap)


def test_a_view_can_be_narrowed_and_then_neither_sees_nor_covers_the_rest() -> None:
    held = Held()
    held.add(purpose("s/tools", needs=("tools", "streaming"), topics=("call",)), answered())
    held.add(purpose("s/plain", topics=("cap",)), answered())
    tools, plain = asked(held, "s/tools"), asked(held, "s/plain")
    for view in (answer.needing("tools"), answer.about("call"), answer.where(lambda p: p.key == "s/tools", "one")):
        assert view.covers(tools.purpose)
        assert list(view.see(tools))
        assert not view.covers(plain.purpose)
        assert not list(view.see(plain))
    assert not probe.covers(tools.purpose)


def test_evidence_is_gone_through_in_the_order_of_the_record() -> None:
    held = Held()
    for name in ("c", "a", "b"):
        held.add(purpose(f"s/{name}"), answered())
    assert [one.purpose.key for one in evidence(held).all()] == ["s/c", "s/a", "s/b"]
    assert evidence(held).asked("s/unknown") is None


def test_a_request_weighs_what_was_sent_and_what_came_on_every_attempt() -> None:
    assert alone(answered(b"no", sent=b"12345", status=500), answered(b"yes!", sent=b"12345")).weight() == 16

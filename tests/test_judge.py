"""How observations add up to a verdict."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from conformance.contract import load
from conformance.gate import ExitStatus, decide
from conformance.judge import KEPT_CODES, KEPT_EVIDENCE, KEPT_FINDINGS, KEPT_REASONS, counts, judge
from conformance.model import Exchange, Finding, Level, Outcome, Purpose, Verdict
from conformance.observation import AbsentError, Asked, Evidence, Gap, UnmetError
from conformance.registry import load as catalogue
from conformance.subjects.reply import Answer, answer
from conformance.view import View
from tests.evidence import VIOLATION, Held, answered, evidence, lost, purpose, refused, requirement

PASS, FAIL, UNMET, BUG, LOST, EXCUSED, ABSENT, UNSENT = "pass", "fail", "unmet", "bug", "lost", "excused", "absent", "unsent"

Check = Callable[[Answer], Iterator[Finding]]


def as_told(one: Answer) -> Iterator[Finding]:
    """Does what the last part of the request's key says."""
    match one.observation.purpose.key.rpartition("-")[2]:
        case "fail":
            yield Finding(code="bad", expected="good", received="bad")
        case "unmet":
            raise UnmetError("the model would not")
        case "absent":
            raise AbsentError("there is none")
        case "bug":
            raise ZeroDivisionError("oops")
        case _:
            pass


def told(*fates: str) -> Held:
    """A record in which these things happen."""
    held = Held()
    sent = next((f"s/{number}-{fate}" for number, fate in enumerate(fates) if fate != UNSENT), "")
    for number, fate in enumerate(fates):
        tries: tuple[Exchange, ...] = (answered(),)
        if fate == LOST:
            tries = (lost(),)
        elif fate == EXCUSED:
            tries = (refused(),)
        elif fate == UNSENT:
            tries = ()
        after = sent if fate == UNSENT else ""
        held.add(purpose(f"s/{number}-{fate}", needs=("tools",) if fate == EXCUSED else (), after=after), *tries)
    return held


def verdict(held: Held, check: Check = as_told) -> Verdict:
    (one,) = judge(evidence(held), [requirement(answer, check)])
    return one


@pytest.mark.parametrize(
    ("fates", "outcome"),
    [
        ((), Outcome.NOT_RUN),
        ((PASS,), Outcome.PASS),
        ((FAIL,), Outcome.FAIL),
        ((UNMET,), Outcome.INCONCLUSIVE),
        ((LOST,), Outcome.INCONCLUSIVE),
        ((EXCUSED,), Outcome.INAPPLICABLE),
        ((BUG,), Outcome.ERROR),
        ((ABSENT,), Outcome.NOT_RUN),
        ((ABSENT, EXCUSED), Outcome.NOT_RUN),
        ((ABSENT, UNMET), Outcome.INCONCLUSIVE),
        ((ABSENT, UNSENT), Outcome.NOT_RUN),
        ((ABSENT, UNSENT, UNMET), Outcome.INCONCLUSIVE),
        ((UNMET, UNSENT), Outcome.INCONCLUSIVE),
        ((ABSENT, LOST), Outcome.INCONCLUSIVE),
        ((PASS, UNSENT), Outcome.PASS),
        ((PASS, UNMET), Outcome.PASS),
        ((PASS, EXCUSED), Outcome.PASS),
        ((PASS, LOST), Outcome.INCONCLUSIVE),
        ((UNMET, EXCUSED), Outcome.INCONCLUSIVE),
        ((LOST, EXCUSED), Outcome.INCONCLUSIVE),
        ((PASS, BUG), Outcome.ERROR),
        ((LOST, BUG), Outcome.ERROR),
        ((FAIL, PASS), Outcome.FAIL),
        ((FAIL, LOST), Outcome.FAIL),
        ((FAIL, BUG), Outcome.FAIL),
        ((FAIL, UNMET, EXCUSED, LOST, PASS, BUG), Outcome.FAIL),
    ],
)
def test_the_worst_observation_decides(fates: tuple[str, ...], outcome: Outcome) -> None:
    assert verdict(told(*fates)).outcome is outcome
    assert verdict(told(*reversed(fates))).outcome is outcome


def test_all_observations_are_counted() -> None:
    one = verdict(told(PASS, PASS, FAIL, LOST, UNMET, EXCUSED))
    assert (one.passed, one.failed, one.lost, one.unmet) == (2, 1, 1, 1)


def test_a_finding_names_the_exchange_that_it_was_made_on() -> None:
    held = Held()
    held.add(purpose("s/again-fail"), lost(), answered())
    (found,) = verdict(held).findings
    assert found.exchange == "s/again-fail#2"


def test_a_check_that_raises_is_our_error_and_says_where() -> None:
    one = verdict(told(BUG))
    assert one.findings == ()
    assert one.failed == 0
    assert one.reasons == ("s/0-bug: ZeroDivisionError: oops",)


def test_what_decides_is_told_first() -> None:
    many = verdict(told(*[ABSENT] * (KEPT_REASONS + 1), UNMET, EXCUSED, LOST))
    assert many.outcome is Outcome.INCONCLUSIVE
    first, second, *rest = many.reasons
    assert first.startswith("s/13-lost")
    assert second.startswith("s/11-unmet")
    assert len(rest) == KEPT_REASONS - 2


def test_a_view_that_raises_is_our_error_too() -> None:
    def broken(asked: Asked) -> Iterator[Answer | Gap]:
        yield from answer.see(asked)
        raise KeyError("content")

    view: View[Answer] = View("broken", lambda _: True, broken)
    broken_one, other = judge(evidence(told(PASS)), [requirement(view, as_told, "ANSWER-BROKEN"), requirement(answer, as_told)])
    assert broken_one.outcome is Outcome.ERROR
    assert "KeyError" in broken_one.reasons[0]
    assert other.outcome is Outcome.PASS


def test_what_a_view_does_not_cover_may_be_judged_but_is_no_gap() -> None:
    uncovered = View("answer nobody planned", lambda _: False, answer.see)
    (lost,) = judge(evidence(told(LOST)), [requirement(uncovered, as_told)])
    assert lost.outcome is Outcome.NOT_RUN
    (failed,) = judge(evidence(told(LOST, FAIL)), [requirement(uncovered, as_told)])
    assert failed.outcome is Outcome.FAIL


def test_what_becomes_of_an_invalid_request_is_no_answer_to_be_judged_as_one() -> None:
    held = Held()
    held.add(purpose("s/mutant-fail", violation=VIOLATION), answered())
    assert verdict(held).outcome is Outcome.NOT_RUN


def test_the_same_record_gives_the_same_verdicts() -> None:
    held = told(PASS, FAIL, LOST, UNMET, BUG, EXCUSED, PASS)
    assert verdict(held) == verdict(held)


def test_verdicts_come_in_the_order_asked_for() -> None:
    wanted = [requirement(answer, as_told, f"ANSWER-{letter}") for letter in "CAB"]
    assert [one.requirement for one in judge(evidence(told(PASS)), wanted)] == ["ANSWER-C", "ANSWER-A", "ANSWER-B"]


def test_requirements_with_one_view_share_what_it_saw() -> None:
    seen: list[Asked] = []

    def see(asked: Asked) -> Iterator[Answer | Gap]:
        seen.append(asked)
        return iter(answer.see(asked))

    view = replace(answer, look=see)
    judge(evidence(told(PASS, PASS)), [requirement(view, as_told, f"ANSWER-{letter}") for letter in "ABC"])
    assert len(seen) == 2


def test_the_level_is_that_of_the_dialect() -> None:
    dialect = load("openai-compatible")
    changed = next(iter(dialect.levels.items()), None)
    identifier, wanted = changed[0] if changed else "ANSWER-TEST", changed[1].level if changed else Level.MUST
    other = next(level for level in Level if level is not wanted)
    (one,) = judge(evidence(Held(), contract=dialect), [requirement(answer, as_told, identifier, other if changed else wanted)])
    assert one.level is wanted
    (plain,) = judge(evidence(Held()), [requirement(answer, as_told, identifier, Level.MAY)])
    assert plain.level is Level.MAY


def test_what_is_kept_is_bounded_and_what_is_counted_is_not() -> None:
    many = 40
    failed = verdict(told(*[FAIL] * many))
    assert (failed.failed, len(failed.findings)) == (many, KEPT_FINDINGS)
    broken = verdict(told(*[BUG] * many))
    assert len(broken.reasons) == KEPT_REASONS
    passed = verdict(told(*[PASS] * many))
    assert (passed.passed, len(passed.evidence)) == (many, KEPT_EVIDENCE)
    gone = verdict(told(*[LOST] * many))
    assert (gone.lost, len(gone.reasons)) == (many, KEPT_REASONS)


def test_one_answer_with_a_great_many_faults_does_not_swamp_the_report() -> None:
    def everything(one: Answer) -> Iterator[Finding]:
        yield from (Finding(code="bad", expected="", received=str(number)) for number in range(1000))

    one = verdict(told(PASS, PASS), everything)
    assert (one.failed, len(one.findings)) == (2, KEPT_FINDINGS)


def test_the_first_of_each_code_is_kept_however_many_came_before() -> None:
    def two_kinds(one: Answer) -> Iterator[Finding]:
        yield from (Finding(code="often", expected="", received=str(number)) for number in range(100))
        yield from (Finding(code="rare", expected="", received=str(number)) for number in range(3))

    one = verdict(told(PASS), two_kinds)
    assert one.codes == (("often", 100), ("rare", 3))
    assert [finding.code for finding in one.findings] == ["often"] * KEPT_FINDINGS + ["rare"]


def test_how_many_codes_are_kept_is_bounded() -> None:
    def countless(one: Answer) -> Iterator[Finding]:
        yield from (Finding(code=str(number), expected="", received="") for number in range(1000))

    one = verdict(told(PASS), countless)
    assert len(one.codes) == len(one.findings) == KEPT_CODES


class Endless(Held):
    """A record of any length that takes no room itself."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def keys(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.length)))

    def purpose(self, key: str) -> Purpose | None:
        return purpose(f"s/{key}-{(PASS, FAIL, UNMET, BUG)[int(key) % 4]}")

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        why = self.purpose(key)
        assert why is not None
        return (replace(answered(), purpose=why),)


def peak(length: int) -> int:
    held: Evidence = evidence(Endless(length))
    tracemalloc.start()
    try:
        judge(held, [requirement(answer, as_told)])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_however_long_the_record() -> None:
    peak(600)
    # Keys alone take some sixty bytes each; an exchange takes thousands.
    assert peak(6_000) < 1.5 * peak(600)


def test_counts_are_by_level_and_outcome() -> None:
    one = verdict(told(PASS))
    assert counts([one, one, replace(one, outcome=Outcome.FAIL)]) == MappingProxyType(
        {(Level.MUST, Outcome.PASS): 2, (Level.MUST, Outcome.FAIL): 1}
    )


def test_nothing_of_the_catalogue_passes_on_a_record_in_which_nothing_happened() -> None:
    verdicts = judge(evidence(Held()), catalogue().requirements)
    assert {one.outcome for one in verdicts} == {Outcome.NOT_RUN}


@pytest.mark.parametrize(
    "one", [lost(), refused(401), refused(403), refused(429), refused(500), answered(b"<html>", media="text/html"), answered({})]
)
def test_no_answer_that_is_given_to_everything_conforms(one: Exchange) -> None:
    held = Held()
    for key in ("preflight/max_tokens", "s/whole"):
        held.add(purpose(key), one)
    held.add(purpose("s/streamed", stream=True, twin="s/whole", control="s/whole"), one)
    held.add(purpose("s/tools", needs=("tools",), after="s/whole"))
    held.add(purpose("s/mutant", violation=VIOLATION, control="preflight/max_tokens"), one)
    verdicts = judge(evidence(held), catalogue().requirements)
    assert decide(verdicts, complete=True).status != ExitStatus.CONFORMS
    if one.status is None:
        assert not any(each.outcome is Outcome.PASS for each in verdicts)

"""What a baseline makes of a run: the truth table, and the decision of the gate."""

from __future__ import annotations

import pytest

from conformance.baseline import Mark, Standing, marked, propose, weigh
from conformance.gate import ExitStatus, Gate, decide
from conformance.model import Level, Outcome, Verdict
from conformance.provenance import Accepted, Expect

PASS, FAIL, OPEN, EXCUSED, NOT_RUN, BUG = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.INCONCLUSIVE,
    Outcome.INAPPLICABLE,
    Outcome.NOT_RUN,
    Outcome.ERROR,
)
GREEN, RED, NOT_JUDGED = ExitStatus.CONFORMS, ExitStatus.VIOLATIONS, ExitStatus.NOT_JUDGED

fail, other, flaky = Accepted(rule="R", code="a"), Accepted(rule="R", code="b"), Accepted(rule="R", code="a", expect=Expect.FLAKY)
inconclusive, flaky_open = Accepted(rule="R", expect=Expect.INCONCLUSIVE), Accepted(rule="R", expect=Expect.FLAKY)


def verdict(outcome: Outcome, *codes: str, rule: str = "R", level: Level = Level.MUST, lost: int = 0) -> Verdict:
    return Verdict(requirement=rule, level=level, outcome=outcome, codes=tuple((code, 1) for code in codes), lost=lost)


def gate(one: Verdict, *listed: Accepted, strict: bool = False) -> Gate:
    """Decide over a run of two requirements: the one at hand, and another that holds."""
    verdicts = [one, verdict(PASS, rule="HOLDS")]
    return decide(verdicts, complete=True, strict=strict, marks=marked(verdicts, listed, lambda _: True))


@pytest.mark.parametrize(
    ("the_run_says", "listed", "status", "words"),
    [
        # the run says          | listed                 | exit status | the sentence says
        (verdict(FAIL, "a"), [fail], GREEN, "Conforms apart from 1 accepted failure"),
        (verdict(FAIL, "a", "b"), [fail, other], GREEN, "Conforms apart from 1 accepted failure"),
        (verdict(FAIL, "b"), [fail], RED, "in a way that the baseline does not list"),
        (verdict(FAIL, "a", "b"), [fail], RED, "in a way that the baseline does not list"),
        (verdict(FAIL, "a"), [], RED, "Does not conform"),
        (verdict(FAIL, "a"), [inconclusive], RED, "Does not conform"),
        (verdict(OPEN), [], NOT_JUDGED, "Could not be judged"),
        (verdict(OPEN), [fail], NOT_JUDGED, "Could not be judged"),
        (verdict(OPEN), [inconclusive], GREEN, "Conforms apart from 1 accepted as inconclusive"),
        (verdict(PASS), [], GREEN, "Conforms: 2 MUST"),
        (verdict(PASS), [fail], RED, "The baseline is stale: 1 thing that it accepts no longer occurs: R [a]"),
        (verdict(PASS), [inconclusive], RED, "The baseline is stale"),
        (verdict(FAIL, "a"), [fail, other], RED, "The baseline is stale: 1 thing that it accepts no longer occurs: R [b]"),
        (verdict(FAIL, "a", lost=1), [fail, other], GREEN, "Conforms apart from 1 accepted failure"),
        (verdict(PASS), [flaky], GREEN, "Conforms: 2 MUST requirements hold; flaky by the baseline: 0 showed, 1 held"),
        (verdict(FAIL, "a"), [flaky], GREEN, "accepted failure: 1 MUST requirements hold; flaky by the baseline: 1 showed"),
        (verdict(FAIL, "b"), [flaky], RED, "Does not conform"),
        (verdict(OPEN), [flaky], NOT_JUDGED, "Could not be judged"),
        (verdict(OPEN), [flaky_open], GREEN, "Conforms apart from 1 accepted as inconclusive"),
        (verdict(PASS), [flaky_open], GREEN, "Conforms: 2 MUST"),
        (verdict(EXCUSED), [fail], GREEN, "Conforms: 1 MUST"),
        (verdict(NOT_RUN), [fail], GREEN, "Conforms: 1 MUST"),
        (verdict(BUG), [fail], ExitStatus.OUR_ERROR, "The suite itself failed"),
        (verdict(FAIL, "a", rule="NOT-LISTED"), [fail], RED, "Does not conform"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_the_truth_table(the_run_says: Verdict, listed: list[Accepted], status: ExitStatus, words: str) -> None:
    decided = gate(the_run_says, *listed)
    assert (decided.status, words in decided.sentence) == (status, True), decided.sentence


@pytest.mark.parametrize(
    ("the_run_says", "strict", "status", "words"),
    [
        (verdict(FAIL, "a", level=Level.SHOULD), False, GREEN, "1 SHOULD failed as well, 1 of them accepted"),
        (verdict(FAIL, "a", level=Level.SHOULD), True, GREEN, "Conforms apart from 1 accepted failure"),
        (verdict(FAIL, "b", level=Level.SHOULD), False, RED, "The baseline is stale: 1 thing that it accepts no longer occurs: R [a]"),
        (verdict(FAIL, "b", level=Level.SHOULD), True, RED, "Does not conform"),
        (verdict(PASS, level=Level.SHOULD), False, RED, "The baseline is stale"),
        (verdict(PASS, level=Level.MAY), False, RED, "The baseline is stale"),
    ],
)
def test_what_is_listed_of_a_recommendation_is_shown_and_grows_stale_too(
    the_run_says: Verdict, strict: bool, status: ExitStatus, words: str
) -> None:
    decided = gate(the_run_says, fail, strict=strict)
    assert (decided.status, words in decided.sentence) == (status, True), decided.sentence


def test_what_conforms_apart_from_something_never_reads_as_conforming() -> None:
    decided = gate(verdict(FAIL, "a"), fail)
    assert decided.accepted == 1
    assert not decided.sentence.startswith("Conforms:")


def test_a_failure_that_is_listed_does_not_hide_another() -> None:
    verdicts = [verdict(FAIL, "a"), verdict(FAIL, "a", rule="S"), verdict(PASS, rule="T")]
    decided = decide(verdicts, complete=True, marks=marked(verdicts, [fail, Accepted(rule="T", code="x")], lambda _: True))
    assert decided.status is RED
    assert "1 of 3 MUST requirements failed; apart from them, 1 accepted failure; 1 entry of the baseline stale" in decided.sentence


def test_an_incomplete_run_that_is_stale_says_both() -> None:
    decided = decide([verdict(PASS)], complete=False, reason="the cable", marks={"R": weigh(verdict(PASS), [fail])})
    assert decided.status is RED
    assert "stale" in decided.sentence
    assert "incomplete: the cable" in decided.sentence


def test_what_this_run_did_not_ask_for_is_not_stale() -> None:
    mark = weigh(verdict(PASS), [fail], asked=lambda _: False)
    assert mark == Mark(entries=((fail, Standing.UNTOLD),))
    assert decide([verdict(PASS)], complete=True, marks={"R": mark}).status is GREEN


def test_a_proposal_lists_every_code_keeps_what_still_fails_and_drops_what_does_not() -> None:
    verdicts = [verdict(FAIL, "a", "b"), verdict(OPEN, rule="S"), verdict(PASS, rule="T"), verdict(FAIL, "x", rule="U", level=Level.SHOULD)]
    known = (Accepted(rule="R", code="a", reason="known"), Accepted(rule="T", code="gone", reason="was known"))
    proposal = propose(verdicts, marked(verdicts, known, lambda _: True), known, [Level.MUST])
    assert proposal.kept == known[:1]
    assert proposal.dropped == known[1:]
    assert proposal.added == (Accepted(rule="R", code="b"), Accepted(rule="S", expect=Expect.INCONCLUSIVE))


def test_a_run_is_green_by_what_was_proposed_for_it() -> None:
    verdicts = [verdict(FAIL, "a", "b"), verdict(OPEN, rule="S"), verdict(PASS, rule="T")]
    proposed = propose(verdicts, {}, (), [Level.MUST]).added
    assert decide(verdicts, complete=True).status is RED
    assert decide(verdicts, complete=True, marks=marked(verdicts, proposed, lambda _: True)).status is GREEN

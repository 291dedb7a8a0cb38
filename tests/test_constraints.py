"""A row for each constraint: every violation of the plan in one of them, each value with what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from conformance import contract, preflight, registry, session
from conformance.ask import Ask
from conformance.generate.mutants import decisive
from conformance.judge import judge
from conformance.model import CAP_FIELDS, Exchange, Expectation, Json, Level, Outcome, Purpose, Request, Tier, Violation
from conformance.observation import Evidence
from conformance.overview import constraints
from conformance.overview.constraints import ConstraintRow, Holder, Reaction
from conformance.provenance import Identity
from conformance.reference import defects
from conformance.reference.behaviour import Behaviour
from conformance.reference.service import MODEL, Service
from conformance.render.constraints import outcomes, sentence
from conformance.requirements.validation.broken import Refusals
from conformance.subjects.fate import Effect
from conformance.target import Target
from tests import evidence
from tests.evidence import Held, answered, lost, purpose, refused, streamed
from tests.recording import READING, exchange

CATALOGUE = registry.load().requirements

CRASH = "REQUEST-INVALID-NO-5XX"
"""Owns what may be refused or accepted."""

TEMPERATURE = "/components/schemas/CreateChatCompletionRequest/properties/temperature"


@cache
def planned() -> tuple[tuple[Purpose, Request], ...]:
    """The preflight's question and every invalid body of a scored run."""
    target = Target(base_url="http://127.0.0.1:1/v1", model=MODEL)
    catalogue = registry.load()
    assignment = session.Assignment(
        target=target, contract=READING, catalogue=catalogue, requirements=catalogue.requirements, tier=Tier.REFUSALS
    )
    steps = [*list(preflight.steps(assignment.ask()))[:1], *assignment.steps().first]
    wanted = {"preflight", "invalid", "malformed"}
    return tuple((s.purpose, s.request) for s in steps if s.purpose.scenario in wanted and isinstance(s.request, Request))


@cache
def conforming() -> dict[str, Exchange]:
    service = Service(READING)
    return {purpose.key: exchange(service, purpose, request) for purpose, request in planned()}


@cache
def record(name: str = "", member: str = "") -> Evidence:
    """What a server says to all of it. With a defect only what concerns one member is asked anew."""
    answers = conforming()
    if name:
        service = Service(READING, behaviour=Behaviour(defects.ALL[name]))
        anew = {p.key: exchange(service, p, r) for p, r in planned() if p.violation and p.violation.pointer.startswith(member)}
        answers = {**answers, **anew}
    held = Held()
    for each in answers.values():
        held.add(each.purpose, each)
    return Evidence(held, READING, Identity(base_url="", model=MODEL))


@cache
def rows(*, name: str = "", member: str = "") -> tuple[ConstraintRow, ...]:
    return constraints.rows(record(name, member), CATALOGUE)


def failing(name: str, member: str) -> tuple[ConstraintRow, ...]:
    return tuple(row for row in rows(name=name, member=member) if row.outcome is Outcome.FAIL)


def test_every_violation_of_the_plan_is_in_exactly_one_row() -> None:
    told = Counter(
        treatment.key for row in rows() for trial in row.trials for treatment in (trial.whole, trial.streamed) if treatment is not None
    )
    assert told == Counter(purpose.key for purpose, _ in planned() if purpose.violation is not None)


@pytest.mark.parametrize("cap", CAP_FIELDS)
def test_every_body_that_is_sent_breaks_one_clause_and_no_other(cap: str) -> None:
    """Mutants are labelled on a body of their own; what is sent is built on the one that the preflight saw accepted."""
    ask = Ask(contract=READING, model=MODEL, cap_field=cap, seed=1, tier=Tier.GATE, scenario="invalid")
    for mutant in ask.corpus.mutants:
        found = decisive(READING.request_faults(mutant.apply(ask.minimal)))
        assert [fault.clause for fault in found] == [mutant.violation.clause], mutant.key


def test_a_row_is_one_rule_at_one_place() -> None:
    found = [(row.clause, row.pointer, row.constraint, row.owner) for row in rows()]
    assert len(found) == len(set(found))
    assert len(found) > 300


def test_a_conforming_server_holds_every_one() -> None:
    assert {row.outcome for row in rows()} == {Outcome.PASS}
    assert not [row for row in rows() if row.broken]
    assert {trial.whole.reaction for row in rows() for trial in row.trials if row.owner and row.owner.requirement != CRASH} == {
        Reaction.REFUSED
    }


def test_each_has_an_owner_and_its_level_in_this_reading() -> None:
    known = {requirement.id: requirement for requirement in CATALOGUE}
    for row in rows():
        assert row.owner is not None
        assert row.owner.level is registry.level(known[row.owner.requirement], READING)
        assert row.level is row.owner.level


def test_where_either_answer_is_right_only_a_crash_is_wrong() -> None:
    left_open = {p.key for p, _ in planned() if p.expect is Expectation.EITHER}
    found = [row for row in rows() if row.trials[0].whole.key in left_open]
    assert found
    assert {row.owner.requirement for row in found if row.owner} == {CRASH}


def test_they_stand_in_the_order_of_the_contract() -> None:
    members = list(
        dict.fromkeys(
            row.pointer.split("/")[1] for row in rows() if row.clause.startswith("/components/schemas/CreateChat") and row.pointer
        )
    )
    properties = READING.at("/components/schemas/CreateChatCompletionRequest/properties")
    assert isinstance(properties, dict)
    stated = [member for member in properties if member in members]
    assert [member for member in members if member not in {"model", "messages"}] == [m for m in stated if m not in {"model", "messages"}]


def test_made_twice_they_are_the_same() -> None:
    found = record("temperature-unchecked", "/temperature")
    assert constraints.rows(found, CATALOGUE) == constraints.rows(found, CATALOGUE)


def test_rows_say_what_the_verdicts_say() -> None:
    """For each requirement that owns constraints: what it finds in all is what its rows add up to."""
    for name, member in (("temperature-unchecked", "/temperature"), ("format-open", "/tools"), ("cap-of-nothing", "/max")):
        found = record(name, member)
        owners = [requirement for requirement in CATALOGUE if isinstance(requirement.on, Refusals)]
        made = constraints.rows(found, CATALOGUE)
        for verdict in judge(found, owners):
            mine = [row for row in made if verdict.requirement in {holder.requirement for holder in row.broken}]
            accepted = [trial for row in mine for trial in row.trials if trial.whole.reaction is Reaction.ACCEPTED]
            assert verdict.failed == len(accepted), (name, verdict.requirement)


def test_a_bound_that_nobody_checks_is_a_row_with_all_that_was_sent() -> None:
    low, high = failing("temperature-unchecked", "/temperature")
    assert sentence(low) == "temperature ≥ 0: not refused (sent -0.1, -1)"
    assert sentence(high) == "temperature ≤ 2: not refused (sent 2.1, 99, 3)"
    assert high.broken == (Holder(requirement="REQUEST-RANGE", level=Level.SHOULD),)
    assert high.clause == f"{TEMPERATURE}/maximum"


def test_what_was_clamped_is_told_from_what_was_honoured() -> None:
    (row,) = failing("drops-top-logprobs-maximum", "/top_logprobs")
    assert sentence(row) == "top_logprobs ≤ 20: not refused, clamped to 20 (sent 21)"
    (trial,) = row.trials
    assert trial.whole.fate is not None
    assert trial.whole.fate.effect is Effect.CLAMPED


def test_the_finding_of_a_requirement_says_it_too_and_keeps_its_code() -> None:
    range_checked = next(each for each in CATALOGUE if each.id == "REQUEST-RANGE")
    (verdict,) = judge(record("drops-top-logprobs-maximum", "/top_logprobs"), [range_checked])
    (finding,) = verdict.findings
    assert finding.code == "top_logprobs/maximum"
    assert finding.received == "200, though this was sent: 21; it was clamped to 20"


def with_temperature(whole: list[Exchange], twin: list[Exchange] | None = None, *, control: Exchange | None = None) -> ConstraintRow:
    """The row of one value above a maximum, answered in this way."""
    wrong = Violation(constraint="maximum", pointer="/temperature", clause=f"{TEMPERATURE}/maximum", sent="2.1", core=True)
    held = Held()
    held.add(purpose("preflight/cap"), control or answered())
    held.add(purpose("invalid/temperature/maximum/1", violation=wrong, control="preflight/cap"), *whole)
    if twin is not None:
        streamed_one = purpose(
            "invalid/temperature/maximum/1/streamed",
            stream=True,
            violation=wrong,
            control="preflight/cap",
            twin="invalid/temperature/maximum/1",
        )
        held.add(streamed_one, *twin)
    (row,) = constraints.rows(evidence.evidence(held, contract=contract.load("openai")), CATALOGUE)
    return row


@pytest.mark.parametrize(
    ("answers", "reaction", "outcome", "said"),
    [
        ([refused()], Reaction.REFUSED, Outcome.PASS, "refused with 400"),
        ([refused(422)], Reaction.REFUSED, Outcome.PASS, "refused with 422"),
        ([answered()], Reaction.ACCEPTED, Outcome.FAIL, "not refused"),
        ([refused(401)], Reaction.NOT_BLAMED, Outcome.INCONCLUSIVE, "answered 401, which says nothing about the value"),
        ([refused(429)], Reaction.NOT_BLAMED, Outcome.INCONCLUSIVE, "answered 429, which says nothing about the value"),
        ([refused(500), refused(500)], Reaction.SERVER_ERROR, Outcome.FAIL, "500 on every attempt"),
        ([refused(500)], Reaction.LOST, Outcome.INCONCLUSIVE, "answered 500"),
        ([lost()], Reaction.LOST, Outcome.INCONCLUSIVE, "no answer"),
        ([], Reaction.LOST, Outcome.INCONCLUSIVE, "no answer"),
    ],
)  # fmt: skip
def test_what_came_of_a_value_is_said_and_only_blame_counts(
    answers: list[Exchange], reaction: Reaction, outcome: Outcome, said: str
) -> None:
    row = with_temperature(answers)
    assert row.trials[0].whole.reaction is reaction
    assert (row.outcome, sentence(row)) == (outcome, f"temperature ≤ 2: {said} (sent 2.1)")


def test_a_refusal_proves_nothing_without_an_accepted_control() -> None:
    row = with_temperature([refused()], control=refused())
    assert row.outcome is Outcome.INCONCLUSIVE


def test_nobody_is_accused_of_accepting_what_the_contract_allows() -> None:
    """As when a record is held against a contract that has changed since."""
    allowed: Json = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 2}
    row = with_temperature([answered(sent=allowed)])
    assert (row.outcome, row.broken) == (Outcome.PASS, ())


def test_a_stream_that_lets_it_through_fails_the_row() -> None:
    row = with_temperature([refused()], [streamed({"object": "chat.completion.chunk", "choices": []})])
    assert row.outcome is Outcome.FAIL
    assert [holder.requirement for holder in row.broken] == ["STREAM-REFUSED-ALIKE"]
    assert sentence(row) == "temperature ≤ 2: refused with 400; streamed: not refused (sent 2.1)"


def test_a_refusal_inside_a_stream_is_told_apart() -> None:
    row = with_temperature([refused()], [streamed({"error": {"message": "no"}})])
    twin = row.trials[0].streamed
    assert twin is not None
    assert (twin.reaction, twin.status) == (Reaction.REFUSED_IN_STREAM, 200)


def test_of_several_that_fail_the_most_binding_says_the_level() -> None:
    row = replace(
        with_temperature([answered()]),
        broken=(Holder(requirement="REQUEST-RANGE", level=Level.SHOULD), Holder(requirement="STREAM-REFUSED-ALIKE", level=Level.MUST)),
    )
    assert row.level is Level.MUST


def test_of_very_many_values_a_row_holds_the_first_and_whatever_was_answered_otherwise() -> None:
    held = Held()
    held.add(purpose("preflight/cap"), answered())
    keys = [f"invalid/temperature/maximum/{number}" for number in range(100)]
    for number, key in enumerate(keys):
        wrong = Violation(constraint="maximum", pointer="/temperature", clause=f"{TEMPERATURE}/maximum", sent=f"3.{number}", core=True)
        tries = (refused(500), refused(500)) if number == 90 else (refused(),)
        held.add(purpose(key, violation=wrong, control="preflight/cap"), *tries)
    (row,) = constraints.rows(evidence.evidence(held, contract=contract.load("openai")), CATALOGUE)
    assert [trial.whole.key for trial in row.trials] == [*keys[: constraints.KEPT_TRIALS], keys[90]]
    assert (row.planned, row.requests, row.outcome) == (100, tuple(keys), Outcome.FAIL)
    assert sentence(row) == "temperature ≤ 2: 500 on every attempt (sent 3.90); 67 more values are in run.jsonl"
    assert outcomes(row)[-1] == ("more values, in run.jsonl", "67")


def test_a_key_that_nobody_checks_is_no_fault_of_a_server_that_serves_everybody() -> None:
    held = Held()
    held.add(purpose("preflight/cap"), answered())
    for key in ("door/no-key", "door/wrong-key"):
        wrong = Violation(constraint="auth", pointer="", clause="/x-errors/wrong-key", sent="another key")
        held.add(purpose(key, violation=wrong, control="preflight/cap", topics=("auth",)), answered())
    (row,) = constraints.rows(evidence.evidence(held), CATALOGUE)
    assert row.outcome is Outcome.INAPPLICABLE
    assert row.owner is not None
    assert row.owner.requirement == "ERROR-KEY-CHECKED"


def test_a_record_older_than_the_contract_still_has_its_rows() -> None:
    held = Held()
    held.add(purpose("preflight/cap"), answered())
    gone = Violation(constraint="maximum", pointer="/warmth", clause="/no/longer/there", sent="3")
    held.add(purpose("invalid/warmth/maximum/1", violation=gone, control="preflight/cap"), refused())
    (row,) = constraints.rows(evidence.evidence(held), CATALOGUE)
    assert row.rule == "warmth: maximum"


def test_a_run_that_sends_nothing_invalid_has_no_rows() -> None:
    held = Held()
    held.add(purpose("text/plain"), answered())
    assert constraints.rows(evidence.evidence(held), CATALOGUE) == ()

"""A row for each constraint of the request: what was sent against it, and what came of each value.

A requirement speaks of a kind of constraint ("a number out of range is refused"); whoever has to mend a server needs each of them by
its name. The rows add nothing to the verdicts: a row is what the same requirements say when they are shown the requests of one
constraint alone. Pure, like the judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance import json_pointer
from conformance.contract import Contract
from conformance.errors import ClauseNotFoundError
from conformance.judge import judge
from conformance.model import Json, Level, Outcome, Purpose, Verdict, Violation
from conformance.observation import Asked, Evidence, Observation, Standing
from conformance.part import Part
from conformance.registry import Requirement, level
from conformance.requirements.errors import door, keys
from conformance.requirements.streaming.errors import streams_are_refused_alike
from conformance.requirements.validation.acceptance import invalid_requests_break_nothing
from conformance.requirements.validation.broken import Refusals
from conformance.requirements.validation.rule import rule, spot
from conformance.subjects.fate import Fate, fate


class Reaction(StrEnum):
    """What came of a value that is to be refused."""

    REFUSED = "refused"
    """With a status that blames the request."""
    REFUSED_IN_STREAM = "refused in stream"
    """Status 200, and then an event that reports an error."""
    NOT_BLAMED = "not blamed"
    """Turned away for another reason (401, 429, …), which leaves open what would have become of it."""
    SERVER_ERROR = "server error"
    """A 5xx on every attempt."""
    ACCEPTED = "accepted"
    LOST = "lost"
    """No answer, or never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How one request was answered."""

    key: str
    reaction: Reaction
    status: int = 0
    """0 when there was none."""
    fate: Fate | None = None
    """What became of the value; of an accepted one only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One value that was sent, alone and, for some, once more with a stream."""

    sent: str
    """The value, shortened for people."""
    whole: Treatment
    streamed: Treatment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A requirement, and how binding it is in the reading of the run."""

    requirement: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintRow:
    """One constraint at one place of the request."""

    rule: str
    """In words: `temperature ≤ 2`."""
    pointer: str
    """JSON Pointer into the body; empty for the body itself."""
    constraint: str
    """Kind of constraint, as in `Violation`."""
    clause: str
    """JSON Pointer into the contract."""
    owner: Holder | None
    """Whose it is to say that such values are refused or, where both answers are right, that they break nothing."""
    broken: tuple[Holder, ...]
    """Every requirement that fails on it."""
    outcome: Outcome
    trials: tuple[Trial, ...]
    """In the order of the plan: the first `KEPT_TRIALS`, and beyond them the first that was answered in each further way."""
    planned: int
    """How many there are in all."""
    requests: tuple[str, ...]
    """Keys of all requests that break it."""

    @property
    def level(self) -> Level | None:
        """How binding it is: of what fails the most binding, else of its owner."""
        levels = [holder.level for holder in self.broken] or ([self.owner.level] if self.owner else [])
        return min(levels, key=list(Level).index, default=None)


KEPT_TRIALS: Final = 32
"""Three times as many as a run of ours plans for any constraint."""

_DOOR: Final = (
    keys.keys_are_checked,
    door.unknown_models_are_refused,
    door.other_methods_are_refused,
    door.other_paths_are_not_found,
)
_UNBROKEN: Final = (invalid_requests_break_nothing, door.nothing_breaks_at_the_door)
"""Checks that look after an invalid request whichever way it is answered."""


def rows(evidence: Evidence, requirements: Iterable[Requirement]) -> tuple[ConstraintRow, ...]:
    """Every violation of the plan in exactly one row, in the order in which the contract states the constraints.

    `requirements` are those of the whole catalogue: a row has its owner whether or not the run asked for a verdict on it.
    """
    known = tuple(requirements)
    groups: dict[tuple[str, str, str, str], list[tuple[str, str]]] = {}
    for whole, streamed in _pairs(evidence):
        purpose, wrong = _violating(evidence, whole)
        owner = _owner(purpose, known)
        groups.setdefault((wrong.clause, wrong.pointer, wrong.constraint, owner.id if owner else ""), []).append((whole, streamed))
    made = [_row(evidence, keys, known) for keys in groups.values()]
    return tuple(sorted(made, key=lambda row: _position(evidence.contract.document, row.clause)))


def _pairs(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Keys of the invalid requests of a plan, each with that of its streamed twin, if it has one."""
    invalid = {key: purpose.twin for key in evidence.records.keys() if (purpose := evidence.records.purpose(key)) and purpose.violation}  # noqa: SIM118
    twins = {twin: key for key, twin in invalid.items() if twin in invalid}
    for key, twin in invalid.items():
        if twin not in invalid:
            yield key, twins.get(key, "")


def _violating(evidence: Evidence, key: str) -> tuple[Purpose, Violation]:
    purpose = evidence.records.purpose(key)
    if purpose is None or purpose.violation is None:
        raise AssertionError(f"{key} was chosen for its violation")
    return purpose, purpose.violation


def _owner(purpose: Purpose, known: tuple[Requirement, ...]) -> Requirement | None:
    owning = (each for each in known if isinstance(each.on, Refusals) or each.judge in _DOOR)
    return next((each for each in owning if each.on.covers(purpose)), _unbroken(purpose, known))


def _unbroken(purpose: Purpose, known: tuple[Requirement, ...]) -> Requirement | None:
    return next((each for each in known if each.judge in _UNBROKEN and each.on.covers(purpose)), None)


def _row(evidence: Evidence, keys: list[tuple[str, str]], known: tuple[Requirement, ...]) -> ConstraintRow:
    purpose, wrong = _violating(evidence, keys[0][0])
    contract = evidence.contract
    owner, unbroken = _owner(purpose, known), _unbroken(purpose, known)
    alike = next((each for each in known if each.judge is streams_are_refused_alike), None)
    judges = dict.fromkeys(each for each in (owner, unbroken, alike) if each is not None)
    requests = tuple(key for pair in keys for key in pair if key)
    verdicts = judge(Part(evidence, requests), judges)
    told = dict(zip((each.id for each in judges), verdicts, strict=True))
    if owner is not None and unbroken is not None and told[owner.id].outcome is Outcome.NOT_RUN:
        # The owner itself says that both answers are right.
        owner = unbroken
    failing = [each for each in judges if told[each.id].outcome is Outcome.FAIL]
    return ConstraintRow(
        rule=_in_words(wrong, contract),
        pointer=wrong.pointer,
        constraint=wrong.constraint,
        clause=wrong.clause,
        owner=_holder(owner, contract) if owner else None,
        broken=tuple(_holder(each, contract) for each in failing),
        outcome=Outcome.FAIL if failing else _outcome(owner, told),
        trials=tuple(_trials(evidence, keys)),
        planned=len(keys),
        requests=requests,
    )


def _outcome(owner: Requirement | None, told: dict[str, Verdict]) -> Outcome:
    """What a row comes to on which nothing fails."""
    if any(verdict.outcome is Outcome.ERROR for verdict in told.values()):
        return Outcome.ERROR
    return told[owner.id].outcome if owner else Outcome.NOT_RUN


def _holder(requirement: Requirement, contract: Contract) -> Holder:
    return Holder(requirement=requirement.id, level=level(requirement, contract))


def _in_words(wrong: Violation, contract: Contract) -> str:
    try:
        return rule(wrong, contract)
    except ClauseNotFoundError:
        # The record is older than the contract it is held against.
        return f"{spot(wrong.pointer)}: {wrong.constraint}"


def _trials(evidence: Evidence, keys: list[tuple[str, str]]) -> Iterator[Trial]:
    told: set[tuple[tuple[Reaction, int] | None, ...]] = set()
    for number, (whole, streamed) in enumerate(keys):
        trial = _trial(evidence, whole, streamed)
        way = tuple((each.reaction, each.status) if each else None for each in (trial.whole, trial.streamed))
        if number < KEPT_TRIALS or way not in told:
            yield trial
        told.add(way)


def _trial(evidence: Evidence, whole: str, streamed: str) -> Trial:
    _, wrong = _violating(evidence, whole)
    return Trial(sent=wrong.sent, whole=_treatment(evidence, whole), streamed=_treatment(evidence, streamed) if streamed else None)


def _treatment(evidence: Evidence, key: str) -> Treatment:
    _, wrong = _violating(evidence, key)
    asked = evidence.asked(key)
    if asked is None or asked.answer is None:
        return _unanswered(asked, key)
    answer = asked.answer
    reaction = _reaction(answer, wrong)
    return Treatment(key=key, reaction=reaction, status=answer.status, fate=fate(answer, wrong) if reaction is Reaction.ACCEPTED else None)


def _unanswered(asked: Asked | None, key: str) -> Treatment:
    heard = asked.heard if asked else ()
    status = heard[-1].status if heard else 0
    if asked is not None and asked.standing is Standing.BROKEN:
        return Treatment(key=key, reaction=Reaction.SERVER_ERROR, status=status)
    return Treatment(key=key, reaction=Reaction.NOT_BLAMED if 400 <= status < 500 else Reaction.LOST, status=status)


def _reaction(answer: Observation, wrong: Violation) -> Reaction:
    if answer.fails_in_stream:
        return Reaction.REFUSED_IN_STREAM
    if answer.succeeded:
        return Reaction.ACCEPTED
    turned_away = wrong.constraint == "auth" and answer.status in {401, 403}
    return Reaction.REFUSED if answer.refused or turned_away else Reaction.NOT_BLAMED


def _position(document: Json, pointer: str) -> tuple[int, ...]:
    """Where a clause stands in the contract: the number of each step among its siblings."""
    path, value = [], document
    for name in json_pointer.steps(pointer):
        match value:
            case dict() if name in value:
                path.append(list(value).index(name))
                value = value[name]
            case list() if name.isdigit() and int(name) < len(value):
                path.append(int(name))
                value = value[int(name)]
            case _:
                break
    return tuple(path)

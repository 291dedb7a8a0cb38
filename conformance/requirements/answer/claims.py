"""What the target says that it has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from conformance import registry
from conformance.model import Detail, Finding, Level, Purpose
from conformance.observation import AbsentError, Asked, Gap, UnmetError, accepted
from conformance.registry import Requirement, contract, requirement
from conformance.view import TO_BE_ACCEPTED, View


def _seen(asked: Asked) -> Iterator[Asked]:
    if asked.purpose.needs and asked.accepted:
        yield asked


taken = View(
    "accepted request that needs a feature", lambda purpose: accepted(purpose) and bool(purpose.needs), _seen, expects=TO_BE_ACCEPTED
)
"""Requests that ask for what not every endpoint has. One that was refused or got lost is no gap here: others report it."""


@cache
def _telling() -> tuple[Requirement, ...]:
    return tuple(each for each in registry.load().requirements if each.shows)


def _showing(purpose: Purpose, claimed: frozenset[str], asked: Asked) -> list[Requirement]:
    """The requirements that see the effect of a claimed feature, and bind too little by themselves."""
    return [
        each
        for each in _telling()
        if each.shows & claimed & purpose.needs and registry.level(each, asked.evidence.contract) is not Level.MUST
    ]


@requirement(
    "ANSWER-CLAIM-HONOURED",
    Level.MUST,
    on=taken,
    cites=[contract("/x-request/honour-or-refuse"), contract("/x-features")],
    rests_on=[Detail.PURPOSE],
)
def claimed_features_take_effect(asked: Asked) -> Iterator[Finding]:
    """A feature that the target claims takes effect when it is asked for; ignoring it in silence is worse than lacking it.

    Told by the requirements that see its effect and that bind less where it is not claimed. That a claimed feature is not refused is
    REQUEST-CLAIMED-ACCEPTED.
    """
    judged = 0
    for each in _showing(asked.purpose, asked.evidence.claims, asked):
        for subject in each.on.see(asked):
            if isinstance(subject, Gap):
                continue
            try:
                findings = tuple(each.judge(subject))
            except (AbsentError, UnmetError):
                continue
            judged += 1
            for finding in findings[:1]:
                yield Finding(code=each.id.lower(), expected=finding.expected, received=finding.received, at=finding.at)
    if not judged:
        raise AbsentError("no claimed feature whose effect shows here")

"""Legal values that were sent many to a request, and what it means that one of them was turned down.

A request of many that is refused says nothing yet: those that split it tell which value is to blame. One that fails with none of its
parts failing is about the combination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from conformance.model import Finding, Purpose, Sample, SampleKind
from conformance.observation import AbsentError, Asked, Evidence, Gap, GapKind, Standing, UnmetError
from conformance.recent import once
from conformance.requirements.validation.refusal import CLEAN, look, members_asked_for, names_any, refusal, said, valid
from conformance.subjects.failure import ErrorReply
from conformance.view import View

BY_NAME: Final = frozenset({SampleKind.FORM, SampleKind.BOUND, SampleKind.TURN, SampleKind.RESULT})
"""Kinds of value that belong to a feature: who lacks it may say so in plain words. For the others it takes a code with `unsupported_`."""

_FINER: Final = frozenset({SampleKind.BOUND, SampleKind.NULL})
"""Kinds of value that say something of a member which is welcome in its plain forms."""

TOO_LONG: Final = ("context", "token", "tokens", "prompt")
"""Words by which a model with a small window says so."""


def sampled(kind: SampleKind, name: str, *, also: Callable[[Purpose], bool] = lambda _: False) -> View[Asked]:
    """View of the valid requests that hold a value of a kind, and of those for which `also` holds."""

    def chosen(purpose: Purpose) -> bool:
        return any(sample.kind is kind for sample in purpose.samples) or also(purpose)

    return replace(valid(name, chosen), look=_unexcused)


def _unexcused(asked: Asked) -> Iterator[Asked | Gap]:
    if _is_excused(asked):
        status = asked.answer.status if asked.answer else 0
        yield Gap(GapKind.INAPPLICABLE, f"{asked.purpose.key}: refused with {status}, as a target may that lacks the feature")
    else:
        yield from look(asked)


def _is_excused(asked: Asked) -> bool:
    """Whether a value that stands alone was refused for a feature that nobody claims the target has."""
    answer = asked.answer
    if answer is None or not answer.refused or len(asked.purpose.samples) != 1:
        return False
    (sample,) = asked.purpose.samples
    lacking = sample.needs - asked.evidence.claims
    if not lacking and (not sample.pointer or sample.needs or asked.evidence.contract.is_core(sample.pointer)):
        return False
    code = ErrorReply(answer).member("code")
    if isinstance(code, str) and code.startswith("unsupported_"):
        return True
    named = sample.kind in BY_NAME and answer.status in CLEAN and names_any(answer, members_asked_for(asked))
    return named and not asked.evidence.shows(lacking)


def value_refusal(asked: Asked) -> Iterator[Finding]:
    """One finding if the target refused the one value that a request is about, named by its code. Many at once are left to their parts."""
    samples = asked.purpose.samples
    if asked.standing is Standing.BROKEN and samples:
        raise AbsentError("every attempt failed: REQUEST-VALID-NO-5XX owns that")
    if asked.answer is not None and asked.answer.refused:
        if len(samples) > 1:
            raise AbsentError("refused; its values are asked for in smaller parts")
        control = asked.control()
        if control is not None and control.turned_down:
            raise AbsentError(f"{control.purpose.key}, which is the same without it, is turned down as well")
        if samples and samples[0].kind in _FINER and _member(samples[0]) in _unwelcome(asked.evidence):
            raise AbsentError(f"{_member(samples[0])} is turned down in a plainer form as well")
    for finding in refusal(asked):
        if samples:
            yield Finding(code=samples[0].slug, expected=f"a status of 200 to {samples[0].text}", received=finding.received)
        else:
            yield finding


@once
def _unwelcome(evidence: Evidence) -> frozenset[str]:
    """The members that are turned down in one of their forms, whatever their value."""
    return frozenset(
        _member(purpose.samples[0])
        for purpose in map(evidence.records.purpose, evidence.records.keys())
        if purpose is not None and len(purpose.samples) == 1 and purpose.samples[0].kind is SampleKind.FORM
        for asked in [evidence.asked(purpose.key)]
        if asked is not None and asked.turned_down and purpose.samples[0].pointer
    )


def _member(sample: Sample) -> str:
    return sample.pointer.split("/")[1] if sample.pointer else ""


def explained_by_parts(asked: Asked) -> None:
    """Raise `AbsentError` when a part of what was turned down is turned down as well, `UnmetError` when a part got lost."""
    parts = asked.parts()
    if any(part.turned_down for part in parts):
        raise AbsentError("a part of it is turned down as well")
    if any(part.standing is Standing.LOST for part in parts):
        raise UnmetError("not every part of it was answered")


def combination_refusal(asked: Asked) -> Iterator[Finding]:
    """One finding if values are refused together of which none is refused in a smaller part."""
    answer = asked.answer
    if asked.standing is Standing.BROKEN:
        raise AbsentError("every attempt failed: REQUEST-VALID-NO-5XX owns that")
    if answer is not None and answer.refused:
        explained_by_parts(asked)
        code = ErrorReply(answer).member("code")
        if asked.unclaimed() and isinstance(code, str) and code.startswith("unsupported_"):
            raise AbsentError(f"refused as {code}")
        together = ", ".join(sample.text for sample in asked.purpose.samples)
        yield Finding(code="together", expected=f"a status of 200, as to each part: {together}", received=said(answer))
    else:
        yield from refusal(asked)


def is_too_long(asked: Asked) -> bool:
    """Whether a refusal says that the window of the model is too small, rather than the body too large."""
    return asked.answer is not None and asked.answer.refused and asked.answer.status != 413 and names_any(asked.answer, TOO_LONG)

"""What a target can do: a verdict on each feature of the contract, apart from the verdicts on requirements.

A requirement says whether answers are right; whoever chooses a server wants to know what it has. The rule: a requirement that declares
`shows` sees the effect of a feature. Where such a requirement holds for an accepted request that asks for the feature, the feature is
honoured; where one fails, it was ignored. One that `proves` a feature tells where it holds, and nothing where it fails. One that fails
at MUST and looks at nothing but answers that were asked for with the feature (`View.needing`) says that it is served wrongly. Nothing
is added to the verdicts. Pure, like the judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from conformance.judge import judge
from conformance.model import Area, Level, Outcome, Purpose, Verdict
from conformance.observation import Asked, Evidence, Standing, accepted
from conformance.part import Part
from conformance.registry import Requirement
from conformance.requirements.validation.refusal import CLEAN, members_asked_for, names_any

STREAMING = "streaming"
"""The feature that a whole area is about."""


class Support(StrEnum):
    """What became of a feature that was asked for."""

    HONOURED = "honoured"
    REFUSED = "refused"
    """With a status that blames the request."""
    IGNORED = "ignored"
    """Accepted, and an answer at least is as it would be without it."""
    BROKEN = "broken"
    """Accepted and served wrongly, or answered with a 5xx each time."""
    UNKNOWN = "unknown"
    """Asked for, and nothing can be told of it."""
    NOT_ASKED = "not asked"
    """Nothing in this run asks for it."""
    DENIED = "denied"
    """Not asked for, because it was said that the target lacks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One feature of the contract, and what the target makes of it."""

    feature: str
    text: str
    """What it is, in the words of the contract."""
    support: Support
    claimed: bool
    """Whether the target says that it has it."""
    because: str
    """What that rests on, in a sentence."""
    requirements: tuple[str, ...] = ()
    """Those that tell."""
    requests: tuple[str, ...] = ()
    """Keys of the requests that ask for it, in the order of the plan."""

    @property
    def broken_promise(self) -> bool:
        """Whether it is claimed, and was not there when it was asked for."""
        return self.claimed and self.support in {Support.REFUSED, Support.IGNORED, Support.BROKEN}


def table(
    evidence: Evidence, requirements: Iterable[Requirement], verdicts: Iterable[Verdict], denies: frozenset[str]
) -> tuple[Capability, ...]:
    """A row for every feature of the contract, in its order.

    `requirements` are those of the whole catalogue; `verdicts` those of the run, whichever were wanted.
    """
    known = tuple(requirements)
    failing = {verdict.requirement for verdict in verdicts if verdict.outcome is Outcome.FAIL and verdict.level is Level.MUST}
    asking, works = _asking(evidence)
    return tuple(
        Capability(
            feature=name,
            text=feature.text,
            claimed=name in evidence.claims,
            requests=tuple(each.key for each in asking.get(name, ())),
            support=told.support,
            because=told.because,
            requirements=told.requirements,
        )
        for name, feature in evidence.contract.features.items()
        for told in [_told(_Inquiry(evidence, name, known, failing, works), asking.get(name, []), denied=name in denies)]
    )


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """What is known when one feature is looked into."""

    evidence: Evidence
    feature: str
    known: tuple[Requirement, ...]
    failing: set[str]
    """Requirements that fail at MUST."""
    works: frozenset[str]
    """Features of requests that were accepted."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is kept of one that asks for a feature. There may be very many of them: the rest is looked up again where it is needed."""

    key: str
    accepted: bool
    packed: bool
    """Whether it is sent for legal values, many of them as a rule."""


@dataclass(frozen=True, slots=True)
class _Told:
    support: Support
    because: str
    requirements: tuple[str, ...] = ()


def _uses(purpose: Purpose) -> frozenset[str]:
    """Features that a request asks for. One that every endpoint must have is no need of the request but a topic of it."""
    return purpose.needs | purpose.topics


def _asking(evidence: Evidence) -> tuple[dict[str, list[_Request]], frozenset[str]]:
    """The requests that ask for each feature, and all that those ask for which were accepted.

    Left out are those that were not due, and those that only a smaller part can tell of.
    """
    found: dict[str, list[_Request]] = {}
    works: set[str] = set()
    for key in evidence.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
        purpose = evidence.records.purpose(key)
        features = _uses(purpose) & set(evidence.contract.features) if purpose is not None and accepted(purpose) else ()
        asked = evidence.asked(key) if features else None
        if asked is None or asked.needless() or (len(asked.purpose.samples) > 1 and not asked.accepted):
            continue
        request = _Request(key=key, accepted=asked.accepted, packed=bool(asked.purpose.samples))
        for feature in features:
            found.setdefault(feature, []).append(request)
        if request.accepted:
            works |= _uses(asked.purpose)
    return found, frozenset(works)


def _told(inquiry: _Inquiry, asking: list[_Request], *, denied: bool) -> _Told:
    if denied:
        return _Told(Support.DENIED, "The target is said to lack it.")
    if not asking:
        return _Told(Support.NOT_ASKED, "Nothing in this run asks for it.")
    # A request that holds many legal values holds most of them at their default, where nothing shows.
    asking = [each for each in asking if not each.packed] or asking
    if taken := [each.key for each in asking if each.accepted]:
        return _effect(inquiry, taken)
    return next(_turned_away(inquiry, [each.key for each in asking]))


def _effect(inquiry: _Inquiry, taken: list[str]) -> _Told:
    """What the answers to these requests show of a feature that was accepted."""
    feature = inquiry.feature
    showing = [each for each in inquiry.known if feature in each.shows]
    telling = [*showing, *(each for each in inquiry.known if feature in each.proves)]
    verdicts = judge(Part(inquiry.evidence, taken), telling)
    shown = {each.id for each in showing}
    held = tuple(verdict.requirement for verdict in verdicts if verdict.passed)
    broken = tuple(verdict.requirement for verdict in verdicts if verdict.failed and verdict.requirement in shown)
    wrong = tuple(each.id for each in inquiry.known if each.id in inquiry.failing and _is_about(each, feature) and each not in showing)
    if broken:
        # What a model does of its own accord looks like an effect: where it fails once, it may never have been heeded.
        where = "without effect in some answers" if set(held) & set(broken) else "without effect"
        return _Told(Support.IGNORED, f"Accepted, and {where}.", broken)
    if wrong:
        return _Told(Support.BROKEN, "Accepted, and served wrongly.", wrong)
    if held:
        return _Told(Support.HONOURED, "It took effect wherever that can be told.", held)
    if not telling:
        return _Told(Support.UNKNOWN, "Accepted; nothing of it can be seen from outside.")
    why = next(chain.from_iterable(verdict.reasons for verdict in verdicts), "")
    return _Told(Support.UNKNOWN, f"Accepted, and no answer shows whether it took effect{f' ({why})' if why else ''}.")


def _is_about(requirement: Requirement, feature: str) -> bool:
    """Whether a requirement looks at nothing but answers that were asked for with a feature."""
    if feature == STREAMING:
        return requirement.area is Area.STREAMING and not requirement.on.features
    return feature in requirement.on.features


def _turned_away(inquiry: _Inquiry, keys: list[str]) -> Iterator[_Told]:
    """What may be said of a feature that no answer came to, the most certain first."""
    for each, status in _refused(inquiry, keys):
        if _names(each, inquiry):
            clean = "" if status in CLEAN else ", which is not the status for it"
            yield _Told(Support.REFUSED, f"Refused with {status}, by an error that names it{clean}.")
    for each, status in _refused(inquiry, keys):
        if each.purpose.needs - {inquiry.feature} <= inquiry.works:
            yield _Told(Support.REFUSED, f"Refused with {status}, by an error that does not name it.")
    for each in _looked_up(inquiry, keys):
        if each.standing is Standing.BROKEN and each.purpose.needs - {inquiry.feature} <= inquiry.works:
            yield _Told(Support.BROKEN, f"Answered with {each.loss.removeprefix('answered ')} on every attempt.")
    for each, status in _refused(inquiry, keys):
        others = ", ".join(sorted(each.purpose.needs - {inquiry.feature} - inquiry.works))
        yield _Told(Support.UNKNOWN, f"Refused with {status}, but always together with {others}.")
    for each in _looked_up(inquiry, keys):
        yield _Told(Support.UNKNOWN, f"No answer came to it ({each.purpose.key}: {each.loss}).")


def _looked_up(inquiry: _Inquiry, keys: Iterable[str]) -> Iterator[Asked]:
    return filter(None, map(inquiry.evidence.asked, keys))


def _refused(inquiry: _Inquiry, keys: Iterable[str]) -> Iterator[tuple[Asked, int]]:
    """The requests that were blamed, each with the status of its answer."""
    return ((each, each.answer.status) for each in _looked_up(inquiry, keys) if each.answer is not None and each.answer.refused)


def _names(asked: Asked, inquiry: _Inquiry) -> bool:
    """Whether a refusal names a member of this feature, and of no other that is not known to work."""
    answer, features = asked.answer, inquiry.evidence.contract.features
    if answer is None:
        return False
    others = asked.purpose.needs - {inquiry.feature} - inquiry.works
    if not others:
        return names_any(answer, members_asked_for(asked))
    own = set(features[inquiry.feature].fields)
    theirs = {field for other in others if other in features for field in features[other].fields}
    return names_any(answer, own - theirs)

"""Answers that are compared with each other, and the views that pair them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from conformance.model import Purpose
from conformance.observation import Asked, Gap, Observation, accepted, gap
from conformance.subjects.failure import Probe, probe
from conformance.subjects.reply import Answer, Reply, Stream, answer, reply, streamed_answer
from conformance.view import TO_BE_ACCEPTED, View

T = TypeVar("T")
U = TypeVar("U")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Twins:
    """The whole and the streamed answer to requests that differ in `stream` alone."""

    whole: Answer
    streamed: Stream

    @property
    def observation(self) -> Observation:
        """The streamed one: the finding is shown there."""
        return self.streamed.observation

    @property
    def same_text(self) -> bool:
        """Whether the model said the same twice; counts of tokens can only be compared then."""
        return [c.text for c in self.whole.choices] == [c.text for c in self.streamed.choices]


@dataclass(frozen=True, slots=True)
class Variation:
    """Two answers of one kind: to a control, and to a request that varies it in one respect."""

    control: Reply
    varied: Reply

    @property
    def observation(self) -> Observation:
        """The varied one: the finding is shown there."""
        return self.varied.observation


@dataclass(frozen=True, slots=True)
class ProbeTwins:
    """How one invalid body was treated without and with `stream`."""

    whole: Probe
    streamed: Probe

    @property
    def observation(self) -> Observation:
        """The streamed one: the finding is shown there."""
        return self.streamed.observation


def _last(view: View[T], asked: Asked) -> T | Gap:
    """The subject that counts when one request is compared with another."""
    seen = list(view.see(asked))
    return seen[-1] if seen else gap(asked)


def _paired(first: T | Gap, second: U | Gap, asked: Asked, pair: Callable[[T, U], P]) -> P | Gap:
    """Two subjects as a pair, or the gap that one of them left; `asked` is the request that the second was seen in."""
    if isinstance(first, Gap):
        return first
    return gap(asked) if isinstance(second, Gap) else pair(first, second)


def _twins(asked: Asked) -> Iterator[Twins | Gap]:
    other = asked.twin()
    if other is not None:
        whole, streamed = _last(answer, other), _last(streamed_answer, asked)
        yield _paired(whole, streamed, asked, Twins)


def _variations(asked: Asked) -> Iterator[Variation | Gap]:
    other = asked.control()
    if other is not None:
        control, varied = _last(reply, other), _last(reply, asked)
        yield _paired(control, varied, asked, Variation)


def _probe_twins(asked: Asked) -> Iterator[ProbeTwins | Gap]:
    other = asked.twin()
    if other is not None and asked.purpose.violation is not None:
        whole, streamed = _last(probe, other), _last(probe, asked)
        yield _paired(whole, streamed, asked, ProbeTwins)


def _has_twin(purpose: Purpose) -> bool:
    return bool(purpose.twin) and accepted(purpose)


def _has_probe_twin(purpose: Purpose) -> bool:
    return bool(purpose.twin) and purpose.violation is not None


def _has_control(purpose: Purpose) -> bool:
    return bool(purpose.control) and accepted(purpose)


twins: Final = View("whole and streamed answer to one request", _has_twin, _twins, expects=TO_BE_ACCEPTED)
"""Pairs that differ in `stream` alone."""

variation: Final = View("answers to a request and a variation of it", _has_control, _variations, expects=TO_BE_ACCEPTED)
"""Pairs of a control and what varies it; pick the respect with `.about(topic)`."""

probe_twins: Final = View("one invalid request, whole and streamed", _has_probe_twin, _probe_twins)
"""Pairs of refusals that differ in `stream` alone."""

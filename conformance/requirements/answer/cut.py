"""Answers with one text under one cap, which end alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, Gap, Observation
from conformance.registry import contract, incident, requirement
from conformance.strictjson import show
from conformance.subjects.pair import Twins, Variation, twins, variation
from conformance.subjects.reply import Reply
from conformance.view import TO_BE_ACCEPTED, View


@dataclass(frozen=True, slots=True)
class Alike:
    """Two answers that may hold the same text."""

    known: Reply
    answered: Reply

    @property
    def observation(self) -> Observation:
        """The one that is judged."""
        return self.answered.observation


def _has_other(purpose: Purpose) -> bool:
    return twins.covers(purpose) or variation.covers(purpose)


def _others(asked: Asked) -> Iterator[Alike | Gap]:
    found: list[Twins | Gap] = list(twins.see(asked)) if twins.covers(asked.purpose) else []
    varied: list[Variation | Gap] = list(variation.see(asked)) if variation.covers(asked.purpose) else []
    for each in (*found, *varied):
        match each:
            case Twins():
                yield Alike(each.whole, each.streamed)
            case Variation():
                yield Alike(each.control, each.varied)
            case Gap():
                yield each


alike: Final = View("answer, and one to the same request or nearly the same", _has_other, _others, expects=TO_BE_ACCEPTED)


@requirement(
    "ANSWER-FINISH-LENGTH-ALIKE",
    Level.MUST,
    on=alike,
    cites=[
        contract("/x-answer/finish-reason-length"),
        contract("/x-stream/same-as-whole"),
        incident("PaddlePaddle/FastDeploy#4543"),
        incident("llm-d/llm-d-inference-sim#29"),
    ],
)
def the_same_cut_is_told_the_same(pair: Alike) -> Iterator[Finding]:
    """A text that the cap cut off once ends with `length` again, streamed or not and in every choice; not with `stop`.

    Told only of the very same text under the very same cap.
    """
    cuts = {choice.text for choice in pair.known.choices if choice.text and choice.finish_reason == "length"}
    same = [(place, choice) for place, choice in enumerate(pair.answered.choices) if choice.text in cuts and not choice.calls]
    if pair.known.cap is None or pair.known.cap != pair.answered.cap or not same:
        raise AbsentError("not the same text under the same cap, cut off")
    for position, choice in same:
        if choice.finish_reason == "stop":
            place = Place(pointer=f"/choices/{position}/finish_reason")
            expected = f"length, as in {pair.known.observation.exchange.id}"
            yield Finding(code="cut-in-silence", expected=expected, received=show(choice.finish_reason), at=place)

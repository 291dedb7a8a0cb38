"""Where exactly a stop string ends a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Json, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_variation
from conformance.strictjson import get, items, show
from conformance.subjects.cap import counted_tokens
from conformance.subjects.pair import Variation

_MOST_STOPS: Final = 4
"""Strings that a list may have, so that a string taken for a list may be cut after so many characters."""

_BARELY: Final = 2
"""Tokens that an answer without text may count; above that, the stop string may have been met in what the model thought."""


def _stops(request: Json) -> list[str]:
    """The stop strings of a request, in either form."""
    stop = get(request, "stop")
    return [each for each in ([stop] if isinstance(stop, str) else items(stop)) if isinstance(each, str) and each]


@requirement(
    "ANSWER-STOP-EXACT",
    Level.MUST,
    on=valid_variation.about("stop"),
    cites=[contract("/x-answer/stop-excluded"), incident("SharpAI/SwiftLM#126"), incident("vllm-project/vllm#3574")],
)
def text_ends_where_the_stop_string_begins(pair: Variation) -> Iterator[Finding]:
    """A text that a stop string ended has no part of it at its end: what may become one is held back until that is decided.

    Where the stop string is met is taken from the answer to the same question without stop strings. Only a text that is the beginning of
    that one, and reaches into the stop string, is held against anybody: a model need not say the same twice.
    """
    stopped, whole = pair.varied.first, pair.control.first.text
    met = [found for stop in _stops(pair.varied.request) if (found := whole.find(stop)) >= 0]
    if not met or stopped.finish_reason != "stop" or not whole.startswith(stopped.text):
        raise AbsentError("the text did not come to a stop string, or it is another text")
    begins = min(met)
    ends = min(begins + len(stop) for stop in _stops(pair.varied.request) if whole.startswith(stop, begins))
    if not stopped.text or len(stopped.text) >= ends:
        raise AbsentError("the stop string is there as a whole, which others tell, or there is no text")
    if len(stopped.text) > begins and stopped.text[begins:].strip():
        received = f"{show(stopped.text[begins:])} at the end of {show(stopped.text[-60:])}"
        place = Place(pointer="/choices/0/message/content")
        yield Finding(code="part", expected=f"the end before {show(whole[begins:ends])}", received=received, at=place)


@requirement(
    "ANSWER-STOP-WHOLE",
    Level.SHOULD,
    on=valid_variation.about("stop").where(lambda purpose: not purpose.stream, "whole answer"),
    cites=[contract("/x-request/stop-forms"), contract("/x-answer/stop-excluded")],
)
def a_stop_string_is_no_set_of_characters(pair: Variation) -> Iterator[Finding]:
    """A stop string given as a string ends a text where all of it is met, not where one of its characters is.

    A string is a sequence too: a server that goes through it as through a list stops at each of its first few characters. Only a text
    that is the beginning of the answer without stop strings, ends before such a character and holds none is held against anybody.
    """
    stop, stopped, whole = get(pair.varied.request, "stop"), pair.varied.first, pair.control.first.text
    if not isinstance(stop, str) or len(stop) == 1 or stopped.finish_reason != "stop":
        raise AbsentError("no string of several characters was given, or it did not end the text")
    if stop not in whole or not whole.startswith(stopped.text) or (not stopped.text and counted_tokens(pair.varied) > _BARELY):
        raise AbsentError("it is another text, or the model thought as well")
    rest = whole[len(stopped.text) :]
    characters = stop[:_MOST_STOPS]
    if rest and not rest.startswith(stop) and rest[0] in characters and not any(each in stopped.text for each in characters):
        expected = f"the end before {show(stop)}"
        received = f"the end before {show(rest[0])}, after {show(stopped.text[-60:])}"
        yield Finding(code="in-characters", expected=expected, received=received, at=Place(pointer="/choices/0/message/content"))

"""What ends an answer early: caps and stop strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import MISSING, Detail, Finding, Level, Place
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_reply, valid_variation
from conformance.strictjson import get, items, show
from conformance.subjects.cap import counted_tokens, has_unknown_cap, most_tokens, words
from conformance.subjects.pair import Variation
from conformance.subjects.reply import Choice, Reply, reply

_LONGEST_TOKEN: Final = 32
"""Characters."""

ENDED: Final = frozenset({"stop", "tool_calls", "function_call", "content_filter"})
"""What a choice says that no cap cut off."""


def _at(position: int) -> Place:
    return Place(pointer=f"/choices/{position}/message/content")


@requirement(
    "ANSWER-CAP",
    Level.MUST,
    on=valid_reply,
    cites=[
        contract("/x-answer/cap-honoured"),
        contract("/x-request/either-cap"),
        incident("ikawrakow/ik_llama.cpp#2321"),
        incident("nikserg/skim#35"),
    ],
    shows=["max-tokens", "max-completion-tokens"],
    # Whether a target knows the other name shows in answers to requests of ours alone.
    rests_on=[Detail.PURPOSE],
)
def the_cap_is_heeded(answered: Reply) -> Iterator[Finding]:
    """An answer keeps to the cap that the request sets, under one of its two names at least.

    No tokenizer is needed to see a cap ignored: half as much again and eight tokens are let pass, a word takes at least one token and
    a token at most 32 characters. What is closer to the cap is the affair of USAGE-CAP. A text that ended before its cap says nothing.
    """
    if has_unknown_cap(answered):
        raise AbsentError("the target does not know this name of the cap; it heeds the other")
    yield from _above_or_cut(answered)


@requirement(
    "ANSWER-CAP-NAMES",
    Level.MUST,
    on=valid_reply.about("cap"),
    cites=[contract("/x-request/either-cap"), contract("/x-request/honour-or-refuse"), incident("ikawrakow/ik_llama.cpp#2321")],
    shows=["max-tokens", "max-completion-tokens"],
)
def every_name_of_the_cap_is_heeded(answered: Reply) -> Iterator[Finding]:
    """A target that heeds the cap under one of its names heeds it under the other as well, or refuses that.

    Clients send `max_completion_tokens` today and `max_tokens` from of old; a name that is passed over makes an answer without end.
    """
    above = tuple(_above_or_cut(answered))
    if has_unknown_cap(answered):
        yield from above


def _above_or_cut(answered: Reply) -> Iterator[Finding]:
    """What shows that an answer is far above its cap. Raises `AbsentError` where it ended before the cap could have cut it."""
    above = tuple(_above(answered))
    if not above and all(choice.finish_reason in ENDED for choice in answered.choices):
        raise AbsentError("the answer ended by itself, so that no cap shows")
    yield from above


def _above(answered: Reply) -> Iterator[Finding]:
    """What shows that an answer is far above its cap. Raises `UnmetError` where nothing could."""
    cap = answered.cap
    if cap is None or not answered.choices:
        raise UnmetError("no cap was asked for, or there is no choice")
    most, tokens = most_tokens(cap), counted_tokens(answered)
    if tokens > most * len(answered.choices):
        place = Place(pointer="/usage/completion_tokens")
        yield Finding(code="tokens", expected=f"about {cap} tokens", received=f"{tokens} tokens", at=place)
    for position, choice in enumerate(answered.choices):
        if (least := words(choice.text)) > most:
            yield Finding(code="words", expected=f"about {cap} tokens", received=f"{least} words or more", at=_at(position))


def _stops(answered: Reply) -> list[str]:
    """The stop strings of the request, in either form. Raises `UnmetError` when it has none."""
    stop = get(answered.request, "stop")
    found = [stop] if isinstance(stop, str) else [each for each in items(stop) if isinstance(each, str)]
    if not any(found):
        raise UnmetError("the request has no stop string")
    return [each for each in found if each]


def _stopped_at(choice: Choice, stops: list[str]) -> tuple[str, str] | None:
    """The first stop string in a text and what comes after it; None when there is none."""
    found = [(choice.text.find(stop), stop) for stop in stops if stop in choice.text]
    if not found:
        return None
    place, stop = min(found)
    return stop, choice.text[place + len(stop) :]


def _is_overshoot(answered: Reply, choice: Choice, rest: str) -> bool:
    """Whether what comes after a stop string is the rest of the token that completed it, and the stop string did end the text.

    It did where the answer without stop strings, from which the string was cut, goes on. A token has 32 characters at most.
    """
    before = answered.observation.asked.before()
    whole = [seen.first.text for seen in reply.see(before) if isinstance(seen, Reply) and seen.choices] if before is not None else []
    goes_on = any(text.startswith(choice.text) and len(text) > len(choice.text) for text in whole)
    return goes_on and choice.finish_reason == "stop" and len(rest) <= _LONGEST_TOKEN and not any(map(str.isspace, rest))


def _texts(answered: Reply) -> list[tuple[int, Choice]]:
    found = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text]
    if not found:
        raise UnmetError("no choice has content")
    return found


@requirement(
    "ANSWER-STOP",
    Level.MUST,
    on=valid_reply.needing("stop"),
    cites=[
        contract("/x-request/honour-or-refuse"),
        contract("/x-request/stop-forms"),
        incident("dtzp555-max/ocp#470"),
        incident("mzau/mlx-knife#68"),
    ],
    shows=["stop"],
)
def text_ends_at_a_stop_string(answered: Reply) -> Iterator[Finding]:
    """The text does not run on past a stop string, given as a string or as a list, wherever the borders of its tokens are.

    That the token which completes the string is there as a whole is the affair of ANSWER-STOP-EXCLUDED.
    """
    stops = _stops(answered)
    for position, choice in _texts(answered):
        found = _stopped_at(choice, stops)
        if found is not None and found[1] and not _is_overshoot(answered, choice, found[1]):
            yield Finding(
                code="ran-on", expected=f"the end before {show(found[0])}", received=show(f"…{found[0]}{found[1]}"), at=_at(position)
            )


@requirement(
    "ANSWER-STOP-EXCLUDED",
    Level.MUST,
    on=valid_reply.needing("stop"),
    cites=[contract("/x-answer/stop-excluded"), incident("dtzp555-max/ocp#470")],
)
def stop_string_is_left_out(answered: Reply) -> Iterator[Finding]:
    """The stop string that ended a text is not part of it, nor is the rest of the token that completed it."""
    stops = _stops(answered)
    for position, choice in _texts(answered):
        found = _stopped_at(choice, stops)
        if found is not None and (not found[1] or _is_overshoot(answered, choice, found[1])):
            yield Finding(code="included", expected=f"no {show(found[0])}", received=show(choice.text[-80:]), at=_at(position))


@requirement(
    "ANSWER-STOP-FINISH",
    Level.MUST,
    on=valid_variation.about("stop"),
    cites=[contract("/x-answer/finish-reason-stop"), incident("EndlessInternational/intelligence#2")],
)
def a_stopped_answer_says_so(pair: Variation) -> Iterator[Finding]:
    """An answer that a stop string ended has the finish_reason `stop`, not `length`.

    That it was ended so is taken from the answer to the same question without stop strings, which goes on with one of them here. Who says
    `stop` has said it, whatever the text is: a model need not say the same twice.
    """
    stopped, running = pair.varied.first, pair.control.first
    if stopped.finish_reason == "stop":
        return
    met = any(running.text.startswith((stopped.text + stop, stopped.text.rstrip() + stop)) for stop in _stops(pair.varied))
    if not stopped.text or not met or stopped.finish_reason in (None, MISSING):
        raise UnmetError("the text did not come to a stop string")
    if stopped.finish_reason == "length":
        yield Finding(code="not-stop", expected="stop", received=show(stopped.finish_reason), at=Place(pointer="/choices/0/finish_reason"))

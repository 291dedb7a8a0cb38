"""What became of an invalid value that was accepted, as far as the answer shows it.

A server that does not refuse a value does one of four things with it, and its user has to know which: 129 choices that were paid for
are not one choice. Where nothing of it can be seen from outside, as with a temperature, that is said and nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from conformance import json_pointer, strictjson
from conformance.model import CAP_FIELDS, MISSING, Json, Missing, Violation
from conformance.observation import Observation, UnmetError
from conformance.strictjson import get, items
from conformance.subjects.cap import counted_tokens, most_tokens
from conformance.subjects.reply import Answer, Reply, Stream


class Effect(StrEnum):
    """What an accepted value did."""

    HONOURED = "honoured"
    """What it asks for happened, though the contract rules it out."""
    COERCED = "coerced"
    """It was read as a value of another type, or rounded, and that took effect."""
    CLAMPED = "clamped"
    """Another value took effect instead, as a rule the nearest that is allowed."""
    IGNORED = "ignored"
    """The answer is as it would be without it."""
    UNKNOWN = "unknown"
    """Nothing of it can be seen from outside."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The effect of an accepted value."""

    effect: Effect
    words: str = ""
    """Goes on after what was sent: `it was clamped to 20`; empty where no value was sent that could have an effect."""


_HONOURED: Final = Fate(Effect.HONOURED, "it was honoured")
_IGNORED: Final = Fate(Effect.IGNORED, "it was ignored")
_UNSEEN: Final = Fate(Effect.UNKNOWN, "its effect cannot be observed")
_AS_TRUE: Final = Fate(Effect.COERCED, "it was read as true")


def fate(observation: Observation, violation: Violation) -> Fate:
    """What became of the value that breaks a clause, by the answer to it, whole or streamed. The answer must be a success."""
    body = observation.json
    if get(body, "error"):
        return Fate(Effect.UNKNOWN, "it was answered with an error")
    member = _member(violation.pointer)
    sent = json_pointer.at(observation.request_json, violation.pointer)
    if not violation.pointer or (member is None and isinstance(sent, Missing)):
        return Fate(Effect.UNKNOWN)
    if member is None:
        return _UNSEEN
    if observation.is_event_stream:
        reply: Reply = Stream(observation)
    elif isinstance(body, dict):
        reply = Answer(observation, body)
    else:
        return _UNSEEN
    try:
        return member(reply, sent)
    except UnmetError:
        return _UNSEEN


def _counted(seen: Callable[[Reply], int], default: int) -> Callable[[Reply, Json | Missing], Fate]:
    """A member that says how many there are to be of something which can be counted in the answer; `default` without it."""

    def judge(reply: Reply, sent: Json | Missing) -> Fate:
        number, wanted = seen(reply), _number(sent)
        if wanted is not None and number in (math.floor(wanted), math.ceil(wanted)):
            if number == default:
                return _UNSEEN
            same = number == wanted and isinstance(sent, int | float) and not isinstance(sent, bool)
            return _HONOURED if same else Fate(Effect.COERCED, f"it was read as {number}")
        if number == default:
            return _IGNORED
        return Fate(
            Effect.COERCED if wanted is None else Effect.CLAMPED, f"it was {'read as' if wanted is None else 'clamped to'} {number}"
        )

    return judge


def _switched(seen: Callable[[Reply], bool]) -> Callable[[Reply, Json | Missing], Fate]:
    """A flag whose effect shows in the answer."""

    def judge(reply: Reply, sent: Json | Missing) -> Fate:
        if seen(reply):
            return _AS_TRUE
        off = sent in (0, None, MISSING) or (isinstance(sent, str) and sent.lower() in {"false", "no", "off", "0"})
        return _UNSEEN if off else _IGNORED

    return judge


def _shaping(seen: Callable[[Reply], bool]) -> Callable[[Reply, Json | Missing], Fate]:
    """A member that asks for an answer of another form. Where that form is there, the model may have chosen it by itself."""
    return lambda reply, _: _UNSEEN if seen(reply) else _IGNORED


def _cap(reply: Reply, sent: Json | Missing) -> Fate:
    """A cap on output, sent without the other name of it."""
    tokens, wanted = counted_tokens(reply), _number(sent)
    both = all(name in reply.request for name in CAP_FIELDS) if isinstance(reply.request, dict) else True
    if both or not tokens:
        return _UNSEEN
    cut = reply.first.finish_reason == "length"
    if wanted is None or wanted < 1:
        if cut:
            return Fate(Effect.CLAMPED, "it was clamped to 1") if tokens == 1 and wanted is not None else _UNSEEN
        return _IGNORED
    if cut and tokens <= wanted:
        return Fate(Effect.COERCED, f"it was read as {math.floor(wanted)}")
    return _IGNORED if tokens > most_tokens(math.ceil(wanted)) else _UNSEEN


def _tier(reply: Reply, sent: Json | Missing) -> Fate:
    """The tier of service, which an answer names."""
    answered = get(reply.head, "service_tier")
    if not isinstance(answered, str):
        return _UNSEEN
    if answered == sent:
        return _HONOURED
    return _IGNORED if isinstance(sent, str) else _UNSEEN


def _alternatives(reply: Reply) -> int:
    return max((len(items(entry, "top_logprobs")) for choice in reply.choices for entry in choice.logprobs), default=0)


def _is_object(reply: Reply) -> bool:
    try:
        return isinstance(strictjson.parse(reply.first.text).value, dict)
    except strictjson.NotJsonError:
        return False


def _speaks(reply: Reply) -> bool:
    """Whether there is a spoken answer; of a stream that is not read."""
    return not isinstance(reply, Answer) or isinstance(get(reply.body, "choices", 0, "message", "audio"), dict)


_MEMBERS: Final[Mapping[str, Callable[[Reply, Json | Missing], Fate]]] = MappingProxyType(
    {
        "/n": _counted(lambda reply: len(reply.choices), 1),
        "/top_logprobs": _counted(_alternatives, 0),
        "/logprobs": _switched(lambda reply: any(choice.has_logprobs for choice in reply.choices)),
        "/stream": _switched(lambda reply: isinstance(reply, Stream)),
        "/stream_options/include_usage": _switched(lambda reply: isinstance(reply.usage, dict)),
        "/max_tokens": _cap,
        "/max_completion_tokens": _cap,
        "/service_tier": _tier,
        "/tool_choice": _shaping(lambda reply: any(choice.calls for choice in reply.choices)),
        "/response_format": _shaping(_is_object),
        "/audio": _shaping(_speaks),
    }
)
"""How the effect of a member is read, by its pointer."""

_WHOLE: Final = frozenset({"/tool_choice", "/response_format", "/audio"})
"""Members that take effect as a whole, so that what is wrong inside them is read alike."""


def _member(pointer: str) -> Callable[[Reply, Json | Missing], Fate] | None:
    first = "/" + pointer.split("/")[1] if pointer else ""
    return _MEMBERS.get(first if first in _WHOLE else pointer)


def _number(value: Json | Missing) -> float | None:
    """The number that a value is, or that a lenient reader takes it for."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d+)?\s*", value):
        return float(value)
    return float(value) if isinstance(value, bool | int | float) and abs(value) < 10**15 else None

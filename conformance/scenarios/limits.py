"""What ends an answer early: caps and stop strings."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import strictjson
from conformance.ask import PROMPT, Ask
from conformance.model import CAP_FIELDS, Exchange, Json
from conformance.registry import scenario
from conformance.steps import TIMED, Step
from conformance.strictjson import get

CAP = 5
"""Tokens; far below the length of what is asked for."""

ROOM = 40
"""Tokens; enough to run past the stop string if it is not heeded."""

SHORTEST = 2
"""Characters of text in which a stop string can be found: itself, and something before it."""


UNSAID = ("@@@", "|||")
"""Stop strings that nobody comes upon, before and after one that is met: none of a list may be forgotten."""


@scenario("cap")
def cap(ask: Ask) -> Iterator[Step]:
    """A cap that bites, under each of its names, whole and streamed."""
    for field in CAP_FIELDS:
        body = {**ask.body(PROMPT, cap=None), field: CAP}
        yield ask.step(field, body, needs=[field.replace("_", "-")], control=ask.control, topics=["cap"])
    body = ask.body(PROMPT, cap=CAP)
    streamed: dict[str, Json] = {**body, "stream": True}
    yield ask.step(
        "streamed",
        streamed,
        needs=["streaming"],
        twin=ask.key(ask.cap_field),
        control=ask.control,
        after="delivery/1",
        topics=["cap", "short-delivery", TIMED],
    )


@scenario("stop")
def stop(ask: Ask) -> Iterator[Step]:
    """A stop string that the target is sure to meet: it is cut from its own answer to the same question."""
    open_end = ask.body(PROMPT, cap=ROOM, temperature=0)
    yield ask.step("open", open_end, needs=["temperature"], control=ask.control, topics=["temperature"])

    def stopped(answer: Exchange) -> dict[str, Json] | None:
        if (word := _word(answer)) is None:
            return None
        body: dict[str, Json] = {**open_end, "stop": word}
        return {**body, "stop": [word]} if ask.contract.request_faults(body) else body  # some document lists alone

    def listed(answer: Exchange) -> dict[str, Json] | None:
        return None if (word := _word(answer)) is None else {**open_end, "stop": [word]}

    def among_others(answer: Exchange) -> dict[str, Json] | None:
        if (word := _word(answer)) is None:
            return None
        body: dict[str, Json] = {**open_end, "stop": [UNSAID[0], word, UNSAID[1]], "stream": True}
        return {**body, "stop": [word]} if ask.contract.request_faults(body) else body  # some document fewer

    needs, first, room = ["temperature", "stop"], ask.key("open"), ROOM
    yield ask.step("string", stopped, needs=needs, control=first, topics=["stop"], after=first, output_tokens=room)
    yield ask.step("list", listed, needs=needs, control=ask.key("string"), topics=["stop-list"], after=first, output_tokens=room)
    yield ask.step(
        "streamed",
        among_others,
        stream=True,
        needs=[*needs, "streaming"],
        control=first,
        topics=["stop"],
        after=first,
        output_tokens=room,
    )


def _word(answer: Exchange) -> str | None:
    """A piece from the middle of an answer's text, where that is long enough one that sits across tokens; None when there is too little."""
    if answer.status != 200:
        return None
    try:
        text = get(strictjson.read(answer.body).value, "choices", 0, "message", "content")
    except strictjson.NotJsonError:
        return None
    if not isinstance(text, str) or len(text) < SHORTEST:
        return None
    middle = len(text) // 2
    piece = text[middle : middle + max(1, min(6, len(text) // 4))]
    return piece if piece.strip() and text.find(piece) > 0 else None

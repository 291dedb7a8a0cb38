"""Text outside ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer
from conformance.strictjson import show
from conformance.subjects.reply import Answer

REPLACEMENT: Final = "\ufffd"


@requirement(
    "ANSWER-WHOLE-CHARACTERS",
    Level.SHOULD,
    on=valid_answer.about("unicode"),
    cites=[contract("/x-stream/whole-characters"), incident("mattn/tensai#110"), incident("wecode-ai/Wegent#2271")],
)
def characters_survive(whole: Answer) -> Iterator[Finding]:
    """Text outside ASCII holds no U+FFFD in place of a character whose bytes were decoded piece by piece.

    At the end of a text one may stand for a character that the cap cut in two.
    """
    texts = [(position, choice.text) for position, choice in enumerate(whole.choices) if not choice.text.isascii()]
    if not texts:
        raise AbsentError("no choice has text outside ASCII")
    for position, text in texts:
        if REPLACEMENT in text.rstrip(REPLACEMENT):
            place = Place(pointer=f"/choices/{position}/message/content")
            yield Finding(code="replaced", expected="whole characters", received=show(text[:160]), at=place)

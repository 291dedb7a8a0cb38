"""What a model says when it declines."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, requirement
from conformance.requirements.answer.valid import valid_answer, valid_reply
from conformance.strictjson import get, items, show
from conformance.subjects.reply import Answer, Reply


@requirement(
    "ANSWER-REFUSAL-APART",
    Level.SHOULD,
    on=valid_reply,
    cites=[contract("/x-answer/refusal-apart"), contract("/components/schemas/ResponseMessage/properties/refusal")],
)
def refusals_stand_apart(answered: Reply) -> Iterator[Finding]:
    """A choice that has a refusal has no content beside it; who reads the content first takes it for the answer."""
    declined = [
        (position, choice) for position, choice in enumerate(answered.choices) if isinstance(choice.refusal, str) and choice.refusal.strip()
    ]
    if not declined:
        raise AbsentError("nothing was declined")
    for position, choice in declined:
        if choice.text.strip():
            place = Place(pointer=f"/choices/{position}/message/content")
            yield Finding(code="both", expected="null beside a refusal", received=show(choice.text), at=place)


@requirement(
    "ANSWER-REFUSAL-NULL",
    Level.MAY,
    on=valid_answer,
    cites=[contract("/x-answer/known-shape-of-nulls"), contract("/components/schemas/ResponseMessage/properties/refusal")],
)
def no_refusal_is_null(whole: Answer) -> Iterator[Finding]:
    """Where nothing was declined the refusal is null, or absent; not an empty text, which those who ask for null take for one."""
    if not whole.choices:
        raise AbsentError("the answer has no choice")
    for position, choice in enumerate(items(whole.body, "choices")):
        refusal = get(choice, "message", "refusal")
        if refusal is not MISSING and isinstance(refusal, str) and not refusal.strip():
            place = Place(pointer=f"/choices/{position}/message/refusal")
            yield Finding(code="empty-refusal", expected="null", received=show(refusal), at=place)

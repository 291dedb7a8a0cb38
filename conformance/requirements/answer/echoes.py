"""What of the request comes back in the answer."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Detail, Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer
from conformance.strictjson import get, show
from conformance.subjects.reply import Answer


@requirement(
    "ANSWER-METADATA",
    Level.MAY,
    on=valid_answer,
    cites=[contract("/x-answer/echoes"), contract("/components/schemas/CreateChatCompletionResponse/properties/metadata")],
    shows=["metadata"],
    rests_on=[Detail.BYTES],
)
def metadata_come_back(whole: Answer) -> Iterator[Finding]:
    """The metadata of an answer, where it has some, are those of its request, every pair of them."""
    sent, received = get(whole.request, "metadata"), get(whole.body, "metadata")
    if not isinstance(sent, dict) or not sent or not isinstance(received, dict):
        raise AbsentError("the request or the answer has no metadata")
    if sent != received:
        yield Finding(code="other-metadata", expected=show(sent), received=show(received), at=Place(pointer="/metadata"))


@requirement(
    "ANSWER-SERVICE-TIER",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/x-answer/echoes"), contract("/components/schemas/ServedTier"), incident("pydantic/pydantic-ai#4895")],
)
def tier_is_a_documented_word(whole: Answer) -> Iterator[Finding]:
    """The service tier, where the answer has one, is a documented word; it may be another one than was asked for."""
    tier = get(whole.body, "service_tier")
    if not isinstance(tier, str):
        raise AbsentError("the answer names no service tier")
    known = whole.observation.contract.at("/x-answer/echoes/values")
    words = known if isinstance(known, list) else []
    if tier not in words:
        expected = f"one of {', '.join(str(word) for word in words)}"
        yield Finding(code="unknown-tier", expected=expected, received=show(tier), at=Place(pointer="/service_tier"))

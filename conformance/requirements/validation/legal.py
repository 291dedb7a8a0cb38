"""Legal values of every kind are accepted: forms, turns, text, ways of writing, sizes; alone and together."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, SampleKind
from conformance.observation import AbsentError, Asked
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.validation.refusal import valid
from conformance.requirements.validation.sampled import combination_refusal, is_too_long, sampled, value_refusal


@requirement(
    "REQUEST-FORMS",
    Level.MUST,
    on=sampled(SampleKind.FORM, "member in one of its forms"),
    cites=[contract("/x-request/accepts-valid"), contract("/x-request/stop-forms"), incident("raullenchai/Rapid-MLX#2358")],
)
def forms_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A member is accepted in each of its documented forms and words: `stop` as a string and as a list, `response_format` text, …

    A server that lacks the member says so, and names it.
    """
    yield from value_refusal(asked)


@requirement(
    "REQUEST-HISTORY",
    Level.MUST,
    on=sampled(SampleKind.TURN, "turn in one of its forms"),
    cites=[
        contract("/x-dependencies/assistant-says-something"),
        contract("/components/schemas/AssistantMessage"),
        incident("Portkey-AI/gateway#995"),
        incident("openclaw/openclaw#50749"),
    ],
)
def turns_are_accepted(asked: Asked) -> Iterator[Finding]:
    """Earlier turns are accepted in each documented form: calls without content or beside it, several at once, a refusal.

    A client that changes servers in the middle of a conversation replays what the other one said.
    """
    yield from value_refusal(asked)


@requirement(
    "REQUEST-UNICODE",
    Level.MUST,
    on=sampled(SampleKind.TEXT, "text that is not plain ASCII"),
    cites=[
        contract("/x-request/accepts-valid"),
        standard("RFC 8259 §7", "https://www.rfc-editor.org/rfc/rfc8259#section-7"),
        incident("NousResearch/hermes-agent#91031"),
    ],
)
def any_text_is_accepted(asked: Asked) -> Iterator[Finding]:
    """Text in any script, with any character but U+0000, is accepted."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-WRITING",
    Level.MUST,
    on=sampled(SampleKind.WRITING, "JSON written in another way"),
    cites=[
        contract("/x-request/accepts-valid"),
        standard("RFC 8259 §§1, 2, 7", "https://www.rfc-editor.org/rfc/rfc8259#section-1"),
        incident("NousResearch/hermes-agent#91031"),
    ],
)
def any_writing_is_accepted(asked: Asked) -> Iterator[Finding]:
    """The same JSON is accepted however it is written: members in another order, white space, characters escaped."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-LARGE",
    Level.MUST,
    on=sampled(SampleKind.SIZE, "large request"),
    cites=[
        contract("/x-request/accepts-valid"),
        incident("huggingface/text-generation-inference#1802"),
        incident("huggingface/responses.js#55"),
    ],
)
def large_requests_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A body of 64 KiB and a conversation of a hundred short messages are accepted; agents send more than that.

    A refusal for the window of the model is no failure.
    """
    if is_too_long(asked):
        raise AbsentError("more than the window of the model")
    yield from value_refusal(asked)


@requirement(
    "REQUEST-TOGETHER",
    Level.MUST,
    on=valid("several legal values at once", lambda purpose: len(purpose.samples) > 1),
    cites=[contract("/x-request/accepts-valid"), incident("Vali-98/ChatterUI#564"), incident("skydiscover-ai/skydiscover#15")],
)
def values_are_accepted_together(asked: Asked) -> Iterator[Finding]:
    """Values that are accepted one by one, and that the contract allows together, are accepted together."""
    yield from combination_refusal(asked)

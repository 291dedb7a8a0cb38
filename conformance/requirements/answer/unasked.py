"""What belongs to streams and shows where nobody asked for one."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level, Place, Purpose
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer
from conformance.strictjson import get, items, show
from conformance.subjects.failure import Probe, probe
from conformance.subjects.reply import Answer


def _options_alone(purpose: Purpose) -> bool:
    fault = purpose.violation
    return fault is not None and not purpose.stream and (fault.constraint, fault.pointer) == ("dependency", "/stream_options")


@requirement(
    "ANSWER-STREAM-OPTIONS-ALONE",
    Level.SHOULD,
    on=probe.where(_options_alone, "stream_options without stream"),
    cites=[
        contract("/x-dependencies/stream-options-needs-stream"),
        contract("/x-http/body-decides"),
        incident("BerriAI/litellm#5803"),
        incident("decolua/9router#3081"),
    ],
)
def options_make_no_stream(probe: Probe) -> Iterator[Finding]:
    """`stream_options` without `stream` is refused or makes no difference; it does not turn the answer into a stream.

    Gateways add it to every request that passes.
    """
    if probe.observation.is_event_stream:
        start = probe.observation.exchange.body[:80].decode("utf-8", "replace")
        yield Finding(code="streamed", expected="a refusal, or one JSON object", received=start or probe.observation.exchange.media_type)


@requirement(
    "ANSWER-CALL-INDEX",
    Level.MAY,
    on=valid_answer.needing("tools"),
    cites=[contract("/components/schemas/FunctionToolCall"), incident("epam/ai-dial-sdk#110")],
)
def calls_have_no_index(whole: Answer) -> Iterator[Finding]:
    """A call in a whole answer has no `index`: it is for putting the fragments of a stream together, and is not documented here."""
    calls = [
        (f"/choices/{position}/message/tool_calls/{number}/index", call)
        for position, choice in enumerate(items(whole.body, "choices"))
        for number, call in enumerate(items(choice, "message", "tool_calls"))
    ]
    if not calls:
        raise AbsentError("the model called no tool")
    for pointer, call in calls:
        if (index := get(call, "index")) is not MISSING:
            yield Finding(code="index", expected="(absent)", received=show(index), at=Place(pointer=pointer))


@requirement(
    "ANSWER-LOGPROBS-UNASKED",
    Level.SHOULD,
    on=valid_answer,
    cites=[contract("/x-answer/logprobs-absent"), contract("/components/schemas/Choice/properties/logprobs")],
)
def no_logprobs_unasked(whole: Answer) -> Iterator[Finding]:
    """Without `logprobs` in the request every choice has null for them, or nothing at all."""
    if get(whole.request, "logprobs") is True or not whole.choices:
        raise AbsentError("log probabilities were asked for, or there is no choice")
    for position, choice in enumerate(items(whole.body, "choices")):
        value = get(choice, "logprobs")
        if value is not MISSING and value is not None:
            yield Finding(code="unasked", expected="null", received=show(value), at=Place(pointer=f"/choices/{position}/logprobs"))

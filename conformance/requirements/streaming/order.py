"""How chunks follow each other: the role, the text, the reason for the end."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import Part, by_choice, ended, parts, spells_null
from conformance.strictjson import get, show
from conformance.subjects.reply import Stream, streamed_answer


@requirement(
    "STREAM-ROLE-FIRST",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/role-first"), incident("agentgateway/agentgateway#3005"), incident("langchain-ai/langchain#21897")],
)
def role_comes_first(stream: Stream) -> Iterator[Finding]:
    """The first chunk of every choice has the role `assistant` in its delta."""
    for first, *_ in by_choice(stream):
        role = get(first.value, "delta", "role")
        if role != "assistant" and isinstance(get(first.value, "delta"), dict):
            yield Finding(code="no-role", expected='"assistant"', received=show(role), at=first.at("/delta/role"))


@requirement(
    "STREAM-ROLE-ONCE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/role-once"), incident("BerriAI/litellm#9986"), incident("pydantic/logfire#545")],
)
def role_comes_once(stream: Stream) -> Iterator[Finding]:
    """Later chunks of a choice do not repeat the role; helpers that append strings make `assistantassistant` of it."""
    for choice in by_choice(stream):
        told = [part for part in choice if get(part.value, "delta", "role") not in (MISSING, None, "")]
        for part in told[1:2]:
            role = get(part.value, "delta", "role")
            yield Finding(code="repeated", expected="no role", received=show(role), at=part.at("/delta/role"))


@requirement(
    "STREAM-CONTENT-BESIDE-ROLE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[
        contract("/x-stream/content-beside-role"),
        incident("sgl-project/sglang#2026"),
        incident("triton-inference-server/perf_analyzer#386"),
    ],
)
def content_beside_the_role_is_text(stream: Stream) -> Iterator[Finding]:
    """Beside the role the content is an empty string, or absent, where text follows; null is for choices that have none.

    It says nothing of a first delta that holds more than the role, such as thought: then the text has not begun; nor of a choice that
    calls a tool, whose content may be null.
    """
    said = [(choice, {name for part in choice for name in part.substance}) for choice in by_choice(stream)]
    speaking = [choice for choice, members in said if "content" in members and not members & {"tool_calls", "function_call"}]
    if not speaking:
        raise AbsentError("no choice has text alone")
    for first, *_ in speaking:
        if not first.substance and get(first.value, "delta", "role") and get(first.value, "delta", "content") is None:
            yield Finding(code="null", expected='""', received="null", at=first.at("/delta/content"))


@requirement(
    "STREAM-CONTENT", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/delta-text"), contract("/components/schemas/Delta")]
)
def content_is_text(stream: Stream) -> Iterator[Finding]:
    """`content` and `refusal` of a delta are strings or null, never lists of parts."""
    for part in parts(stream):
        for name in ("content", "refusal"):
            value = get(part.value, "delta", name)
            if value is not MISSING and value is not None and not isinstance(value, str):
                yield Finding(code=name, expected="a string", received=show(value), at=part.at(f"/delta/{name}"))


@requirement(
    "STREAM-FINISH-KEY",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/finish-reason-key"), incident("maximhq/bifrost#7397"), incident("mudler/LocalAI#1194")],
)
def finish_reason_is_there(stream: Stream) -> Iterator[Finding]:
    """Every choice in a chunk has the member `finish_reason`, null until the last."""
    for part in parts(stream):
        if "finish_reason" not in part.value:
            yield Finding(code="absent", expected="null", received="(absent)", at=part.at("/finish_reason"))


@requirement(
    "STREAM-FINISH-NULL",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/finish-reason-key"), incident("sgl-project/sglang#3912"), incident("PowerShell/AIShell#350")],
)
def null_is_null(stream: Stream) -> Iterator[Finding]:
    """A `finish_reason` that is not known yet is null, neither an empty string nor the word null.

    Clients with a fixed vocabulary fail on it; others take any string for the end and stop after the first token.
    """
    for part in parts(stream):
        value = get(part.value, "finish_reason")
        if isinstance(value, str) and spells_null(value):
            yield Finding(code="string", expected="null", received=show(value), at=part.at("/finish_reason"))


@requirement(
    "STREAM-FINISH-ONCE",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-stream/finish-once"), incident("openclaw/openclaw#5898"), incident("QwenLM/qwen-code#2402")],
)
def finish_comes_once(stream: Stream) -> Iterator[Finding]:
    """Every choice gets exactly one `finish_reason`.

    Without one the end looks like a cut; a second one overwrites what the first had closed.
    """
    ended(stream)
    for choice in by_choice(stream):
        reasons = [part for part in choice if part.reason]
        if not reasons:
            yield Finding(code="missing", expected="one finish_reason", received="none", at=choice[-1].at("/finish_reason"))
        elif len(reasons) > 1:
            received = ", ".join(part.reason for part in reasons[:5])
            yield Finding(code="repeated", expected="one finish_reason", received=received, at=reasons[1].at("/finish_reason"))


@requirement(
    "STREAM-FINISH-LAST", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/finish-last"), incident("QwenLM/qwen-code#2403")]
)
def finish_comes_last(stream: Stream) -> Iterator[Finding]:
    """Nothing of a choice follows its `finish_reason`: no text, no refusal, no call. An empty delta is nothing."""
    for choice in _finished(stream):
        end = next(number for number, part in enumerate(choice) if part.reason)
        late = next((part for part in choice[end + 1 :] if part.substance), None)
        if late is not None:
            yield Finding(code="late", expected="nothing more", received=show(late.value.get("delta")), at=late.at("/delta"))


@requirement(
    "STREAM-FINISH-ALONE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/finish-alone"), incident("vllm-project/vllm#36944"), incident("openclaw/openclaw#115718")],
)
def finish_comes_alone(stream: Stream) -> Iterator[Finding]:
    """The delta beside the `finish_reason` is empty; some clients drop it unread."""
    for choice in _finished(stream):
        end = next(part for part in choice if part.reason)
        if end.substance:
            yield Finding(code="not-alone", expected="{}", received=show(end.value.get("delta")), at=end.at("/delta"))


def _finished(stream: Stream) -> list[list[Part]]:
    """The choices that have a reason. Raises `UnmetError` when there is none: another requirement owns that."""
    found = [choice for choice in by_choice(stream) if any(part.reason for part in choice)]
    if not found:
        raise UnmetError("no choice has a finish_reason")
    return found

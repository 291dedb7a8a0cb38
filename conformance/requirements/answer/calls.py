"""Tool calls as such: who they call, and with what. Streamed ones are put together first."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Json, Level, Missing, Place
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer, valid_reply
from conformance.strictjson import NotJsonError, get, items, parse, show
from conformance.subjects.reply import Answer, Call, Reply


def calls(answered: Reply) -> list[tuple[str, Call]]:
    """Pointer and call of every call. Raises `UnmetError` when the model called nothing."""
    found = [
        (f"/choices/{position}/message/tool_calls/{number}", call)
        for position, choice in enumerate(answered.choices)
        for number, call in enumerate(choice.calls)
    ]
    if not found:
        raise UnmetError("the model called no tool")
    return found


def offered_tools(answered: Reply) -> dict[str, Json]:
    """The functions that the request offers, by name."""
    offered = [get(tool, "function") for tool in items(answered.request, "tools")]
    return {name: function for function in offered if isinstance(function, dict) and isinstance(name := function.get("name"), str)}


@requirement(
    "ANSWER-CALL-ID",
    Level.MUST,
    on=valid_answer.needing("tools"),
    cites=[contract("/x-answer/tool-call-ids"), incident("editor-code-assistant/eca#233"), incident("ggml-org/llama.cpp#11992")],
)
def calls_have_ids(whole: Answer) -> Iterator[Finding]:
    """Every call has an id that is a non-empty string; its result is sent back under it."""
    for pointer, call in calls(whole):
        if not isinstance(call.id, str) or not call.id.strip():
            yield Finding(code="no-id", expected="a non-empty string", received=show(call.id), at=Place(pointer=f"{pointer}/id"))


@requirement(
    "ANSWER-CALL-IDS-DISTINCT",
    Level.MUST,
    on=valid_reply.needing("tools"),
    cites=[contract("/x-answer/tool-call-ids"), incident("HKUDS/nanobot#4059"), incident("vercel/ai#4936")],
)
def call_ids_differ(answered: Reply) -> Iterator[Finding]:
    """No two calls of an answer have the same id."""
    seen: set[str] = set()
    for pointer, call in calls(answered):
        if isinstance(call.id, str) and call.id in seen:
            yield Finding(code="repeated-id", expected="an id of its own", received=call.id, at=Place(pointer=f"{pointer}/id"))
        seen |= {call.id} if isinstance(call.id, str) and call.id else set()


@requirement(
    "ANSWER-CALL-TYPE",
    Level.MUST,
    on=valid_answer.needing("tools"),
    cites=[contract("/components/schemas/FunctionToolCall"), incident("vercel/ai#12939")],
    proves=["tools"],
)
def calls_are_of_functions(whole: Answer) -> Iterator[Finding]:
    """A call of a function has the type `function` and an object `function` with the name of one."""
    for pointer, call in calls(whole):
        if call.type != "function":
            yield Finding(code="type", expected="function", received=show(call.type), at=Place(pointer=f"{pointer}/type"))
        elif not isinstance(call.name, str) or not call.name:
            place = Place(pointer=f"{pointer}/function/name")
            yield Finding(code="no-name", expected="the name of a function", received=show(call.name), at=place)


@requirement("ANSWER-CALL-NAME", Level.SHOULD, on=valid_reply.needing("tools"), cites=[contract("/x-answer/tool-call-name")])
def calls_name_an_offered_tool(answered: Reply) -> Iterator[Finding]:
    """A call names a function that the request offers, to the letter."""
    offered = offered_tools(answered)
    for pointer, call in calls(answered):
        if isinstance(call.name, str) and call.name and call.name not in offered:
            place = Place(pointer=f"{pointer}/function/name")
            yield Finding(code="unknown-name", expected=" or ".join(offered), received=show(call.name), at=place)


@requirement(
    "ANSWER-ARGUMENTS",
    Level.MUST,
    on=valid_answer.needing("tools"),
    cites=[contract("/x-answer/arguments-string"), incident("ggml-org/llama.cpp#20198"), incident("sipeed/picoclaw#1379")],
)
def arguments_are_a_string(whole: Answer) -> Iterator[Finding]:
    """The arguments of a call are a string that holds JSON, not the JSON itself."""
    for pointer, call in calls(whole):
        if not isinstance(call.arguments, str):
            place = Place(pointer=f"{pointer}/function/arguments")
            yield Finding(code="not-a-string", expected="a string", received=show(call.arguments), at=place)


@requirement(
    "ANSWER-ARGUMENTS-JSON",
    Level.MAY,
    on=valid_reply.needing("tools"),
    cites=[contract("/x-answer/arguments-json"), incident("vllm-project/vllm#32152"), incident("open-webui/open-webui#29654")],
)
def arguments_are_an_object(answered: Reply) -> Iterator[Finding]:
    """The arguments of a call that was not cut off are the text of a JSON object; of a function without parameters they may be empty."""
    if any(choice.finish_reason in {"length", "content_filter"} for choice in answered.choices):
        raise UnmetError("the answer was cut off")
    offered = offered_tools(answered)
    for pointer, call in calls(answered):
        bare = get(offered.get(str(call.name)), "parameters", "properties") in (MISSING, {})
        if not isinstance(call.arguments, str) or (bare and not call.arguments.strip()):
            continue
        if (value := _read(call.arguments)) is MISSING or not isinstance(value, dict):
            place = Place(pointer=f"{pointer}/function/arguments")
            yield Finding(code="not-an-object", expected="the text of a JSON object", received=show(call.arguments), at=place)


def _read(text: str) -> Json | Missing:
    try:
        return parse(text).value
    except NotJsonError:
        return MISSING


@requirement(
    "ANSWER-NO-EMPTY-CALLS",
    Level.SHOULD,
    on=valid_answer,
    cites=[
        contract("/x-answer/no-empty-tool-calls"),
        incident("vllm-project/vllm#44105"),
        incident("decolua/9router#2230"),
    ],
)
def no_empty_list_of_calls(whole: Answer) -> Iterator[Finding]:
    """A message without calls has no member tool_calls, neither null nor an empty list.

    Clients that ask whether it is there take an answer for a call.
    """
    if not whole.choices:
        raise UnmetError("the answer has no choice")
    for position, choice in enumerate(items(whole.body, "choices")):
        value = get(choice, "message", "tool_calls")
        if value is None or value == []:
            place = Place(pointer=f"/choices/{position}/message/tool_calls")
            yield Finding(code="empty-calls", expected="(absent)", received=show(value), at=place)

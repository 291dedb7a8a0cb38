"""The arguments of a call beside the parameters that the tool was declared with."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

from conformance.model import MISSING, Detail, Finding, Json, Level, Place
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.calls import calls, offered_tools
from conformance.requirements.answer.misfit import misfit
from conformance.requirements.answer.valid import valid_answer, valid_reply
from conformance.strictjson import NotJsonError, get, parse, show
from conformance.subjects.reply import Answer, Call, Reply


def _whole_calls(answered: Reply) -> list[tuple[str, Call, dict[str, Json]]]:
    """Pointer, call and declared function of each call that was not cut off and whose function was offered."""
    if any(choice.finish_reason in (None, MISSING, "length", "content_filter") for choice in answered.choices):
        raise UnmetError("the answer was cut off")
    tools = offered_tools(answered)
    found = [(pointer, call, tools.get(str(call.name))) for pointer, call in calls(answered)]
    return [(pointer, call, function) for pointer, call, function in found if isinstance(function, dict)]


def _misfits(answered: Reply, *, strict: bool) -> Iterator[Finding]:
    """What does not fit, of calls to functions that were declared strict, or not."""
    judged = [
        (pointer, call, parameters)
        for pointer, call, function in _whole_calls(answered)
        if (function.get("strict") is True) is strict and isinstance(parameters := function.get("parameters"), dict)
    ]
    if not judged:
        raise AbsentError(f"no call of a function with parameters that {'is' if strict else 'is not'} strict")
    for pointer, call, parameters in judged:
        wrong = _misfit(parameters, call.arguments)
        if wrong:
            place = Place(pointer=f"{pointer}/function/arguments")
            yield Finding(code="misfit", expected=wrong, received=show(call.arguments), at=place)


def _misfit(schema: dict[str, Json], arguments: object) -> str:
    """Where arguments miss their schema most clearly; nothing where they fit, or where another requirement owns what is wrong."""
    if not isinstance(arguments, str):
        return ""
    try:
        value = parse(arguments).value
        error = misfit(schema, value)
    except (NotJsonError, SchemaError, Unresolvable):
        return ""
    return "" if error is None else f"arguments that fit the parameters; here {error.json_path} does not: {error.message[:120]}"


@requirement(
    "ANSWER-ARGUMENTS-STRICT",
    Level.MUST,
    on=valid_reply.needing("strict-tools"),
    cites=[contract("/x-answer/strict-arguments"), contract("/x-request/honour-or-refuse"), incident("BerriAI/litellm#6136")],
    shows=["strict-tools"],
    rests_on=[Detail.BYTES],
)
def strict_arguments_fit(answered: Reply) -> Iterator[Finding]:
    """The arguments of a call to a tool that was declared `strict` fit its parameters: types, enumerations, nested members and all."""
    yield from _misfits(answered, strict=True)


@requirement(
    "ANSWER-ARGUMENTS-FIT",
    Level.MAY,
    on=valid_reply.needing("tools"),
    cites=[contract("/x-answer/arguments-json"), contract("/components/schemas/FunctionTool")],
    rests_on=[Detail.BYTES],
)
def arguments_fit(answered: Reply) -> Iterator[Finding]:
    """The arguments of a call fit the parameters of the tool, strict or not. Models fail at this; who executes calls has to check."""
    yield from _misfits(answered, strict=False)


@requirement(
    "ANSWER-ARGUMENTS-NONE",
    Level.MAY,
    on=valid_answer.needing("tools"),
    cites=[
        contract("/x-answer/arguments-json"),
        incident("openai/openai-python#3502"),
        incident("simonw/llm#1164"),
        incident("cheshire-cat-ai/core#1140"),
    ],
)
def no_arguments_are_an_empty_object(answered: Answer) -> Iterator[Finding]:
    """The arguments of a call of a function without parameters are `{}`, not an empty text, which is no JSON.

    OpenAI itself has sent an empty text. Clients that parse it unguarded fail at their simplest tool.
    """
    named = offered_tools(answered).get(str(get(answered.request, "tool_choice", "function", "name")))
    demanded = isinstance(named, dict) and get(named, "parameters", "properties") in (MISSING, {})
    if not demanded and not any(choice.calls for choice in answered.choices):
        raise AbsentError("no call of a function without parameters")
    bare = [
        (pointer, call)
        for pointer, call, function in _whole_calls(answered)
        if get(function, "parameters", "properties") in (MISSING, {}) and isinstance(call.arguments, str)
    ]
    if not bare:
        raise AbsentError("no call of a function without parameters")
    for pointer, call in bare:
        if isinstance(call.arguments, str) and not call.arguments.strip():
            place = Place(pointer=f"{pointer}/function/arguments")
            yield Finding(code="empty", expected="{}", received=show(call.arguments), at=place)

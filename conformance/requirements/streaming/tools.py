"""Calls in pieces: the fragments of `delta.tool_calls`, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import strictjson
from conformance.model import MISSING, Finding, Json, Level, Missing
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import by_call, ended, fragments, parts
from conformance.strictjson import NotJsonError, get, is_integer, show
from conformance.subjects.pair import Twins, twins
from conformance.subjects.reply import Stream, streamed_answer

with_tools = streamed_answer.needing("tools")


@requirement(
    "STREAM-TOOL-INDEX",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-index"), incident("openai/openai-python#2806"), incident("vercel/ai#15879")],
)
def fragments_have_an_index(stream: Stream) -> Iterator[Finding]:
    """Every fragment of a call has an `index`, a whole number: it says which call of the choice the fragment belongs to."""
    for fragment in fragments(stream):
        index = get(fragment.value, "index")
        if not is_integer(index) or (isinstance(index, int | float) and index < 0):
            yield Finding(code="no-index", expected="0 or more", received=show(index), at=fragment.at("/index"))


@requirement(
    "STREAM-TOOL-DISTINCT",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-index"), incident("mcowger/plexus#691"), incident("ai-dynamo/dynamo#4723")],
)
def calls_have_their_own_index(stream: Stream) -> Iterator[Finding]:
    """Each call has an `index` of its own; two calls with one index fuse, and their arguments with them."""
    for first, *later in by_call(stream):
        other = next((each for each in later if each.begins_another(first)), None)
        if other is not None:
            received = f"index {show(get(other.value, 'index'))} for {first.id} and {other.id}"
            yield Finding(code="shared", expected="another index", received=received, at=other.at("/index"))


@requirement(
    "STREAM-TOOL-FIRST",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-first"), incident("pipecat-ai/pipecat#5023"), incident("farion1231/cc-switch#4158")],
)
def first_fragment_says_who(stream: Stream) -> Iterator[Finding]:
    """The first fragment of a call has its id and the name of the function, neither of them empty."""
    for first, *_ in by_call(stream):
        for name, value, pointer in (("id", first.id, "/id"), ("name", first.name, f"/{first.inner}/name")):
            if not value:
                yield Finding(
                    code=f"no-{name}", expected="a string", received=show(get(first.value, *pointer[1:].split("/"))), at=first.at(pointer)
                )


@requirement(
    "STREAM-TOOL-TYPE",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-first"), incident("vercel/ai#12939"), incident("higress-group/higress#3984")],
)
def first_fragment_has_a_type(stream: Stream) -> Iterator[Finding]:
    """The first fragment of a call says its type: `function`, or `custom` for a tool that takes free text."""
    for first, *_ in by_call(stream):
        value = get(first.value, "type")
        if value not in ("function", "custom"):
            yield Finding(code="type", expected='"function"', received=show(value), at=first.at("/type"))


@requirement(
    "STREAM-TOOL-LATER",
    Level.SHOULD,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-later"), incident("openai/openai-agents-python#990"), incident("JetBrains/koog#2052")],
)
def later_fragments_repeat_nothing(stream: Stream) -> Iterator[Finding]:
    """Later fragments of a call do not repeat its id, type or name; some clients append what they get, or begin another call."""
    for first, *later in by_call(stream):
        for each in later:
            if each.begins_another(first):
                break
            told = {"id": (first.id, each.id), "type": (first.text("type"), each.text("type")), "name": (first.name, each.name)}
            repeated = [name for name, (before, now) in told.items() if now and now == before]
            if repeated:
                received = ", ".join(repeated)
                yield Finding(code="repeated", expected="index and arguments alone", received=received, at=each.at())
                break


@requirement(
    "STREAM-TOOL-CONSTANT",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-constant"), incident("continuedev/continue#5849"), incident("openclaw/openclaw#130532")],
)
def later_fragments_change_nothing(stream: Stream) -> Iterator[Finding]:
    """No later fragment of a call changes its id, type or name; the name comes in one piece."""
    for first, *later in by_call(stream):
        for each in later:
            if each.begins_another(first):
                break
            told = {
                "/id": (first.id, each.id),
                "/type": (first.text("type"), each.text("type")),
                f"/{each.inner}/name": (first.name, each.name),
            }
            for pointer, (before, now) in told.items():
                if now and before and now != before:
                    yield Finding(code="changed", expected=show(before), received=show(now), at=each.at(pointer))


@requirement(
    "STREAM-TOOL-ARGUMENTS",
    Level.MUST,
    on=with_tools,
    cites=[contract("/components/schemas/ToolCallFragment"), incident("ggml-org/llama.cpp#20198"), incident("sipeed/picoclaw#1379")],
)
def arguments_are_text(stream: Stream) -> Iterator[Finding]:
    """The arguments in a fragment are a string: a piece of JSON text, not JSON."""
    for fragment in fragments(stream):
        name = "input" if fragment.inner == "custom" else "arguments"
        value = get(fragment.value, fragment.inner, name)
        if value is not MISSING and value is not None and not isinstance(value, str):
            yield Finding(code="not-text", expected="a string", received=show(value), at=fragment.at(f"/{fragment.inner}/{name}"))


@requirement(
    "STREAM-TOOL-NONE",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-answer/no-empty-tool-calls"), incident("vllm-project/vllm#44105"), incident("decolua/9router#2230")],
)
def no_empty_list_of_calls(stream: Stream) -> Iterator[Finding]:
    """A delta without a call has no `tool_calls`, rather than an empty list.

    A client that finds the member reaches for its first element.
    """
    for part in parts(stream):
        if get(part.value, "delta", "tool_calls") == []:
            yield Finding(code="empty", expected="(absent)", received="[]", at=part.at("/delta/tool_calls"))
            return


@requirement(
    "STREAM-TOOL-JOIN",
    Level.SHOULD,
    on=twins.needing("tools"),
    cites=[contract("/x-stream/tool-fragment-join"), incident("vllm-project/vllm#32152"), incident("vllm-project/vllm#36360")],
)
def arguments_join_to_json(pair: Twins) -> Iterator[Finding]:
    """The arguments of a call, put together from its fragments, are JSON where those of the answer in one piece are.

    Otherwise the stream lost a piece or sent one twice. Calls that the token limit cut off do not count, nor do empty arguments.
    """
    ended(pair.streamed)
    if not all(is_integer(get(each.value, "index")) for each in fragments(pair.streamed)) or any(
        each.begins_another(first) for first, *later in by_call(pair.streamed) for each in later
    ):
        raise UnmetError("the fragments do not say which call they belong to")
    whole = [call.arguments for choice in pair.whole.choices for call in choice.calls]
    streamed = [
        call.arguments for choice in pair.streamed.choices if choice.finish_reason in ("tool_calls", "stop") for call in choice.calls
    ]
    if not whole or not streamed or not all(_is_json(each) for each in whole):
        raise UnmetError("the model made no finished call with JSON for arguments, whole and streamed")
    for arguments in streamed:
        if not _is_json(arguments):
            yield Finding(code="not-json", expected=show(whole[0]), received=show(arguments))


def _is_json(arguments: Json | Missing) -> bool:
    """Whether arguments are JSON text; the empty text of a call without parameters passes."""
    if not isinstance(arguments, str) or not arguments.strip():
        return True
    try:
        strictjson.parse(arguments)
    except NotJsonError:
        return False
    return True

"""The order of calls in a stream, and what their later fragments must not blank out."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import Fragment, by_call, fragments
from conformance.strictjson import get, is_integer, show
from conformance.subjects.reply import Stream, streamed_answer

with_tools = streamed_answer.needing("tools")


@requirement(
    "STREAM-TOOL-COUNTED",
    Level.MUST,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-index"), incident("mcowger/plexus#691"), incident("LibreChat-AI/agents#260")],
)
def indexes_count_the_calls(stream: Stream) -> Iterator[Finding]:
    """The calls of a choice have the indexes 0, 1, 2 in the order in which they begin; helpers use them as places in a list."""
    expected: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for fragment in fragments(stream):
        choice, index = repr(get(fragment.part.value, "index")), get(fragment.value, "index")
        if not is_integer(index):
            raise UnmetError("a fragment has no index")
        if (choice, repr(index)) in seen:
            continue
        seen.add((choice, repr(index)))
        number = expected.get(choice, 0)
        expected[choice] = number + 1
        if index != number:
            yield Finding(code="gap", expected=str(number), received=show(index), at=fragment.at("/index"))
            return


@requirement(
    "STREAM-TOOL-TYPE-KEPT",
    Level.SHOULD,
    on=with_tools,
    cites=[contract("/x-stream/tool-fragment-constant"), incident("vercel/ai#12901"), incident("higress-group/higress#3984")],
)
def type_is_not_blanked(stream: Stream) -> Iterator[Finding]:
    """No later fragment of a call has an empty string for its type: absent, null or the type it has."""
    for _, *later in by_call(stream):
        blank: Fragment | None = next((each for each in later if get(each.value, "type") == ""), None)
        if blank is not None:
            yield Finding(code="empty", expected="(absent)", received='""', at=blank.at("/type"))


@requirement(
    "STREAM-TOOL-EMPTY",
    Level.MAY,
    on=with_tools,
    cites=[contract("/x-answer/arguments-json"), incident("openai/openai-python#3502"), incident("simonw/llm#1164")],
)
def empty_arguments_are_an_object(stream: Stream) -> Iterator[Finding]:
    """The arguments of a call without any are `{}`, not the empty text.

    OpenAI itself has sent the empty text; clients that read JSON from it fail.
    """
    finished = [choice for choice in stream.choices if choice.finish_reason in ("tool_calls", "stop")]
    calls = [call for choice in finished for call in choice.calls if call.type in ("function", None, MISSING)]
    if not calls:
        raise AbsentError("no call came to its end")
    first = fragments(stream)[0]
    for call in calls:
        if call.name and call.arguments in ("", None, MISSING):
            yield Finding(code="empty", expected="{}", received=show(call.arguments), at=first.at(f"/{first.inner}/arguments"))

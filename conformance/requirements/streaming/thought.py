"""What a vendor lets be seen of the thinking: outside the documented answer, and yet in wide use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Json, Level, Missing, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import Part, ended, parts
from conformance.strictjson import get, show
from conformance.subjects.pair import Twins, twins
from conformance.subjects.reply import Reply, Stream, reply, streamed_answer

NAMES: Final = ("reasoning_content", "reasoning")
"""Members in which vendors show thought as text."""

TWICE: Final = 3
"""Fragments that are thought and content in one before it is called a mistake."""

_CLOSING: Final = re.compile(r"</(think|thinking|thought|reasoning)>")


def _named(message: Json | Missing) -> frozenset[str]:
    """The members with thought in a message or delta."""
    found = ((name, get(message, name)) for name in NAMES)
    return frozenset(name for name, value in found if isinstance(value, str) and value)


def _thinking(stream: Stream) -> list[Part]:
    """The parts that hold thought. Raises `AbsentError` where none is shown."""
    found = [part for part in parts(stream) if any(get(part.value, "delta", name) for name in NAMES)]
    if not found:
        raise AbsentError("no thought is shown")
    return found


@requirement(
    "STREAM-THOUGHT-TEXT",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/thought"), incident("langgenius/dify-official-plugins#2740")],
)
def thought_is_text(stream: Stream) -> Iterator[Finding]:
    """Thought that is shown in `reasoning_content` or `reasoning` of a delta is a string or null."""
    for part in _thinking(stream):
        for name in NAMES:
            value = get(part.value, "delta", name)
            if value and not isinstance(value, str):
                yield Finding(code="not-text", expected="a string", received=show(value), at=part.at(f"/delta/{name}"))
                return


@requirement(
    "STREAM-THOUGHT-APART",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-stream/thought"), incident("bytedance/deer-flow#3218")],
)
def thought_is_not_content(stream: Stream) -> Iterator[Finding]:
    """Thought is not sent as content as well, fragment by fragment; a client that shows both shows everything twice."""
    both = [
        part
        for part in _thinking(stream)
        if any(get(part.value, "delta", name) == get(part.value, "delta", "content") for name in _named(get(part.value, "delta")))
    ]
    if len(both) >= TWICE:
        yield Finding(
            code="twice", expected="thought apart from content", received=show(get(both[0].value, "delta")), at=both[0].at("/delta")
        )


@requirement(
    "STREAM-THOUGHT-NAME",
    Level.SHOULD,
    on=twins,
    cites=[contract("/x-stream/thought"), incident("vllm-project/vllm#27755"), incident("nbonamy/multi-llm-ts#25")],
)
def thought_has_one_name(pair: Twins) -> Iterator[Finding]:
    """Thought is in the same member from chunk to chunk, and streamed or not."""
    ended(pair.streamed)
    told = [_named(get(part.value, "delta")) for part in _thinking(pair.streamed)]
    told = [names for names in told if names]
    if not told:
        raise AbsentError("no thought is shown as text")
    common = frozenset.intersection(*told)
    if not common:
        yield Finding(code="moves", expected="one member", received=", ".join(sorted(frozenset.union(*told))))
    whole = _named(get(pair.whole.body, "choices", 0, "message"))
    if common and whole and not common & whole:
        yield Finding(code="differs", expected=", ".join(sorted(whole)), received=", ".join(sorted(common)))


@requirement(
    "STREAM-THOUGHT-MARKS",
    Level.SHOULD,
    on=reply,
    cites=[contract("/x-stream/thought"), incident("QwenLM/qwen-code#6033"), incident("ggml-org/llama.cpp#27661")],
    rests_on=[Detail.PURPOSE],
)
def no_mark_of_thought_without_its_beginning(answered: Reply) -> Iterator[Finding]:
    """No text has the closing mark of a thought without the opening one.

    It is left over where a template opens the thought and nobody looks for its end. A pair of marks is the model's own affair.
    """
    for position, choice in enumerate(answered.choices):
        found = _CLOSING.search(choice.text)
        if found and f"<{found[1]}>" not in choice.text[: found.start()]:
            received = show(choice.text[max(0, found.start() - 60) : found.end()])
            yield Finding(code="unopened", expected="no " + found[0], received=received, at=Place(pointer=f"/choices/{position}"))

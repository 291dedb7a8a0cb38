"""What shows in the text though it was meant for a machine: calls that nobody executes then, and the marks of a template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_reply
from conformance.strictjson import NotJsonError, parse, show
from conformance.subjects.reply import Call, Reply

_MARKUP: Final = re.compile(
    r"</?tool_calls?>|\[TOOL_CALLS\]|<\|python_tag\|>|</?function=|<\|tool_calls?(_section)?_begin\|>|<\|tool_call\|?>"
)
"""How models in wide use write a call before somebody takes it out of their text."""


@requirement(
    "ANSWER-CALL-NOT-IN-TEXT",
    Level.MUST,
    on=valid_reply.needing("tools"),
    cites=[contract("/x-answer/tool-call-name"), incident("waybarrios/vllm-mlx#43"), incident("oobabooga/textgen#7427")],
    rests_on=[Detail.PURPOSE],
)
def calls_stay_out_of_the_text(answered: Reply) -> Iterator[Finding]:
    """Where tools are offered, the text is neither the markup that the model writes for a call nor the arguments of the call beside it."""
    speaking = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text.strip()]
    if not speaking:
        raise AbsentError("no choice has text")
    for position, choice in speaking:
        place = Place(pointer=f"/choices/{position}/message/content")
        if found := _MARKUP.search(choice.text):
            yield Finding(code="markup", expected="no markup of a call", received=show(choice.text[found.start() :][:160]), at=place)
        elif any(_repeats(choice.text, call) for call in choice.calls):
            yield Finding(code="repeated", expected="the call in tool_calls alone", received=show(choice.text[:160]), at=place)


def _repeats(text: str, call: Call) -> bool:
    """Whether a text is the arguments of a call and nothing else."""
    if not isinstance(call.arguments, str):
        return False
    try:
        value = parse(text).value
        return isinstance(value, dict) and bool(value) and value == parse(call.arguments).value
    except NotJsonError:
        return False


_NULLS: Final = frozenset({"null", "none", "nil", "undefined"})
"""What writers make of a value that is not there, in the languages that servers are written in."""


@requirement(
    "ANSWER-CONTENT-NO-WORD-FOR-NULL",
    Level.SHOULD,
    on=valid_reply.needing("tools"),
    cites=[contract("/components/schemas/ResponseMessage")],
)
def nothing_is_not_spelt_out(answered: Reply) -> Iterator[Finding]:
    """Where a choice calls a tool and says nothing, the content is null, absent or empty, and not the word `null` or `None`."""
    calling = [(position, choice) for position, choice in enumerate(answered.choices) if choice.calls]
    if not calling:
        raise AbsentError("no choice calls a tool")
    for position, choice in calling:
        if choice.text.strip().lower() in _NULLS:
            place = Place(pointer=f"/choices/{position}/message/content")
            yield Finding(code="spelt-out", expected="null", received=show(choice.text), at=place)


_MARKS: Final = re.compile(
    r"<\|(im_start|im_end|eot_id|eom_id|start_header_id|end_header_id|begin_of_text|end_of_text|endoftext|END_OF_TURN_TOKEN)\|>"
    r"|<\|START_OF_TURN_TOKEN\|>|<(start|end)_of_turn>|<\uff5c(begin|end)\u2581of\u2581sentence\uff5c>|\[/INST\]|</s>\s*\Z"
)
"""How the templates of models in wide use begin and end a turn. The last one is a tag of HTML as well, and counts at the end alone."""


@requirement(
    "ANSWER-NO-TEMPLATE-MARKS",
    Level.SHOULD,
    on=valid_reply,
    cites=[
        contract("/components/schemas/ResponseMessage"),
        incident("ModelTC/LightLLM#130"),
        incident("logancyang/obsidian-copilot#2284"),
        incident("huggingface/text-generation-inference#1254"),
    ],
)
def marks_of_the_template_stay_out_of_the_text(answered: Reply) -> Iterator[Finding]:
    """The text holds no mark by which the template of a model begins or ends a turn, such as `<|im_end|>`: it is none of what was said.

    The server does not know the mark for one, or looks for it in pieces that are too small. One that stands in the request may be repeated.
    """
    speaking = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text]
    if not speaking:
        raise AbsentError("no choice has text")
    for position, choice in speaking:
        if (found := _MARKS.search(choice.text)) and found[0].strip() not in json.dumps(answered.request, ensure_ascii=False):
            place = Place(pointer=f"/choices/{position}/message/content")
            received = f"{show(found[0])} in {show(choice.text[max(0, found.start() - 40) : found.end()])}"
            yield Finding(code="mark", expected="what the model said alone", received=received, at=place)

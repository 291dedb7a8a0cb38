"""A language model small enough to be predictable: it follows a handful of instructions to the letter.

`characters` has others, which do not. What all have in common is what a server sees to whatever the model would like: calls that are
demanded, and JSON where it is asked for.

- "Count from 1 to 20", "Count to ten": counts, in digits or in words, with commas unless "separated by spaces" is asked for.
- "Repeat: …", "Say exactly: …", "Reply with "…"": says what follows the colon, or what is quoted.
- A tool is called when it has to be, or when the last user message names it (or a word of its name, or the longest word of its
  description). Two tools named, or two places ("Paris and London"), make two calls where that is allowed.
- JSON on demand: the smallest instance of the schema.
- After a tool's result: a sentence that holds the result.
- Anything else: one of a few fixed sentences, chosen by the prompt.

Nothing depends on time, chance or a seed.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from conformance.reference.exemplar import exemplar, exemplar_object
from conformance.reference.request import Format, Mode, ToolKind

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest, Tool

_SENTENCES = (
    "The quiet river runs past the old mill and into the sea.",
    "A small lamp was burning in the window of the last house.",
    "Every morning the baker opens the shop before the sun is up.",
    "The train left on time and arrived an hour before the rain.",
    "Seven grey geese flew over the field and did not look back.",
)
_ONES = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = (*_ONES, *(f"{ten}-{one}" if one != "zero" else ten for ten in _TENS for one in _ONES[:10]), "hundred")
_NUMBERS = {word: number for number, word in enumerate(_WORDS)} | {"one hundred": 100, "a hundred": 100}
_BOUND = rf"(\d{{1,5}}|one hundred|a hundred|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_COUNT = re.compile(rf"\bcount\b.{{0,40}}?\b(?:from\s+{_BOUND}\s+)?(?:up\s+)?to\s+{_BOUND}\b", re.IGNORECASE)
_SPACED = re.compile(r"\bseparated by (?:single |one )?spaces?\b", re.IGNORECASE)
_VERBS = r"(?:repeat|say|reply|respond|answer|echo|print|write|output)"
_AFTER_COLON = re.compile(rf"\b{_VERBS}\b[^:\n]{{0,80}}:\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(rf"\b{_VERBS}\b[^\"\n]{{0,80}}\"([^\"]+)\"", re.IGNORECASE)
_PLACES = re.compile(r"\b([A-Z]\w+),? and (?:in |for |of )?([A-Z]\w+)\b")
_LONGEST_COUNT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCall:
    """A call the model wants made."""

    tool: Tool
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the model would say if nothing cut it short: thought, then text, then calls."""

    thought: str = ""
    text: str = ""
    calls: tuple[DraftCall, ...] = ()
    declined: bool = False
    """Whether the text says why nothing is answered; it is sent as a refusal."""
    filtered: bool = False
    """Whether the text was taken away from the model before its end."""


class Model(Protocol):
    """Anything that answers a request."""

    def reply(self, request: ChatRequest) -> Draft:
        """Answer; called once for each choice."""
        ...


class ToyModel:
    """The model described above."""

    def reply(self, request: ChatRequest) -> Draft:
        """Answer to the last turn of the conversation."""
        prompt = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
        last = request.messages[-1] if request.messages else None
        answered = last is not None and last.role in {"tool", "function"}
        if calls := self._calls(request, prompt, answered=answered):
            return Draft(calls=calls)
        told = f"The tool says: {last.text}" if answered and last is not None else _instructed(prompt) or _canned(prompt)
        text = self.says(request, told)
        match request.format:
            case Format.TEXT:
                return Draft(text=text)
            case Format.JSON_OBJECT:
                return Draft(text=json.dumps({"answer": text}, ensure_ascii=False))
            case Format.JSON_SCHEMA:
                value = {"answer": text} if request.schema is None else exemplar(request.schema)
                return Draft(text=json.dumps(value, ensure_ascii=False))

    def says(self, request: ChatRequest, told: str) -> str:  # noqa: ARG002 - other characters look at the request
        """Answer in words; `told` is what the instructions come to."""
        return told

    def wants(self, prompt: str, tool: Tool, *, answered: bool) -> bool:
        """Whether it calls a tool of its own accord; `answered` when a tool spoke last."""
        return not answered and _mentions(prompt, tool)

    def _calls(self, request: ChatRequest, prompt: str, *, answered: bool) -> tuple[DraftCall, ...]:
        mode, only = request.choice.mode, request.choice.only
        tools = [tool for tool in request.tools if only is None or tool.name in only]
        if mode is Mode.NONE or not tools:
            return ()
        if mode is Mode.AUTO:
            meant = [tool for tool in tools if self.wants(prompt, tool, answered=answered)]
        else:
            meant = [tool for tool in tools if _mentions(prompt, tool)] or tools[:1]
        places = _PLACES.search(prompt)
        if len(meant) == 1 and places:
            calls = tuple(_call(meant[0], place) for place in places.groups())
        else:
            calls = tuple(_call(tool) for tool in meant)
        several = request.parallel and not any(tool.kind is ToolKind.LEGACY for tool in meant)
        return calls if several else calls[:1]


def _instructed(prompt: str) -> str:
    if counted := _COUNT.search(prompt):
        first, last = (_value(bound or "1") for bound in counted.groups())
        step = 1 if last >= first else -1
        numbers = range(first, last + step, step)[:_LONGEST_COUNT]
        spelt = not counted[2].isdigit() or "in words" in prompt.lower()
        between = " " if _SPACED.search(prompt) else ", "
        return between.join(_WORDS[number] if spelt and number < 100 else str(number) for number in numbers)
    if told := _QUOTED.search(prompt) or _AFTER_COLON.search(prompt):
        return told[1].strip()
    return ""


def _value(bound: str) -> int:
    return int(bound) if bound.isdigit() else _NUMBERS[bound.lower()]


def _canned(prompt: str) -> str:
    return _SENTENCES[zlib.crc32(prompt.encode("utf-8", "replace")) % len(_SENTENCES)]


def _mentions(prompt: str, tool: Tool) -> bool:
    said = prompt.lower()
    parts = [part for part in re.split(r"[_\-\s]+", tool.name.lower()) if len(part) > 3]
    key_word = max(re.findall(r"\w{4,}", tool.description.lower()), key=len, default="")
    return any(re.search(rf"\b{re.escape(word)}\b", said) for word in (tool.name.lower(), *parts, key_word) if word)


def _call(tool: Tool, filling: str = "") -> DraftCall:
    if tool.kind is ToolKind.CUSTOM:
        return DraftCall(tool=tool, arguments=filling or "text")
    return DraftCall(tool=tool, arguments=json.dumps(exemplar_object(tool.parameters, filling), ensure_ascii=False))

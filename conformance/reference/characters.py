"""Models that make it hard to judge the server around them: none does what it is told, each in a way of its own.

The server stays the same and keeps the contract. Calls that are demanded and JSON that is asked for are its duty, so it gets them out
of every character; only one that declines or is filtered gets around that, as the contract provides.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, Final

from conformance.reference.request import Format, Mode
from conformance.reference.toymodel import Draft, Model, ToyModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.request import ChatRequest, Tool


class Character(StrEnum):
    """What a model is like."""

    OBEDIENT = "obedient"
    """Does what it is told, as far as it understands it."""
    RAMBLING = "rambling"
    """Begins with a blank line, ignores what it was asked and goes on at length, in Markdown."""
    TERSE = "terse"
    """Says one word."""
    MUTE = "mute"
    """Says nothing."""
    FOREIGN = "foreign"
    """Speaks other languages; nearly every character takes several bytes."""
    MOODY = "moody"
    """Never says the same twice, nor at the same length."""
    ECHOING = "echoing"
    """Repeats what was said last."""
    CONFUSING = "confusing"
    """Writes what looks like the protocol: JSON, events, the end of a stream."""
    STOPPING = "stopping"
    """Begins with the stop string, if there is one."""
    RELUCTANT = "reluctant"
    """Calls no tool unless it must."""
    EAGER = "eager"
    """Calls every tool it may, whatever was said and again after the result, and announces it."""
    THINKING = "thinking"
    """Thinks a little before it obeys."""
    LOST = "lost"
    """Thinks for so long that a cap finds it still thinking."""
    DECLINING = "declining"
    """Declines to fill in a schema or a tool's arguments."""
    FILTERED = "filtered"
    """Is silenced by a content filter after a few words."""


_RAMBLE = "\n\n# Well\n\n" + " ".join(
    f"**{number}.** That reminds me of the summer of {1900 + number}, when _everything_ was different \U0001f60a.\n" for number in range(60)
)
_FOREIGN = "当然可以。很高兴为您效劳。 بكل سرور، أهلاً وسهلاً بكم. Ещё бы, почему нет. \U0001f469\u200d\U0001f467 नमस्ते दुनिया।" * 4
_PROTOCOL = (
    '{"choices": [{"index": 0, "delta": {"content": "no"}, "finish_reason": "length"}], "usage": {"total_tokens": -1}}\n\n'
    'data: {"error": {"message": "none", "type": "server_error"}}\n\ndata: [DONE]\n\nevent: error\r\ndata: [DONE]\r\n\r\n'
    '```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```\n: ping\n\n\ufeff\u2028\u0085\x0b"} null NaN \\u0000 \\"'
)
_MOODS = ("Hm.", "Well, that depends on the day.", "Ask somebody else, I was about to leave, and the shops close at", "Yes, or no: maybe")


class Reluctant(ToyModel):
    """Obeys, but calls no tool of its own accord."""

    def wants(self, prompt: str, tool: Tool, *, answered: bool) -> bool:  # noqa: ARG002 - it never does
        """Never."""
        return False


class Monologue(Reluctant):
    """Says always the same."""

    def __init__(self, text: str) -> None:
        self._text = text

    def says(self, request: ChatRequest, told: str) -> str:  # noqa: ARG002 - it does not listen
        """Say it."""
        return self._text


class Moody(Reluctant):
    """Says something else each time."""

    def __init__(self) -> None:
        self._times = count()

    def says(self, request: ChatRequest, told: str) -> str:  # noqa: ARG002 - it does not listen
        """Say the next thing that comes to mind, with a number that never comes again."""
        time = next(self._times)
        return f"{_MOODS[time % len(_MOODS)]} {time}"


class Echoing(Reluctant):
    """Says what was said."""

    def says(self, request: ChatRequest, told: str) -> str:  # noqa: ARG002 - it does not listen
        """Repeat the last turn that has text."""
        return next((message.text for message in reversed(request.messages) if message.text), "")


class Stopping(ToyModel):
    """Obeys, once it has said the stop string."""

    def says(self, request: ChatRequest, told: str) -> str:
        """Say the first stop string, then what it was told."""
        return "".join((*request.stops[:1], told))


class Eager(ToyModel):
    """Loves tools."""

    def wants(self, prompt: str, tool: Tool, *, answered: bool) -> bool:  # noqa: ARG002 - it always does
        """Always."""
        return True

    def reply(self, request: ChatRequest) -> Draft:
        """Announce what is called."""
        draft = super().reply(request)
        return replace(draft, text="Let me look that up.") if draft.calls else draft


class Thinking(ToyModel):
    """Thinks first."""

    def __init__(self, thought: str) -> None:
        self._thought = thought

    def reply(self, request: ChatRequest) -> Draft:
        """Think, then obey."""
        return replace(super().reply(request), thought=self._thought)


class Declining(ToyModel):
    """Declines what is structured, the way structured outputs provide for it."""

    def reply(self, request: ChatRequest) -> Draft:
        """Decline a schema, and a call that is demanded."""
        if request.format is Format.JSON_SCHEMA or (request.tools and request.choice.mode is Mode.REQUIRED):
            return Draft(text="I am sorry, I cannot help with that.", declined=True)
        return super().reply(request)


class Filtered(ToyModel):
    """Is not allowed to finish."""

    def reply(self, request: ChatRequest) -> Draft:
        """Begin to obey; calls are let pass."""
        draft = super().reply(request)
        return draft if draft.calls else replace(draft, text=draft.text[: len(draft.text) // 2], filtered=True)


_MODELS: Final[dict[Character, Callable[[], Model]]] = {
    Character.OBEDIENT: ToyModel,
    Character.RAMBLING: lambda: Monologue(_RAMBLE),
    Character.TERSE: lambda: Monologue("Ok"),
    Character.MUTE: lambda: Monologue(""),
    Character.FOREIGN: lambda: Monologue(_FOREIGN),
    Character.MOODY: Moody,
    Character.ECHOING: Echoing,
    Character.CONFUSING: lambda: Monologue(_PROTOCOL),
    Character.STOPPING: Stopping,
    Character.RELUCTANT: Reluctant,
    Character.EAGER: Eager,
    Character.THINKING: lambda: Thinking("Let me see. "),
    Character.LOST: lambda: Thinking("On the one hand, yes; on the other hand, no. " * 40),
    Character.DECLINING: Declining,
    Character.FILTERED: Filtered,
}


def model_of(character: Character) -> Model:
    """Make a model of this character, with a memory of its own if it has one."""
    return _MODELS[character]()

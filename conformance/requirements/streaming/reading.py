"""How the requirements of this area read a stream: premises, places, parts of choices, fragments of calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.model import MISSING, Detail, Json, Place
from conformance.observation import UnmetError
from conformance.sse import Note, NoteCode
from conformance.strictjson import get, is_integer, items
from conformance.subjects.reply import Stream, StreamedChunk

MAX_CHOICES: Final = 128
"""Most choices that a request may ask for (`n` of the request schema)."""


def ended(stream: Stream) -> None:
    """Raise `UnmetError` for a stream that broke off or reports a failure: it need not hold what a whole one holds."""
    if stream.exchange.fault is not None:
        raise UnmetError("the stream broke off")
    if Detail.END in stream.exchange.lacks:
        raise UnmetError("nobody recorded whether the stream had come to its end")
    if stream.observation.decoded.events and stream.failed:
        raise UnmetError("the stream reports a failure")


def coded(stream: Stream) -> bool:
    """Whether the body is compressed, so that its bytes are no event stream yet."""
    return (stream.exchange.header("content-encoding") or "identity").strip().lower() != "identity"


def noted(stream: Stream, *codes: NoteCode) -> list[Note]:
    """The notes of these kinds. Raises `UnmetError` when there are none on a body without events, of which nothing holds."""
    if coded(stream):
        raise UnmetError("the body is compressed")
    found = [note for note in stream.notes if note.code in codes]
    return found if found or stream.events else []


def at(chunk: StreamedChunk, pointer: str = "") -> Place:
    """A place in the data of an event."""
    return Place(pointer=pointer, event=chunk.event.number, span=chunk.event.span)


@dataclass(frozen=True, slots=True)
class Part:
    """What one chunk says about one choice."""

    chunk: StreamedChunk
    position: int
    """Within `choices` of its chunk."""
    value: dict[str, Json]

    def at(self, pointer: str = "") -> Place:
        """A place within the choice."""
        return at(self.chunk, f"/choices/{self.position}{pointer}")

    @property
    def reason(self) -> str:
        """The finish_reason if there is one; null however it is spelt is none."""
        value = get(self.value, "finish_reason")
        return value if isinstance(value, str) and not spells_null(value) else ""

    @property
    def substance(self) -> list[str]:
        """Members of the delta that say something; the role does not."""
        delta = get(self.value, "delta")
        return [name for name, value in delta.items() if value and name != "role"] if isinstance(delta, dict) else []


def spells_null(text: str) -> bool:
    """Whether a string is what some writers make of null."""
    return text.strip().lower() in {"", "null", "none"}


def parts(stream: Stream) -> list[Part]:
    """What the chunks say about choices. Raises `UnmetError` when they say nothing."""
    found = [Part(chunk, position, value) for chunk in stream.chunks for position, value in chunk.choices()]
    if not found:
        raise UnmetError("no chunk has a choice")
    return found


def choices_asked_for(stream: Stream) -> int:
    """How many choices there should be. Raises `UnmetError` where `n` was nonsense and accepted all the same: nothing follows from it."""
    asked = get(stream.request, "n")
    if asked is MISSING or asked is None:
        return 1
    if not is_integer(asked) or not isinstance(asked, int | float) or not 1 <= asked <= MAX_CHOICES:
        raise UnmetError("n was not a number of choices")
    return int(asked)


def by_choice(stream: Stream) -> list[list[Part]]:
    """The parts of each choice, whatever its index is. Raises `UnmetError` when there are none, or when `n` was nonsense."""
    choices_asked_for(stream)
    choices: dict[str, list[Part]] = {}
    for part in parts(stream):
        choices.setdefault(repr(get(part.value, "index")), []).append(part)
    return list(choices.values())


@dataclass(frozen=True, slots=True)
class Fragment:
    """One element of `delta.tool_calls`."""

    part: Part
    position: int
    """Within `tool_calls` of its delta."""
    value: dict[str, Json]

    def at(self, pointer: str = "") -> Place:
        """A place within the fragment."""
        return self.part.at(f"/delta/tool_calls/{self.position}{pointer}")

    @property
    def inner(self) -> str:
        """Name of the member that holds name and text: a function's, or a custom tool's."""
        return "custom" if isinstance(get(self.value, "custom"), dict) else "function"

    def text(self, *path: str) -> str:
        """The string at a path; empty when there is none."""
        value = get(self.value, *path)
        return value if isinstance(value, str) else ""

    def begins_another(self, first: Fragment) -> bool:
        """Whether this is the beginning of another call than `first` began, whatever its index says."""
        return bool(self.id and self.name and first.id) and self.id != first.id

    @property
    def id(self) -> str:
        """The id, empty when it is not told here."""
        return self.text("id")

    @property
    def name(self) -> str:
        """The name, empty when it is not told here."""
        return self.text(self.inner, "name")


def fragments(stream: Stream) -> list[Fragment]:
    """Every fragment of a call. Raises `UnmetError` when the model called nothing."""
    found = [
        Fragment(part, position, value)
        for part in parts(stream)
        for position, value in enumerate(items(part.value, "delta", "tool_calls"))
        if isinstance(value, dict)
    ]
    if not found:
        raise UnmetError("the model called no tool")
    return found


def by_call(stream: Stream) -> Iterator[list[Fragment]]:
    """The fragments of each call, by choice and index. Raises `UnmetError` when none has an index: another requirement owns that."""
    calls: dict[tuple[str, str], list[Fragment]] = {}
    for fragment in fragments(stream):
        index = get(fragment.value, "index")
        if is_integer(index):
            calls.setdefault((repr(get(fragment.part.value, "index")), repr(index)), []).append(fragment)
    if not calls:
        raise UnmetError("no fragment has an index")
    yield from calls.values()

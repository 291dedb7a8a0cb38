"""Where the reference server can be made to misbehave, and how a defect says what it does.

A defect is one function at one seam. It gets what the server was about to use or to send there, and the `Call` so far, and returns
what is used or sent instead::

    @defect("done-missing", seam=FRAMES, trips={"STREAM-DONE"}, incident="mudler/LocalAI#340")
    def done_missing(frames: Frames, _: Call) -> Frames:
        \"\"\"The stream ends without its `[DONE]`.\"\"\"
        return (frame for frame in frames if frame != DONE)

The seams, in the order in which a request meets them:

=============  ==========================  ================================================================================
`RAW`          `RawRequest`                before anything is read
`AUTH`         `Refusal | None`            the verdict on the key
`FAULTS`       `tuple[SchemaFault, ...]`   what validation found
`REQUEST`      `ChatRequest`               what the server understood: make it forget a field here
`COMPLETION`   `Completion`                what was generated and counted
`ANSWER`       `dict`                      the body of an unstreamed answer
`CHUNKS`       iterator of `dict`          the chunks of a streamed answer
`FRAMES`       iterator of `Frame`         its events as bytes; may pause, abort or never end
`REFUSAL`      `Refusal`                   an error before it is written
`REPLY`        `Reply`                     any reply with a whole body: status, headers, bytes
`STREAM`       `Reply`                     the head and the frames of a streamed answer
=============  ==========================  ================================================================================
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from conformance.errors import CatalogueError
from conformance.model import Tier
from conformance.reference.request import ChatRequest, read_request
from conformance.reference.transport import Frame, RawRequest, Reply

if TYPE_CHECKING:
    from conformance.contract import SchemaFault
    from conformance.model import Json
    from conformance.reference.completion import Completion
    from conformance.reference.refusals import Refusal

T = TypeVar("T")
Chunks: TypeAlias = Iterator[dict[str, "Json"]]
Frames: TypeAlias = Iterator[Frame]


@dataclass(frozen=True, slots=True)
class Seam(Generic[T]):
    """A point between two steps, at which a value of type T passes."""

    name: str


RAW: Seam[RawRequest] = Seam("raw")
AUTH: Seam[Refusal | None] = Seam("auth")
FAULTS: Seam[tuple[SchemaFault, ...]] = Seam("faults")
REQUEST: Seam[ChatRequest] = Seam("request")
COMPLETION: Seam[Completion] = Seam("completion")
ANSWER: Seam[dict[str, Json]] = Seam("answer")
CHUNKS: Seam[Chunks] = Seam("chunks")
FRAMES: Seam[Frames] = Seam("frames")
REFUSAL: Seam[Refusal] = Seam("refusal")
REPLY: Seam[Reply] = Seam("reply")
STREAM: Seam[Reply] = Seam("stream")


class State:
    """What one server remembers from request to request. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._texts: dict[str, str] = {}

    def count(self, name: str) -> int:
        """Count one more of something; returns how many there were before, 0 the first time."""
        with self._lock:
            self._counts[name] += 1
            return self._counts[name] - 1

    def counted(self, name: str) -> int:
        """Tell how many of something there were."""
        with self._lock:
            return self._counts[name]

    def swap(self, name: str, text: str) -> str:
        """Remember a text under a name; returns what was remembered there before, at first nothing."""
        with self._lock:
            before, self._texts[name] = self._texts.get(name, ""), text
            return before


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request on its way through the server; what is not known yet has an empty value."""

    raw: RawRequest
    state: State
    body: Json = None
    request: ChatRequest = field(default_factory=lambda: read_request(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One exact deviation, and the requirements that have to notice it."""

    id: str
    sentence: str
    area: str
    """The area of what it breaks: the first word in the name of the module it is declared in."""
    trips: frozenset[str]
    """Ids of exactly the requirements that fail because of it."""
    incident: str
    """A report of this mistake in the field, `owner/repo#n`; empty when it has not been seen."""
    seam: str
    act: Callable[[Any, Call], Any]
    tier: Tier = Tier.GATE
    """The smallest tier in which it shows."""
    dialect: str = ""
    """Reading in which the server has to be run for it to show; empty for any."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A server's conduct: conforming, with one defect, or with one beside another."""

    defect: Defect | None = None
    beside: Behaviour | None = None
    """What comes on top, and acts on what the defect left."""

    def at(self, seam: Seam[T], value: T, call: Call) -> T:
        """Let a value pass a seam; it comes out changed if the defect sits there."""
        if self.defect is not None and self.defect.seam == seam.name:
            value = self.defect.act(value, call)
        return value if self.beside is None else self.beside.at(seam, value, call)


REGISTRY: dict[str, Defect] = {}
"""Every defect declared so far, by id; complete once `conformance.reference.defects` is imported."""


def defect(
    name: str, *, seam: Seam[T], trips: set[str], incident: str = "", tier: Tier = Tier.GATE, dialect: str = ""
) -> Callable[[Callable[[T, Call], T]], Callable[[T, Call], T]]:
    """Declare the decorated function as a defect; its docstring is the sentence people read.

    Raises `CatalogueError` for an id that is taken, or a function without a docstring.
    """

    def declare(act: Callable[[T, Call], T]) -> Callable[[T, Call], T]:
        if name in REGISTRY:
            raise CatalogueError(f"Two defects are called {name!r}.")
        if not act.__doc__:
            raise CatalogueError(f"Defect {name!r} does not say what it does.", hint="Give the function a docstring.")
        REGISTRY[name] = Defect(
            id=name,
            sentence=" ".join(act.__doc__.split()),
            area=act.__module__.rpartition(".")[2].partition("_")[0],
            trips=frozenset(trips),
            incident=incident,
            seam=seam.name,
            act=act,
            tier=tier,
            dialect=dialect,
        )
        return act

    return declare

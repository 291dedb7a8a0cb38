"""One exchange as a capture has it, whatever the form of the file: what all readers hand on. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from conformance.model import Chunk

Headers = tuple[tuple[str, str], ...]

PATH: Final = "/chat/completions"
"""How the path of a chat completion ends."""


class UnreadableError(ConformanceError):
    """One entry of a capture is none; the reader knows which. Never leaves this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One exchange, secrets included: to be redacted before anything of it is written."""

    place: str
    """Where in its file it stands: `entry 3`, `line 17`."""
    method: str
    url: str
    request_headers: Headers
    request: bytes | None
    """Body that was sent; None where the capture does not have it."""
    status: int
    """0 where no answer came."""
    headers: Headers
    chunks: tuple[Chunk, ...] | None
    """The body; None where the capture does not have it. With one chunk nobody knows when its bytes came."""
    media_type: str = ""
    """What the capture itself says of the body, apart from the header."""
    started: float | None = None
    """Seconds since the epoch."""
    elapsed: float = 0.0
    """Seconds."""
    timed: bool = False
    """Whether the chunks have the times at which they came."""
    as_bytes: bool = False
    """Whether the body is bytes as they came, rather than text that was made of them."""
    whole: bool | None = None
    """Whether all of the answer is there; None where the capture does not say."""

    @property
    def is_completion(self) -> bool:
        """Whether a chat completion was asked for."""
        return self.method.upper() == "POST" and self.url.partition("#")[0].partition("?")[0].endswith(PATH)

    @property
    def body(self) -> bytes:
        """All bytes of the answer, in order."""
        return b"".join(chunk.data for chunk in self.chunks or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """All that was read from one file."""

    form: str
    """`HAR` or `JSONL`."""
    tool: str
    """What recorded it, as it says itself; empty where it does not."""
    entries: tuple[Captured, ...]
    unreadable: int = 0


def field(headers: Headers, name: str) -> str:
    """First value of a header field, whatever its case; empty where there is none."""
    return next((value for key, value in headers if key.lower() == name), "")

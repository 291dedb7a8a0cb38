"""HTTP as the reference server sees it: a request that was read whole, a reply that may come in pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """A request before anybody looked into it. Names of headers are in lower case."""

    method: str
    path: str
    headers: Headers = ()
    body: bytes = b""
    oversize: bool = False
    """More was sent than is read; `body` is then empty."""

    def header(self, name: str) -> str | None:
        """First value of a header, by its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for that many seconds, while the connection stays open."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Abort:
    """The connection is closed here, in the middle of the body."""


Frame: TypeAlias = bytes | Pause | Abort
"""One step of a body that is sent in pieces; each `bytes` leaves on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back: a whole body with its length, or an iterator of frames that are sent as they come."""

    status: int
    headers: Headers
    body: bytes | Iterator[Frame]

    def with_header(self, name: str, value: str) -> Reply:
        """Return the reply with this header in place of any of that name."""
        return replace(self, headers=(*self.without_header(name).headers, (name, value)))

    def without_header(self, name: str) -> Reply:
        """Return the reply without any header of that name."""
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() != name.lower()))

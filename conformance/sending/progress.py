"""Who wants to know how the sending of a plan goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from conformance.model import Exchange


class Progress(Protocol):
    """Is told how it goes. Called from several threads, one at a time."""

    def started(self, total: int) -> None:
        """So many steps are to be asked; those that are settled already are not among them."""

    def exchanged(self, exchange: Exchange) -> None:
        """One attempt is over."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing is sent for a while."""

    def finished(self) -> None:
        """Nothing more will come."""


class Unwatched:
    """Wants to know nothing; what wants to know only some of it is made from this."""

    def started(self, total: int) -> None:
        """Nothing."""

    def exchanged(self, exchange: Exchange) -> None:
        """Nothing."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing."""

    def finished(self) -> None:
        """Nothing."""

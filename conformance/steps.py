"""What is going to be sent: planned requests, and how they hang together. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from conformance.model import Exchange, Purpose, Request

TIMED: Final = "timed"
"""Topic of streams whose delivery is timed: asked before all others and one after the other, so that none waits for another."""

SWIFT: Final = 0.3
"""Seconds. When the first of them is over sooner, its time tells nothing, and the others are asked beside everything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One planned request, and what it may cost.

    A step without `after` opens a chain. A step that follows another is asked after it, by the same worker. Where its request is a
    function, it is built from the last settled answer to that other step; where there is none, or the function returns None because
    its premise is missing, nothing is sent. A ready-made request is sent in any case, unless its purpose is to split the other: then it
    is sent only when the other was refused, or failed each time.
    """

    purpose: Purpose
    request: Request | Callable[[Exchange], Request | None]
    after: str = ""
    """Key of the step that this one follows; empty for the first of a chain."""
    tries: int = 1
    """How often it may be asked until `until` holds; repeats of lost answers do not count."""
    until: Callable[[Exchange], bool] | None = None
    """Whether a settled answer is what the step was after, such as a model that did call the tool."""
    output_tokens: int = 0
    """Ceiling per try on a conforming endpoint; 0 for a request that must be refused."""
    billed: bool = True
    """Whether a conforming endpoint bills it: one that must be refused costs nothing, nor does one that is never sent to it."""

    @property
    def key(self) -> str:
        """Key of its purpose."""
        return self.purpose.key

"""What is drawn: one body of a request."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A valid request body, but for `model` and a token cap, which the plan adds."""

    body: dict[str, Json]
    needs: frozenset[str]
    """Features that the body makes use of."""

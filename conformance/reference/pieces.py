"""The pieces of an answer, whole or streamed, to be changed in place: what a defect at the seams ANSWER and CHUNKS starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.strictjson import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json


def each_choice(answer: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the choices of a whole answer or of a chunk."""
    return (choice for choice in items(answer, "choices") if isinstance(choice, dict))


def each_message(answer: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the messages of a whole answer."""
    for choice in each_choice(answer):
        if isinstance(message := choice["message"], dict):
            yield message


def each_fragment(chunk: dict[str, Json]) -> list[dict[str, Json]]:
    """List the fragments of calls that a chunk has."""
    return [each for choice in each_choice(chunk) for each in items(choice, "delta", "tool_calls") if isinstance(each, dict)]

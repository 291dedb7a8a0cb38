"""JSON Pointers (RFC 6901): how they are written, taken apart and followed."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.model import Json, Missing
from conformance.strictjson import get


def write(path: Iterable[str | int]) -> str:
    """Write a path of names and indexes as a pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def steps(pointer: str) -> list[str]:
    """The names and indexes of a pointer, all of them as text."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def at(value: Json, pointer: str) -> Json | Missing:
    """What a pointer leads to; MISSING when it leads nowhere."""
    found: Json | Missing = value
    for step in steps(pointer):
        found = get(found, int(step) if isinstance(found, list) and step.isdecimal() else step)
    return found

"""A line of a record, and what only lines say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from conformance.model import Purpose
from conformance.record.codec import FormError

if TYPE_CHECKING:
    from conformance.model import Json

VERSION: Final = 2
"""Format of the record; raised when an older reader would misread a newer one."""

READ: Final = (1, VERSION)
"""Formats that are understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a plan comes to, as in `Plan`."""

    requests: int
    billed: int
    output_tokens: int
    purposes: tuple[Purpose, ...] = ()
    """Only in format 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Where a run that had been cut off was gone on with."""

    at: float
    """Seconds since the epoch."""
    exchanges: int
    """How many the record held by then."""


def line(kind: str, form: dict[str, Json]) -> bytes:
    """Write a line, its line feed included."""
    return json.dumps({"kind": kind, **form}, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def read(line: bytes) -> Json:
    """Read a line. Raises `ValueError`, and `RecursionError` for one that nobody wrote in earnest."""
    value: Json = _READER.decode(line.decode("utf-8"))
    return value


def _no_constant(name: str) -> NoReturn:
    raise FormError(f"{name} is no JSON")


_READER: Final = json.JSONDecoder(parse_constant=_no_constant)
"""Made once: `json.loads` makes one for each line that it is to read this strictly."""

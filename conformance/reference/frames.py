"""Chunks as server-sent events (HTML Standard, section 9.2): one `data:` line of JSON and a blank line each, `[DONE]` at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Json
    from conformance.reference.transport import Frame

DONE = b"data: [DONE]\n\n"


def encode(value: Json) -> bytes:
    """Write JSON on one line, in UTF-8 and without needless spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def frame(value: Json) -> bytes:
    """Write one event."""
    return b"data: " + encode(value) + b"\n\n"


def frames(values: Iterator[dict[str, Json]]) -> Iterator[Frame]:
    """Write events as their values come, and the terminator after the last."""
    for value in values:
        yield frame(value)
    yield DONE

"""HAR 1.2 as browsers, proxies and test tools write it.

The format is that of "HTTP Archive 1.2" (w3c.github.io/web-performance, HAR/Overview.html). Body text is already decoded there, from
the transfer coding, the content coding and the charset; what is no text is in base64. What tools leave out or add: HTTP/2 pseudo-header
fields, which are no header fields; `_error` for an answer that was broken off; `-1` for sizes and times that nobody measured; bodies
that were too large, or that nobody asked to be kept.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from conformance.imports.captured import Capture, Captured, Headers, UnreadableError
from conformance.model import MISSING, Chunk, Json, Missing
from conformance.strictjson import get, items

_ERRORS: Final = ("_error", "_failureText", "_errorMessage")
"""Members in which tools tell that an answer was broken off."""


def capture(document: Json, *, skip: bool) -> Capture:
    """Read a HAR document. Raises `UnreadableError` for an entry that is none, unless it is to be skipped and counted."""
    read: list[Captured] = []
    unreadable = 0
    for number, entry in enumerate(items(document, "log", "entries"), 1):
        try:
            read.append(_entry(entry, f"entry {number}"))
        except UnreadableError as error:
            if not skip:
                raise UnreadableError(f"entry {number} is no exchange: {error.message}") from None
            unreadable += 1
    return Capture(form="HAR", tool=_tool(document), entries=tuple(read), unreadable=unreadable)


def is_har(document: Json | Missing) -> bool:
    """Whether a JSON document is a HAR file."""
    return isinstance(get(document, "log", "entries"), list) if isinstance(document, dict) else False


def _tool(document: Json) -> str:
    """Who wrote the file: its creator, and the browser where one is named."""
    named = [(get(document, "log", who, "name"), get(document, "log", who, "version")) for who in ("creator", "browser")]
    return ", ".join(" ".join(str(part) for part in pair if isinstance(part, str) and part) for pair in named if isinstance(pair[0], str))


def _entry(entry: Json, place: str) -> Captured:
    method, url, status = (get(entry, *path) for path in (("request", "method"), ("request", "url"), ("response", "status")))
    if not isinstance(method, str) or not isinstance(url, str):
        raise UnreadableError("its request has no method or no url")
    if not isinstance(status, int) or isinstance(status, bool):
        raise UnreadableError("its response has no status")
    elapsed = _milliseconds(get(entry, "time"))
    content = get(entry, "response", "content")
    body, as_bytes = _body(content)
    media_type = get(content, "mimeType")
    return Captured(
        place=place,
        method=method,
        url=url,
        request_headers=_headers(get(entry, "request", "headers")),
        request=_posted(get(entry, "request", "postData")),
        status=max(status, 0),
        headers=_headers(get(entry, "response", "headers")),
        chunks=None if body is None else (Chunk(elapsed, body),),
        media_type=media_type if isinstance(media_type, str) else "",
        started=_moment(get(entry, "startedDateTime")),
        elapsed=elapsed,
        as_bytes=as_bytes,
        whole=False if _is_broken(entry, content, body) else None,
    )


def _headers(listed: Json | Missing) -> Headers:
    found = ((get(each, "name"), get(each, "value")) for each in items(listed))
    return tuple((name, value) for name, value in found if isinstance(name, str) and isinstance(value, str) and not name.startswith(":"))


def _posted(data: Json | Missing) -> bytes | None:
    text = get(data, "text")
    if not isinstance(text, str) or not text:
        return None
    if "base64" in (get(data, "encoding"), get(data, "_encoding")):
        return _decoded(text)
    return text.encode("utf-8", "replace")


def _body(content: Json | Missing) -> tuple[bytes | None, bool]:
    """The body, where it was kept, and whether it is bytes as they came."""
    text = get(content, "text")
    if not isinstance(text, str) or not text:
        return None, False
    if get(content, "encoding") == "base64":
        return _decoded(text), True
    return text.encode("utf-8", "replace"), False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("a body that is said to be base64 is not") from None


def _is_broken(entry: Json, content: Json | Missing, body: bytes | None) -> bool:
    """Whether the capture itself says that not all of the answer is there."""
    told = (get(place, name) for place in (entry, get(entry, "response")) for name in _ERRORS)
    size = get(content, "size")
    short = isinstance(size, int) and body is not None and size > len(body)
    return short or any(each not in (MISSING, None, "", False) for each in told)


def _milliseconds(value: Json | Missing) -> float:
    return value / 1000 if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9 else 0.0


def _moment(value: Json | Missing) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None

"""Access logs with one JSON object per line, in a form of our own: small enough to be written by ten lines of any gateway.

    {"request": {"url": "https://…/v1/chat/completions", "headers": {…}, "body": {…} or "text"},
     "response": {"status": 200, "headers": {…}, "body": "text"},
     "started": 1764000000.25, "elapsed": 1.75, "complete": true}

Instead of `body` there may be `body_base64`, and in a response `chunks`, a list of `[seconds since the request, "text"]`. Headers are an
object, whose values may be lists, or a list of pairs. A response body is text as it was sent: JSON that was read and written again says
nothing about what came. `started` is in seconds since the epoch or in ISO 8601. `complete` says whether the answer came to its end as
HTTP has it; without it nobody knows. All but URL and status may be missing; other members are passed over.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from conformance.imports.captured import Capture, Captured, UnreadableError
from conformance.model import MISSING, Chunk, Json, Missing
from conformance.strictjson import NotJsonError, get, parse


def capture(lines: Iterable[bytes], *, skip: bool) -> Capture:
    """Read a log. Raises `UnreadableError` for a line that is no exchange, unless it is to be skipped and counted."""
    read: list[Captured] = []
    unreadable = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read.append(_entry(_document(line), f"line {number}"))
        except UnreadableError as error:
            if not skip:
                raise UnreadableError(f"line {number} is no exchange: {error.message}") from None
            unreadable += 1
    return Capture(form="JSONL", tool="", entries=tuple(read), unreadable=unreadable)


def _document(line: bytes) -> Json:
    try:
        return parse(line).value
    except NotJsonError as error:
        raise UnreadableError(f"not JSON ({error})") from None


def _entry(entry: Json, place: str) -> Captured:
    request, response = get(entry, "request"), get(entry, "response")
    url, method, status = get(request, "url"), get(request, "method"), get(response, "status")
    if not isinstance(url, str):
        raise UnreadableError("it has no request.url")
    if not isinstance(status, int) or isinstance(status, bool):
        raise UnreadableError("it has no response.status")
    elapsed = _seconds(get(entry, "elapsed"))
    chunks, timed, as_bytes = _answer(response, elapsed)
    complete = get(entry, "complete")
    return Captured(
        place=place,
        method=method if isinstance(method, str) else "POST",
        url=url,
        request_headers=tuple(_headers(get(request, "headers"))),
        request=_sent(request),
        status=max(status, 0),
        headers=tuple(_headers(get(response, "headers"))),
        chunks=chunks,
        started=_moment(get(entry, "started")),
        elapsed=max([elapsed, *(chunk.at for chunk in chunks or ())]),
        timed=timed,
        as_bytes=as_bytes,
        whole=complete if isinstance(complete, bool) else None,
    )


def _headers(given: Json | Missing) -> Iterator[tuple[str, str]]:
    pairs: Iterable[Json] = [[*pair] for pair in given.items()] if isinstance(given, dict) else given if isinstance(given, list) else []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise UnreadableError("its headers are neither an object nor a list of pairs")
        for value in pair[1] if isinstance(pair[1], list) else [pair[1]]:
            if isinstance(value, str | int | float):
                yield pair[0], str(value)


def _sent(request: Json | Missing) -> bytes | None:
    """The body of a request. It may be JSON that was read: what its client wrote is not what is judged."""
    body = get(request, "body")
    encoded = _encoded(request)
    if encoded is not None or body is MISSING or body is None:
        return encoded
    return (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode("utf-8", "replace")


def _answer(response: Json | Missing, elapsed: float) -> tuple[tuple[Chunk, ...] | None, bool, bool]:
    """The chunks of an answer, whether they have times, and whether they are bytes as they came."""
    body, pieces, encoded = get(response, "body"), get(response, "chunks"), _encoded(response)
    if isinstance(pieces, list):
        return _chunks(pieces), True, False
    if encoded is not None:
        return (Chunk(elapsed, encoded),), False, True
    if body is MISSING or body is None:
        return None, False, False
    if not isinstance(body, str):
        raise UnreadableError("its response.body is JSON that was read; write the text that was sent, or leave it out")
    return (Chunk(elapsed, body.encode("utf-8", "replace")),), False, False


def _chunks(pieces: list[Json]) -> tuple[Chunk, ...]:
    read = []
    for piece in pieces:
        at, text = (piece[0], piece[1]) if isinstance(piece, list) and len(piece) == 2 else (None, None)
        if not isinstance(at, int | float) or isinstance(at, bool) or not isinstance(text, str):
            raise UnreadableError("one of its response.chunks is no pair of seconds and text")
        read.append(Chunk(float(at), text.encode("utf-8", "replace")))
    if any(later.at < sooner.at for sooner, later in pairwise(read)):
        raise UnreadableError("its response.chunks are not in the order of time")
    return tuple(read)


def _encoded(message: Json | Missing) -> bytes | None:
    text = get(message, "body_base64")
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnreadableError("its body_base64 is no base64") from None


def _seconds(value: Json | Missing) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**9 else 0.0


def _moment(value: Json | Missing) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**11:
        return float(value)
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None

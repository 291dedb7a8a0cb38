"""From what a capture has of an exchange to an exchange of a record: redacted, and marked with what nobody recorded of it. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from conformance import sse, strictjson
from conformance.imports import secrecy
from conformance.imports.captured import Captured, Headers, field
from conformance.model import Chunk, Detail, Exchange, Expectation, Purpose, Sent
from conformance.secrecy.redaction import Redactor

SCENARIO: Final = "recorded"
"""Scenario of every request that somebody else sent."""

MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes up to which a body is unpacked that a tool kept as it was packed."""

_DONE: Final = "[DONE]"
_REPLACED: Final = "\ufffd".encode()
_UNKNOWN: Final = frozenset({"", "x-unknown"})
"""What tools write for a media type that they do not know."""

_IN_FRONT: Final = frozenset({401, 403, 404, 405, 407, 410, 411, 414, 431, 451})
"""Statuses that a server, a firewall or a proxy in front gives as often as the API: of what is no JSON nobody knows whose it is."""

_ROUTED: Final = frozenset({404, 405, 410})
"""Statuses of which an answer without an error of the API's says that there is no such endpoint."""

_API: Final = frozenset({422, 500})
"""Statuses with which nobody but a server of applications answers, so that a page is its own."""


class LeftOutError(Exception):
    """An exchange that cannot be judged; the argument says why, so that equal reasons can be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How the exchanges of one file are converted."""

    shared: frozenset[str]
    """Secrets that are looked for in all of them."""
    whole: bool
    """Whether the user says that every answer was recorded to its end."""

    def exchange(self, entry: Captured, number: int) -> Exchange:
        """Return the exchange without its secrets. Raises `LeftOutError`."""
        if not entry.status:
            raise LeftOutError("no answer came")
        if entry.chunks is None:
            raise LeftOutError("the capture does not hold the body of the answer")
        if entry.request is None and entry.status < 400:
            raise LeftOutError("the capture does not hold the body of the request")
        chunks = _unpacked(entry)
        redactor = _redactor(frozenset(secrecy.of(entry)) | self.shared)
        clean, masked = redactor.chunks(chunks)
        if masked:
            raise LeftOutError("the answer repeats a secret of the request, so it cannot be kept as it was")
        headers, _ = redactor.headers(_headers(entry))
        made = Exchange(
            purpose=Purpose(key=f"{SCENARIO}/{number:06}", scenario=SCENARIO, expect=Expectation.EITHER),
            attempt=1,
            started=entry.started or 0.0,
            sent=Sent(
                method=entry.method.upper(),
                url=redactor.text(secrecy.url(entry.url))[0],
                headers=redactor.headers(secrecy.sent(entry.request_headers))[0],
                body=redactor.data(entry.request or b"")[0],
            ),
            status=entry.status,
            headers=headers,
            chunks=clean,
            elapsed=entry.elapsed,
            lacks=frozenset(self._lacks(entry, chunks, headers)),
        )
        if stranger := _strange(made):
            raise LeftOutError(stranger)
        return made

    def _lacks(self, entry: Captured, chunks: tuple[Chunk, ...], headers: Headers) -> Iterator[Detail]:
        yield from (Detail.PURPOSE, Detail.HEADERS, Detail.KEY)
        body = b"".join(chunk.data for chunk in chunks)
        if entry.started is None:
            yield Detail.START
        if not entry.timed:
            yield Detail.ARRIVAL
        if not (entry.as_bytes or body.isascii()) or not (entry.request or b"").isascii():
            yield Detail.BYTES
        if not entry.whole:
            yield Detail.CLOSE
        if not self._is_whole(entry, body):
            yield Detail.END
        if not field(headers, "content-type"):
            yield Detail.LABEL

    def _is_whole(self, entry: Captured, body: bytes) -> bool:
        """Whether it is certain that the answer came to its end: its own last word, its announced length, or somebody's word for it."""
        if entry.whole is not None:
            return entry.whole or _says_so_itself(body)
        announced = field(entry.headers, "content-length")
        counted = announced.isdigit() and int(announced) == len(body) and field(entry.headers, "content-encoding") in ("", "identity")
        return self.whole or counted or _says_so_itself(body)


def _says_so_itself(body: bytes) -> bool:
    if b"[DONE]" not in body:
        return _is_json(body)
    # Some tools cut off white space at the end, and with it the blank line that closes an event.
    return any(event.data == _DONE for event in sse.decode([Chunk(0.0, body + b"\n\n")]).events) or _is_json(body)


def _strange(made: Exchange) -> str:
    """Why an answer may be that of somebody in between, whom the record does not accuse in the name of the API; empty where it is not."""
    page = made.body.lstrip()[:1] == b"<"
    if page and made.status not in _API:
        return "a web page, which may be that of a server in between"
    if made.status in _IN_FRONT and not _is_json(made.body):
        return "an error that is no JSON, with a status that servers in between give as well"
    if made.status in _ROUTED and b'"error"' not in made.body:
        return "an answer that says there is no such endpoint"
    return ""


def _is_json(body: bytes) -> bool:
    try:
        strictjson.parse(body)
    except strictjson.NotJsonError:
        return False
    return True


def _headers(entry: Captured) -> Headers:
    """The header fields of the answer that are kept; what the tool says of the media type stands in for the field."""
    kept = tuple((name, value) for name, value in secrecy.received(entry.headers) if not _is_nameless(name, value))
    if field(kept, "content-type") or entry.media_type.strip().lower() in _UNKNOWN:
        return kept
    return (*kept, ("content-type", entry.media_type))


def _is_nameless(name: str, value: str) -> bool:
    return name.lower() == "content-type" and value.strip().lower() in _UNKNOWN


def _unpacked(entry: Captured) -> tuple[Chunk, ...]:
    """The body as clients read it. Raises `LeftOutError` where that cannot be had."""
    body, coding = entry.body, field(entry.headers, "content-encoding").strip().lower()
    if body.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
        try:
            plain = unpacker.decompress(body, MOST_UNPACKED)
        except zlib.error:
            raise LeftOutError("a compressed body that cannot be read") from None
        if not unpacker.eof:
            raise LeftOutError("a compressed body that is cut off or too large")
        return (Chunk(entry.elapsed, plain),)
    if coding not in ("", "identity") and (_REPLACED in body or not _is_text(body)):
        raise LeftOutError("a compressed body that cannot be read")
    return entry.chunks or ()


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


@lru_cache(maxsize=64)
def _redactor(secrets: frozenset[str]) -> Redactor:
    return Redactor(*sorted(secrets))

"""How the bytes of an answer are packed: how many there are, and in which coding.

What a proxy copies of the headers of the server behind it no longer fits once it unpacks a body, or sends it in other pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Level, Place
from conformance.observation import AbsentError, Observation
from conformance.registry import contract, incident, requirement, standard
from conformance.strictjson import Parsed, show
from conformance.subjects.failure import exchange

_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress"})
"""Content codings that change every byte of a body (RFC 9110, section 8.4.1; RFC 7932; RFC 8878)."""


@requirement(
    "ANSWER-ONE-LENGTH",
    Level.MUST,
    on=exchange,
    cites=[
        contract("/x-http/content-length"),
        standard("RFC 9112 §6.2", "https://www.rfc-editor.org/rfc/rfc9112#section-6.2"),
        incident("timoklimmer/powerproxy-aoai#53"),
        incident("epam/ai-dial-core#2003"),
    ],
    rests_on=[Detail.HEADERS],
)
def length_is_told_in_one_way(seen: Observation) -> Iterator[Finding]:
    """An answer that is sent in pieces (`Transfer-Encoding`) names no `Content-Length` as well: clients refuse it, or cut it off there.

    Who passes an answer on has to leave out the length that somebody else gave it.
    """
    pieces = seen.exchange.header("transfer-encoding")
    if pieces is None:
        raise AbsentError("it was not sent in pieces")
    if (length := seen.exchange.header("content-length")) is not None:
        received = f"Transfer-Encoding: {pieces} and Content-Length: {length}"
        yield Finding(code="two-lengths", expected="no Content-Length", received=received, at=Place(header="content-length"))


@requirement(
    "ANSWER-CODING",
    Level.MUST,
    on=exchange,
    cites=[
        standard("RFC 9110 §8.4", "https://www.rfc-editor.org/rfc/rfc9110#section-8.4"),
        incident("agentgateway/agentgateway#3040"),
        incident("envoyproxy/ai-gateway#2554"),
    ],
    rests_on=[Detail.HEADERS, Detail.BYTES],
)
def label_tells_the_coding(seen: Observation) -> Iterator[Finding]:
    """A body that is labelled as compressed is compressed: every client unpacks by the label, and fails on plain text.

    Who unpacks an answer to read or to change it has to take the label off.
    """
    coding = (seen.exchange.header("content-encoding") or "").strip().lower()
    if coding not in _CODINGS or not seen.exchange.body:
        raise AbsentError("it is not labelled as compressed, or empty")
    if _is_plain(seen):
        start = show(seen.exchange.body[:60].decode("utf-8", "replace"))
        yield Finding(code="plain", expected=f"{coding}, as the label says", received=start, at=Place(header="content-encoding"))


def _is_plain(seen: Observation) -> bool:
    """Whether a body can be read as it is: no compressed one is a JSON text, or begins with the name of a field and goes on in UTF-8."""
    if not seen.exchange.body.startswith((b"data:", b"event:", b": ")):
        return isinstance(seen.document, Parsed)
    try:
        return bool(seen.exchange.body.decode())
    except UnicodeDecodeError:
        return False

"""Defects in rate limits and in failures of a server in front, which come now and then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import CHUNKS, REFUSAL, REPLY, REQUEST, Call, Chunks, defect
from conformance.reference.refusals import too_long

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.refusals import Refusal
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply

_LIMIT: dict[str, Json] = {"message": "Too many requests.", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
_LARGE = 2_000_000
"""Bytes of a request that is longer than any window."""
_LARGE_TEXT = 100_000
"""Characters of a message that are read at most."""


def _hit(reply: Reply, call: Call) -> bool:
    """Whether this answer is one of the few that something comes in between."""
    return reply.status == 200 and call.state.count("answers") in {4, 5}


def _limited(reply: Reply, body: Json, after: str = "0") -> Reply:
    limited = replace(reply, status=429, body=json.dumps(body).encode())
    return limited.with_header("retry-after", after) if after else limited


@defect("limit-flat", seam=REPLY, trips={"ERROR-RATE-ENVELOPE"})
def limit_flat(reply: Reply, call: Call) -> Reply:
    """A rate limit is told as a router tells it."""
    return _limited(reply, {"detail": "Too many requests."}) if _hit(reply, call) else reply


@defect("limit-without-code", seam=REPLY, trips={"ERROR-RATE-CODE"}, incident="langchain-ai/langchainjs#1929")
def limit_without_code(reply: Reply, call: Call) -> Reply:
    """A rate limit and want of credit are told alike."""
    return _limited(reply, {"error": {**_LIMIT, "code": None}}) if _hit(reply, call) else reply


@defect("limit-without-end", seam=REPLY, trips={"ERROR-RATE-RETRY-AFTER"}, incident="api7/aisix#144")
def limit_without_end(reply: Reply, call: Call) -> Reply:
    """A rate limit does not say how long it lasts."""
    return _limited(reply, {"error": _LIMIT}, after="") if _hit(reply, call) else reply


@defect("limit-in-words", seam=REPLY, trips={"ERROR-RATE-HEADERS"})
def limit_in_words(reply: Reply, _: Call) -> Reply:
    """Beside an error, how much is left of a limit is said in words."""
    if reply.status < 400:
        return reply
    return reply.with_header("x-ratelimit-limit-requests", "60").with_header("x-ratelimit-remaining-requests", "plenty")


@defect("prompt-shortened", seam=REQUEST, trips={"ERROR-CONTEXT-REFUSED"}, incident="ollama/ollama#2208")
def prompt_shortened(request: ChatRequest, _: Call) -> ChatRequest:
    """Of a prompt that is too long, only the end is read, and nobody is told."""
    shorter = tuple(replace(message, text=message.text[-_LARGE_TEXT:]) for message in request.messages)
    return replace(request, messages=shorter)


@defect("bad-gateway-page", seam=REPLY, trips={"ERROR-EDGE-JSON"})
def bad_gateway_page(reply: Reply, call: Call) -> Reply:
    """Now and then a proxy cannot reach the server, and shows a page."""
    if not _hit(reply, call):
        return reply
    page = b"<html><head><title>502 Bad Gateway</title></head><body><hr>nginx</body></html>"
    return replace(reply, status=502, body=page).with_header("content-type", "text/html")


@defect("overload-flat", seam=REPLY, trips={"ERROR-EDGE-ENVELOPE"})
def overload_flat(reply: Reply, call: Call) -> Reply:
    """Now and then the model is not loaded yet, and the status is all that says so."""
    return replace(reply, status=503, body=b'{"status":"loading"}') if _hit(reply, call) else reply


@defect("too-long-500", seam=REFUSAL, trips={"ERROR-CONTEXT-STATUS"}, incident="ardanlabs/kronk#861")
def too_long_500(refusal: Refusal, call: Call) -> Refusal:
    """A prompt that is too long for the model breaks the engine; asked again, it is looked at first."""
    if len(call.raw.body) < _LARGE or call.state.count("large"):
        return refusal
    return replace(too_long(500_000, 100_000), status=500, type="server_error")


@defect("too-long-without-code", seam=REFUSAL, trips={"ERROR-CONTEXT-CODE"}, incident="jaylfc/taOS#1738")
def too_long_without_code(refusal: Refusal, call: Call) -> Refusal:
    """A prompt that is too long for the model is a bad request like any other."""
    return replace(too_long(500_000, 100_000), code=None) if len(call.raw.body) >= _LARGE else refusal


_BEGUN_AGAIN = {"STREAM-ID-CONSTANT", "STREAM-ROLE-ONCE", "STREAM-SAME-TEXT"}


@defect("stream-begins-again", seam=CHUNKS, trips=_BEGUN_AGAIN, incident="apache/apisix#13876")
def stream_begins_again(chunks: Chunks, call: Call) -> Chunks:
    """The server behind fails after a few chunks of plain text, and another one is asked; its answer follows in the same stream."""
    whole = list(chunks)
    plain = isinstance(call.body, dict) and not call.body.keys() & {"tools", "response_format", "logprobs"}
    yield from whole[:4] if plain else whole
    if not plain:
        return
    yield from ({**chunk, "id": f"{chunk['id']}-again"} for chunk in whole)

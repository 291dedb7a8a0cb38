"""The most that a request may cost, before it is sent and after it was answered. Pure.

A ceiling that holds must not believe what a target says of itself. So tokens are counted from above: a byte of text is at most one token,
as the tokenizers in use fall back to single bytes (openai/tiktoken, byte pair encoding); what a target reports counts where it is more.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance import sse, strictjson
from conformance.ask import MINIMAL_CAP
from conformance.model import CAP_FIELDS, Exchange, FaultKind, Json, Missing
from conformance.provenance import Tokens
from conformance.strictjson import get, items
from conformance.target import Bounds

MOST_BYTES: Final = 8
"""Bytes that a token of an answer is given room for: twice what a token of English text has. An answer that needs more, needs it once."""

ATTACHMENT: Final = 2_000
"""Tokens that an image, a sound or a file is given room for, whatever its size: above the largest image of the usual kind
(https://platform.openai.com/docs/guides/images-vision, `high` detail)."""

_MOST_CHOICES: Final = 128
"""The most that the contract lets `n` be."""

_NOT_SPOKEN: Final = frozenset({"role", "id", "type"})
"""Members of a message that the model did not write."""

_UNSENT: Final = frozenset({FaultKind.UNREACHABLE, FaultKind.DNS, FaultKind.TLS})
"""Faults with which no request left this machine."""

_BOUNDS: Final = Bounds()
"""How much of an answer is read, and how much is kept of one that goes beyond."""

_WHITE: Final = re.compile(rb"\s+")


NOTHING: Final = Tokens()


def most(body: bytes) -> Tokens:
    """The most that a request with this body costs where its cap is obeyed.

    The prompt is bounded by the bytes of the body without white space between its members: what JSON puts around a message is more than
    any chat template does. Where there is no usable cap, as in some requests that must be refused, it is the smallest one that we send.
    """
    try:
        value = strictjson.parse(body).value
    except strictjson.NotJsonError:
        return Tokens(prompt=len(_WHITE.sub(b" ", body)), output=MINIMAL_CAP)
    written = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    caps = [int(cap) for name in CAP_FIELDS if (cap := _count(get(value, name)))]
    choices = _count(get(value, "n")) or 1
    return Tokens(
        prompt=written + ATTACHMENT * sum(1 for _ in _attachments(value)),
        output=max(caps, default=MINIMAL_CAP) * (choices if choices <= _MOST_CHOICES else 1),
    )


def room(body: bytes) -> Tokens:
    """What is kept free for a request before it is sent: enough for whatever `charge` makes of an answer within its cap."""
    bound = most(body)
    return Tokens(prompt=bound.prompt, output=bound.output * MOST_BYTES)


def charge(exchange: Exchange) -> Tokens:
    """The most that an answer can have cost.

    A request that was refused, or never got there, costs nothing unless the answer says otherwise. Any other costs its prompt and its cap
    in full, or the bytes of what was generated, or what is reported, whichever is more. A 5xx and an answer that broke off are among
    these: somebody behind the target may have done the work.
    """
    documents = tuple(_documents(exchange))
    told = _told(documents)
    if not _may_be_billed(exchange):
        return told
    bound = most(exchange.sent.body)
    return Tokens(prompt=max(bound.prompt, told.prompt), output=max(bound.output, told.output, _generated(exchange, documents)))


def _may_be_billed(exchange: Exchange) -> bool:
    if exchange.status is None:
        return exchange.fault is None or exchange.fault.kind not in _UNSENT
    return 200 <= exchange.status < 300 or exchange.status >= 500


def _documents(exchange: Exchange) -> Iterator[Json]:
    """The body as JSON, or what its events hold; text that is no JSON as it is. Nothing of an error that reports no usage."""
    body = exchange.body
    if (exchange.status or 0) >= 300 and b"usage" not in body:
        return
    texts = [body.decode("utf-8", "replace")]
    if texts[0].lstrip()[:1] not in ("{", "["):
        texts = [event.data for event in sse.decode(exchange.chunks).events] or texts
    for text in texts:
        try:
            yield strictjson.parse(text).value
        except strictjson.NotJsonError:
            yield text


def _told(documents: Iterable[Json]) -> Tokens:
    found = NOTHING
    for document in documents:
        prompt, output, total = (_count(get(document, "usage", f"{name}_tokens")) for name in ("prompt", "completion", "total"))
        found = Tokens(prompt=max(found.prompt, prompt), output=max(found.output, output, total - prompt))
    return found


def _generated(exchange: Exchange, documents: Iterable[Json]) -> int:
    """Bytes of text that the model wrote; of what is no completion, all of it."""
    if (exchange.status or 0) >= 300:
        return 0
    if exchange.fault is not None and exchange.fault.kind is FaultKind.OVERSIZE and len(exchange.body) >= _BOUNDS.kept:
        return _BOUNDS.body
    return sum(_written(document) for document in documents)


def _written(document: Json) -> int:
    if isinstance(document, str):
        return 0 if document.strip() == "[DONE]" else len(document.encode("utf-8", "replace"))
    said = (get(choice, member) for choice in items(document, "choices") for member in ("message", "delta", "text"))
    return sum(map(_letters, said))


def _letters(value: Json | Missing) -> int:
    """Bytes of all text within a value."""
    match value:
        case str():
            return len(value.encode("utf-8", "replace"))
        case dict():
            return sum(_letters(each) for name, each in value.items() if name not in _NOT_SPOKEN)
        case list():
            return sum(map(_letters, value))
        case _:
            return 0


def _attachments(value: Json) -> Iterator[Json]:
    for message in items(value, "messages"):
        for part in items(message, "content"):
            if get(part, "type") not in ("text", "refusal"):
                yield part


def _count(value: object) -> int:
    """A number of tokens; 0 for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        return 0
    return math.ceil(value)

"""Which error answers are the API's own, and what all of them are read for.

A page of a proxy in front says nothing about the API: its statuses are left out, and so are answers to requests that a router turns
away before the API sees them (another method, path or media type), which have requirements of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from conformance.model import MISSING, Finding, Json, Place, Purpose
from conformance.observation import AbsentError, Asked, Gap, Observation, UnmetError
from conformance.strictjson import get, items, show
from conformance.subjects.failure import ErrorReply, error_reply
from conformance.subjects.reply import Stream
from conformance.view import View

RFC_9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"

PROXY: Final = frozenset({408, 413, 429, *range(502, 600)})
"""Statuses that a proxy gives as often as the server behind it."""

ROUTED: Final = frozenset({"method", "path", "media-type"})
"""Constraints that a router looks after."""


def is_routed(purpose: Purpose) -> bool:
    """Whether the request may be turned away before the API sees it."""
    return purpose.violation is not None and purpose.violation.constraint in ROUTED


def _is_read(purpose: Purpose) -> bool:
    """Whether the error has a body that anybody reads: the answer to HEAD has none, and a browser looks at the status alone of OPTIONS."""
    return is_routed(purpose) and purpose.key not in {"door/head", "door/preflight"}


def _only(view: View[ErrorReply], keep: Callable[[ErrorReply], bool]) -> View[ErrorReply]:
    def look(asked: Asked) -> Iterator[ErrorReply | Gap]:
        return (each for each in view.look(asked) if isinstance(each, Gap) or keep(each))

    return replace(view, look=look)


def _own(reply: ErrorReply) -> bool:
    return reply.observation.status not in PROXY


failure: Final = _only(error_reply.where(lambda purpose: not is_routed(purpose), "error answer of the API"), _own)
"""Error answers for which the API itself is to answer."""

turned_away: Final = _only(error_reply.where(_is_read, "answer to another method, path or media type"), _own)
"""Error answers that may come from a router."""


def is_page(reply: ErrorReply) -> bool:
    """Whether the body is a page of HTML: by its first characters, whatever its label says."""
    return (
        reply.observation.exchange.body[:256]
        .lstrip(b"\xef\xbb\xbf \t\r\n")
        .lower()
        .startswith((b"<!doctype html", b"<html", b"<head", b"<body"))
    )


def envelope(reply: ErrorReply) -> dict[str, Json]:
    """The error object. Raises `AbsentError` when there is none: others see to that."""
    error = reply.error
    if not isinstance(error, dict):
        raise AbsentError("no error object")
    return error


def answer_of(asked: Asked) -> Observation:
    """The answer to a request at the door. Raises `UnmetError` when each was a 5xx: ERROR-DOOR-NO-5XX tells of that."""
    if asked.answer is None:
        raise UnmetError("every attempt failed")
    return asked.answer


def let_in(answer: Observation) -> bool:
    """Whether a request was let in: answered with a success that is none only by its status, while an error is all that it says."""
    if not answer.succeeded or get(answer.json, "error") not in (None, MISSING):
        return False
    if not answer.is_event_stream or not answer.decoded.events:
        return True
    stream = Stream(answer)
    return not stream.errors or any(has_said_something(chunk.value) for chunk in stream.objects)


def has_said_something(chunk: dict[str, Json]) -> bool:
    """Whether a chunk has a piece of an answer in it, rather than a role alone."""
    deltas = (get(choice, "delta") for choice in items(chunk, "choices"))
    return any(isinstance(delta, dict) and any(value for name, value in delta.items() if name != "role") for delta in deltas)


def code_of(answer: Observation, wanted: str) -> Iterator[Finding]:
    """Find fault with another code. Raises `AbsentError` without an envelope or a code, or for one that is no text: others see to that."""
    code = get(envelope(ErrorReply(answer)), "code")
    if code is not None and not isinstance(code, str):
        raise AbsentError("no code")
    if code != wanted:
        yield Finding(code="code", expected=wanted, received=show(code), at=Place(pointer="/error/code"))


def shown(reply: ErrorReply) -> str:
    """Status, media type and the first bytes of the body."""
    exchange = reply.observation.exchange
    body = exchange.body[:160].decode(errors="replace")
    return f"{reply.observation.status} {exchange.media_type or 'without a media type'}: {body or 'an empty body'}"

"""From a raw request to its JSON body. Strict: what two readers could understand in two ways is refused."""

from __future__ import annotations

from email.message import Message as MediaType
from functools import lru_cache
from typing import TYPE_CHECKING

from conformance import strictjson
from conformance.reference import refusals
from conformance.reference.refusals import Refusal, Refused

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.transport import RawRequest

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request's body; beyond them the answer is 413."""


def check_key(raw: RawRequest, key: str) -> Refusal | None:
    """Compare the bearer token; the scheme's case does not matter (RFC 9110, section 11.1)."""
    scheme, _, token = (raw.header("authorization") or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return refusals.no_key()
    return None if token == key else refusals.wrong_key(token)


def read_json(raw: RawRequest) -> Json:
    """Read the body; raises `Refused` unless it is declared as JSON and is one well-formed JSON object."""
    if raw.oversize:
        raise Refused(refusals.oversize(MAX_BODY))
    if not _declares_json(raw.header("content-type")):
        raise Refused(refusals.media_type(raw.header("content-type")))
    try:
        parsed = strictjson.parse(raw.body)
    except strictjson.NotJsonError as error:
        raise Refused(refusals.not_json("it is empty" if not raw.body.strip() else str(error))) from None
    if parsed.notes:
        raise Refused(refusals.not_json(f"{parsed.notes[0].code} {parsed.notes[0].detail}".strip()))
    if not isinstance(parsed.value, dict):
        raise Refused(refusals.not_an_object())
    return parsed.value


@lru_cache(maxsize=64)
def _declares_json(content_type: str | None) -> bool:
    media = MediaType()
    media["content-type"] = content_type or "application/octet-stream"
    charset = str(media.get_param("charset") or "utf-8")
    return media.get_content_type() == "application/json" and charset.lower().replace("-", "") == "utf8"

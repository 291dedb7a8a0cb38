"""Defects in how the bytes of a request are read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from conformance.reference.behaviour import RAW, REFUSAL, REQUEST, Call, defect
from conformance.reference.refusals import Refusal, Refused
from conformance.strictjson import items

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import RawRequest


def _read(raw: RawRequest) -> Json:
    """The body as JSON; null when it is none."""
    try:
        value: Json = json.loads(raw.body)
    except (ValueError, RecursionError):
        return None
    return value


def _labelled(raw: RawRequest, content_type: str) -> RawRequest:
    others = tuple(pair for pair in raw.headers if pair[0] != "content-type")
    return replace(raw, headers=(*others, ("content-type", content_type)))


@defect("model-by-default", seam=RAW, trips={"REQUEST-MODEL"}, incident="miruamel/xuan#215")
def model_by_default(raw: RawRequest, _: Call) -> RawRequest:
    """A request without a model gets the one there is."""
    body = _read(raw)
    if not isinstance(body, dict) or "model" in body or "messages" not in body:
        return raw
    return replace(raw, body=json.dumps({"model": "reference-model", **body}).encode())


@defect("message-for-messages", seam=RAW, trips={"REQUEST-SHORTHAND"})
def message_for_messages(raw: RawRequest, _: Call) -> RawRequest:
    """A message is taken for a list of one."""
    body = _read(raw)
    if not isinstance(body, dict) or not isinstance(message := body.get("messages"), dict):
        return raw
    return replace(raw, body=json.dumps({**body, "messages": [message]}).encode())


@defect("comma-forgiven", seam=RAW, trips={"REQUEST-JSON"})
def comma_forgiven(raw: RawRequest, _: Call) -> RawRequest:
    """A comma before the last brace is overlooked."""
    return replace(raw, body=raw.body[:-2] + b"}") if raw.body.endswith(b",}") else raw


@defect("rest-unread", seam=RAW, trips={"REQUEST-JSON-STRICT"})
def rest_unread(raw: RawRequest, _: Call) -> RawRequest:
    """What follows the closing brace of the body is not read."""
    try:
        _value, end = json.JSONDecoder().raw_decode(raw.body.decode())
    except (ValueError, RecursionError):
        return raw
    return replace(raw, body=raw.body.decode()[:end].encode())


@defect("nan-accepted", seam=RAW, trips={"REQUEST-JSON-NUMBERS"})
def nan_accepted(raw: RawRequest, _: Call) -> RawRequest:
    """A temperature that is not a number is taken for none."""
    return replace(raw, body=raw.body.replace(b":NaN}", b":null}"))


@defect("bytes-repaired", seam=RAW, trips={"REQUEST-UTF-8"})
def bytes_repaired(raw: RawRequest, _: Call) -> RawRequest:
    """Bytes that are not UTF-8 are replaced by a mark."""
    return replace(raw, body=raw.body.decode(errors="replace").encode())


@defect("list-unwrapped", seam=RAW, trips={"REQUEST-OBJECT"})
def list_unwrapped(raw: RawRequest, _: Call) -> RawRequest:
    """A list of one request is taken for that request."""
    body = _read(raw)
    return replace(raw, body=json.dumps(body[0]).encode()) if isinstance(body, list) and len(body) == 1 else raw


@defect("form-read", seam=RAW, trips={"REQUEST-MEDIA-TYPE"})
def form_read(raw: RawRequest, _: Call) -> RawRequest:
    """A web form is read as if it were JSON."""
    if raw.header("content-type") != "application/x-www-form-urlencoded" or raw.body.startswith(b"{"):
        return raw
    body = {name: json.loads(value) for name, value in parse_qsl(raw.body.decode())}
    return _labelled(replace(raw, body=json.dumps(body).encode()), "application/json")


@defect("charset-refused", seam=RAW, trips={"REQUEST-CHARSET"}, incident="openai/openai-openapi#194")
def charset_refused(raw: RawRequest, _: Call) -> RawRequest:
    """A media type with a parameter is another media type."""
    return _labelled(raw, "text/plain") if "charset" in (raw.header("content-type") or "") else raw


@defect("audio-ignored", seam=RAW, trips={"REQUEST-AUDIO-HONOURED"}, incident="youssofal/MTPLX#191")
def audio_ignored(raw: RawRequest, _: Call) -> RawRequest:
    """A request for a spoken answer is answered in writing."""
    body = _read(raw)
    if not isinstance(body, dict) or body.get("audio") != {"voice": "alloy", "format": "wav"}:
        return raw
    return replace(raw, body=json.dumps({name: value for name, value in body.items() if name not in {"audio", "modalities"}}).encode())


@defect("empty-body-500", seam=REFUSAL, trips={"REQUEST-INVALID-NO-5XX"}, incident="GoDiao/Free-Way#32")
def empty_body_500(refusal: Refusal, call: Call) -> Refusal:
    """A request without a body is answered as if the server had failed."""
    empty = call.raw.method == "POST" and refusal.status == 400 and not call.raw.body.strip()
    return replace(refusal, status=500, type="server_error", message="Internal server error.") if empty else refusal


@defect("repetition-refused", seam=REQUEST, trips={"REQUEST-STILL-ALIVE"})
def repetition_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """A small request that was answered before is refused when it comes again."""
    content_type = call.raw.header("content-type") or ""
    name = f"seen {hashlib.sha256(call.raw.body).hexdigest()} {content_type}"
    if isinstance(call.body, dict) and len(call.body) == 3 and len(request.messages) == 1 and call.state.count(name):
        raise Refused(Refusal(status=400, message="This request was answered before."))
    return request


@defect("last-name-wins", seam=RAW, trips={"REQUEST-NAMES-UNIQUE"})
def last_name_wins(raw: RawRequest, _: Call) -> RawRequest:
    """Of two members of one name the later one counts, and nobody hears of the first."""
    body = _read(raw)
    if not isinstance(body, dict) or not any(raw.body.count(f'"{name}":'.encode()) > 1 for name in ("model", "temperature")):
        return raw
    return replace(raw, body=json.dumps(body).encode())


@defect("infinity-clamped", seam=RAW, trips={"REQUEST-NUMBER-HUGE"})
def infinity_clamped(raw: RawRequest, _: Call) -> RawRequest:
    """A temperature beyond what a double holds is taken for the highest there is."""
    return replace(raw, body=raw.body.replace(b'"temperature":1e400', b'"temperature":2'))


@defect("large-body-500", seam=REFUSAL, trips={"REQUEST-OVERSIZE"})
def large_body_500(refusal: Refusal, call: Call) -> Refusal:
    """A body of more than two MiB is more than a buffer somewhere holds."""
    large = len(call.raw.body) > 2 * 1024 * 1024
    return replace(refusal, status=500, type="server_error", message="Internal server error.") if large else refusal


@defect("unknown-member-500", seam=REFUSAL, trips={"REQUEST-UNKNOWN-MEMBER"}, incident="open-webui/open-webui#10167")
def unknown_member_500(refusal: Refusal, call: Call) -> Refusal:
    """A refusal that would have to name an unknown member fails on the way."""
    named = isinstance(call.body, dict) and any(name.startswith("x_unknown") for name in call.body)
    return replace(refusal, status=500, type="server_error", message="Internal server error.") if named else refusal


@defect(
    "unknown-in-message-500",
    seam=REFUSAL,
    trips={"REQUEST-UNKNOWN-MEMBER"},
    incident="foundation-model-stack/fms-guardrails-orchestrator#297",
)
def unknown_in_message_500(refusal: Refusal, call: Call) -> Refusal:
    """A message with a member that nobody knows is read by a reader that breaks on it."""
    named = any(name.startswith("x_unknown") for message in items(call.body, "messages") if isinstance(message, dict) for name in message)
    return replace(refusal, status=500, type="server_error", message="Internal server error.") if named else refusal

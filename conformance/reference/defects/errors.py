"""Defects in error replies and in who is let in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import AUTH, REFUSAL, REPLY, Call, defect

if TYPE_CHECKING:
    from conformance.reference.refusals import Refusal
    from conformance.reference.transport import Reply


@defect("key-unchecked", seam=AUTH, trips={"ERROR-KEY-MISSING", "ERROR-KEY-WRONG"}, incident="vllm-project/aibrix#671")
def key_unchecked(_refusal: Refusal | None, _: Call) -> Refusal | None:
    """Anybody is let in, with any key or none."""
    return None


@defect("bad-json-500", seam=REFUSAL, trips={"REFUSE-JSON"}, incident="sgl-project/sglang#3805")
def bad_json_500(refusal: Refusal, call: Call) -> Refusal:
    """A body that is not JSON is answered as if the server had failed."""
    unread = call.body is None and refusal.status == 400
    return replace(refusal, status=500, type="server_error", message="Internal server error.") if unread else refusal


@defect("error-html", seam=REPLY, trips={"ERROR-JSON"}, incident="galaxyproject/galaxy#23417")
def error_html(reply: Reply, _: Call) -> Reply:
    """Errors are pages for people."""
    if reply.status < 400:
        return reply
    page = f"<html><body><h1>Error {reply.status}</h1></body></html>".encode()
    return replace(reply, body=page).with_header("content-type", "text/html")

"""Defects in the envelope of errors and in its members."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import REFUSAL, REPLY, Call, defect
from conformance.reference.defects.errors import UNKNOWN_MODEL

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.refusals import Refusal
    from conformance.reference.transport import Reply


def _error(reply: Reply) -> dict[str, Json]:
    """The error object of a reply; empty for a success."""
    found = json.loads(reply.body)["error"] if reply.status >= 400 and isinstance(reply.body, bytes) else {}
    return found if isinstance(found, dict) else {}


def _with_body(reply: Reply, body: Json) -> Reply:
    return replace(reply, body=json.dumps(body).encode())


@defect("key-page", seam=REPLY, trips={"ERROR-NO-HTML"}, incident="galaxyproject/galaxy#23417")
def key_page(reply: Reply, _: Call) -> Reply:
    """A bad key is answered with a page for people."""
    if reply.status != 401:
        return reply
    return replace(reply, body=b"<html><body><h1>Unauthorized</h1></body></html>").with_header("content-type", "text/html")


@defect("model-in-plain-text", seam=REPLY, trips={"ERROR-JSON"})
def model_in_plain_text(reply: Reply, _: Call) -> Reply:
    """An unknown model is answered with a line of text."""
    return replace(reply, body=b"model not found\n") if _error(reply).get("code") == UNKNOWN_MODEL else reply


@defect("errors-marked", seam=REPLY, trips={"ERROR-JSON"})
def errors_marked(reply: Reply, _: Call) -> Reply:
    """Every error begins with a byte order mark."""
    return replace(reply, body=b"\xef\xbb\xbf" + reply.body) if reply.status >= 400 and isinstance(reply.body, bytes) else reply


@defect("errors-labelled-text", seam=REPLY, trips={"ERROR-MEDIA-TYPE"})
def errors_labelled_text(reply: Reply, _: Call) -> Reply:
    """Errors in JSON are labelled as text."""
    return reply.with_header("content-type", "text/plain; charset=utf-8") if reply.status >= 400 else reply


@defect("errors-flat", seam=REPLY, trips={"ERROR-ENVELOPE"}, incident="lm-sys/FastChat#1966")
def errors_flat(reply: Reply, call: Call) -> Reply:
    """What validation finds stands at top level."""
    return _with_body(reply, {"object": "error", **_error(reply)}) if reply.status == 400 and call.body is not None else reply


@defect("errors-as-detail", seam=REPLY, trips={"ERROR-ENVELOPE", "ERROR-INVALID-STATUS"}, incident="sgl-project/sglang#7487")
def errors_as_detail(reply: Reply, call: Call) -> Reply:
    """What validation finds is said as a web framework would."""
    if not (error := _error(reply)) or reply.status != 400 or call.body is None:
        return reply
    return replace(_with_body(reply, {"detail": [{"loc": ["body", error["param"]], "msg": error["message"]}]}), status=422)


@defect(
    "error-string-when-streamed",
    seam=REPLY,
    trips={"ERROR-OBJECT", "ERROR-STREAMED-SAME", "ERROR-DOOR-STREAMED-SAME"},
    incident="openai-php/client#624",
)
def error_string_when_streamed(reply: Reply, call: Call) -> Reply:
    """When a stream was asked for, an error is its message."""
    streamed = isinstance(call.body, dict) and call.body.get("stream") is True
    return _with_body(reply, {"error": _error(reply)["message"]}) if reply.status >= 400 and streamed else reply


@defect("message-empty", seam=REFUSAL, trips={"ERROR-MESSAGE"}, incident="lm-sys/FastChat#3439")
def message_empty(refusal: Refusal, _: Call) -> Refusal:
    """An unknown model is refused without a word."""
    return replace(refusal, message="") if refusal.code == UNKNOWN_MODEL else refusal


@defect("message-is-json", seam=REFUSAL, trips={"ERROR-MESSAGE-READABLE"})
def message_is_json(refusal: Refusal, _: Call) -> Refusal:
    """The message is the error of another server, passed on unread."""
    return replace(refusal, message=json.dumps(refusal.envelope())) if refusal.code == UNKNOWN_MODEL else refusal


@defect("message-none", seam=REFUSAL, trips={"ERROR-MESSAGE-READABLE"})
def message_none(refusal: Refusal, _: Call) -> Refusal:
    """A body that is no object is refused for no reason."""
    return replace(refusal, message="None") if refusal.message.endswith("must be a JSON object.") else refusal


@defect("type-null", seam=REPLY, trips={"ERROR-TYPE"}, incident="BerriAI/litellm#8953")
def type_null(reply: Reply, _: Call) -> Reply:
    """Bad keys make errors of no type."""
    return _with_body(reply, {"error": {**_error(reply), "type": None}}) if reply.status == 401 else reply


@defect("type-class-name", seam=REFUSAL, trips={"ERROR-TYPE-WORD"}, incident="runpod-workers/worker-vllm#57")
def type_class_name(refusal: Refusal, _: Call) -> Refusal:
    """The type of an unknown model's error is the name of a class."""
    return replace(refusal, type="NotFoundError") if refusal.code == UNKNOWN_MODEL else refusal


@defect("code-is-status", seam=REPLY, trips={"ERROR-CODE-TYPE"}, incident="sashabaranov/go-openai#244")
def code_is_status(reply: Reply, _: Call) -> Reply:
    """The code is the status, as a number."""
    return _with_body(reply, {"error": {**_error(reply), "code": reply.status}}) if reply.status >= 400 else reply


@defect("param-list", seam=REPLY, trips={"ERROR-PARAM-TYPE"})
def param_list(reply: Reply, _: Call) -> Reply:
    """The param is a list of steps."""
    param = _error(reply).get("param")
    steps: list[Json] = list(param.split(".")) if isinstance(param, str) else []
    return _with_body(reply, {"error": {**_error(reply), "param": steps}}) if steps else reply


@defect("nulls-left-out", seam=REPLY, trips={"ERROR-MEMBERS"}, incident="aallam/openai-kotlin#330")
def nulls_left_out(reply: Reply, _: Call) -> Reply:
    """Members that would be null are left out."""
    error = _error(reply)
    return _with_body(reply, {"error": {name: value for name, value in error.items() if value is not None}}) if error else reply


@defect("type-blames-server", seam=REFUSAL, trips={"ERROR-STATUS-AGREES"}, incident="BerriAI/litellm#38318")
def type_blames_server(refusal: Refusal, _: Call) -> Refusal:
    """A missing member is called an error of the server."""
    return replace(refusal, type="server_error") if refusal.code == "missing_required_parameter" else refusal


@defect("param-null", seam=REFUSAL, trips={"ERROR-PARAM-NAMED"}, incident="peonist-ai/halogen-server#3")
def param_null(refusal: Refusal, _: Call) -> Refusal:
    """A value of a wrong type is refused without saying where it is."""
    return replace(refusal, param=None) if refusal.code == "invalid_type" else refusal


@defect("param-elsewhere", seam=REFUSAL, trips={"ERROR-PARAM-RIGHT"})
def param_elsewhere(refusal: Refusal, _: Call) -> Refusal:
    """Whatever is out of range, the messages are blamed."""
    return replace(refusal, param="messages") if (refusal.code or "").endswith("_value") and refusal.code != "invalid_value" else refusal


@defect("invalid-422", seam=REFUSAL, trips={"ERROR-INVALID-STATUS"}, incident="ogx-ai/ogx#2990")
def invalid_422(refusal: Refusal, _: Call) -> Refusal:
    """A missing member is answered with 422."""
    return replace(refusal, status=422) if refusal.code == "missing_required_parameter" else refusal


@defect(
    "streamed-code-lost",
    seam=REFUSAL,
    trips={"ERROR-STREAMED-SAME", "ERROR-DOOR-STREAMED-SAME", "ERROR-MODEL-CODE"},
    incident="openbkn-ai/bkn-foundry#637",
)
def streamed_code_lost(refusal: Refusal, call: Call) -> Refusal:
    """When a stream was asked for, errors lose their code."""
    return replace(refusal, code=None) if isinstance(call.body, dict) and call.body.get("stream") is True else refusal


@defect("path-shown", seam=REFUSAL, trips={"ERROR-NO-INTERNALS"}, incident="BerriAI/litellm#30948")
def path_shown(refusal: Refusal, _: Call) -> Refusal:
    """Who asks for an unknown model is told where on the disk it was looked for."""
    words = "/root/.cache/huggingface/hub/no-such-model: no such file or directory"
    return replace(refusal, message=words) if refusal.code == UNKNOWN_MODEL else refusal


@defect("object-shown", seam=REFUSAL, trips={"ERROR-NO-INTERNALS"}, incident="ray-project/ray#64832")
def object_shown(refusal: Refusal, _: Call) -> Refusal:
    """An error shows the address of an object."""
    shown = f"{refusal.message} <starlette.requests.Request object at 0x7f2b8c1d9e50>"
    return replace(refusal, message=shown) if refusal.code == UNKNOWN_MODEL else refusal

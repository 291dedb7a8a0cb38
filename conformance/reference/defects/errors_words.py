"""Defects in the words of errors, in what they give away, and in the statuses they come with."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import REFUSAL, REPLY, Call, defect
from conformance.reference.defects.errors import UNKNOWN_MODEL

if TYPE_CHECKING:
    from conformance.reference.refusals import Refusal
    from conformance.reference.transport import Reply


def _saying(refusal: Refusal, message: str) -> Refusal:
    """The refusal of an unknown model in other words; any other as it is."""
    return replace(refusal, message=message) if refusal.code == UNKNOWN_MODEL else refusal


@defect("message-printed-list", seam=REFUSAL, trips={"ERROR-MESSAGE-PLAIN"})
def message_printed_list(refusal: Refusal, _: Call) -> Refusal:
    """What a library found is put into the message as it prints itself."""
    return _saying(refusal, "1 validation error: [{'type': 'missing', 'loc': ('body', 'model'), 'msg': 'Field required'}]")


@defect("message-object-object", seam=REFUSAL, trips={"ERROR-MESSAGE-PLAIN"})
def message_object_object(refusal: Refusal, _: Call) -> Refusal:
    """An object is put into a text."""
    return _saying(refusal, "Upstream error: [object Object]")


@defect("message-exception", seam=REFUSAL, trips={"ERROR-MESSAGE-PLAIN"})
def message_exception(refusal: Refusal, _: Call) -> Refusal:
    """The message is an exception as the language writes it."""
    return _saying(refusal, "KeyError('no-such-model')")


@defect("type-of-its-own", seam=REFUSAL, trips={"ERROR-TYPE-FAMILY"})
def type_of_its_own(refusal: Refusal, _: Call) -> Refusal:
    """The type of an unknown model's error is a word of the server's own."""
    return replace(refusal, type="model_missing") if refusal.code == UNKNOWN_MODEL else refusal


@defect("code-of-its-own", seam=REFUSAL, trips={"ERROR-CODE-FAMILY"})
def code_of_its_own(refusal: Refusal, _: Call) -> Refusal:
    """A value of a wrong type has a code of the server's own."""
    return replace(refusal, code="bad_type") if refusal.code == "invalid_type" and refusal.param else refusal


@defect("vendor-beside-error", seam=REPLY, trips={"ERROR-ONLY-ERROR"}, incident="cloudflare/cloudflare-docs#15116")
def vendor_beside_error(reply: Reply, _: Call) -> Reply:
    """The error lies in the vendor's own envelope."""
    if reply.status < 400 or not isinstance(reply.body, bytes):
        return reply
    return replace(reply, body=json.dumps({"success": False, "result": None, **json.loads(reply.body)}).encode())


@defect("host-shown", seam=REFUSAL, trips={"ERROR-NO-HOSTS"})
def host_shown(refusal: Refusal, _: Call) -> Refusal:
    """Who asks for an unknown model is told which machine was asked for it."""
    return _saying(refusal, "connect ECONNREFUSED 10.42.7.19:8000")


@defect("service-shown", seam=REFUSAL, trips={"ERROR-NO-HOSTS"})
def service_shown(refusal: Refusal, _: Call) -> Refusal:
    """Who asks for an unknown model is told which service of the cluster was asked for it."""
    return _saying(refusal, "no model of this name at http://vllm-router.inference.svc.cluster.local:8000")


@defect("credential-shown", seam=REFUSAL, trips={"ERROR-NO-CREDENTIALS"})
def credential_shown(refusal: Refusal, _: Call) -> Refusal:
    """Who asks for an unknown model is told with which key it was looked for."""
    return _saying(refusal, f"The provider does not have it for the key sk-{'4f9a' * 10}.")


@defect("bad-json-422", seam=REFUSAL, trips={"ERROR-JSON-STATUS"})
def bad_json_422(refusal: Refusal, _: Call) -> Refusal:
    """A body that is empty is said to be one that cannot be processed."""
    return replace(refusal, status=422) if refusal.message.endswith("it is empty.") else refusal


@defect("media-type-406", seam=REFUSAL, trips={"ERROR-MEDIA-STATUS"})
def media_type_406(refusal: Refusal, _: Call) -> Refusal:
    """A body of another media type is said to be one that the client will not take."""
    return replace(refusal, status=406) if refusal.code == "unsupported_content_type" else refusal


@defect("large-bodies-414", seam=REFUSAL, trips={"ERROR-SIZE-STATUS"})
def large_bodies_414(refusal: Refusal, call: Call) -> Refusal:
    """A body of several MiB is said to be an address that is too long."""
    return replace(refusal, status=414) if len(call.raw.body) > 3_000_000 else refusal

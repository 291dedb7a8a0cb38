"""Defects in how schemes, keys, models, methods and paths are turned away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import AUTH, REFUSAL, REPLY, Call, defect
from conformance.reference.defects.errors import UNKNOWN_MODEL, WRONG_KEY
from conformance.reference.transport import Pause

if TYPE_CHECKING:
    from conformance.reference.refusals import Refusal
    from conformance.reference.transport import Reply


def _scheme(call: Call) -> str:
    return (call.raw.header("authorization") or "").partition(" ")[0]


@defect("other-schemes-let-in", seam=AUTH, trips={"ERROR-KEY-CHECKED"})
def other_schemes_let_in(refusal: Refusal | None, call: Call) -> Refusal | None:
    """Whoever comes with a name and a password is taken for a person who has been checked before."""
    return None if _scheme(call) == "Basic" else refusal


@defect("other-schemes-403", seam=REFUSAL, trips={"ERROR-SCHEME-STATUS"})
def other_schemes_403(refusal: Refusal, call: Call) -> Refusal:
    """Another scheme than Bearer is forbidden."""
    return replace(refusal, status=403) if refusal.status == 401 and _scheme(call) not in {"", "Bearer"} else refusal


@defect("other-schemes-500", seam=REFUSAL, trips={"ERROR-DOOR-NO-5XX"}, incident="ogx-ai/ogx#2990")
def other_schemes_500(refusal: Refusal, call: Call) -> Refusal:
    """An Authorization header without a space in it cannot be taken apart."""
    torn = refusal.status == 401 and " " not in (call.raw.header("authorization") or " ")
    return replace(refusal, status=500, type="server_error") if torn else refusal


@defect("scheme-compared-by-case", seam=AUTH, trips={"ERROR-SCHEME-CASE"}, incident="SamSaffron/term-llm#414")
def scheme_compared_by_case(refusal: Refusal | None, call: Call) -> Refusal | None:
    """The name of the scheme is looked for as it is written in the documentation."""
    from conformance.reference import refusals

    return refusals.no_key() if _scheme(call) == "bearer" else refusal


@defect("challenge-missing", seam=REPLY, trips={"ERROR-KEY-CHALLENGE"})
def challenge_missing(reply: Reply, _: Call) -> Reply:
    """A 401 does not say which scheme is wanted."""
    return reply.without_header("www-authenticate")


@defect("wrong-key-without-code", seam=REFUSAL, trips={"ERROR-KEY-CODE"}, incident="NousResearch/hermes-agent#70169")
def wrong_key_without_code(refusal: Refusal, _: Call) -> Refusal:
    """A wrong key is turned away as any other trouble with keys is."""
    return replace(refusal, code=None) if refusal.code == WRONG_KEY else refusal


@defect("model-without-code", seam=REFUSAL, trips={"ERROR-MODEL-CODE"}, incident="silasnevstad/GPT-Extension-VSCode#10")
def model_without_code(refusal: Refusal, _: Call) -> Refusal:
    """A model that does not exist is one of many things that are not found."""
    return replace(refusal, code="not_found") if refusal.code == UNKNOWN_MODEL else refusal


@defect("wrong-key-other-when-streamed", seam=REFUSAL, trips={"ERROR-DOOR-STREAMED-SAME"}, incident="BerriAI/litellm#6054")
def wrong_key_other_when_streamed(refusal: Refusal, call: Call) -> Refusal:
    """What opens streams has its own word for a wrong key."""
    streamed = b'"stream":true' in call.raw.body and refusal.code == WRONG_KEY
    return replace(refusal, type="authentication_error") if streamed else refusal


@defect("refusal-withheld-when-streamed", seam=REPLY, trips={"ERROR-STREAMED-ENDS"}, incident="easychen/openai-api-proxy#33")
def refusal_withheld_when_streamed(reply: Reply, call: Call) -> Reply:
    """When a stream was asked for, what the server behind says of an unknown model is never passed on."""
    held = b'"stream":true' in call.raw.body and isinstance(reply.body, bytes) and UNKNOWN_MODEL.encode() in reply.body
    return replace(reply, body=iter([Pause(30)])) if held else reply


@defect("another-error-later", seam=REFUSAL, trips={"ERROR-SAME-AGAIN"}, incident="justrach/codegraff#748")
def another_error_later(refusal: Refusal, call: Call) -> Refusal:
    """An unknown role has one code the first time, and later another."""
    again = b"no-such-role" in call.raw.body and call.state.swap("role", "seen")
    return replace(refusal, code="unsupported_value") if again else refusal


@defect("preflight-validated", seam=REPLY, trips={"ERROR-PREFLIGHT"}, incident="lmstudio-ai/lmstudio-bug-tracker#443")
def preflight_validated(reply: Reply, call: Call) -> Reply:
    """OPTIONS goes the way of POST, and lacks messages."""
    if call.raw.method != "OPTIONS":
        return reply
    body = b'{"error":{"message":"messages field is required","type":"invalid_request_error","param":"messages","code":null}}'
    return replace(reply, status=400, body=body).with_header("content-type", "application/json")


@defect("preflight-without-key", seam=REPLY, trips={"ERROR-PREFLIGHT-ALLOWS"}, incident="mostlygeek/llama-swap#42")
def preflight_without_key(reply: Reply, call: Call) -> Reply:
    """Scripts of other origins are let in, but may not send a key."""
    return reply.with_header("access-control-allow-headers", "*") if call.raw.method == "OPTIONS" else reply


@defect("slash-redirects", seam=REPLY, trips={"ERROR-SLASH"}, incident="langchain-ai/langserve#304")
def slash_redirects(reply: Reply, call: Call) -> Reply:
    """A slash at the end leads back to the path, by way of GET."""
    if not call.raw.path.endswith("/"):
        return reply
    return replace(reply, status=301, body=b"").with_header("location", call.raw.path.rstrip("/"))


@defect("delete-answered", seam=REPLY, trips={"ERROR-METHOD"})
def delete_answered(reply: Reply, call: Call) -> Reply:
    """DELETE is taken note of."""
    return replace(reply, status=200, body=b'{"deleted":true}') if call.raw.method == "DELETE" else reply

"""Defects in who is let in, and in what is said to those who are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import AUTH, REFUSAL, REPLY, REQUEST, Call, defect

if TYPE_CHECKING:
    from conformance.reference.refusals import Refusal
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply

UNKNOWN_MODEL = "model_not_found"
WRONG_KEY = "invalid_api_key"


@defect("any-key-accepted", seam=AUTH, trips={"ERROR-KEY-CHECKED"}, incident="vllm-project/aibrix#671")
def any_key_accepted(refusal: Refusal | None, _: Call) -> Refusal | None:
    """Whoever has a key is let in, whatever the key."""
    return None if refusal and refusal.code == WRONG_KEY else refusal


@defect("any-key-accepted-for-streams", seam=AUTH, trips={"ERROR-KEY-CHECKED"}, incident="vllm-project/aibrix#671")
def any_key_accepted_for_streams(refusal: Refusal | None, call: Call) -> Refusal | None:
    """Streams are opened before anybody looks at the key."""
    return None if refusal and refusal.code == WRONG_KEY and b'"stream":true' in call.raw.body else refusal


@defect("wrong-key-403", seam=REFUSAL, trips={"ERROR-KEY-STATUS"})
def wrong_key_403(refusal: Refusal, _: Call) -> Refusal:
    """A wrong key is forbidden rather than unknown."""
    return replace(refusal, status=403) if refusal.code == WRONG_KEY else refusal


@defect("unknown-model-503", seam=REFUSAL, trips={"ERROR-DOOR-NO-5XX"}, incident="Wei-Shaw/sub2api#1489")
def unknown_model_503(refusal: Refusal, _: Call) -> Refusal:
    """A model that does not exist is one that is not available just now."""
    return replace(refusal, status=503, type="server_error") if refusal.code == UNKNOWN_MODEL else refusal


@defect("any-model-answers", seam=REQUEST, trips={"ERROR-MODEL-REFUSED"}, incident="ddalcu/mlx-serve#258")
def any_model_answers(request: ChatRequest, _: Call) -> ChatRequest:
    """Whatever the model is called, the one there is answers."""
    return replace(request, model="reference-model")


@defect("unknown-model-400", seam=REFUSAL, trips={"ERROR-MODEL-STATUS"})
def unknown_model_400(refusal: Refusal, _: Call) -> Refusal:
    """A model that does not exist is a bad request."""
    return replace(refusal, status=400) if refusal.code == UNKNOWN_MODEL else refusal


@defect("put-redirects", seam=REPLY, trips={"ERROR-METHOD"})
def put_redirects(reply: Reply, call: Call) -> Reply:
    """Another method leads to the documentation."""
    if call.raw.method != "PUT":
        return reply
    return replace(reply, status=302, body=b"").with_header("location", "/docs")


@defect("allow-missing", seam=REPLY, trips={"ERROR-METHOD-ALLOW"})
def allow_missing(reply: Reply, _: Call) -> Reply:
    """A method is refused without a word on those that are not."""
    return reply.without_header("allow")


@defect("path-redirects", seam=REPLY, trips={"ERROR-PATH", "ERROR-SLASH"}, incident="diegosouzapw/OmniRoute#6405")
def path_redirects(reply: Reply, _: Call) -> Reply:
    """A path that does not exist leads to the dashboard."""
    unknown = isinstance(reply.body, bytes) and b"unknown_url" in reply.body
    return replace(reply, status=302, body=b"").with_header("location", "/") if unknown else reply


@defect("method-in-plain-text", seam=REPLY, trips={"ERROR-ROUTED-ENVELOPE"}, incident="ollama/ollama#5483")
def method_in_plain_text(reply: Reply, _: Call) -> Reply:
    """A method is refused by a router that knows nothing of the API."""
    return replace(reply, body=b"Method Not Allowed").with_header("content-type", "text/plain") if reply.status == 405 else reply


@defect("key-repeated", seam=REFUSAL, trips={"ERROR-KEY-SECRET"})
def key_repeated(refusal: Refusal, call: Call) -> Refusal:
    """A wrong key is repeated whole."""
    key = (call.raw.header("authorization") or "").removeprefix("Bearer ")
    return replace(refusal, message=f"Incorrect API key provided: {key}.") if refusal.code == WRONG_KEY else refusal


@defect("request-id-missing", seam=REPLY, trips={"ERROR-REQUEST-ID"}, incident="kekzl/imp#1561")
def request_id_missing(reply: Reply, _: Call) -> Reply:
    """Only successes can be found again."""
    return reply.without_header("x-request-id") if reply.status >= 400 else reply


@defect("request-id-constant", seam=REPLY, trips={"ERROR-REQUEST-ID-UNIQUE"})
def request_id_constant(reply: Reply, _: Call) -> Reply:
    """Every answer in one piece has the same request id."""
    return reply.with_header("x-request-id", "req_0")


@defect("retry-after-in-words", seam=REPLY, trips={"ERROR-RETRY-AFTER"}, incident="BerriAI/litellm#30098")
def retry_after_in_words(reply: Reply, call: Call) -> Reply:
    """A rate limit that hits now and then says in words when to come back."""
    if reply.status != 200 or call.state.count("answers") not in {4, 5}:
        return reply
    body = b'{"error":{"message":"Too many requests.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}'
    return replace(reply, status=429, body=body).with_header("retry-after", "in a moment")


@defect("path-error-200", seam=REPLY, trips={"ERROR-NOT-200", "ERROR-PATH"}, incident="XpressAI/xaibo#36")
def path_error_200(reply: Reply, _: Call) -> Reply:
    """A path that does not exist is answered with an error that calls itself a success."""
    unknown = isinstance(reply.body, bytes) and b"unknown_url" in reply.body
    return replace(reply, status=200) if unknown else reply

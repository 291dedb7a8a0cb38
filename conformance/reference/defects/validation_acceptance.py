"""Defects in which legal values are accepted: each spares all but one kind of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.behaviour import REQUEST, Call, defect
from conformance.reference.refusals import INVALID_REQUEST, Refusal, Refused
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest

SMALL = 16 * 1024
"""Bytes."""


def _refuse(param: str | None, message: str, status: int = 400) -> None:
    kind = INVALID_REQUEST if status < 500 else "server_error"
    raise Refused(Refusal(status=status, message=message, type=kind, param=param))


@defect("no-stop-list", seam=REQUEST, trips={"REQUEST-FORMS"})
def no_stop_list(request: ChatRequest, call: Call) -> ChatRequest:
    """A list of one stop string is taken for none at all, and refused."""
    if get(call.body, "stop") == ["#END#"]:
        _refuse("stop", "stop: a list has to hold several strings.")
    return request


@defect("stream-false-refused", seam=REQUEST, trips={"REQUEST-FORMS"})
def stream_false_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """That no stream is wanted may not be said."""
    if get(call.body, "stream") is False:
        _refuse("stream", "stream: may be true alone.")
    return request


@defect("top-p-above-zero", seam=REQUEST, trips={"REQUEST-BOUNDS", "REQUEST-CLAIMED-ACCEPTED"})
def top_p_above_zero(request: ChatRequest, call: Call) -> ChatRequest:
    """The lowest share of probability does not belong to the range of a server that claims to take one."""
    if get(call.body, "top_p") == 0:
        _refuse("top_p", "top_p must be above 0.")
    return request


@defect("turns-need-content", seam=REQUEST, trips={"REQUEST-HISTORY"}, incident="Portkey-AI/gateway#995")
def turns_need_content(request: ChatRequest, call: Call) -> ChatRequest:
    """A turn that calls has to have a member called content, be it null."""
    if any("tool_calls" in turn and "content" not in turn for turn in items(call.body, "messages") if isinstance(turn, dict)):
        _refuse("messages", "messages: content is missing.")
    return request


@defect("byte-order-mark-refused", seam=REQUEST, trips={"REQUEST-UNICODE"})
def byte_order_mark_refused(request: ChatRequest, _: Call) -> ChatRequest:
    """Text with U+FEFF in the middle is refused."""
    if any("one\ufefftwo" in message.text for message in request.messages):
        _refuse("messages", "The text holds a character that is not allowed.")
    return request


@defect("model-first", seam=REQUEST, trips={"REQUEST-ACCEPTED", "REQUEST-WRITING"})
def model_first(request: ChatRequest, call: Call) -> ChatRequest:
    """The model has to be named before anything else."""
    if isinstance(call.body, dict) and next(iter(call.body)) != "model":
        _refuse("model", "The model must be named first.")
    return request


@defect("small-bodies", seam=REQUEST, trips={"REQUEST-LARGE"}, incident="huggingface/text-generation-inference#1802")
def small_bodies(request: ChatRequest, call: Call) -> ChatRequest:
    """A body of more than 16 KiB is refused."""
    if len(call.raw.body) > SMALL:
        _refuse(None, "The request is too large.", 413)
    return request


@defect("one-sampler", seam=REQUEST, trips={"REQUEST-TOGETHER"}, incident="Vali-98/ChatterUI#564")
def one_sampler(request: ChatRequest, call: Call) -> ChatRequest:
    """Two ways to narrow down sampling may not be used at once."""
    if get(call.body, "temperature") == 0 and get(call.body, "top_p") == 1:
        _refuse("top_p", "temperature and top_p cannot both be specified for this model.")
    return request


@defect("biased-500", seam=REQUEST, trips={"REQUEST-VALID-NO-5XX"})
def biased_500(request: ChatRequest, call: Call) -> ChatRequest:
    """A token that is banned takes the sampler down."""
    if get(call.body, "logit_bias", "1000") == -100:
        _refuse("logit_bias", "CUDA error: device-side assert triggered.", 500)
    return request

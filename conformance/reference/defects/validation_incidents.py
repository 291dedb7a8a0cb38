"""Defects from the field that no clause of the schema names: forms taken one way only, bodies too large, images dropped."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.model import MISSING, Json
from conformance.reference import refusals
from conformance.reference.behaviour import RAW, REQUEST, Call, defect
from conformance.reference.refusals import Refused
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import RawRequest

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes: what axum's extractors of bodies allow unless told otherwise."""


@defect("stop-number-refused", seam=REQUEST, trips={"REQUEST-STOP-FORMS"}, incident="raullenchai/Rapid-MLX#2358")
def stop_number_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """A stop string with a digit in it is taken for a number, and refused, unless it stands in a list."""
    stop = get(call.body, "stop")
    if isinstance(stop, str) and any(letter.isdigit() for letter in stop):
        raise Refused(refusals.unsupported("stop", "A number as stop sequence"))
    return request


@defect("logprobs-need-number", seam=REQUEST, trips={"REQUEST-LOGPROBS-ALONE"}, incident="vllm-project/vllm#5031")
def logprobs_need_number(request: ChatRequest, call: Call) -> ChatRequest:
    """Log probabilities are given only to who says how many alternatives."""
    if request.logprobs and get(call.body, "top_logprobs") in (None, MISSING):
        raise Refused(refusals.unsupported("logprobs", "logprobs without top_logprobs"))
    return request


@defect("body-limit", seam=RAW, trips={"REQUEST-SIZE"}, incident="huggingface/text-generation-inference#1802")
def body_limit(raw: RawRequest, _: Call) -> RawRequest:
    """A body of more than two megabytes is turned away, whatever it says."""
    return replace(raw, oversize=True) if len(raw.body) > BODY_LIMIT else raw


@defect("images-dropped", seam=REQUEST, trips={"REQUEST-IMAGE-SEEN"}, incident="RL-Align/RL-Kernel#183")
def images_dropped(request: ChatRequest, _: Call) -> ChatRequest:
    """Of a turn with an image the text alone reaches the model."""
    return replace(request, messages=tuple(replace(message, attachments=0) for message in request.messages))


@defect("stream-by-options", seam=RAW, trips={"ANSWER-STREAM-OPTIONS-ALONE", "REQUEST-DEPENDENCY"}, incident="BerriAI/litellm#5803")
def stream_by_options(raw: RawRequest, _: Call) -> RawRequest:
    """Who asks for usage in streams gets a stream."""
    try:
        body: Json = json.loads(raw.body)
    except (ValueError, RecursionError):
        return raw
    if not isinstance(body, dict) or body.get("stream") not in (None, False) or not isinstance(body.get("stream_options"), dict):
        return raw
    return replace(raw, body=json.dumps({**body, "stream": True}).encode())

"""Defects in what the server refuses although it is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.model import Json
from conformance.reference.behaviour import REQUEST, Call, defect
from conformance.reference.refusals import Refusal, Refused
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest


def _turns(call: Call, role: str) -> Iterator[dict[str, Json]]:
    return (turn for turn in items(call.body, "messages") if isinstance(turn, dict) and turn.get("role") == role)


def _sets(call: Call, member: str) -> bool:
    return isinstance(call.body, dict) and member in call.body


def _refuse(param: str | None, message: str) -> None:
    raise Refused(Refusal(status=400, message=message, param=param))


@defect("separator-refused", seam=REQUEST, trips={"REQUEST-ACCEPTED", "REQUEST-UNICODE"})
def separator_refused(request: ChatRequest, _: Call) -> ChatRequest:
    """Text with a line separator of Unicode is refused."""
    if any("\u2028" in message.text for message in request.messages):
        _refuse("messages", "The content of messages holds a character that is not supported.")
    return request


@defect("seed-refused", seam=REQUEST, trips={"REQUEST-CLAIMED-ACCEPTED", "REQUEST-NEUTRAL"})
def seed_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """A seed is refused, in plain words, by a server that claims to take one."""
    if isinstance(get(call.body, "seed"), int):
        _refuse("seed", "seed is not supported by this model.")
    return request


@defect("name-refused-vaguely", seam=REQUEST, trips={"REQUEST-NAME", "REQUEST-REFUSAL-HONEST"}, incident="microsoft/autogen#4761")
def name_refused_vaguely(request: ChatRequest, call: Call) -> ChatRequest:
    """Messages have no names, and no word is said on what is wrong."""
    if any("name" in turn for turn in _turns(call, "user")):
        _refuse(None, "Bad request.")
    return request


@defect("developer-500", seam=REQUEST, trips={"REQUEST-VALID-NO-5XX"})
def developer_500(request: ChatRequest, call: Call) -> ChatRequest:
    """A template that does not know developers takes the server down with it."""
    if any(_turns(call, "developer")):
        raise Refused(Refusal(status=500, message="The template of the model failed.", type="server_error"))
    return request


@defect("system-parts-refused", seam=REQUEST, trips={"REQUEST-CONTENT-PARTS"}, incident="infiniflow/ragflow#15359")
def system_parts_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """A system message has to be a string."""
    if any(isinstance(turn.get("content"), list) for turn in _turns(call, "system")):
        _refuse("messages", "The content of a system message must be a string.")
    return request


@defect("developer-refused", seam=REQUEST, trips={"REQUEST-DEVELOPER"}, incident="QuantumNous/new-api#5330")
def developer_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """There is no role called developer."""
    if any(_turns(call, "developer")):
        _refuse("messages[0].role", "The role developer is not supported.")
    return request


@defect("name-refused", seam=REQUEST, trips={"REQUEST-NAME"}, incident="microsoft/autogen#4761")
def name_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """Messages have no names."""
    if any("name" in turn for turn in _turns(call, "user")):
        _refuse("messages", "Messages with a name are not supported.")
    return request


@defect("null-stop-refused", seam=REQUEST, trips={"REQUEST-NULL-ACCEPTED"}, incident="LostRuins/koboldcpp#1503")
def null_stop_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """No stop sequence has to be said by leaving out the member."""
    if _sets(call, "stop") and get(call.body, "stop") is None:
        _refuse("stop", "stop must be a string or a list.")
    return request


@defect("temperature-below-two", seam=REQUEST, trips={"REQUEST-BOUNDS"}, incident="stdapi-ai/stdapi.ai#224")
def temperature_below_two(request: ChatRequest, call: Call) -> ChatRequest:
    """The highest temperature does not belong to the range."""
    if get(call.body, "temperature") == 2:
        _refuse("temperature", "temperature must be below 2.")
    return request


@defect("calls-need-content", seam=REQUEST, trips={"REQUEST-HISTORY", "REQUEST-HISTORY-CALLS"}, incident="Portkey-AI/gateway#995")
def calls_need_content(request: ChatRequest, call: Call) -> ChatRequest:
    """A turn of calls alone is refused when a result follows as a string."""
    silent = any(turn.get("content") is None and "refusal" not in turn for turn in _turns(call, "assistant"))
    if silent and any(isinstance(turn.get("content"), str) for turn in _turns(call, "tool")):
        _refuse("messages", "An assistant message must have content.")
    return request


@defect("result-parts-refused", seam=REQUEST, trips={"REQUEST-TOOL-RESULT-PARTS"}, incident="Neroued/ninfer#56")
def result_parts_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """The result of a tool has to be a string."""
    if any(isinstance(turn.get("content"), list) for turn in _turns(call, "tool")):
        _refuse("messages", "The content of a tool message must be a string.")
    return request


@defect(
    "echo-refused",
    seam=REQUEST,
    trips={"REQUEST-ECHO", "REQUEST-HISTORY", "REQUEST-NULL-ACCEPTED"},
    incident="editor-code-assistant/eca#233",
)
def echo_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """A turn may not have the null for a refusal that the server itself put there."""
    if any("refusal" in turn for turn in _turns(call, "assistant")):
        _refuse("messages", "messages: extra inputs are not permitted: refusal.")
    return request


@defect("older-cap-refused", seam=REQUEST, trips={"REQUEST-CAP-NAMES", "REQUEST-NULL-ACCEPTED"}, incident="openhab/openhab-addons#21459")
def older_cap_refused(request: ChatRequest, call: Call) -> ChatRequest:
    """The older name of the cap is refused, whatever its value."""
    if _sets(call, "max_tokens"):
        _refuse("max_tokens", "max_tokens is not supported; use max_completion_tokens.")
    return request

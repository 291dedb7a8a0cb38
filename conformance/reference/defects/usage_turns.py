"""Defects in what of a conversation is read and what of an answer is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import COMPLETION, REQUEST, Call, defect
from conformance.reference.request import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.completion import Completion
    from conformance.reference.request import ChatRequest


def _kept(request: ChatRequest, keep: Callable[[Message], bool]) -> ChatRequest:
    return replace(request, messages=tuple(each for each in request.messages if keep(each)))


@defect("developer-unheard", seam=REQUEST, trips={"USAGE-PROMPT-TURNS"}, incident="openclaw/openclaw#27037")
def developer_unheard(request: ChatRequest, _: Call) -> ChatRequest:
    """Messages of role developer are accepted and left out."""
    return _kept(request, lambda message: message.role != "developer")


@defect("history-unheard", seam=REQUEST, trips={"USAGE-PROMPT-TURNS", "USAGE-PROMPT-WORDS"}, incident="CommandCodeAI/command-code#820")
def history_unheard(request: ChatRequest, _: Call) -> ChatRequest:
    """Of a conversation without tools only the last turn reaches the model."""
    plain = all(message.role in {"user", "assistant"} for message in request.messages) and not request.tools
    return replace(request, messages=request.messages[-1:]) if plain else request


@defect("result-unread", seam=REQUEST, trips={"USAGE-PROMPT-RESULT"}, incident="InsForge/InsForge#1788")
def result_unread(request: ChatRequest, _: Call) -> ChatRequest:
    """The result of a tool is accepted and does not reach the model."""
    return replace(request, messages=tuple(replace(each, text="") if each.role == "tool" else each for each in request.messages))


@defect("stopped-answers-billed-on", seam=COMPLETION, trips={"USAGE-STOPPED"}, incident="EndlessInternational/intelligence#2")
def stopped_answers_billed_on(completion: Completion, call: Call) -> Completion:
    """After a stop string the model goes on unseen up to the cap, and all of it is counted."""
    if not call.request.stops or call.request.cap is None:
        return completion
    generated = call.request.cap
    return replace(completion, usage=replace(completion.usage, completion=generated, total=completion.usage.prompt + generated))

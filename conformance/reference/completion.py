"""From what the model would say to what the request allows: stop strings, caps, finish reasons, and the count of it all."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from conformance.reference.request import ToolKind
from conformance.reference.tokens import prompt_tokens, tokens

if TYPE_CHECKING:
    from conformance.reference.request import ChatRequest
    from conformance.reference.toymodel import Draft, DraftCall, Model

LONGEST_ANSWER = 16_384
"""Tokens after which a choice ends even without a cap."""


class Finish(StrEnum):
    """Why a choice ended."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    TOOL_CALLS = "tool_calls"
    FUNCTION_CALL = "function_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call as far as the cap let it come; `pieces` are the tokens of its arguments."""

    id: str
    kind: ToolKind
    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments as one string."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the `n` answers; `pieces` are the tokens of its text, None where there is none beside calls or a refusal."""

    index: int
    pieces: tuple[str, ...] | None
    calls: tuple[ToolCall, ...]
    finish: str
    refusal: tuple[str, ...] | None = None
    thought: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        """The content as one string; None when tools are called."""
        return None if self.pieces is None else "".join(self.pieces)

    @property
    def size(self) -> int:
        """Tokens generated: those of thought, text and refusal, one per call and those of its arguments."""
        spoken = len(self.thought) + len(self.pieces or ()) + len(self.refusal or ())
        return spoken + sum(1 + len(call.pieces) for call in self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens; the sum is a member so that a defect can get it wrong."""

    prompt: int
    completion: int
    total: int
    thought: int = 0
    """How many of the completion's were spent on thought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """All that either kind of answer, whole or streamed, is written from."""

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage


def complete(model: Model, request: ChatRequest) -> Completion:
    """Let a model answer once for each choice, and apply the request's limits to what it says."""
    choices = tuple(_choice(index, model.reply(request), request) for index in range(request.n))
    prompt, generated, thought = prompt_tokens(request), sum(each.size for each in choices), sum(len(each.thought) for each in choices)
    return Completion(
        id=f"chatcmpl-{secrets.token_hex(12)}",
        created=int(time.time()),
        model=request.model,
        choices=choices,
        usage=Usage(prompt=prompt, completion=generated, total=prompt + generated, thought=thought),
    )


def _choice(index: int, draft: Draft, request: ChatRequest) -> Choice:
    cap = LONGEST_ANSWER if request.cap is None else min(request.cap, LONGEST_ANSWER)
    whole, spoken = tokens(draft.thought), tokens(draft.text)
    thought = whole[:cap]
    if len(thought) < len(whole):
        return Choice(index=index, pieces=(), calls=(), finish=Finish.LENGTH, thought=thought)
    cap -= len(thought)
    pieces, stopped = _before_stop(spoken[:cap], request.stops)
    ended = stopped or len(spoken) <= cap
    if draft.calls and ended and not stopped:
        calls, finish = _called(draft.calls, cap - len(pieces))
        return Choice(index=index, pieces=pieces or None, calls=calls, finish=finish, thought=thought)
    finish = Finish.LENGTH if not ended else Finish.CONTENT_FILTER if draft.filtered and not stopped else Finish.STOP
    if draft.declined:
        return Choice(index=index, pieces=None, calls=(), finish=finish, refusal=pieces, thought=thought)
    return Choice(index=index, pieces=pieces, calls=(), finish=finish, thought=thought)


def _called(drafts: tuple[DraftCall, ...], cap: int) -> tuple[tuple[ToolCall, ...], Finish]:
    """Make calls, and say how the answer ends with them."""
    calls, whole = _capped_calls(drafts, cap)
    legacy = any(draft.tool.kind is ToolKind.LEGACY for draft in drafts)
    return calls, Finish.LENGTH if not whole else Finish.FUNCTION_CALL if legacy else Finish.TOOL_CALLS


def _capped_calls(drafts: tuple[DraftCall, ...], cap: int) -> tuple[tuple[ToolCall, ...], bool]:
    """Cut calls at the cap; a call's name counts as its first token. Also tells whether nothing was lost."""
    calls: list[ToolCall] = []
    for draft in drafts:
        if cap < 1:
            return tuple(calls), False
        pieces = tokens(draft.arguments)
        kept = pieces[: cap - 1]
        calls.append(ToolCall(id=f"call_{secrets.token_hex(12)}", kind=draft.tool.kind, name=draft.tool.name, pieces=kept))
        if len(kept) < len(pieces):
            return tuple(calls), False
        cap -= 1 + len(kept)
    return tuple(calls), True


def _before_stop(pieces: tuple[str, ...], stops: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Cut text before the stop string that was complete first, wherever its tokens' borders are.

    Generation ends with the first stop string that is whole, which need not be the one that begins first.
    """
    text = "".join(pieces)
    found = [(start + len(stop), start) for stop in stops if (start := text.find(stop)) >= 0]
    if not found:
        return pieces, False
    _, cut = min(found)
    begins = (0, *accumulate(map(len, pieces)))
    kept = (piece[: cut - begin] for piece, begin in zip(pieces, begins, strict=False) if begin < cut)
    return tuple(kept), True

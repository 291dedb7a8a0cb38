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
    from conformance.reference.toymodel import Draft, DraftCall

LONGEST_ANSWER = 16_384
"""Tokens after which a choice ends even without a cap."""


class Finish(StrEnum):
    """Why a choice ended."""

    STOP = "stop"
    LENGTH = "length"
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
    """One of the `n` answers: either tokens of text, or calls and None."""

    index: int
    pieces: tuple[str, ...] | None
    calls: tuple[ToolCall, ...]
    finish: str

    @property
    def text(self) -> str | None:
        """The content as one string; None when tools are called."""
        return None if self.pieces is None else "".join(self.pieces)

    @property
    def size(self) -> int:
        """Tokens generated: those of the text, or one per call and those of its arguments."""
        return len(self.pieces or ()) + sum(1 + len(call.pieces) for call in self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens; the sum is a member so that a defect can get it wrong."""

    prompt: int
    completion: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """All that either kind of answer, whole or streamed, is written from."""

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage


def complete(draft: Draft, request: ChatRequest) -> Completion:
    """Apply the request's limits to a draft, once for each choice."""
    choices = tuple(_choice(index, draft, request) for index in range(request.n))
    prompt, generated = prompt_tokens(request), sum(choice.size for choice in choices)
    return Completion(
        id=f"chatcmpl-{secrets.token_hex(12)}",
        created=int(time.time()),
        model=request.model,
        choices=choices,
        usage=Usage(prompt=prompt, completion=generated, total=prompt + generated),
    )


def _choice(index: int, draft: Draft, request: ChatRequest) -> Choice:
    cap = LONGEST_ANSWER if request.cap is None else min(request.cap, LONGEST_ANSWER)
    if draft.calls:
        calls, whole = _capped_calls(draft.calls, cap)
        legacy = any(call.tool.kind is ToolKind.LEGACY for call in draft.calls)
        finish = Finish.LENGTH if not whole else Finish.FUNCTION_CALL if legacy else Finish.TOOL_CALLS
        return Choice(index=index, pieces=None, calls=calls, finish=finish)
    spoken = tokens(draft.text)
    pieces, stopped = _before_stop(spoken[:cap], request.stops)
    finish = Finish.STOP if stopped or len(spoken) <= cap else Finish.LENGTH
    return Choice(index=index, pieces=pieces, calls=(), finish=finish)


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

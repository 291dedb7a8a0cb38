"""How text becomes tokens, and what a prompt costs.

A token is up to six letters or three digits with the space before them, one sign of punctuation with the space before it, or one
character of anything else. Tokens never split a code point, and joined they are the text again.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.request import ChatRequest, Message

_TOKEN = re.compile(r" ?[^\W\d_]{1,6}| ?\d{1,3}| ?[^\w\s]|[\s\S]")
_PER_PROMPT = 3
_PER_MESSAGE = 4
_PER_ATTACHMENT = 85
"""What a template for chats adds, in the size that is usual: an invitation to answer, marks around each turn, and a picture's thumbnail."""


def tokens(text: str) -> tuple[str, ...]:
    """Cut text into tokens; `"".join` undoes it."""
    return tuple(_TOKEN.findall(text))


def prompt_tokens(request: ChatRequest) -> int:
    """Count what the model reads: every turn, every declared tool and the response format; nothing else of the request.

    A single text part costs what the same string costs. Caps, sampling, `n` and `stream` do not matter.
    """
    return _PER_PROMPT + sum(map(_message_tokens, request.messages)) + sum(map(_declaration_tokens, request.overhead))


def _message_tokens(message: Message) -> int:
    spoken = sum(len(tokens(text)) for text in (message.text, message.name, message.calls))
    return _PER_MESSAGE + spoken + _PER_ATTACHMENT * message.attachments


def _declaration_tokens(value: Json) -> int:
    return len(tokens(json.dumps(value, ensure_ascii=False)))

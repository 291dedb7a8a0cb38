"""The members of an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from conformance.model import MISSING, Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.own import envelope, failure
from conformance.strictjson import get, show
from conformance.subjects.failure import ErrorReply

WORD: Final = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_NOTHING: Final = frozenset({"none", "null", "undefined", "nil", "[object object]", "{}", "nan"})


@requirement(
    "ERROR-MESSAGE",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/message"), incident("lm-sys/FastChat#1966"), incident("envoyproxy/ai-gateway#2151")],
)
def message_says_something(reply: ErrorReply) -> Iterator[Finding]:
    """`error.message` is a text that is not empty."""
    message = get(envelope(reply), "message")
    if not isinstance(message, str) or not message.strip():
        yield Finding(code="message", expected="a text that is not empty", received=show(message), at=Place(pointer="/error/message"))


@requirement(
    "ERROR-MESSAGE-READABLE",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/message"), incident("lm-sys/FastChat#3439"), incident("earendil-works/pi#1578")],
)
def message_is_for_people(reply: ErrorReply) -> Iterator[Finding]:
    """`error.message` is a sentence; not the text of a JSON document, nor the word that a language has for nothing."""
    message = get(envelope(reply), "message")
    if not isinstance(message, str) or not message.strip():
        raise AbsentError("no message")
    if message.strip().lower() in _NOTHING or _is_document(message):
        yield Finding(code="unreadable", expected="a sentence", received=show(message), at=Place(pointer="/error/message"))


def _is_document(text: str) -> bool:
    """Whether a text is a whole JSON object or array."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


@requirement(
    "ERROR-TYPE",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/members"), incident("aallam/openai-kotlin#330"), incident("BerriAI/litellm#8953")],
)
def type_is_a_text(reply: ErrorReply) -> Iterator[Finding]:
    """`error.type` is a text that is not empty."""
    kind = get(envelope(reply), "type")
    if not isinstance(kind, str) or not kind:
        yield Finding(code="type", expected="a text such as invalid_request_error", received=show(kind), at=Place(pointer="/error/type"))


@requirement(
    "ERROR-TYPE-WORD",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/type-vocabulary"), incident("runpod-workers/worker-vllm#57"), incident("voideditor/void#128")],
)
def type_is_a_word(reply: ErrorReply) -> Iterator[Finding]:
    """`error.type` is a word in snake case, such as `invalid_request_error`; not the name of a class, nor a phrase of HTTP."""
    kind = get(envelope(reply), "type")
    if not isinstance(kind, str) or not kind:
        raise AbsentError("no type")
    if not WORD.fullmatch(kind):
        yield Finding(code="class-name", expected="a word in snake case", received=show(kind), at=Place(pointer="/error/type"))


@requirement(
    "ERROR-CODE-TYPE",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/code-type"), incident("sashabaranov/go-openai#244"), incident("weaviate/weaviate#3551")],
)
def code_is_a_text(reply: ErrorReply) -> Iterator[Finding]:
    """`error.code` is a text or null, not a number; typed clients fail on a number while they report the failure."""
    code = get(envelope(reply), "code")
    if code is MISSING:
        raise AbsentError("no code")
    if code is not None and not isinstance(code, str):
        yield Finding(code="code", expected="a text or null", received=show(code), at=Place(pointer="/error/code"))


@requirement(
    "ERROR-PARAM-TYPE",
    Level.MUST,
    on=failure,
    cites=[contract("/components/schemas/Error/properties/param"), incident("api7/aisix#323")],
)
def param_is_a_text(reply: ErrorReply) -> Iterator[Finding]:
    """`error.param` is a text or null."""
    param = get(envelope(reply), "param")
    if param is MISSING:
        raise AbsentError("no param")
    if param is not None and not isinstance(param, str):
        yield Finding(code="param", expected="a text or null", received=show(param), at=Place(pointer="/error/param"))


@requirement(
    "ERROR-MEMBERS",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/members"), incident("aallam/openai-kotlin#330"), incident("api7/aisix#323")],
)
def members_are_there(reply: ErrorReply) -> Iterator[Finding]:
    """An error has the members `param` and `code`, null where there is nothing to say; strict decoders need them."""
    missing = [name for name in ("param", "code") if name not in envelope(reply)]
    if missing:
        expected = "message, type, param and code"
        yield Finding(code="absent", expected=expected, received=f"no {' and no '.join(missing)}", at=Place(pointer="/error"))


_BLAMES_SERVER: Final = frozenset(
    {"server_error", "internal_error", "internal_server_error", "service_unavailable_error", "api_connection_error"}
)
_BLAMES_CLIENT: Final = frozenset({"invalid_request_error", "bad_request_error", "validation_error"})


@requirement(
    "ERROR-STATUS-AGREES",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/type-vocabulary"), contract("/x-errors/invalid-field"), incident("BerriAI/litellm#38318")],
)
def status_and_type_agree(reply: ErrorReply) -> Iterator[Finding]:
    """Status and `error.type` blame the same side: a 4xx is no `server_error`, a 5xx no `invalid_request_error`.

    Clients decide by the one or by the other whether to try again.
    """
    kind, status = get(envelope(reply), "type"), reply.observation.status
    if not isinstance(kind, str):
        raise AbsentError("no type")
    elsewhere = (
        (status < 500 and kind in _BLAMES_SERVER)
        or (status >= 500 and kind in _BLAMES_CLIENT)
        or (kind == "authentication_error" and status not in {401, 403})
        or (kind == "rate_limit_error" and status != 429)
    )
    if elsewhere:
        yield Finding(code="disagree", expected=f"a type that fits {status}", received=kind, at=Place(pointer="/error/type"))

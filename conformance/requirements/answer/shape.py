"""The outermost members of an answer, and whatever of the schema no other requirement watches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.contract import Schema, SchemaFault
from conformance.model import Detail, Finding, Level, Place
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer, valid_variation
from conformance.strictjson import get, is_integer, show
from conformance.subjects.pair import Variation
from conformance.subjects.reply import Answer

CLOCK_SKEW: Final = 24 * 60 * 60
"""Seconds by which a server's clock may differ from ours. Far above any honest skew; far below a unit that is wrong."""

_OWNED: Final = re.compile(r"/object|/usage.*|/choices(/\d+/(index|finish_reason|logprobs/.*|message/(role|content|tool_calls.*)))?")
"""Pointers that requirements of their own watch."""

_FRACTION: Final = re.compile(r"\d+\.\d+")
"""A time with a fraction: ANSWER-CREATED-INTEGER watches it."""

_OWNED_MEMBERS: Final = frozenset({"object", "choices", "index", "finish_reason", "logprobs", "role", "content"})
"""Members whose absence requirements of their own watch."""


def _unowned(fault: SchemaFault) -> bool:
    if fault.keyword == "required" and any(f"'{name}'" in fault.message for name in _OWNED_MEMBERS):
        return False
    if (fault.pointer, fault.keyword) == ("/service_tier", "enum") or (fault.pointer == "/created" and _FRACTION.fullmatch(fault.value)):
        return False
    return not _OWNED.fullmatch(fault.pointer)


@requirement(
    "ANSWER-SCHEMA",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/components/schemas/CreateChatCompletionResponse"), incident("pydantic/pydantic-ai#2996")],
)
def fits_the_schema(whole: Answer) -> Iterator[Finding]:
    """An answer fits the response schema: members that must be there are, and each has its type."""
    for fault in whole.observation.contract.faults(Schema.RESPONSE, whole.body):
        if _unowned(fault):
            yield Finding(code=f"schema-{fault.keyword}", expected=fault.message, received=fault.value, at=Place(pointer=fault.pointer))


@requirement(
    "ANSWER-OBJECT",
    Level.MUST,
    on=valid_answer,
    cites=[
        contract("/components/schemas/CreateChatCompletionResponse/properties/object"),
        incident("langgenius/dify#3506"),
        incident("predibase/lorax#788"),
    ],
)
def object_is_chat_completion(whole: Answer) -> Iterator[Finding]:
    """The object is called `chat.completion`: neither `text_completion` nor that of a chunk."""
    value = get(whole.body, "object")
    if value != "chat.completion":
        yield Finding(code="object", expected="chat.completion", received=show(value), at=Place(pointer="/object"))


@requirement(
    "ANSWER-ID",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/x-answer/id"), incident("huggingface/text-generation-inference#1782")],
)
def id_is_not_empty(whole: Answer) -> Iterator[Finding]:
    """The id is not empty."""
    value = get(whole.body, "id")
    if not isinstance(value, str):
        raise UnmetError("the id is no string, which is the schema's affair")
    if not value.strip():
        yield Finding(code="empty-id", expected="a non-empty string", received=show(value), at=Place(pointer="/id"))


@requirement(
    "ANSWER-ID-UNIQUE",
    Level.MUST,
    on=valid_variation,
    cites=[contract("/x-answer/id"), incident("huggingface/text-generation-inference#1782"), incident("predibase/lorax#788")],
)
def ids_differ(pair: Variation) -> Iterator[Finding]:
    """Two answers have two ids; logs and caches go by them."""
    first, second = get(pair.control.head, "id"), get(pair.varied.head, "id")
    if not isinstance(first, str) or not isinstance(second, str) or not first or not second:
        raise UnmetError("one of the two answers has no id")
    if first == second:
        other = pair.control.observation.exchange.id
        yield Finding(code="repeated-id", expected=f"another id than {other}", received=second, at=Place(pointer="/id"))


@requirement(
    "ANSWER-CREATED",
    Level.SHOULD,
    on=valid_answer,
    cites=[contract("/x-answer/created"), incident("EricLBuehler/mistral.rs#1805"), incident("mlc-ai/web-llm#829")],
    rests_on=[Detail.START],
)
def created_is_about_now(whole: Answer) -> Iterator[Finding]:
    """The time in `created` is that of the answer, in seconds since 1970 and to within a day; not in milliseconds, and no constant."""
    value = get(whole.body, "created")
    if not is_integer(value) or not isinstance(value, int | float):
        raise UnmetError("created is no integer, which is the schema's affair")
    now = round(whole.exchange.started)
    if abs(value - now) > CLOCK_SKEW:
        yield Finding(code="not-now", expected=f"about {now}", received=show(value), at=Place(pointer="/created"))


@requirement(
    "ANSWER-CREATED-INTEGER",
    Level.MUST,
    on=valid_answer,
    cites=[
        contract("/components/schemas/Created"),
        incident("siyuan-note/siyuan#14787"),
        incident("envoyproxy/ai-gateway#962"),
        incident("QuantumNous/new-api#1131"),
    ],
)
def created_has_no_fraction(whole: Answer) -> Iterator[Finding]:
    """The time in `created` is a whole number of seconds; clients that keep it in an integer fail on the rest of a second."""
    value = get(whole.body, "created")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnmetError("created is no number, which is the schema's affair")
    if not is_integer(value):
        yield Finding(code="fraction", expected=show(int(value)), received=show(value), at=Place(pointer="/created"))


@requirement(
    "ANSWER-MODEL",
    Level.SHOULD,
    on=valid_answer,
    cites=[contract("/x-answer/model"), incident("microsoft/autogen#222"), incident("letta-ai/letta#1258")],
)
def model_is_named(whole: Answer) -> Iterator[Finding]:
    """The name of the model is not empty. It may be another name than the one that was asked for."""
    value = get(whole.body, "model")
    if not isinstance(value, str):
        raise UnmetError("the model is no string, which is the schema's affair")
    if not value.strip():
        yield Finding(code="empty-model", expected="a non-empty string", received=show(value), at=Place(pointer="/model"))

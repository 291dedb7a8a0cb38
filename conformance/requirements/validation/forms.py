"""Each documented form in which clients write the same thing, and how binding it is."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Area, Finding, Level, SampleKind
from conformance.observation import Asked
from conformance.registry import contract, excluded, incident, requirement
from conformance.requirements.validation.refusal import refusal, valid
from conformance.requirements.validation.sampled import sampled, value_refusal

PARTS = "content-parts"


@requirement(
    "REQUEST-CONTENT-PARTS",
    Level.MUST,
    on=sampled(SampleKind.PARTS, "content as a list of text parts", also=lambda p: p.scenario == "roles" and PARTS in p.needs),
    cites=[contract("/x-request/content-forms"), incident("infiniflow/ragflow#15359"), incident("ayunis-core/ayunis-core#719")],
)
def parts_are_accepted(asked: Asked) -> Iterator[Finding]:
    """Content as a list of text parts is accepted from the user, the system and the assistant, as the string is.

    Agents write all their turns like this.
    """
    yield from value_refusal(asked)


@requirement(
    "REQUEST-DEVELOPER",
    Level.MUST,
    on=valid("developer message", lambda p: p.scenario == "roles" and "developer-role" in p.needs),
    cites=[contract("/x-request/developer-is-system"), incident("QuantumNous/new-api#5330"), incident("can1357/oh-my-pi#843")],
)
def developers_are_heard(asked: Asked) -> Iterator[Finding]:
    """A message of role `developer` is accepted."""
    yield from refusal(asked)


@requirement(
    "REQUEST-NAME",
    Level.MUST,
    on=sampled(SampleKind.NAME, "message with a name"),
    cites=[contract("/components/schemas/UserMessage/properties/name"), incident("microsoft/autogen#4761")],
)
def names_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A message of the user or of the assistant may say the name of its author."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-NULL-ACCEPTED",
    Level.MUST,
    on=sampled(SampleKind.NULL, "null for an optional member"),
    cites=[contract("/x-request/null-is-absent"), incident("ggml-org/llama.cpp#25515"), incident("LostRuins/koboldcpp#1503")],
)
def null_is_accepted(asked: Asked) -> Iterator[Finding]:
    """Null is accepted for every optional member whose schema admits it; typed clients send it for what they leave out."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-BOUNDS",
    Level.MUST,
    on=sampled(SampleKind.BOUND, "value on a bound"),
    cites=[
        contract("/x-request/bounds-are-inclusive"),
        contract("/x-request/model-specific-refusal"),
        incident("stdapi-ai/stdapi.ai#224"),
        incident("ai-forever/gigachain#237"),
    ],
)
def bounds_are_inclusive(asked: Asked) -> Iterator[Finding]:
    """A value on a documented bound is accepted, such as temperature 0 and 2, top_p 1, four stop strings: bounds belong to the range."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-NEUTRAL",
    Level.MUST,
    on=sampled(SampleKind.NEUTRAL, "member at a value that changes nothing"),
    cites=[
        contract("/x-request/bounds-are-inclusive"),
        contract("/x-request/model-specific-refusal"),
        incident("mistralai/platform-docs-public#7"),
        incident("crewAIInc/crewAI#60"),
        incident("zed-industries/zed#36215"),
    ],
)
def neutral_values_are_accepted(asked: Asked) -> Iterator[Finding]:
    """Members at values that change nothing are accepted: their defaults, a seed, the name of the end user.

    Clients send them with every request, whether or not the server can do anything with them.
    """
    yield from value_refusal(asked)


@requirement(
    "REQUEST-HISTORY-CALLS",
    Level.MUST,
    on=valid("call and result in the history", lambda p: p.key == "round-trip/string-result"),
    cites=[
        contract("/x-dependencies/assistant-says-something"),
        incident("Portkey-AI/gateway#995"),
        incident("jekalmin/extended_openai_conversation#456"),
    ],
)
def calls_in_history_are_accepted(asked: Asked) -> Iterator[Finding]:
    """After a call of a tool, the turn with that call and null content is accepted, followed by the result as a string.

    It is the target's own call. Who refuses it can begin a conversation with tools, and not go on with it.
    """
    yield from refusal(asked)


@requirement(
    "REQUEST-TOOL-RESULT-PARTS",
    Level.MUST,
    on=sampled(SampleKind.RESULT, "result of a tool as text parts", also=lambda p: p.key == "round-trip/parts-result"),
    cites=[contract("/x-request/content-forms"), incident("Neroued/ninfer#56"), incident("UDPSendToFailed/ninfer-4090#1")],
)
def results_in_parts_are_accepted(asked: Asked) -> Iterator[Finding]:
    """The result of a tool is accepted as a list of text parts, as it is as a string."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-ECHO",
    Level.MUST,
    on=valid("answer put back as it came", lambda p: "verbatim" in p.topics),
    cites=[contract("/x-request/echo-accepted"), incident("editor-code-assistant/eca#233"), incident("partITech/php-mistral#76")],
)
def own_messages_are_accepted(asked: Asked) -> Iterator[Finding]:
    """The message of an answer is accepted in the next request exactly as it came, nulls and extra members included."""
    yield from refusal(asked)


@requirement(
    "REQUEST-CHARSET",
    Level.SHOULD,
    on=sampled(SampleKind.LABEL, "Content-Type with a charset"),
    cites=[contract("/x-http/request-charset"), incident("openai/openai-openapi#194"), incident("diegosouzapw/OmniRoute#6414")],
)
def charset_is_tolerated(asked: Asked) -> Iterator[Finding]:
    """A Content-Type of `application/json; charset=utf-8` is accepted; many HTTP clients write it unasked."""
    yield from value_refusal(asked)


@requirement(
    "REQUEST-CAP-NAMES",
    Level.SHOULD,
    on=valid("cap under either name", lambda p: p.key in {"cap/max_tokens", "cap/max_completion_tokens"}),
    cites=[contract("/x-request/either-cap"), incident("voideditor/void#128"), incident("openhab/openhab-addons#21459")],
)
def both_names_of_the_cap_are_accepted(asked: Asked) -> Iterator[Finding]:
    """The cap on output is accepted under both its names, `max_completion_tokens` and `max_tokens`."""
    yield from refusal(asked)


excluded(
    "/x-request/either-cap",
    because="that one of the names is accepted is what the preflight finds out before anything else is sent; no cap, no run",
    area=Area.VALIDATION,
)

"""Each documented form in which clients write the same thing, and how binding it is."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Area, Finding, Level
from conformance.observation import Asked
from conformance.registry import contract, excluded, incident, requirement
from conformance.requirements.validation.refusal import refusal, unless_the_model_lacks_it, valid

PARTS = "content-parts"


@requirement(
    "REQUEST-CONTENT-PARTS",
    Level.MUST,
    on=valid("content as a list of text parts", lambda p: p.scenario == "roles" and PARTS in p.needs),
    cites=[contract("/x-request/content-forms"), incident("infiniflow/ragflow#15359"), incident("ayunis-core/ayunis-core#719")],
)
def parts_are_accepted(asked: Asked) -> Iterator[Finding]:
    """Content as a list with one text part is accepted from the user, the system and the assistant, as the string is.

    Agents write all their turns like this.
    """
    yield from refusal(asked)


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
    on=valid("message with a name", lambda p: p.scenario == "roles" and "message-name" in p.needs),
    cites=[contract("/components/schemas/UserMessage/properties/name"), incident("microsoft/autogen#4761")],
)
def names_are_accepted(asked: Asked) -> Iterator[Finding]:
    """A user message may say the name of its author."""
    yield from refusal(asked)


@requirement(
    "REQUEST-NULL-ACCEPTED",
    Level.MUST,
    on=valid("null for optional members", lambda p: p.scenario == "parameters" and "null-fields" in p.needs),
    cites=[contract("/x-request/null-is-absent"), incident("ggml-org/llama.cpp#25515"), incident("LostRuins/koboldcpp#1503")],
)
def null_is_accepted(asked: Asked) -> Iterator[Finding]:
    """Null is accepted for every optional member whose schema admits it; typed clients send it for what they leave out."""
    yield from refusal(asked)


@requirement(
    "REQUEST-BOUNDS",
    Level.MUST,
    on=valid("temperature on a bound", lambda p: p.key in {"parameters/temperature-high", "stop/open"}),
    cites=[
        contract("/x-request/bounds-are-inclusive"),
        contract("/x-request/model-specific-refusal"),
        incident("stdapi-ai/stdapi.ai#224"),
        incident("ai-forever/gigachain#237"),
    ],
)
def bounds_are_inclusive(asked: Asked) -> Iterator[Finding]:
    """Temperature 0 and temperature 2 are accepted: the bounds belong to the range."""
    yield from unless_the_model_lacks_it(asked)


@requirement(
    "REQUEST-NEUTRAL",
    Level.MUST,
    on=valid("members at values that change nothing", lambda p: p.key == "parameters/neutral"),
    cites=[
        contract("/x-request/bounds-are-inclusive"),
        contract("/x-request/model-specific-refusal"),
        incident("mistralai/platform-docs-public#7"),
        incident("crewAIInc/crewAI#60"),
        incident("zed-industries/zed#36215"),
    ],
)
def neutral_values_are_accepted(asked: Asked) -> Iterator[Finding]:
    """Members at values that change nothing are accepted: top_p 1, penalties of 0, a seed, the name of the end user.

    Clients send them with every request, whether or not the server can do anything with them.
    """
    yield from unless_the_model_lacks_it(asked)


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
    on=valid("result of a tool as text parts", lambda p: p.key == "round-trip/parts-result"),
    cites=[contract("/x-request/content-forms"), incident("Neroued/ninfer#56"), incident("UDPSendToFailed/ninfer-4090#1")],
)
def results_in_parts_are_accepted(asked: Asked) -> Iterator[Finding]:
    """The result of a tool is accepted as a list of text parts, as it is as a string."""
    yield from refusal(asked)


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
    on=valid("Content-Type with a charset", lambda p: "charset" in p.topics),
    cites=[contract("/x-http/request-charset"), incident("openai/openai-openapi#194"), incident("diegosouzapw/OmniRoute#6414")],
)
def charset_is_tolerated(asked: Asked) -> Iterator[Finding]:
    """A Content-Type of `application/json; charset=utf-8` is accepted; many HTTP clients write it unasked."""
    yield from refusal(asked)


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

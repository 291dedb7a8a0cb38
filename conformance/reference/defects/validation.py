"""Defects in what the server accepts although it is wrong: one value, one member, one turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.model import MISSING
from conformance.reference.behaviour import FAULTS, REQUEST, Call, defect
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from conformance.contract.schemas import SchemaFault
    from conformance.reference.request import ChatRequest

    Faults = tuple[SchemaFault, ...]


@defect("stop-ignored", seam=REQUEST, trips={"ANSWER-STOP"}, incident="dtzp555-max/ocp#470")
def stop_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Stop strings are accepted and forgotten."""
    return replace(request, stops=())


def _without(faults: Faults, overlooked: Callable[[SchemaFault], bool]) -> Faults:
    return tuple(fault for fault in faults if not overlooked(fault))


@defect("temperature-unchecked", seam=FAULTS, trips={"REQUEST-NUMBER-HUGE", "REQUEST-RANGE"}, incident="Arthur-Ficial/apfel#235")
def temperature_unchecked(faults: Faults, _: Call) -> Faults:
    """A temperature of any size is accepted."""
    return _without(faults, lambda fault: fault.pointer == "/temperature" and fault.keyword in {"minimum", "maximum"})


@defect("stop-object-accepted", seam=FAULTS, trips={"REQUEST-TYPE-CORE"})
def stop_object_accepted(faults: Faults, call: Call) -> Faults:
    """An object for `stop` is taken for no stop sequence at all."""
    return () if get(call.body, "stop") == {} else faults


@defect("penalty-unread", seam=FAULTS, trips={"REQUEST-TYPE"}, incident="gptme/gptme#2737")
def penalty_unread(faults: Faults, _: Call) -> Faults:
    """The type of a penalty is not looked at."""
    return _without(
        faults, lambda fault: fault.pointer == "/frequency_penalty" and fault.keyword == "type" and not fault.value.startswith('"')
    )


@defect("tool-parameters-unread", seam=FAULTS, trips={"REQUEST-TYPE"})
def tool_parameters_unread(faults: Faults, call: Call) -> Faults:
    """Parameters of a tool that are no object are shown to the model as they are."""
    declared = get(call.body, "tools", 0, "function", "parameters")
    return _without(faults, lambda fault: fault.pointer == "/tools/0/function/parameters" and isinstance(declared, str | list))


@defect("numbers-spelt-out", seam=FAULTS, trips={"REQUEST-COERCION"})
def numbers_spelt_out(faults: Faults, call: Call) -> Faults:
    """A temperature that is written as a string is read as a number."""
    spelt = get(call.body, "temperature")
    return _without(faults, lambda fault: fault.pointer == "/temperature" and isinstance(spelt, str) and spelt[0].isdigit())


@defect("tool-name-null", seam=FAULTS, trips={"REQUEST-NULL"})
def tool_name_null(faults: Faults, call: Call) -> Faults:
    """A tool whose name is null is accepted, and never called."""
    return () if get(call.body, "tools", 0, "function", "name") is None else faults


@defect("cap-of-nothing", seam=FAULTS, trips={"REQUEST-CAP-POSITIVE"}, incident="Continuum-AI-Corp/OrcaRouter-Lite#103")
def cap_of_nothing(faults: Faults, call: Call) -> Faults:
    """A negative cap is accepted."""
    return _without(faults, lambda fault: fault.keyword == "minimum" and get(call.body, "max_completion_tokens") == -1)


@defect("prediction-unread", seam=FAULTS, trips={"REQUEST-READ"})
def prediction_unread(faults: Faults, _: Call) -> Faults:
    """A prediction is passed over, whatever it holds."""
    return _without(faults, lambda fault: fault.pointer.startswith("/prediction"))


@defect("verbosity-invented", seam=FAULTS, trips={"REQUEST-ENUM"})
def verbosity_invented(faults: Faults, _: Call) -> Faults:
    """Any word will do for how much to say."""
    return _without(faults, lambda fault: fault.pointer == "/verbosity" and fault.keyword == "enum")


@defect("parts-dropped", seam=FAULTS, trips={"REQUEST-PART"}, incident="RL-Align/RL-Kernel#183")
def parts_dropped(faults: Faults, call: Call) -> Faults:
    """A part of unknown type is left out of the user's turn."""
    role, kind = get(call.body, "messages", 0, "role"), get(call.body, "messages", 0, "content", 0, "type")
    return () if role == "user" and kind == "hologram" else faults


@defect("name-with-dot", seam=FAULTS, trips={"REQUEST-PATTERN"}, incident="agno-agi/agno#6653")
def name_with_dot(faults: Faults, call: Call) -> Faults:
    """A tool may have a dot in its name."""
    return _without(faults, lambda fault: fault.keyword == "pattern" and get(call.body, "tools", 0, "function", "name") == "look.up")


@defect("identifier-unbounded", seam=FAULTS, trips={"REQUEST-LENGTH"})
def identifier_unbounded(faults: Faults, _: Call) -> Faults:
    """The hash that names an end user may be of any length."""
    return _without(faults, lambda fault: fault.pointer == "/safety_identifier" and fault.keyword == "maxLength")


@defect("stop-of-five", seam=FAULTS, trips={"REQUEST-STOP-LENGTH"})
def stop_of_five(faults: Faults, _: Call) -> Faults:
    """Any number of stop sequences is accepted."""
    return _without(faults, lambda fault: fault.pointer == "/stop" and fault.keyword == "maxItems")


@defect("format-open", seam=FAULTS, trips={"REQUEST-CLOSED"})
def format_open(faults: Faults, _: Call) -> Faults:
    """The format of a custom tool may have members of any name."""
    return _without(faults, lambda fault: fault.keyword == "additionalProperties" and fault.pointer.startswith("/tools"))


@defect("messages-empty", seam=FAULTS, trips={"REQUEST-MESSAGES"}, incident="ai-dynamo/dynamo#2067")
def messages_empty(faults: Faults, _: Call) -> Faults:
    """A conversation may be empty."""
    return _without(faults, lambda fault: fault.pointer == "/messages" and fault.keyword == "minItems")


@defect("role-in-capitals", seam=FAULTS, trips={"REQUEST-ROLE"}, incident="BerriAI/litellm#30948")
def role_in_capitals(faults: Faults, call: Call) -> Faults:
    """A role is known in capitals too."""
    return () if get(call.body, "messages", 0, "role") == "User" else faults


@defect("message-without-role", seam=FAULTS, trips={"REQUEST-ROLE-PRESENT"})
def message_without_role(faults: Faults, _: Call) -> Faults:
    """Who says nothing of a role is taken for the user."""
    return _without(faults, lambda fault: fault.keyword == "required" and "'role'" in fault.message)


@defect("content-null", seam=FAULTS, trips={"REQUEST-CONTENT"})
def content_null(faults: Faults, call: Call) -> Faults:
    """The user may say null."""
    first = get(call.body, "messages", 0)
    return () if get(first, "role") == "user" and get(first, "content") is None else faults


@defect("tool-type-optional", seam=FAULTS, trips={"REQUEST-REQUIRED"})
def tool_type_optional(faults: Faults, call: Call) -> Faults:
    """A function need not be declared as one."""
    first = get(call.body, "tools", 0)
    named = isinstance(get(first, "function", "name"), str) and get(first, "type") is MISSING
    return _without(faults, lambda fault: named and fault.pointer.startswith("/tools/0"))


@defect("top-logprobs-alone", seam=FAULTS, trips={"REQUEST-DEPENDENCY"}, incident="sgl-project/sglang#28798")
def top_logprobs_alone(faults: Faults, _: Call) -> Faults:
    """Alternatives may be asked for without log probabilities."""
    return _without(faults, lambda fault: fault.keyword == "dependency" and fault.pointer == "/top_logprobs")


@defect("orphans-accepted", seam=FAULTS, trips={"REQUEST-ORDER"}, incident="agentforce314/clawcodex#394")
def orphans_accepted(faults: Faults, call: Call) -> Faults:
    """The result of a tool may come without its call."""
    alone = not any(isinstance(turn, dict) and "tool_calls" in turn for turn in items(call.body, "messages"))
    return _without(faults, lambda fault: fault.keyword == "order" and alone)

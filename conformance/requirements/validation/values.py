"""What a single value may be: its type, its bounds, its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, Purpose, Violation
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.validation.broken import CAPS, invalid, is_core, kind, unrefused
from conformance.requirements.validation.shorthand import is_shorthand
from conformance.subjects.failure import Probe

REFUSES = contract("/x-request/refuses-invalid")
PARTS = "/content/"


def _impossible(purpose: Purpose, violation: Violation) -> bool:
    """Whether a value of a wrong type, or null for a turn or its role, stands where every server has to look."""
    turns = violation.pointer.startswith("/messages/") and not violation.pointer.endswith("/content")
    wrong = kind("type")(purpose, violation) or (turns and kind("null")(purpose, violation))
    return wrong and bool(violation.pointer) and is_core(purpose, violation)


@requirement(
    "REQUEST-TYPE-CORE",
    Level.MUST,
    on=invalid("a wrong type in a member that everybody knows", _impossible),
    cites=[REFUSES, contract("/x-request/core"), incident("gptme/gptme#2737"), incident("openbkn-ai/bkn-foundry#637")],
)
def core_types_are_checked(probe: Probe) -> Iterator[Finding]:
    """A value that no reader could take for the right type is refused in `model`, `messages`, `stream` and the other core members.

    A list for `stream`, an object for `messages`, a word for `temperature`. What is stored unread crashes later, or worse, is ignored.
    An element for a list of one, and a text for a message, are taken for what they mean by some.
    """
    if probe.observation.succeeded and is_shorthand(probe):
        raise AbsentError("there is one thing that it can mean")
    yield from unrefused(probe)


@requirement(
    "REQUEST-TYPE",
    Level.MUST,
    on=invalid("a wrong type in another member", lambda p, v: kind("type")(p, v) and not is_core(p, v)),
    cites=[REFUSES, incident("xorbitsai/xagent#445")],
)
def types_are_checked(probe: Probe) -> Iterator[Finding]:
    """A value of a wrong type is refused in every documented member that the server knows, if only for not being supported.

    An element for a list of one, and a text for a part, are taken for what they mean by some.
    """
    if probe.observation.succeeded and is_shorthand(probe):
        raise AbsentError("there is one thing that it can mean")
    yield from unrefused(probe)


@requirement(
    "REQUEST-COERCION",
    Level.MAY,
    on=invalid("a value that a lenient reader converts", lambda _, v: v.constraint == "coercion"),
    cites=[contract("/x-request/no-coercion"), contract("/x-request/integral-floats")],
)
def nothing_is_converted(probe: Probe) -> Iterator[Finding]:
    """A string that spells a number, a number for a flag and their like are refused, not converted in silence."""
    yield from unrefused(probe)


def _needed(violation: Violation) -> bool:
    """Whether null stands where something has to be: requirements of their own speak of that."""
    return violation.core and (violation.pointer in {"/model", "/messages"} or violation.pointer.startswith("/messages/"))


@requirement(
    "REQUEST-NULL",
    Level.MAY,
    on=invalid("null where no null may be", lambda p, v: kind("null")(p, v) and not _needed(v)),
    cites=[contract("/x-request/null-where-not-nullable")],
)
def null_needs_leave(probe: Probe) -> Iterator[Finding]:
    """Null is refused in optional members, and inside members, whose schema does not admit it."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-RANGE",
    Level.MUST,
    on=invalid("a number out of range", lambda p, v: kind("minimum", "maximum")(p, v) and v.pointer not in CAPS),
    cites=[contract("/x-request/out-of-range"), incident("Arthur-Ficial/apfel#235"), incident("WingedGuardian/GENesis-AGI#2111")],
)
def numbers_stay_in_range(probe: Probe) -> Iterator[Finding]:
    """A number below its minimum or above its maximum is refused, neither clamped nor ignored."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-CAP-POSITIVE",
    Level.SHOULD,
    on=invalid("a cap below 1", lambda p, v: kind("minimum")(p, v) and v.pointer in CAPS),
    cites=[
        contract("/components/schemas/CreateChatCompletionRequest/properties/max_completion_tokens/minimum"),
        incident("Continuum-AI-Corp/OrcaRouter-Lite#103"),
    ],
)
def caps_are_positive(probe: Probe) -> Iterator[Finding]:
    """A cap on output of 0 or less is refused, under whichever name the target honours.

    Taken for no cap at all, it makes an answer that nobody meant to pay for.
    """
    yield from unrefused(probe)


def _vocabulary(purpose: Purpose, violation: Violation) -> bool:
    return kind("enum")(purpose, violation) and not violation.core and not _part(purpose, violation)


@requirement(
    "REQUEST-ENUM",
    Level.MUST,
    on=invalid("a word outside a vocabulary", _vocabulary),
    cites=[REFUSES, incident("tensorzero/tensorzero#925")],
)
def vocabularies_are_closed(probe: Probe) -> Iterator[Finding]:
    """A word outside a documented vocabulary is refused: a format, a kind of tool, a mode of choice."""
    yield from unrefused(probe)


def _part(purpose: Purpose, violation: Violation) -> bool:
    within = violation.pointer.startswith("/messages/") and PARTS in violation.pointer
    return kind("enum")(purpose, violation) and within and violation.pointer.endswith("/type") and "breakpoint" not in violation.pointer


@requirement(
    "REQUEST-PART",
    Level.MUST,
    on=invalid("a part of unknown type", _part),
    cites=[contract("/x-request/unknown-part"), incident("vllm-project/vllm#16990")],
)
def parts_are_known(probe: Probe) -> Iterator[Finding]:
    """A content part of a type that does not exist, or not for that role, is refused, not dropped from the conversation."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-PATTERN",
    Level.SHOULD,
    on=invalid("a malformed name", kind("pattern")),
    cites=[contract("/components/schemas/FunctionName/pattern"), incident("cline/cline#11885"), incident("agno-agi/agno#6653")],
)
def names_are_well_formed(probe: Probe) -> Iterator[Finding]:
    """A name of a function or schema with a blank, a dot, no character or more than 64 is refused early."""
    yield from unrefused(probe)


_SIZES = ("minItems", "maxItems", "minLength", "maxLength", "maxProperties")


@requirement(
    "REQUEST-LENGTH",
    Level.MUST,
    on=invalid("too much or too little of something", lambda p, v: kind(*_SIZES)(p, v) and not v.core and v.pointer != "/stop"),
    cites=[REFUSES, contract("/components/schemas/Metadata/maxProperties")],
)
def sizes_are_checked(probe: Probe) -> Iterator[Finding]:
    """A list, a text or an object with too many or too few elements is refused, not cut."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-STOP-LENGTH",
    Level.MUST,
    on=invalid("no or five stop sequences", lambda _, v: v.constraint in _SIZES and v.pointer == "/stop"),
    cites=[contract("/components/schemas/Stop/anyOf/1/maxItems"), incident("langtail/langtail-node#42")],
)
def stop_has_one_to_four(probe: Probe) -> Iterator[Finding]:
    """A list of stop sequences that is empty or has more than four is refused."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-CLOSED",
    Level.MUST,
    on=invalid("an unknown member in a closed object", kind("additionalProperties", "unevaluatedProperties", "propertyNames")),
    cites=[REFUSES, contract("/x-request/unknown-member")],
)
def closed_objects_are_closed(probe: Probe) -> Iterator[Finding]:
    """An unknown member inside one of the few objects that the contract closes is refused."""
    yield from unrefused(probe)

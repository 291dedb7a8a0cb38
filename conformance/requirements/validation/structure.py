"""What has to be there, and what has to come before what."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.model import Area, Finding, Level, Purpose, Violation
from conformance.observation import AbsentError
from conformance.registry import contract, excluded, incident, requirement
from conformance.requirements.validation.broken import invalid, is_core, kind, unrefused
from conformance.strictjson import get
from conformance.subjects.failure import Probe

BODY = "/components/schemas/CreateChatCompletionRequest"


@requirement(
    "REQUEST-MODEL",
    Level.MUST,
    on=invalid("no model", lambda p, v: kind("required", "null", "minLength")(p, v) and v.pointer == "/model"),
    cites=[contract(f"{BODY}/required"), incident("miruamel/xuan#215"), incident("vllm-project/vllm#15938")],
)
def model_is_named(probe: Probe) -> Iterator[Finding]:
    """A request without a model, or with null or an empty name for it, is refused; some servers of one model document a default."""
    yield from unrefused(probe)


def _no_messages(purpose: Purpose, violation: Violation) -> bool:
    return violation.pointer == "/messages" and kind("required", "null", "minItems")(purpose, violation)


@requirement(
    "REQUEST-MESSAGES",
    Level.MUST,
    on=invalid("no messages", _no_messages),
    cites=[contract("/x-request/empty-messages"), incident("ai-dynamo/dynamo#2067"), incident("letta-ai/letta#3381")],
)
def messages_are_there(probe: Probe) -> Iterator[Finding]:
    """A request without messages, with null for them or with an empty list is refused."""
    yield from unrefused(probe)


def _role(*constraints: str) -> Callable[[Purpose, Violation], bool]:
    broken = kind(*constraints)
    return lambda purpose, violation: violation.pointer.endswith("/role") and violation.core and broken(purpose, violation)


@requirement(
    "REQUEST-ROLE",
    Level.MUST,
    on=invalid("a role that does not exist", _role("enum")),
    cites=[contract("/x-request/unknown-role"), incident("BerriAI/litellm#30948"), incident("peonist-ai/halogen-server#3")],
)
def roles_exist(probe: Probe) -> Iterator[Finding]:
    """A message with a role outside the vocabulary is refused.

    A template that does not know the role drops the turn or takes it for another speaker's.
    """
    yield from unrefused(probe)


@requirement(
    "REQUEST-ROLE-PRESENT",
    Level.MUST,
    on=invalid("a message without a role", _role("required")),
    cites=[contract("/components/schemas/UserMessage/required"), contract("/x-request/core"), incident("BerriAI/litellm#30948")],
)
def roles_are_there(probe: Probe) -> Iterator[Finding]:
    """A message without a role is refused: nothing says whose words it holds."""
    yield from unrefused(probe)


def _no_content(purpose: Purpose, violation: Violation) -> bool:
    within = violation.pointer.startswith("/messages/") and violation.pointer.endswith("/content")
    return within and violation.core and kind("required", "null", "minItems")(purpose, violation)


@requirement(
    "REQUEST-CONTENT",
    Level.MUST,
    on=invalid("a turn that says nothing", _no_content),
    cites=[contract("/components/schemas/UserMessage/required"), incident("Arthur-Ficial/apfel#233")],
)
def content_is_there(probe: Probe) -> Iterator[Finding]:
    """A turn that needs content and has none, null or an empty list of parts is refused."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-REQUIRED",
    Level.MUST,
    on=invalid("a member missing further down", lambda p, v: kind("required")(p, v) and not is_core(p, v)),
    cites=[contract("/x-request/refuses-invalid"), incident("vllm-project/vllm#16990")],
)
def required_members_are_there(probe: Probe) -> Iterator[Finding]:
    """A tool, a part, a call or a format that lacks a required member is refused."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-DEPENDENCY",
    Level.SHOULD,
    on=invalid("a member without its companion", lambda _, v: v.constraint == "dependency"),
    cites=[
        contract("/x-dependencies/top-logprobs-needs-logprobs"),
        contract("/x-dependencies/stream-options-needs-stream"),
        incident("vllm-project/vllm#4795"),
    ],
)
def companions_are_there(probe: Probe) -> Iterator[Finding]:
    """A member that means nothing without another is refused when that one is missing.

    Such as `top_logprobs` without `logprobs`, or `stream_options` without `stream`. Where the contract leaves it open, either way is right.
    """
    if get(probe.observation.contract.at(probe.violation.clause), "level") == Level.MAY:
        raise AbsentError("the contract leaves it open")
    yield from unrefused(probe)


@requirement(
    "REQUEST-ORDER",
    Level.SHOULD,
    on=invalid("turns in an impossible order", lambda _, v: v.constraint == "order"),
    cites=[
        contract("/x-request/tool-result-has-call"),
        contract("/x-request/call-has-result"),
        incident("agentforce314/clawcodex#394"),
        incident("diegosouzapw/OmniRoute#2893"),
    ],
)
def turns_follow_each_other(probe: Probe) -> Iterator[Finding]:
    """The result of a tool without the call it answers, or a call without its result, is refused."""
    yield from unrefused(probe)


excluded(
    "the empty string as the content of the last message is answered or refused, never with a 5xx",
    because="it is valid, so that asking is one more paid completion; null, no content and an empty list are tried, for nothing",
    area=Area.VALIDATION,
)

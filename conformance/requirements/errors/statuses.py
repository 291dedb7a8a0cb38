"""Which status a wrong request is refused with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import MISSING, Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Observation
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.errors.own import RFC_9110, envelope
from conformance.strictjson import get, show
from conformance.subjects.failure import ErrorReply, Probe, exchange, probe

_UNREADABLE: Final = frozenset({"json", "encoding", "type", "literal"})
"""Constraints of a body as a whole: it is no JSON, or no object."""

_TOO_LONG: Final = re.compile(
    r"\bcontext[ _-](length|window|size)\b|\bprompt (is )?too long\b|\bexceeds? (the )?(available |maximum )?context\b", re.IGNORECASE
)


def _unreadable(purpose: Purpose) -> bool:
    return purpose.scenario == "malformed" and purpose.violation is not None and purpose.violation.constraint in _UNREADABLE


def _of_the_members(purpose: Purpose) -> bool:
    number = purpose.scenario == "malformed" and purpose.violation is not None and purpose.violation.constraint == "magnitude"
    return purpose.scenario == "invalid" or number


def _refused_with(probe: Probe, *statuses: int) -> Iterator[Finding]:
    """Raises `AbsentError` where the request was not refused: others see to that."""
    if not probe.observation.refused:
        raise AbsentError("not refused")
    if probe.observation.status not in statuses:
        yield Finding(code="status", expected=" or ".join(map(str, statuses)), received=str(probe.observation.status))


@requirement(
    "ERROR-INVALID-STATUS",
    Level.SHOULD,
    on=probe.where(_of_the_members, "request with a wrong member"),
    cites=[contract("/x-errors/invalid-field"), incident("ogx-ai/ogx#2990"), incident("sgl-project/sglang#7487")],
)
def wrong_members_get_400(probe: Probe) -> Iterator[Finding]:
    """A body that breaks the contract is refused with 400; 422 says the same, in a way that fewer clients know.

    No name, null and an empty one are that of no model, and may be answered with 404 as well.
    """
    unnamed = probe.violation.pointer == "/model" and probe.violation.constraint in {"minLength", "null", "required"}
    yield from _refused_with(probe, 400, *([404] if unnamed else []))


@requirement(
    "ERROR-JSON-STATUS",
    Level.MUST,
    on=probe.where(_unreadable, "body that is no JSON object"),
    cites=[contract("/x-errors/bad-json")],
)
def unreadable_bodies_get_400(probe: Probe) -> Iterator[Finding]:
    """A body that is not JSON, or not an object, is refused with 400."""
    yield from _refused_with(probe, 400)


@requirement(
    "ERROR-MEDIA-STATUS",
    Level.SHOULD,
    on=probe.where(lambda p: p.violation is not None and p.violation.constraint == "media-type", "body of another media type"),
    cites=[
        contract("/x-errors/wrong-content-type"),
        standard("RFC 9110 §15.5.16", f"{RFC_9110}#section-15.5.16"),
        incident("foundation-model-stack/fms-guardrails-orchestrator#450"),
    ],
)
def other_media_types_get_415(probe: Probe) -> Iterator[Finding]:
    """A body that is labelled as something else than JSON, where it is refused, is refused with 415 or 400."""
    yield from _refused_with(probe, 415, 400)


@requirement(
    "ERROR-SIZE-STATUS",
    Level.MAY,
    on=probe.where(lambda p: p.scenario == "oversized", "request of several MiB"),
    cites=[
        contract("/x-errors/too-large"),
        standard("RFC 9110 §15.5.14", f"{RFC_9110}#section-15.5.14"),
        incident("raine/claude-code-proxy#152"),
    ],
)
def large_bodies_get_413(probe: Probe) -> Iterator[Finding]:
    """A body of several MiB that is no JSON is refused with 413, or with 400 once it was read."""
    yield from _refused_with(probe, 413, 400)


def _too_long(seen: Observation) -> str:
    """The message of an error that says the prompt is too long for the model. Raises `AbsentError` for any other."""
    if seen.status < 400 or seen.exchange.fault is not None:
        raise AbsentError("no error")
    message = get(envelope(ErrorReply(seen)), "message")
    if not isinstance(message, str) or not _TOO_LONG.search(message):
        raise AbsentError("not about the length of the prompt")
    return message


@requirement(
    "ERROR-CONTEXT-STATUS",
    Level.MUST,
    on=exchange,
    cites=[contract("/x-errors/context-too-long"), incident("ardanlabs/kronk#861"), incident("ikawrakow/ik_llama.cpp#2420")],
)
def too_long_is_no_5xx(seen: Observation) -> Iterator[Finding]:
    """An error that says that the prompt is too long for the model is a 4xx: asking again cannot mend it."""
    message, status = _too_long(seen), seen.status
    if status >= 500:
        yield Finding(code="5xx", expected="400", received=f"{status}: {show(message)}")


@requirement(
    "ERROR-CONTEXT-CODE",
    Level.SHOULD,
    on=exchange,
    cites=[contract("/x-errors/context-too-long"), incident("MiaAI-Lab/Qwen3.8-27B-DFlash2-EXL3-5.0bpw#9"), incident("jaylfc/taOS#1738")],
)
def too_long_has_a_code(seen: Observation) -> Iterator[Finding]:
    """An error that says that the prompt is too long for the model has the code `context_length_exceeded`.

    Agents shorten their conversation when they see it, and give up when they do not.
    """
    _too_long(seen)
    code = ErrorReply(seen).member("code")
    if code is MISSING or (code is not None and not isinstance(code, str)):
        raise AbsentError("no code")
    if code != "context_length_exceeded":
        yield Finding(code="code", expected="context_length_exceeded", received=show(code), at=Place(pointer="/error/code"))

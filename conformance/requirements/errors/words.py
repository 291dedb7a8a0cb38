"""What the words of an error are: a sentence for people, names for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.blame import at_fault
from conformance.requirements.errors.members import WORD
from conformance.requirements.errors.own import envelope, failure
from conformance.strictjson import get, items, show
from conformance.subjects.failure import ErrorReply, Probe

_PRINTED: Final = re.compile(
    r"\[object \w+\]"  # what JavaScript makes of an object in a text
    r"|<class '[\w.]+'>"
    r"|<Response \[\d+\]>"
    r"|\{('type': '\w+', )?'loc': [\[(]"  # what pydantic finds wrong; other objects may be quotes of what was sent
    r"|^\[?\{'\w+': .*\}\]?$"
    r"|^b'.*'$"
    r"|^\w+(Error|Exception)\(.*\)$"
    r"|\b(java|javax|kotlin|scala)\.[a-z.]+\.[A-Z]\w+(Exception|Error)\b"
    r"|\b[A-Z]\w+@[0-9a-f]{6,8}\b"
    r"|^&?(map\[|\{[A-Z]\w*:)",
    re.DOTALL,
)
"""What Python, JavaScript, Java and Go write when one of their objects is put into a text."""


@requirement(
    "ERROR-MESSAGE-PLAIN",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/message-plain")],
)
def message_is_no_print_of_an_object(reply: ErrorReply) -> Iterator[Finding]:
    """`error.message` is written for people; it is not what a language prints of one of its objects, such as `[{'type': …}]`."""
    message = get(envelope(reply), "message")
    if not isinstance(message, str) or not message.strip():
        raise AbsentError("no message")
    if found := _PRINTED.search(message.strip()):
        yield Finding(code="printed", expected="a sentence", received=show(found.group()[:200]), at=Place(pointer="/error/message"))


@requirement(
    "ERROR-TYPE-FAMILY",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/type-family"), incident("voideditor/void#128"), incident("envoyproxy/ai-gateway#2151")],
)
def type_is_of_the_family(reply: ErrorReply) -> Iterator[Finding]:
    """`error.type` is one of the documented words, on which clients switch."""
    kind = get(envelope(reply), "type")
    if not isinstance(kind, str) or not WORD.fullmatch(kind):
        raise AbsentError("no word for a type")
    family = items(reply.observation.contract.at("/x-errors/type-family"), "values")
    if kind not in family:
        yield Finding(code="unknown", expected="such as invalid_request_error", received=show(kind), at=Place(pointer="/error/type"))


@requirement(
    "ERROR-CODE-FAMILY",
    Level.MAY,
    on=at_fault,
    cites=[contract("/x-errors/code-vocabulary")],
)
def code_is_of_the_family(probe: Probe) -> Iterator[Finding]:
    """`error.code` of a wrong member names the kind of fault, such as `invalid_type`, or is null.

    What is said of a model that does not exist is another requirement's affair.
    """
    if not probe.observation.refused or (probe.violation.pointer == "/model" and probe.observation.status == 404):
        raise AbsentError("not refused for its form")
    code = get(envelope(probe.reply), "code")
    if not isinstance(code, str):
        raise AbsentError("no code")
    if code not in items(probe.observation.contract.at("/x-errors/code-vocabulary"), "values"):
        yield Finding(code="unknown", expected="such as invalid_value", received=show(code), at=Place(pointer="/error/code"))

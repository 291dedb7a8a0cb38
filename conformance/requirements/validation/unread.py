"""Members that a target takes and does not look at."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Expectation, Finding, Level, Purpose, Violation
from conformance.registry import contract, incident, requirement
from conformance.requirements.validation.broken import broken, unread
from conformance.subjects.failure import Probe


def _impossible(purpose: Purpose, _: Violation) -> bool:
    return purpose.expect is Expectation.REFUSED


@requirement(
    "REQUEST-READ",
    Level.MAY,
    on=broken("something impossible in a documented member", _impossible),
    cites=[contract("/x-request/honour-or-refuse"), incident("tensorzero/tensorzero#925")],
)
def documented_members_are_read(probe: Probe) -> Iterator[Finding]:
    """Each documented member is read: something that cannot be meant in it is refused, or else the member shows in an answer.

    Who does not know a member may pass over it, and a client that sets it is never told. Nothing else is held against such a member.
    """
    yield from unread(probe)

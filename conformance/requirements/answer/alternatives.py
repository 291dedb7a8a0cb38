"""The alternatives to each token."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_reply
from conformance.strictjson import get, items
from conformance.subjects.reply import Reply


@requirement(
    "ANSWER-TOP-LOGPROBS-GIVEN",
    Level.SHOULD,
    on=valid_reply.needing("logprobs"),
    cites=[contract("/x-answer/top-logprobs-count"), contract("/x-request/honour-or-refuse"), incident("youssofal/MTPLX#191")],
)
def some_alternatives_are_given(answered: Reply) -> Iterator[Finding]:
    """With top_logprobs above 0 some token has an alternative at least; a wish for them is honoured or refused, not ignored."""
    most = get(answered.request, "top_logprobs")
    entries = [entry for choice in answered.choices for entry in choice.logprobs]
    if not isinstance(most, int) or most < 1 or not entries:
        raise AbsentError("no alternatives were asked for, or there are no log probabilities")
    if not any(items(entry, "top_logprobs") for entry in entries):
        place = Place(pointer="/choices/0/logprobs/content/0/top_logprobs")
        yield Finding(code="none", expected=f"up to {most} alternatives", received=f"none for any of {len(entries)} tokens", at=place)

"""Whether usage can be had at all, and whether a prompt has the count that is known for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, UnmetError, accepted
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import at, count, counted_whole
from conformance.subjects.failure import valid_request
from conformance.subjects.reply import Answer

_BARE: Final = "text/streamed"
"""Key of a stream that asks for nothing but itself."""

_KNOWN: Final = "prompt-tokens="
"""How the topic begins that tells what a prompt costs."""


def _wishes_usage(purpose: Purpose) -> bool:
    return accepted(purpose) and bool(purpose.twin) and "usage-in-stream" in purpose.needs and "no-usage" not in purpose.topics


@requirement(
    "USAGE-STREAM-WISH",
    Level.SHOULD,
    on=valid_request.where(_wishes_usage, "request for a stream with usage"),
    cites=[
        contract("/components/schemas/StreamOptions"),
        incident("anomalyco/opencode#31156"),
        incident("continuedev/continue#12936"),
    ],
)
def a_stream_can_be_asked_for_its_usage(asked: Asked) -> Iterator[Finding]:
    """A stream may be asked for its usage: `stream_options` does not make an endpoint refuse what it accepts without.

    Told only where the same request is accepted whole, and a stream that does not ask for its usage is accepted too.
    """
    bare, whole = asked.evidence.asked(_BARE), asked.twin()
    if asked.accepted:
        return
    if asked.answer is None or not asked.answer.refused:
        raise UnmetError(f"{asked.purpose.key}: {asked.loss}")
    if bare is None or whole is None or not bare.accepted or not whole.accepted:
        raise AbsentError("streams are refused anyway, or the request is")
    yield Finding(
        code="refused",
        expected="accepted, as without stream_options",
        received=f"status {asked.answer.status}",
        at=Place(pointer=None),
        exchange=asked.answer.exchange.id,
    )


@requirement(
    "USAGE-PROMPT-EXACT",
    Level.MUST,
    on=counted_whole.about("constant"),
    cites=[contract("/x-usage/prompt-exact")],
)
def known_prompts_have_their_counts(answered: Answer) -> Iterator[Finding]:
    """prompt_tokens is what the file given with `--token-counts` says that this prompt costs this model.

    The numbers are the user's own: if one is out of date, so is the file.
    """
    known = next((int(topic.removeprefix(_KNOWN)) for topic in answered.observation.purpose.topics if topic.startswith(_KNOWN)), None)
    if known is None:
        raise AbsentError("no count is known")
    if (tokens := count(answered, "prompt_tokens")) != known:
        yield Finding(code="other-count", expected=str(known), received=str(tokens), at=at("prompt_tokens"))

"""Bodies that are odd by what they carry: one of some megabytes, one with an image that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level
from conformance.observation import AbsentError, Asked, Standing
from conformance.registry import contract, incident, requirement
from conformance.requirements.validation.refusal import said
from conformance.subjects.failure import Probe, probe, request
from conformance.subjects.traits import counts_prompts, prompt_tokens

TOO_LARGE: Final = 413
"""Status of a refusal for the size of a body (RFC 9110, section 15.5.14)."""


@requirement(
    "REQUEST-SIZE",
    Level.SHOULD,
    on=probe.where(lambda purpose: purpose.key == "burdens/large", "request of some megabytes"),
    cites=[
        contract("/x-request/accepts-valid"),
        incident("huggingface/text-generation-inference#1802"),
        incident("170-carry/codex-tools#13"),
    ],
)
def size_is_no_reason(probe: Probe) -> Iterator[Finding]:
    """A body of two and a half megabytes is read, and not turned away for its size.

    That is a conversation with a picture, or an agent's afternoon. Many frameworks stop at 100 kB, 1 MB or 2 MB unless they are told not
    to. The body is mostly white space and has a fault, so that nothing is generated: the refusal is to be about the fault.
    """
    if probe.observation.status == TOO_LARGE:
        yield Finding(code="too-large", expected=f"a refusal of {probe.violation.sent}", received=said(probe.observation))


@requirement(
    "REQUEST-IMAGE-SEEN",
    Level.SHOULD,
    on=request.where(lambda purpose: purpose.key == "burdens/image", "request with an image that is none"),
    cites=[
        contract("/x-request/honour-or-refuse"),
        contract("/x-errors/no-5xx-for-client-fault"),
        incident("RL-Align/RL-Kernel#183"),
        incident("vllm-project/vllm#11629"),
    ],
)
def images_are_not_dropped(asked: Asked) -> Iterator[Finding]:
    """A request with an image that cannot be read is refused; it does not end in a 5xx, nor in an answer as if there were no image.

    The very same count of prompt_tokens as without it means that it was dropped on the way to the model, if a longer prompt is seen to
    count for more. A model that reads text alone refuses every image.
    """
    if asked.standing is Standing.BROKEN:
        yield Finding(code="5xx", expected="a refusal with a 4xx", received=said(asked.heard[-1]))
    elif asked.accepted:
        before, after = prompt_tokens(asked.control()), prompt_tokens(asked)
        if before is None or after is None or not counts_prompts(asked.evidence):
            raise AbsentError("the tokens of the prompt were not counted, or nothing shows that they are")
        if before == after:
            expected = f"a refusal, or more than the {before} prompt_tokens without the image"
            yield Finding(code="image-dropped", expected=expected, received=f"an answer, and {after} prompt_tokens")

"""One wish in two forms: who takes the one takes the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level
from conformance.observation import AbsentError, Asked
from conformance.registry import contract, incident, requirement
from conformance.requirements.validation.refusal import said, valid

OTHER: Final = {
    "stop/string": "stop/list",
    "stop/list": "stop/string",
    "logprobs/alone": "logprobs/alternatives",
}
"""Keys of the requests that are looked at, and of those that they are compared with."""


def _refused_unlike_other(asked: Asked) -> Iterator[Finding]:
    """One finding if this form was refused and the other accepted. Raises `AbsentError` where the other one was not accepted."""
    other = asked.evidence.asked(OTHER[asked.purpose.key])
    if other is None or not other.accepted:
        raise AbsentError("the other form was not accepted either, or not asked")
    if asked.answer is not None and asked.answer.refused:
        expected = f"a status of 200, as for {other.purpose.key}"
        yield Finding(code=asked.purpose.key.rpartition("/")[2], expected=expected, received=said(asked.answer))


@requirement(
    "REQUEST-STOP-FORMS",
    Level.MUST,
    on=valid("stop in one of its forms", lambda purpose: purpose.key in {"stop/string", "stop/list"}),
    cites=[
        contract("/x-request/stop-forms"),
        incident("raullenchai/Rapid-MLX#2358"),
        incident("mudler/LocalAI#153"),
        incident("ollama/ollama#5545"),
    ],
)
def stop_may_be_a_string_or_a_list(asked: Asked) -> Iterator[Finding]:
    """The same stop sequence is accepted as a string and as a list of one; who takes the one takes the other.

    Both forms are documented, and clients send either without asking. Where neither is accepted, stop sequences are what the target lacks.
    """
    yield from _refused_unlike_other(asked)


@requirement(
    "REQUEST-LOGPROBS-ALONE",
    Level.MUST,
    on=valid("log probabilities without alternatives", lambda purpose: purpose.key == "logprobs/alone"),
    cites=[
        contract("/components/schemas/CreateChatCompletionRequest/properties/logprobs"),
        incident("vllm-project/vllm#4795"),
        incident("vllm-project/vllm#5031"),
    ],
)
def logprobs_need_no_alternatives(asked: Asked) -> Iterator[Finding]:
    """`logprobs` is accepted without `top_logprobs` where it is accepted with it: the number of alternatives is optional."""
    yield from _refused_unlike_other(asked)

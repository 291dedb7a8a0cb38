"""Prompts that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level
from conformance.observation import AbsentError, Asked, Standing, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.strictjson import get, show
from conformance.subjects.failure import request


def _window(asked: Asked) -> int:
    """What the user says of the window, in tokens; it travels with the request."""
    return next(int(topic.partition("=")[2]) for topic in asked.purpose.topics if topic.startswith("window="))


@requirement(
    "ERROR-CONTEXT-REFUSED",
    Level.SHOULD,
    on=request.where(lambda p: p.scenario == "overlong", "prompt beyond the window"),
    cites=[
        contract("/x-errors/context-too-long"),
        incident("ollama/ollama#2208"),
        incident("lmstudio-ai/lmstudio-bug-tracker#2322"),
        incident("lmstudio-ai/lmstudio-bug-tracker#2339"),
    ],
)
def prompts_beyond_the_window_are_refused(asked: Asked) -> Iterator[Finding]:
    """A prompt that is longer than the window of the model is refused, neither shortened in silence nor answered with nothing.

    Asked only where the user says how long the window is. A target that counts a prompt beyond it, and answers, has a longer window.
    """
    if asked.answer is None or asked.standing is Standing.BROKEN or not (asked.answer.succeeded or asked.answer.refused):
        raise AbsentError("neither accepted nor refused")
    if asked.answer.refused:
        return
    counted = get(asked.answer.json, "usage", "prompt_tokens")
    if isinstance(counted, int) and not isinstance(counted, bool) and counted > _window(asked):
        raise UnmetError(
            f"the target counts {counted:,} tokens of prompt, so its window is longer than the {_window(asked):,} it is said to be"
        )
    told = f", with usage.prompt_tokens {show(counted)}" if isinstance(counted, int) else ""
    yield Finding(code="accepted", expected="a refusal", received=f"{asked.answer.status}{told}")

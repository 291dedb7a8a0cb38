"""Whether what a conversation holds besides its last question reaches the model, as far as the counts tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Json, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import at, count, counted_variation, prompts, reasoning
from conformance.strictjson import get, items
from conformance.subjects.pair import Variation

_SEVERAL: Final = 16
"""Characters; a shorter text may have been generated to its end before the stop string in its last token was seen."""


@requirement(
    "USAGE-PROMPT-TURNS",
    Level.SHOULD,
    on=counted_variation.about("turn"),
    cites=[contract("/x-usage/prompt-grows"), incident("CommandCodeAI/command-code#820")],
    shows=["developer-role", "multi-turn", "system-role"],
)
def turns_cost_tokens(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens changes when a turn is added: a system or developer message, or what was said before.

    The very same count as without it means that the turn never reached the model. Fewer tokens are let pass: some templates have a
    system message of their own, which the request's replaces.
    """
    before, after = prompts(pair)
    if after == before:
        other = pair.control.observation.exchange.id
        yield Finding(
            code="turn-uncounted", expected=f"another count than {before} in {other}", received=str(after), at=at("prompt_tokens")
        )


@requirement(
    "USAGE-PROMPT-RESULT",
    Level.SHOULD,
    on=counted_variation.about("result"),
    cites=[contract("/x-usage/prompt-grows"), incident("CommandCodeAI/command-code#820"), incident("InsForge/InsForge#1788")],
)
def results_cost_tokens(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens grows with the result of a tool, by three for every four words at least.

    A token seldom holds more than a word, and the call comes on top. Less means that the model never saw what its tool found out.
    """
    words = sum(len(text.split()) for text in _results(pair.varied.request))
    if words == 0:
        raise UnmetError("the request holds no result as a text")
    before, after = prompts(pair)
    if after - before < 3 * words // 4:
        yield Finding(code="result-uncounted", expected=f"{before + 3 * words // 4} or more", received=str(after), at=at("prompt_tokens"))


def _results(request: Json) -> Iterator[str]:
    for turn in items(request, "messages"):
        if get(turn, "role") == "tool" and isinstance(text := get(turn, "content"), str):
            yield text


@requirement(
    "USAGE-STOPPED",
    Level.SHOULD,
    on=counted_variation.about("stop"),
    cites=[contract("/x-answer/finish-reason-stop"), incident("EndlessInternational/intelligence#2")],
)
def nothing_is_billed_after_a_stop(pair: Variation) -> Iterator[Finding]:
    """An answer that a stop string ended half way is not counted like the whole of it: what was generated on unseen is billed too.

    Told only where the text is the first part of what was said without the stop string, of several words, and nothing was thought.
    """
    whole, stopped = pair.control.first, pair.varied.first
    early = bool(stopped.text) and whole.text.startswith(stopped.text) and 4 * len(stopped.text) <= 3 * len(whole.text)
    if len(whole.text) < _SEVERAL or stopped.finish_reason != "stop" or not early or reasoning(pair.control) or reasoning(pair.varied):
        raise AbsentError("the text is not the first part of the other one, or that is hardly longer than a token")
    full, counted = count(pair.control, "completion_tokens"), count(pair.varied, "completion_tokens")
    if counted >= full:
        other = pair.control.observation.exchange.id
        yield Finding(code="billed-on", expected=f"fewer than {full} in {other}", received=str(counted), at=at("completion_tokens"))

"""What a request may hold besides text, and whether it is counted: shown by the count with and without it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import at, counted_variation, prompts
from conformance.subjects.pair import Variation
from conformance.subjects.traits import chooses_tools


@requirement(
    "USAGE-PROMPT-TOOL",
    Level.SHOULD,
    on=counted_variation.about("tool"),
    cites=[contract("/x-usage/prompt-grows"), incident("BerriAI/litellm#15417"), incident("epam/ai-dial-adapter-vertexai#217")],
)
def tools_cost_tokens(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens is larger when a tool is offered: the model has to read its description.

    Where no answer calls a tool of its own accord, the model may not be shown any, and then they cost nothing: a call that is demanded
    can be made by a grammar, which costs no token.
    """
    if not chooses_tools(pair.varied.observation.evidence):
        raise AbsentError("no answer calls a tool that it need not call")
    return _grown(pair, "tool-uncounted")


@requirement(
    "USAGE-PROMPT-SCHEMA",
    Level.MAY,
    on=counted_variation.about("schema"),
    cites=[contract("/x-usage/prompt-grows")],
)
def schemas_cost_tokens(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens is larger when the answer has to fit a schema, if the model is shown it.

    A server that enforces the schema by a grammar need not show it to the model, and then counts nothing in good faith.
    """
    return _grown(pair, "schema-uncounted")


def _grown(pair: Variation, code: str) -> Iterator[Finding]:
    before, after = prompts(pair)
    if after <= before:
        yield Finding(code=code, expected=f"more than {before}", received=str(after), at=at("prompt_tokens"))

"""Ways of asking the same that must not show in the count of the prompt: seen one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import CAP_FIELDS, Finding, Level
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import count, counted_variation, same_prompt
from conformance.subjects.pair import Variation
from conformance.subjects.reply import Reply, reply


@requirement(
    "USAGE-PROMPT-TEMPERATURE",
    Level.SHOULD,
    on=counted_variation.about("temperature"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("router-for-me/CLIProxyAPI#1643")],
)
def prompt_ignores_the_temperature(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens does not depend on the temperature, which no prompt holds.

    The two requests differ in their caps as well, so nothing is said of servers whose count depends on those: USAGE-PROMPT-OTHER-CAP.
    """
    capped = (asked for name in CAP_FIELDS if (asked := pair.observation.evidence.asked(f"cap/{name}")))
    others = [each for asked in capped for each in reply.see(asked) if isinstance(each, Reply)]
    if any(count(each, "prompt_tokens") != count(pair.control, "prompt_tokens") for each in others):
        raise AbsentError("the count depends on the cap")
    yield from same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-PERMUTED",
    Level.SHOULD,
    on=counted_variation.about("permuted"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("headroomlabs-ai/headroom#2712")],
)
def prompt_ignores_the_order_of_members(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens does not depend on the order in which the members of the request stand, which means nothing in JSON.

    Whoever counts the body instead of the conversation counts what no model reads.
    """
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-IN-COMPANY",
    Level.SHOULD,
    on=counted_variation.about("company"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("Menci/Floway#2")],
)
def prompt_ignores_its_neighbours(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens is the same for a question asked alone and for the very same asked several times beside many others.

    Another count is one of somebody else's: batches that are counted together, or a counter that several requests share.
    """
    return same_prompt(pair.control, pair.varied)

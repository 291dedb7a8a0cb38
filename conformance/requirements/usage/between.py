"""Counts of several answers between which they must move in a known way, whatever the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import SLACK, at, count, counted_twins, counted_variation, prompts, reasoning, same_prompt
from conformance.subjects.pair import Twins, Variation
from conformance.subjects.reply import Reply, reply

SEAM: Final = 4
"""Tokens that templates put between two parts, or that a text costs more or less when it is cut there."""


@requirement(
    "USAGE-STREAM-PROMPT",
    Level.SHOULD,
    on=counted_twins,
    cites=[contract("/x-usage/streamed-equals-whole"), incident("BerriAI/litellm#6488"), incident("langroid/langroid#228")],
)
def stream_counts_thesame_prompt(pair: Twins) -> Iterator[Finding]:
    """prompt_tokens is the same whether the answer is streamed or not.

    A router that sends the two to different back ends may differ in good faith; whoever pays cannot tell.
    """
    return same_prompt(pair.whole, pair.streamed)


@requirement(
    "USAGE-STREAM-COMPLETION",
    Level.SHOULD,
    on=counted_twins,
    cites=[contract("/x-stream/same-as-whole"), incident("BerriAI/litellm#7112"), incident("headroomlabs-ai/headroom#3163")],
)
def stream_counts_the_same_text(pair: Twins) -> Iterator[Finding]:
    """completion_tokens is the same whether the same text is streamed or not, but for one token per choice that may end it."""
    ends = [[choice.finish_reason for choice in each.choices] for each in (pair.whole, pair.streamed)]
    silent = not any(choice.text for choice in pair.whole.choices)
    called = any(choice.calls for each in (pair.whole, pair.streamed) for choice in each.choices)
    if silent or called or not pair.same_text or ends[0] != ends[1] or reasoning(pair.whole) or reasoning(pair.streamed):
        raise UnmetError("the two answers are not the same text")
    whole, streamed = count(pair.whole, "completion_tokens"), count(pair.streamed, "completion_tokens")
    if abs(whole - streamed) > SLACK * len(pair.whole.choices):
        other = pair.whole.observation.exchange.id
        yield Finding(code="completion-differs", expected=f"{whole}, as in {other}", received=str(streamed), at=at("completion_tokens"))


@requirement(
    "USAGE-PROMPT-REPEATED",
    Level.SHOULD,
    on=counted_variation.about("repeat"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("Menci/Floway#2"), incident("vercel-labs/ai-python#159")],
)
def prompt_is_stable(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens is the same when the same request is sent again, whether a cache helps or not."""
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-OTHER-CAP",
    Level.SHOULD,
    on=counted_variation.about("cap"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("router-for-me/CLIProxyAPI#1643"), incident("web-infra-dev/midscene#3117")],
)
def prompt_ignores_the_cap(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens does not depend on the cap, nor on how much is said or thought."""
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-SEVERAL-CHOICES",
    Level.SHOULD,
    on=counted_variation.about("n"),
    cites=[contract("/x-usage/n-shares-prompt")],
)
def prompt_is_shared_by_choices(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens counts the prompt once, however many choices there are."""
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-OTHER-PARAMETERS",
    Level.SHOULD,
    on=counted_variation.about("parameter"),
    cites=[contract("/x-usage/prompt-is-stable"), incident("headroomlabs-ai/headroom#2712")],
)
def prompt_ignores_parameters(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens does not depend on temperature, penalties, the seed or the user."""
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-PARTS",
    Level.MUST,
    on=counted_variation.about("parts"),
    cites=[contract("/x-request/content-forms"), incident("CommandCodeAI/command-code#807"), incident("InsForge/InsForge#1788")],
    shows=["content-parts"],
)
def parts_cost_what_the_string_costs(pair: Variation) -> Iterator[Finding]:
    """Content as one text part costs the same prompt_tokens as the text as a string.

    Fewer tokens mean that the text never reached the model; more, that it got the JSON instead.
    """
    prompts(pair)
    return same_prompt(pair.control, pair.varied)


@requirement(
    "USAGE-PROMPT-PARTS-ALL",
    Level.MUST,
    on=counted_variation.about("several-parts"),
    cites=[
        contract("/x-request/content-parts-all"),
        incident("Blaizzy/mlx-vlm#1137"),
        incident("oobabooga/textgen#6528"),
        incident("CommandCodeAI/command-code#807"),
    ],
    shows=["content-parts"],
)
def all_parts_cost_what_the_string_costs(pair: Variation) -> Iterator[Finding]:
    """Content as two text parts costs about the prompt_tokens of the whole text as a string: a few tokens are let pass for the seam.

    Fewer mean that a part never reached the model; more, that it got the JSON instead.
    """
    before, after = prompts(pair)
    if abs(after - before) > SEAM:
        received = f"{after}, of {before} as a string"
        yield Finding(
            code="part-lost" if after < before else "grown", expected=f"about {before}", received=received, at=at("prompt_tokens")
        )


@requirement(
    "USAGE-PROMPT-GROWS",
    Level.SHOULD,
    on=counted_variation.about("longer"),
    cites=[contract("/x-usage/prompt-grows"), incident("headroomlabs-ai/headroom#3163"), incident("cequence-io/openai-scala-client#96")],
)
def longer_prompts_cost_more(pair: Variation) -> Iterator[Finding]:
    """prompt_tokens is larger for a longer prompt."""
    before, after = count(pair.control, "prompt_tokens"), count(pair.varied, "prompt_tokens")
    if after <= before:
        yield Finding(code="not-grown", expected=f"more than {before}", received=str(after), at=at("prompt_tokens"))


@requirement(
    "USAGE-PROMPT-GROWS-EVENLY",
    Level.SHOULD,
    on=counted_variation.about("longer"),
    cites=[contract("/x-usage/prompt-grows"), incident("microsoft/autogen#1164"), incident("quangdang46/openproxy#256")],
)
def equal_additions_cost_the_same(pair: Variation) -> Iterator[Finding]:
    """The same sentences added once more add the same number of prompt_tokens, but for one at the seam."""
    base = _control_of(pair.control)
    first = count(pair.control, "prompt_tokens") - count(base, "prompt_tokens")
    second = count(pair.varied, "prompt_tokens") - count(pair.control, "prompt_tokens")
    if first <= 0 or second <= 0:
        raise UnmetError("the counts do not grow")
    if abs(first - second) > SLACK:
        yield Finding(code="uneven", expected=f"{first} more", received=f"{second} more", at=at("prompt_tokens"))


def _control_of(answered: Reply) -> Reply:
    """The answer that this one's request is itself a variation of. Raises `UnmetError` when there is none."""
    asked = answered.observation.asked.control()
    found = [each for each in reply.see(asked) if isinstance(each, Reply)] if asked else []
    if not found:
        raise UnmetError("there is no third answer to compare with")
    return found[-1]

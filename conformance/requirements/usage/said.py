"""Counts against what was asked and said, as far as it holds for every tokenizer: words, a longer text, and the same text once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Json, Level
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import SLACK, at, cached, count, counted, counted_variation, thinks
from conformance.strictjson import get, items
from conformance.subjects.pair import Variation
from conformance.subjects.reply import Reply

_WORDS_PER_TOKEN: Final = 4
"""Words, by white space, that one token is let hold. Common tokenizers end a token at each; those that go across hold two or three."""


@requirement(
    "USAGE-PROMPT-WORDS",
    Level.SHOULD,
    on=counted,
    cites=[contract("/x-usage/prompt-counted"), incident("headroomlabs-ai/headroom#2712"), incident("AXERA-TECH/ax-llm#64")],
)
def prompts_have_a_token_for_every_few_words(answered: Reply) -> Iterator[Finding]:
    """prompt_tokens is at least one for every four words of the messages, what is told of a cache included.

    A token seldom holds more than a word. Whatever counts less is no tokenizer: bytes divided by a number, or a part of the conversation.
    """
    tokens = count(answered, "prompt_tokens")
    if tokens == 0:
        raise AbsentError("nothing is counted, which is the affair of USAGE-PROMPT-COUNTED")
    least = sum(len(text.split()) for text in _texts(answered.request)) // _WORDS_PER_TOKEN
    if tokens + cached(answered) < least:
        yield Finding(code="fewer-than-words", expected=f"at least {least}", received=str(tokens), at=at("prompt_tokens"))


def _texts(request: Json) -> Iterator[str]:
    """Every text that a conversation holds."""
    for turn in items(request, "messages"):
        content = get(turn, "content")
        parts = [content] if isinstance(content, str) else [get(part, "text") for part in items(content)]
        yield from (text for text in parts if isinstance(text, str))


@requirement(
    "USAGE-COMPLETION-WORDS",
    Level.SHOULD,
    on=counted,
    cites=[contract("/x-usage/completion-counted"), incident("vllm-project/vllm-omni#2313"), incident("quangdang46/openproxy#256")],
)
def answers_have_a_token_for_every_few_words(answered: Reply) -> Iterator[Finding]:
    """completion_tokens is at least one for every four words of the text, over all choices.

    Servers that count the pieces in which they send a text count too little when a piece holds more than one token.
    """
    words, tokens = sum(len(choice.text.split()) for choice in answered.choices), count(answered, "completion_tokens")
    if tokens == 0 or not any(choice.text for choice in answered.choices):
        raise AbsentError("nothing is said or counted, which is the affair of USAGE-COMPLETION-COUNTED")
    if tokens < (least := words // _WORDS_PER_TOKEN):
        yield Finding(code="fewer-than-words", expected=f"at least {least}", received=str(tokens), at=at("completion_tokens"))


@requirement(
    "USAGE-SAME-TEXT",
    Level.SHOULD,
    on=counted_variation,
    cites=[
        contract("/x-usage/same-text"),
        incident("BerriAI/litellm#42244"),
        incident("theopenco/llmgateway#3918"),
        incident("agentjido/req_llm#189"),
    ],
)
def the_same_text_costs_the_same(pair: Variation) -> Iterator[Finding]:
    """Two answers with the same text, which ended alike, have about the same completion_tokens.

    A text can be put together of other tokens, so a quarter more or less is let pass, and one token for each choice in any case. It is
    told only of models that say the same twice, and do not think.
    """
    first, second = pair.control, pair.varied
    alike = [(c.text, c.finish_reason) for c in first.choices] == [(c.text, c.finish_reason) for c in second.choices]
    spoken = bool(first.choices) and all(choice.text and not choice.calls for each in (first, second) for choice in each.choices)
    if not alike or not spoken or thinks(first) or thinks(second):
        raise AbsentError("the two answers are not the same text")
    before, after = count(first, "completion_tokens"), count(second, "completion_tokens")
    if abs(before - after) > max(SLACK * len(first.choices), max(before, after) // 4):
        other = first.observation.exchange.id
        yield Finding(code="other-price", expected=f"about {before}, as in {other}", received=str(after), at=at("completion_tokens"))


@requirement(
    "USAGE-COMPLETION-GROWS",
    Level.SHOULD,
    on=counted_variation.about("cap"),
    cites=[
        contract("/x-usage/completion-grows"),
        incident("cequence-io/openai-scala-client#96"),
        incident("AntonioAEMartins/claude-code-proxy#20"),
    ],
)
def longer_answers_cost_more(pair: Variation) -> Iterator[Finding]:
    """completion_tokens is larger for a text than for its own first half: neither a constant nor the count of the prompt."""
    long, short = pair.control, pair.varied
    texts = [[choice.text for choice in each.choices] for each in (long, short)]
    begins = len(texts[0]) == len(texts[1]) == 1 and bool(texts[1][0]) and texts[0][0].startswith(texts[1][0])
    if not begins or len(texts[0][0]) < 2 * len(texts[1][0]) or thinks(long) or thinks(short):
        raise AbsentError("the one text is not the beginning of the other")
    most, least = count(long, "completion_tokens"), count(short, "completion_tokens")
    if least >= most:
        other = long.observation.exchange.id
        yield Finding(code="not-smaller", expected=f"fewer than {most} in {other}", received=str(least), at=at("completion_tokens"))

"""Counts against the cap that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import SLACK, at, count, counted, reasoning
from conformance.subjects.cap import has_unknown_cap
from conformance.subjects.reply import Reply


def _cap(answered: Reply) -> int:
    if answered.cap is None:
        raise UnmetError("no cap was asked for")
    return answered.cap


def _all_cut(answered: Reply) -> int:
    """Number of choices, when every one of them ended at the cap and none was thought about. Raises `UnmetError` otherwise."""
    if not answered.choices or any(choice.finish_reason != "length" for choice in answered.choices) or reasoning(answered):
        raise UnmetError("not every choice is text that was cut off by the cap")
    return len(answered.choices)


@requirement(
    "USAGE-CAP",
    Level.MUST,
    on=counted,
    cites=[contract("/x-usage/cap"), incident("stuartleeks/aoai-simulated-api#34"), incident("hugalafutro/model-hotel#991")],
)
def completion_keeps_to_the_cap(answered: Reply) -> Iterator[Finding]:
    """completion_tokens is at most the cap for each choice, reasoning included.

    One more is let pass for each choice that ended by itself, for the token that ends a text; what the cap cut off has none.
    """
    if has_unknown_cap(answered):
        raise AbsentError("the cap has a name that the target does not know")
    ended = sum(choice.finish_reason != "length" for choice in answered.choices)
    most = _cap(answered) * max(len(answered.choices), 1) + SLACK * ended
    if (tokens := count(answered, "completion_tokens")) > most:
        yield Finding(code="above-cap", expected=f"at most {most}", received=str(tokens), at=at("completion_tokens"))


@requirement(
    "USAGE-LENGTH-REACHES-CAP",
    Level.SHOULD,
    on=counted.about("cap"),
    cites=[
        contract("/x-usage/length-reaches-cap"),
        incident("lmstudio-ai/lmstudio-bug-tracker#2335"),
        incident("QuantumNous/new-api#7241"),
    ],
)
def a_cut_answer_used_its_cap(answered: Reply) -> Iterator[Finding]:
    """An answer that ended with `length` has used up its cap, but for one token that may end it."""
    least = _all_cut(answered) * (_cap(answered) - SLACK)
    if (tokens := count(answered, "completion_tokens")) < least:
        yield Finding(code="below-cap", expected=f"at least {least}", received=str(tokens), at=at("completion_tokens"))


@requirement("USAGE-CHOICES", Level.SHOULD, on=counted.needing("n"), cites=[contract("/x-usage/n-shares-prompt")])
def completion_counts_all_choices(answered: Reply) -> Iterator[Finding]:
    """completion_tokens counts the tokens of all choices: of several that were cut off, at least as many caps."""
    choices = _all_cut(answered)
    if choices < 2:
        raise UnmetError("the answer has one choice")
    least = choices * (_cap(answered) - SLACK)
    if (tokens := count(answered, "completion_tokens")) < least:
        yield Finding(code="choices-uncounted", expected=f"at least {least}", received=str(tokens), at=at("completion_tokens"))

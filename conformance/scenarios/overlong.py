"""A prompt that is certain not to fit, for targets whose user says how long their window is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from string import ascii_lowercase
from typing import Final

from conformance.ask import Ask
from conformance.model import Expectation, Tier, Violation
from conformance.registry import scenario
from conformance.steps import Step

_LETTERS: Final = 4
_WORDS: Final = len(ascii_lowercase) ** _LETTERS
"""Words of four letters, 456,976 in all: more than any vocabulary in wide use has tokens. The largest, that of Gemma 3, has some
262,000 (Gemma 3 Technical Report, arXiv:2503.19786)."""

_MARGIN: Final = 1.05
"""Words for each token of the window; the rest is for the luck of the draw."""


@scenario("overlong", tiers=[Tier.GATE, Tier.FULL])
def overlong(ask: Ask) -> Iterator[Step]:
    """A prompt of more words than the window has tokens (`--context-window`), and nothing without one.

    Whatever the tokenizer, it comes to more tokens. One that cuts at spaces makes a token of each word at least. One that does not has to
    write a text of random words, each of which is one of 456,976, in tokens of which there are fewer kinds: counting the texts of either
    sort, all but a vanishing part need more tokens than words. What fits is what somebody pays for, so nothing shorter will do.
    """
    if ask.context_window is None:
        return
    sent = f"{_words(ask.context_window):,} words, for a window of {ask.context_window:,} tokens"
    violation = Violation(constraint="context", pointer="/messages", clause="/x-errors/context-too-long", sent=sent)
    topics = [f"window={ask.context_window}"]
    yield ask.refused("prompt", ask.body(_prompt(ask.context_window, ask.seed)), violation, expect=Expectation.EITHER, topics=topics)


def _words(window: int) -> int:
    return int(window * _MARGIN) + 1


@lru_cache(maxsize=1)
def _prompt(window: int, seed: int) -> str:
    return " ".join(map(_word, Random(seed).choices(range(_WORDS), k=_words(window))))  # noqa: S311 - nothing secret is drawn


def _word(number: int) -> str:
    """The words in the order of the alphabet, counted from 0."""
    letters = ""
    for _ in range(_LETTERS):
        number, letter = divmod(number, len(ascii_lowercase))
        letters = ascii_lowercase[letter] + letters
    return letters

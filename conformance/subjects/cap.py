"""Under which of its two names a target heeds the cap on its output."""

from __future__ import annotations

from conformance.model import CAP_FIELDS, MISSING
from conformance.observation import Evidence
from conformance.strictjson import get, is_integer
from conformance.subjects.reply import Reply, reply


def most_tokens(cap: int) -> int:
    """What is let pass for a cap, since tokenizers differ: half as much again, and eight."""
    return cap + cap // 2 + 8


def counted_tokens(answered: Reply) -> int | float:
    """The tokens of an answer as its usage has them; 0 where it does not say."""
    tokens = get(answered.usage, "completion_tokens")
    return tokens if is_integer(tokens) and isinstance(tokens, int | float) else 0


def words(text: str) -> int:
    """How many tokens a text has at least, whoever counts: a word takes one or more, and a token at most 32 characters."""
    return max(len(text.split()), len(text) // 32)


def is_ignored(evidence: Evidence, name: str) -> bool:
    """Whether the target takes a cap under this name and does not know it, as it shows by heeding the other name alone."""
    if name not in CAP_FIELDS:
        return False
    with_it = _low(evidence, name)
    with_other = _low(evidence, next(each for each in CAP_FIELDS if each != name))
    if with_it is None or with_other is None:
        return False
    return (not _kept(with_it) and _kept(with_other)) or _goes_on(with_it, with_other)


def is_cut(evidence: Evidence, name: str) -> bool:
    """Whether the target cuts an answer off at a low cap under this name."""
    seen = _low(evidence, name)
    return seen is not None and _kept(seen) and seen.first.finish_reason == "length"


def has_unknown_cap(answered: Reply) -> bool:
    """Whether a request sets its cap under a name alone that the target does not know. Null sets nothing."""
    names = [name for name in CAP_FIELDS if get(answered.request, name) not in (MISSING, None)]
    return len(names) == 1 and is_ignored(answered.observation.evidence, names[0])


def _low(evidence: Evidence, name: str) -> Reply | None:
    """The answer to the request that has a low cap under this name."""
    asked = evidence.asked(f"cap/{name}")
    seen = [each for each in reply.see(asked) if isinstance(each, Reply)] if asked is not None else []
    return seen[-1] if seen and seen[-1].choices and seen[-1].cap is not None else None


def _kept(answered: Reply) -> bool:
    """Whether an answer keeps to its cap, as far as can be told without its tokenizer."""
    most = most_tokens(answered.cap or 0)
    return counted_tokens(answered) <= most and all(words(choice.text) <= most for choice in answered.choices)


def _goes_on(answered: Reply, other: Reply) -> bool:
    """Whether a text that was cut off at the same cap under the other name goes on to its end: too short to tell by its length."""
    beyond = counted_tokens(answered) > (answered.cap or 0) >= counted_tokens(other)
    whole, cut = answered.first, other.first
    ended = whole.finish_reason != "length" and cut.finish_reason == "length"
    return beyond and ended and answered.cap == other.cap and whole.text.startswith(cut.text)

"""Under which of its two names a target heeds the cap on its output."""

from __future__ import annotations

from conformance.model import CAP_FIELDS
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
    other = next(each for each in CAP_FIELDS if each != name)
    return _kept(evidence, name) is False and _kept(evidence, other) is True


def _kept(evidence: Evidence, name: str) -> bool | None:
    """Whether the answer to the request that has a low cap under this name keeps to it; None where there is no such answer."""
    asked = evidence.asked(f"cap/{name}")
    seen = [each for each in reply.see(asked) if isinstance(each, Reply)] if asked is not None else []
    if not seen or not seen[-1].choices or seen[-1].cap is None:
        return None
    most = most_tokens(seen[-1].cap)
    return counted_tokens(seen[-1]) <= most and all(words(choice.text) <= most for choice in seen[-1].choices)

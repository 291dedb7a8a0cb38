"""How far schemathesis and the requirements agree on a run, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.opinion.explanations import Side
from conformance.render.text import line

if TYPE_CHECKING:
    from conformance.opinion.explanations import Difference
    from conformance.opinion.second_opinion import Comparison

LISTED: Final = 5
"""Unexplained differences that a run prints; `conformance opinion` prints all."""


def sentence(comparison: Comparison) -> str:
    """One sentence for all of it."""
    number, open_ = len(comparison.differences), len(comparison.unexplained)
    agreed = f"Second opinion: schemathesis agrees on {comparison.agreed} of {comparison.exchanges} exchanges"
    if not number:
        return f"{agreed}."
    if number == 1:
        return f"{agreed}; one difference, {'un' if open_ else ''}explained."
    return f"{agreed}; {number} differences, {f'{open_} of them unexplained' if open_ else 'all explained'}."


def short(comparison: Comparison, path: str) -> Iterator[str]:
    """The sentence, and the first of the unexplained differences."""
    yield sentence(comparison)
    for each in comparison.unexplained[:LISTED]:
        yield f"  {_alone(each)}"
    if comparison.unexplained:
        yield f"  One of the two is wrong about each. All of them: conformance opinion {line(path, 1000)}"


def full(comparison: Comparison) -> Iterator[str]:
    """The table: what both object to, what one alone objects to and why, and what nobody can explain."""
    yield sentence(comparison)
    if comparison.left_out:
        yield f"Left out, without a whole answer or with another path or method: {comparison.left_out}."
    if comparison.both:
        yield "\nBoth object"
    for check, identifier, number in comparison.both:
        yield _row(number, check, identifier)
    for side in Side:
        yield from _explained(comparison, side)
    reasons = {
        explanation.name: f"{explanation.because} ({explanation.source})" for _, explanation in comparison.differences if explanation
    }
    if reasons:
        yield "\nWhy"
    for name, reason in sorted(reasons.items()):
        yield f"        {name}: {reason}"
    if comparison.unexplained:
        yield "\nUnexplained: one of the two is wrong"
    for each in comparison.unexplained:
        yield f"        {_alone(each)}"


def _explained(comparison: Comparison, side: Side) -> Iterator[str]:
    rows = Counter(
        (str(each.check), f"{each.requirement.id}: {explanation.name}" if each.requirement else explanation.name)
        for each, explanation in comparison.differences
        if explanation and each.side is side
    )
    if rows:
        yield f"\nOnly {side} objects, and neither is wrong"
    for (check, what), number in sorted(rows.items()):
        yield _row(number, check, what)


def _row(number: int, check: str, what: str) -> str:
    return f"{number:6}  {check:28}  {what}"


def _alone(difference: Difference) -> str:
    who, rest = (difference.requirement.id, "not schemathesis") if difference.requirement else ("schemathesis", "no requirement")
    place = line(difference.observation.exchange.id, 100)
    return f"{place}: {who} objects, {rest} ({difference.check}): {line(difference.words, 300)}"

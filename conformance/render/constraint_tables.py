"""The constraints of the request as tables of a page: what is not held, what is open, what is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.overview.constraints import ConstraintRow
from conformance.render import constraints
from conformance.render.evidence import Gallery, Link
from conformance.render.text import line
from conformance.report import Report

AT_ONCE: Final = 40
"""Constraints of a kind that are shown at once."""

_MARKUP: Final = 500
"""Markup around one constraint, measured on the template."""

_VALUE: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConstraint:
    """One constraint of the request, as a line of a table."""

    row: ConstraintRow
    rule: str
    clause: str
    """JSON Pointer into the contract, without what all schemas have in common."""
    came: tuple[tuple[str, str], ...]
    """What came of it, and of which values."""
    requirements: tuple[Link, ...]
    """Those that fail on it, else its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConstraints:
    """Constraints of which the same can be said."""

    title: str
    rows: tuple[ShownConstraint, ...]
    held: bool
    open: bool
    """Whether they are shown at once, rather than on demand."""


def tables(report: Report, gallery: Gallery) -> tuple[ShownConstraints, ...]:
    """The constraints of the request in up to three tables, most harmful first; a long one is closed."""
    listed = {row.requirement.id for row in report.rows}
    made = []
    for title, rows in zip(("Not held", "Open", "Held"), constraints.arranged(report), strict=True):
        shown = tuple(_constraint(row, listed) for row in rows)
        gallery.charge(*(text for one in shown for text in ("-" * _MARKUP, one.rule, *(part for pair in one.came for part in pair))))
        if shown:
            held = title == "Held"
            made.append(ShownConstraints(title=title, rows=shown, held=held, open=not held and len(shown) <= AT_ONCE))
    return tuple(made)


def _constraint(row: ConstraintRow, listed: set[str]) -> ShownConstraint:
    holders = row.broken or ((row.owner,) if row.owner else ())
    return ShownConstraint(
        row=row,
        rule=line(row.rule, _VALUE),
        clause=line(row.clause.removeprefix("/components/schemas/"), _VALUE),
        came=constraints.outcomes(row),
        requirements=tuple(Link(anchor=each.requirement if each.requirement in listed else "", label=each.requirement) for each in holders),
    )

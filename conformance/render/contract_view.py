"""The contract as one HTML page, with what a run saw of every place in it. A companion of the report, which it links to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from conformance.contract.outline import Group
from conformance.contract.places import Kind
from conformance.contract.untried import reasons
from conformance.overview.exercised import COUNTED, Exercised, Found, Seen, State, exercised
from conformance.render import page, wording
from conformance.render.text import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.contract.places import Node
    from conformance.report import Report

TITLES: Final = {
    Group.REQUEST: "Request",
    Group.ANSWER: "Answer",
    Group.STREAM: "Chunk of a stream",
    Group.USAGE: "Usage",
    Group.ERRORS: "Error",
    Group.STATUSES: "Statuses and headers",
}

_TEXT: Final = 280
_BOUND: Final = 90
_LEVEL: Final = "level of "
_TOLD_APART: Final = frozenset({"type", "nullable", "required", "values", "deprecated", "again", "application/json"})
"""Aspects that are not told as a rule: they have words, marks or places of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A place as a row of the page, with the rows below it."""

    node: Node
    seen: Seen
    anchor: str
    kind: str
    """Words for its type."""
    rules: str
    text: str
    untried: tuple[str, ...]
    """Why the place, or values of it, were never seen: no run tries them."""
    marks: tuple[str, ...]
    """Required, deprecated."""
    numbers: tuple[str, ...]
    values: tuple[Shown, ...]
    below: tuple[Shown, ...]
    holds: tuple[tuple[State, int], ...]
    """How many places below are in which state, worst first; the ones that nobody is in are left out."""

    @property
    def open(self) -> bool:
        """Whether what lies below is shown at once: it is where something failed."""
        return any(state is State.FAILED for state, _ in self.holds)

    @property
    def states(self) -> tuple[State, ...]:
        """Its own state and those below it."""
        return tuple(state for state in State if state is self.seen.state or any(state is each for each, _ in self.holds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the contract."""

    anchor: str
    title: str
    rows: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Places that were on the wire, of those that there are; by kind, in the order of `COUNTED`. None where there are none."""

    title: str
    cells: tuple[tuple[int, int] | None, ...]


def render(report: Report, seen: Exercised | None = None) -> str:
    """Return the page; `seen` is what `exercised` says of the report, if that is known already."""
    walked = seen or exercised(report)
    shown = [_shown(root, walked) for root in walked.tree.roots]
    counted = [each.state for each in walked.seen]
    return page.render(
        "contract.html.j2",
        style="pages.css",
        script="contract.js",
        filters={"requirement": _requirement},
        header=report.header,
        reading=report.contract,
        notes=report.notes,
        cut=wording.cut_off(report),
        verdict=wording.headline(report)[0],
        started=wording.utc(report.header.started).replace("T", " ").replace("Z", " UTC"),
        kinds=tuple(COUNTED.values()),
        totals=totals(walked),
        states=tuple((state, counted.count(state)) for state in State),
        places=len(counted),
        parts=_parts(shown),
    )


def totals(walked: Exercised) -> tuple[Total, ...]:
    """How much of each part of the contract was on the wire, and of all of it."""
    covered = {(each.group, each.kind): (each.exercised, each.total) for each in walked.coverage()}
    parts = [Total(title=title, cells=tuple(covered.get((group, kind)) for kind in COUNTED)) for group, title in TITLES.items()]
    columns = [[part.cells[number] or (0, 0) for part in parts] for number in range(len(COUNTED))]
    whole = tuple((sum(some for some, _ in column), sum(every for _, every in column)) for column in columns)
    return (*parts, Total(title="All", cells=whole))


def lines(walked: Exercised) -> Iterator[str]:
    """The same totals as a table of plain text."""
    yield f"{'':22}" + "".join(f"{kind:>16}" for kind in COUNTED.values())
    for total in totals(walked):
        yield f"{total.title:22}" + "".join(f"{f'{cell[0]} of {cell[1]}' if cell else '-':>16}" for cell in total.cells)


def _parts(shown: list[Shown]) -> tuple[Part, ...]:
    """Each message as a part, its members as rows; then all statuses together."""
    messages = [Part(anchor=row.anchor, title=TITLES[row.node.group], rows=(row,)) for row in shown if row.node.group is not Group.STATUSES]
    statuses = tuple(row for row in shown if row.node.group is Group.STATUSES)
    return (*messages, Part(anchor="statuses", title=TITLES[Group.STATUSES], rows=statuses))


def _shown(node: Node, walked: Exercised) -> Shown:
    children = [_shown(child, walked) for child in node.children]
    inside = [walked.of(each).state for child in node.children for each in child.all()]
    seen = walked.of(node)
    return Shown(
        node=node,
        seen=seen,
        anchor="_".join(node.path.split()),
        kind=_kind(node),
        rules=_rules(node),
        text=line(node.text, _TEXT),
        untried=_untried(node, walked),
        marks=tuple(name for name in ("required", "deprecated") if node.aspects.get(name) is True),
        numbers=_numbers(seen),
        values=tuple(child for child in children if child.node.kind is Kind.VALUE),
        below=tuple(child for child in children if child.node.kind is not Kind.VALUE),
        holds=tuple((state, inside.count(state)) for state in State if state in inside),
    )


def _untried(node: Node, walked: Exercised) -> tuple[str, ...]:
    """Told where it begins: at the outermost place, and at the place that values belong to."""
    near = [node, *(child for child in node.children if child.kind is Kind.VALUE)]
    told = (reasons().get(each.path, "") for each in near if walked.of(each).state is State.NEVER)
    return tuple(dict.fromkeys(filter(None, told)))


def _kind(node: Node) -> str:
    kind = str(node.aspects.get("type", ""))
    null = node.aspects.get("nullable") is True and kind != "any"
    words = " or ".join(filter(None, (kind.replace(", ", " or "), "null" if null else "")))
    return f"{words}, as told under {node.again}" if node.again else words


def _rules(node: Node) -> str:
    """Every further rule, with its level where that is not MUST."""
    levels = {name.removeprefix(_LEVEL): f" ({value})" for name, value in node.aspects.items() if name.startswith(_LEVEL)}
    said = {name: value for name, value in node.aspects.items() if name not in _TOLD_APART and not name.startswith(_LEVEL)}
    words = {name: ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value) for name, value in said.items()}
    return ", ".join(f"{name} {line(value, _BOUND)}{levels.get(name, '')}" for name, value in words.items())


def _numbers(seen: Seen) -> tuple[str, ...]:
    numbers = ((seen.sent, "sent"), (seen.wrong, "sent wrong"), (seen.received, "received"), (seen.held, "held"))
    return tuple(f"{number:,} {word}" for number, word in numbers if number)


def _requirement(found: Found) -> str:
    """Link to a requirement in the report beside the page."""
    return f"report.html#{quote(found.requirement)}"

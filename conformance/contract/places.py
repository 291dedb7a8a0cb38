"""The messages of the contract as a tree of places, each of which can be met in a message: members, entries, values, statuses, headers.

The places are those of `outline`, by the same paths; here they hang together, so that a message can be walked along them in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from conformance.contract.outline import ROOTS, Group, Place, outline
from conformance.contract.shape import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.contract import Contract
    from conformance.contract.outline import Aspects, Outline
    from conformance.model import Json


class Kind(StrEnum):
    """What a place is."""

    MESSAGE = "message"
    """A whole body, or the data of an event."""
    PROPERTY = "property"
    OTHERS = "other members"
    """Any member of an object that is not named."""
    ENTRY = "entry"
    """Any entry of an array."""
    VARIANT = "variant"
    """One of several kinds of object, told by its tag."""
    VALUE = "value"
    """One of the values that a place may have."""
    STATUS = "status"
    HEADER = "header"
    FORMAT = "format"
    """What an answer may be written in."""


GROUPS: Final = (*ROOTS, Group.STATUSES)
"""The parts of a reading that something on the wire can be at, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place, and the places in it."""

    number: int
    """Counts all places of a tree, from 0, each before those that lie in it."""
    group: Group
    path: str
    """As in `outline`; of a value, that of its place and the value: `request.verbosity=low`."""
    label: str
    """The last step of the path, as people write it."""
    kind: Kind
    aspects: Aspects
    text: str = ""
    """What the contract says of it in prose; empty when it says nothing."""
    again: str = ""
    """Path of the message that is told elsewhere and lies here as well."""
    children: tuple[Node, ...] = ()
    members: dict[str, Node] = field(default_factory=dict)
    """Those of the children that are members, by name; of headers in lower case."""
    values: dict[str, Node] = field(default_factory=dict)
    """The values that are listed, by how JSON writes them."""
    variants: tuple[tuple[str, frozenset[str], Node], ...] = ()
    """Name of the tag, its values as JSON, and the variant that they tell."""
    entry: Node | None = None
    others: Node | None = None

    def all(self) -> Iterator[Node]:
        """This place and everything in it, in order."""
        yield self
        for child in self.children:
            yield from child.all()

    def variant(self, value: dict[str, Json]) -> Node | None:
        """The variant that an object is, by its tag."""
        for tag, words, variant in self.variants:
            if tag in value and compact(value[tag]) in words:
                return variant
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All places of a reading."""

    messages: tuple[Node, ...]
    """One root for each kind of message, in the order of `outline.ROOTS`."""
    statuses: tuple[Node, ...]

    @property
    def roots(self) -> tuple[Node, ...]:
        """Everything that lies in nothing else."""
        return (*self.messages, *self.statuses)

    def all(self) -> Iterator[Node]:
        """Every place once, by number."""
        for root in self.roots:
            yield from root.all()

    def message(self, group: Group) -> Node:
        """The root of one kind of message."""
        return next(root for root in self.messages if root.group is group)

    def status(self, status: int) -> Node | None:
        """The place of a status: its own, else that of its class, else that of any other."""
        by_name = {node.label: node for node in self.statuses}
        return next((by_name[name] for name in (str(status), f"{status // 100}XX", "default") if name in by_name), None)


def tree(contract: Contract) -> Tree:
    """Lay out the places of a reading."""
    texts: dict[Place, str] = {}
    places = {place: aspects for place, aspects in outline(contract, texts=texts).items() if place.group in GROUPS}
    below: dict[Place | None, list[Place]] = {}
    for place in places:
        below.setdefault(_above(place, places), []).append(place)
    builder = _Builder(places, texts, below)
    roots = [builder.build(place) for place in below[None]]
    return Tree(
        messages=tuple(root for root in roots if root.group in ROOTS),
        statuses=tuple(root for root in roots if root.group is Group.STATUSES),
    )


def _above(place: Place, places: Outline) -> Place | None:
    """The place that another lies in: the one with the longest path that it goes on from."""
    path = place.path
    ends = (end for end in range(len(path) - 1, 0, -1) if path[end] in ".[{<")
    return next((above for end in ends if (above := Place(place.group, path[:end])) in places), None)


class _Builder:
    """Numbers places as it makes them."""

    def __init__(self, places: Outline, texts: dict[Place, str], below: dict[Place | None, list[Place]]) -> None:
        self._places = places
        self._texts = texts
        self._below = below
        self._next = 0

    def build(self, place: Place, above: str = "") -> Node:
        """Make a place, its values and everything in it."""
        number, aspects = self._number(), self._places[place]
        step = place.path.removeprefix(above)
        values = self._values(place, aspects)
        children = [self.build(each, place.path) for each in self._below.get(place, ())]
        return Node(
            number=number,
            group=place.group,
            path=place.path,
            label=_label(step),
            kind=_kind(place, step, above),
            aspects=aspects,
            text=self._texts.get(place, ""),
            again=_again(aspects),
            children=(*values.values(), *children),
            members={
                child.label.lower() if child.kind is Kind.HEADER else child.label: child
                for child in children
                if child.kind in (Kind.PROPERTY, Kind.HEADER)
            },
            values=values,
            variants=tuple(
                (_tag(child), frozenset(compact(word) for word in child.label.split("|")), child)
                for child in children
                if child.kind is Kind.VARIANT
            ),
            entry=next((child for child in children if child.kind is Kind.ENTRY), None),
            others=next((child for child in children if child.kind is Kind.OTHERS), None),
        )

    def _values(self, place: Place, aspects: Aspects) -> dict[str, Node]:
        listed = aspects.get("values")
        return {
            value: Node(
                number=self._number(),
                group=place.group,
                path=f"{place.path}={value.strip(chr(34))}",
                label=value,
                kind=Kind.VALUE,
                aspects={},
            )
            for value in (sorted(listed) if isinstance(listed, frozenset) else ())
        }

    def _number(self) -> int:
        self._next += 1
        return self._next - 1


def _kind(place: Place, step: str, above: str) -> Kind:
    if not above:
        return Kind.STATUS if place.group is Group.STATUSES else Kind.MESSAGE
    if place.group is Group.STATUSES and "." not in above:
        return Kind.HEADER if step.startswith(".headers.") else Kind.FORMAT
    match step[0]:
        case "[":
            return Kind.ENTRY
        case "{":
            return Kind.OTHERS
        case "<":
            return Kind.VARIANT
        case _:
            return Kind.PROPERTY


def _label(step: str) -> str:
    match step:
        case "[]":
            return "each entry"
        case "{}":
            return "any other member"
        case _:
            return step.removeprefix(".").removeprefix("headers.").strip("<>")


def _tag(variant: Node) -> str:
    """Name of the member that tells a variant from its siblings: it has to be there, and has no other value than the tag."""
    words = {compact(word) for word in variant.label.split("|")}
    tagged = (child for child in variant.children if child.aspects.get("required") and child.values.keys() == words)
    return next((child.label for child in tagged), "")


def _again(aspects: Aspects) -> str:
    """Path of the message that stands at a place, where it is told as a message of its own."""
    named = str(aspects.get("again", "")).split(", ")
    return next((str(group) for group, component in ROOTS.items() if component in named), "")

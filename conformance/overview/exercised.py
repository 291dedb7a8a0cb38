"""What a run saw of the contract: of every place in it how often it was sent, sent wrong and received, and what was found there.

One pass over the record; what is kept is a few numbers for each place, so that memory stays flat. Pure, like the judge.

It counts messages, not occurrences: a member that each of ten entries has was received once. A value that was wrong on purpose counts
for the place that it was wrong at and for nothing below.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from conformance import json_pointer, strictjson
from conformance.contract import places
from conformance.contract.outline import ROOTS, Group
from conformance.contract.places import Kind, Node, Tree
from conformance.contract.shape import compact
from conformance.model import MISSING, Area, Expectation, Level, Outcome
from conformance.observation import Evidence, Observation
from conformance.strictjson import get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.contract import Contract
    from conformance.model import Exchange, Finding, Json, Verdict
    from conformance.overview.constraints import ConstraintRow
    from conformance.report import Report


class State(StrEnum):
    """What can be said of a place after a run, worst first."""

    FAILED = "failed"
    """A requirement found something wrong there."""
    PASSED = "passed"
    """It was accepted, or refused where it was wrong, or received in a message that fits the contract as a whole."""
    EXERCISED = "exercised"
    """It was on the wire, and nothing followed from that."""
    NEVER = "never seen"


COUNTED: Final = {
    Kind.PROPERTY: "properties",
    Kind.VALUE: "values",
    Kind.STATUS: "statuses",
    Kind.HEADER: "headers",
}
"""Kinds of places that make up the coverage of a contract, in the plural. The others are ways to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A requirement that failed at a place."""

    requirement: str
    area: Area
    level: Level
    times: int
    """Recorded findings there; the first few of each code are recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run saw of one place, in messages."""

    sent: int = 0
    """Requests with it, as the contract has it."""
    wrong: int = 0
    """Requests in which it was wrong on purpose."""
    received: int = 0
    """Answers, chunks or errors with it; of a status or header, responses."""
    held: int = 0
    """How many of all these were treated, or came, as the contract says."""
    found: tuple[Found, ...] = ()

    @property
    def state(self) -> State:
        """What can be said of it."""
        if self.found:
            return State.FAILED
        if self.held:
            return State.PASSED
        return State.EXERCISED if self.sent or self.wrong or self.received else State.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many places of one kind in one part of the contract were on the wire."""

    group: Group
    kind: Kind
    exercised: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercised:
    """The places of a contract, and what a run saw of each."""

    tree: Tree
    seen: tuple[Seen, ...]
    """By the number of the place."""

    def of(self, node: Node) -> Seen:
        """What was seen of a place."""
        return self.seen[node.number]

    def coverage(self) -> tuple[Coverage, ...]:
        """Count, by part of the contract and kind of place, in the order of both; what there is none of is left out."""
        totals: dict[tuple[Group, Kind], list[bool]] = {}
        for node in self.tree.all():
            totals.setdefault((node.group, node.kind), []).append(self.of(node).state is not State.NEVER)
        return tuple(
            Coverage(group=group, kind=kind, exercised=sum(totals[group, kind]), total=len(totals[group, kind]))
            for group in places.GROUPS
            for kind in COUNTED
            if (group, kind) in totals
        )

    def missing(self) -> tuple[str, ...]:
        """Paths of the counted places that were never on the wire."""
        return tuple(node.path for node in self.tree.all() if node.kind in COUNTED and self.of(node).state is State.NEVER)


def exercised(report: Report) -> Exercised:
    """Walk every exchange of a judged run along the contract."""
    return _Pass(report).result()


class _Tally:
    """Numbers of one place while they are counted."""

    __slots__ = ("found", "held", "last", "received", "sent", "wrong")

    def __init__(self) -> None:
        self.sent = self.wrong = self.received = self.held = 0
        self.last = 0
        """Number of the message that it was met in last."""
        self.found: dict[str, int] = {}


class _Pass:
    """The one pass over a record."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._contract: Contract = report.contract
        self._evidence = Evidence(report.records, report.contract, report.header.target)
        self._tree = places.tree(report.contract)
        self._roots = {str(group): self._tree.message(group) for group in ROOTS}
        self._tallies = [_Tally() for _ in self._tree.all()]
        self._message = 0
        self._rows = {key: row for row in report.constraints for key in row.requests}
        self._findings: dict[str, list[tuple[str, Finding]]] = {}
        for row in report.rows:
            for finding in row.verdict.findings:
                self._findings.setdefault(finding.exchange, []).append((row.requirement.id, finding))

    def result(self) -> Exercised:
        """Count everything, then say what it comes to."""
        for key in self._report.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
            for exchange in self._report.records.attempts(key):
                self._exchange(exchange)
        return Exercised(tree=self._tree, seen=tuple(self._seen(tally) for tally in self._tallies))

    def _seen(self, tally: _Tally) -> Seen:
        return Seen(
            sent=tally.sent,
            wrong=tally.wrong,
            received=tally.received,
            held=tally.held,
            found=tuple(self._found(requirement, times) for requirement, times in tally.found.items()),
        )

    def _found(self, requirement: str, times: int) -> Found:
        area, verdict = self._verdicts[requirement]
        return Found(requirement=requirement, area=area, level=verdict.level, times=times)

    @cached_property
    def _verdicts(self) -> dict[str, tuple[Area, Verdict]]:
        return {row.requirement.id: (row.requirement.area, row.verdict) for row in self._report.rows}

    def _exchange(self, exchange: Exchange) -> None:
        observation = Observation(exchange, self._evidence)
        self._request(observation)
        if exchange.status is not None:
            self._response(observation)

    # What was sent

    def _request(self, observation: Observation) -> None:
        body, purpose, root = observation.request_json, observation.purpose, self._roots[Group.REQUEST]
        for requirement, finding in self._findings.get(observation.exchange.id, ()):
            for sample in purpose.samples:
                if sample.slug == finding.code:
                    self._blame(_locate(root, body, sample.pointer, self._roots), requirement)
        if purpose.violation is not None:
            self._wrong(_locate(root, body, purpose.violation.pointer, self._roots), self._rows.get(purpose.key))
            if not purpose.violation.pointer:
                return
            body = _without(body, purpose.violation.pointer)
        accepted = observation.succeeded and purpose.expect is not Expectation.REFUSED and not observation.fails_in_stream
        self._message += 1
        for node in _met(root, body, self._roots):
            tally = self._tallies[node.number]
            if tally.last != self._message:
                tally.last = self._message
                tally.sent += 1
                tally.held += accepted

    def _wrong(self, node: Node, row: ConstraintRow | None) -> None:
        tally = self._tallies[node.number]
        tally.wrong += 1
        if row is not None:
            tally.held += row.outcome is Outcome.PASS
            for holder in row.broken:
                self._blame(node, holder.requirement)

    # What came back

    def _response(self, observation: Observation) -> None:
        found = self._findings.get(observation.exchange.id, [])
        status = self._tree.status(observation.status)
        taken = [self._received(group, value) for group, value in _messages(observation)]
        if status is not None:
            self._head(status, observation, fits=all(taken))
        for requirement, finding in found:
            if finding.at.header is not None and status is not None:
                header = status.members.get(finding.at.header.lower())
                if header is not None:
                    self._blame(header, requirement)
            elif finding.at.pointer is not None and (message := _message_of(observation, finding)):
                group, value = message
                self._blame(_locate(self._roots[group], value, finding.at.pointer, self._roots), requirement)

    def _received(self, group: Group, value: Json) -> bool:
        """Count a message; whether it fits the contract."""
        fits = self._contract.is_valid(ROOTS[group], value)
        self._message += 1
        for node in _met(self._roots[group], value, self._roots):
            tally = self._tallies[node.number]
            if tally.last != self._message:
                tally.last = self._message
                tally.received += 1
                tally.held += fits
        return fits

    def _head(self, status: Node, observation: Observation, *, fits: bool) -> None:
        tally = self._tallies[status.number]
        tally.received += 1
        tally.held += fits
        for name in {name.lower() for name, _ in observation.exchange.headers}:
            if (header := status.members.get(name)) is not None:
                self._tallies[header.number].received += 1
        for child in status.children:
            if child.kind is Kind.FORMAT and child.label == observation.exchange.media_type:
                for node in child.all():
                    self._tallies[node.number].received += 1
                    self._tallies[node.number].held += fits

    def _blame(self, node: Node, requirement: str) -> None:
        if requirement in self._verdicts:
            found = self._tallies[node.number].found
            found[requirement] = found.get(requirement, 0) + 1


def _messages(observation: Observation) -> Iterator[tuple[Group, Json]]:
    """Every message of an answer that can be read, and which kind it is to be."""
    if not observation.succeeded:
        if isinstance(observation.document, strictjson.Parsed):
            yield Group.ERRORS, observation.json
    elif observation.is_event_stream:
        for event in observation.decoded.events:
            if (read := _event(event.data)) is not None:
                yield read
    elif isinstance(observation.document, strictjson.Parsed):
        yield Group.ANSWER, observation.json


def _message_of(observation: Observation, finding: Finding) -> tuple[Group, Json] | None:
    """The message that the pointer of a finding leads into."""
    if finding.at.event is None:
        return next(_messages(observation), None) if not observation.succeeded or not observation.is_event_stream else None
    return next((_event(each.data) for each in observation.decoded.events if each.number == finding.at.event), None)


def _event(data: str) -> tuple[Group, Json] | None:
    try:
        value = strictjson.parse(data).value
    except strictjson.NotJsonError:
        return None
    return (Group.ERRORS if get(value, "error") else Group.STREAM), value


def _met(node: Node, value: Json, roots: dict[str, Node]) -> Iterator[Node]:
    """The places that a value lies in or holds, some of them several times."""
    yield node
    if node.again:
        yield from _met(roots[node.again], value, roots)
    if node.values and not isinstance(value, dict | list) and (listed := node.values.get(compact(value))) is not None:
        yield listed
    if isinstance(value, dict):
        if node.variants and (variant := node.variant(value)) is not None:
            yield from _met(variant, value, roots)
        for name, member in value.items():
            if (below := node.members.get(name, node.others)) is not None:
                yield from _met(below, member, roots)
    elif isinstance(value, list) and node.entry is not None:
        for each in value:
            yield from _met(node.entry, each, roots)


def _locate(node: Node, value: Json, pointer: str, roots: dict[str, Node]) -> Node:
    """The deepest place on the way that a pointer goes."""
    here = node
    at = value
    for step in json_pointer.steps(pointer):
        inner = roots[here.again] if here.again else here
        if isinstance(at, dict) and (variant := inner.variant(at)) is not None and step in variant.members:
            inner = variant
        below = inner.entry if isinstance(at, list) else inner.members.get(step, inner.others)
        if below is None:
            return here
        here = below
        found = get(at, int(step)) if isinstance(at, list) and step.isdecimal() else get(at, step)
        at = None if found is MISSING else found
    return here


def _without(value: Json, pointer: str) -> Json:
    """A value without what lies at a pointer; the same where nothing does."""
    *way, last = json_pointer.steps(pointer)
    return _removed(value, way, last)


def _removed(value: Json, way: list[str], last: str) -> Json:
    match value:
        case dict() if not way:
            return {name: member for name, member in value.items() if name != last}
        case list() if not way:
            return [each for number, each in enumerate(value) if str(number) != last]
        case dict() if way[0] in value:
            return value | {way[0]: _removed(value[way[0]], way[1:], last)}
        case list():
            return [_removed(each, way[1:], last) if str(number) == way[0] else each for number, each in enumerate(value)]
        case _:
            return value

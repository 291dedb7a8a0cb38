"""Exchanges as a page shows them: each once, however many findings point at it, and no more of them than a page can carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from markupsafe import escape

from conformance.model import Exchange, Finding, Place
from conformance.opinion import impact
from conformance.render import curl, hexdump, timeline, transcript, wording
from conformance.render.hexdump import Dump
from conformance.render.text import line
from conformance.render.timeline import Timeline
from conformance.render.transcript import Mark, Transcript
from conformance.report import Report

PAGE: Final = 1_700_000
"""Characters of HTML that a page aims at; with what is not counted it stays below 2 MB, up to 500 failures."""

_ROW: Final = 2_800
"""Of these, what a failing row needs when it is told in brief, measured on the template with hostile text. The rest is for exchanges
and findings in full, first come, first served."""

_HEX_MARKUP: Final = 120
"""Markup around one line of a hex dump."""

_LINE_MARKUP: Final = 90
_FRAME: Final = 1800
"""Markup around one exchange, measured on the template."""

_HEADERS: Final = 40

_REPLAYS: Final = 100
"""Exchanges that are read by the official client; each takes it a few milliseconds."""

_Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much of an exchange is shown, in characters of each part."""

    request: int
    response: int
    curl: int


FULL: Final = Depth(request=2048, response=transcript.CHARACTERS, curl=curl.INLINE)
"""Behind something that is wrong."""

GLANCE: Final = Depth(request=480, response=800, curl=480)
"""Behind something that holds: enough to see what was asked and what an answer looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One exchange, ready to be put into a template. Its strings are bounded and visible, and not yet escaped."""

    anchor: str
    id: str
    outcome: str
    """`200 OK`, or how the transport failed."""
    timing: str
    intent: str
    """What the contract says of the request, and which clause it breaks on purpose."""
    request_line: str
    request_headers: _Fields
    request: Transcript
    status_line: str
    fault: str
    headers: _Fields
    response: Transcript
    timeline: Timeline | None
    """Of a stream."""
    marked_headers: frozenset[str]
    masked: int
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A mention of an exchange; `anchor` is empty when the page does not show it."""

    anchor: str
    label: str


class Gallery:
    """Hands out each exchange once, and remembers where it is."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._left = PAGE - _ROW * len(report.rows)
        self._marks = _marks(report)
        self._anchors: dict[str, str] = {}
        self._impacts: dict[str, str] = {}

    @property
    def is_full(self) -> bool:
        """Whether the rest has to be told in brief."""
        return self._left <= 0

    def charge(self, *texts: str) -> None:
        """Count text that is shown beside the exchanges."""
        self._left -= sum(len(escape(text)) for text in texts)

    def new(self, identifiers: Iterable[str], depth: Depth = FULL) -> tuple[Shown, ...]:
        """Of these exchanges, those that were not shown before and fit."""
        return tuple(filter(None, (self._new(identifier, depth) for identifier in identifiers)))

    def dump(self, finding: Finding) -> Dump | None:
        """The bytes that a finding is about, where that can be told and there is room."""
        if self.is_full or finding.at == Place():
            return None
        exchange = self._report.exchange(finding.exchange)
        span = None if exchange is None else transcript.span(exchange, finding.at)
        made = None if exchange is None or span is None else hexdump.dump(exchange.body, span)
        if made is not None:
            self._left -= len(made.lines) * (_HEX_MARKUP + 5 * hexdump.WIDTH)
        return made

    def link(self, identifier: str) -> Link:
        """Point to where an exchange is shown."""
        return Link(anchor=self._anchors.get(identifier, ""), label=line(identifier, 160))

    def impact(self, identifier: str) -> str:
        """What a user of the official client sees of an answer: an error, or something wrong. Empty where there is nothing to tell."""
        if identifier not in self._impacts and len(self._impacts) < _REPLAYS:
            exchange = self._report.exchange(identifier)
            seen = None if exchange is None else impact.of(exchange)
            told = exchange is not None and seen is not None and (seen.fails or (exchange.status or 0) >= 400)
            self._impacts[identifier] = line(f"{seen.client} {seen.says}", 300) if seen is not None and told else ""
            self.charge(self._impacts[identifier])
        return self._impacts.get(identifier, "")

    def _new(self, identifier: str, depth: Depth) -> Shown | None:
        if identifier in self._anchors or self.is_full:
            return None
        exchange = self._report.exchange(identifier)
        if exchange is None:
            return None
        marks = self._marks.get(identifier, ())
        shown = _show(exchange, self._anchor(identifier), marks, self._report.header.target.key_variable, depth)
        self._anchors[identifier] = shown.anchor
        self._left -= _cost(shown)
        return shown

    def _anchor(self, identifier: str) -> str:
        slug = "x-" + re.sub(r"[^A-Za-z0-9._-]+", "-", identifier)[:120]
        taken = sum(anchor == slug or anchor.startswith(f"{slug}~") for anchor in self._anchors.values())
        return f"{slug}~{taken + 1}" if taken else slug


def _marks(report: Report) -> Mapping[str, tuple[Mark, ...]]:
    found: dict[str, list[Mark]] = {}
    for row in report.rows:
        for finding in row.verdict.findings:
            found.setdefault(finding.exchange, []).append(Mark(requirement=row.requirement.id, at=finding.at))
    return {identifier: tuple(marks) for identifier, marks in found.items()}


def _show(exchange: Exchange, anchor: str, marks: tuple[Mark, ...], key_variable: str, depth: Depth) -> Shown:
    sent, purpose = exchange.sent, exchange.purpose
    intent = f"to be {purpose.expect}" if purpose.expect != "either" else "may be accepted or refused"
    wrong: tuple[Mark, ...] = ()
    if purpose.violation is not None:
        intent += f"; {wording.broken(purpose.violation)}"
        wrong = (Mark(requirement="", at=Place(pointer=purpose.violation.pointer)),)
    return Shown(
        anchor=anchor,
        id=line(exchange.id, 160),
        outcome=_outcome(exchange),
        timing=_timing(exchange),
        intent=line(intent, 300),
        request_line=line(f"{sent.method} {sent.url}", 600),
        request_headers=_fields(sent.headers),
        request=transcript.of_request(sent.body, wrong, characters=depth.request),
        status_line="" if exchange.status is None else f"HTTP {_status(exchange.status)}",
        fault="" if exchange.fault is None else line(f"{exchange.fault.kind}: {exchange.fault.detail}"),
        headers=_fields(exchange.headers),
        response=transcript.of_response(exchange, marks, characters=depth.response),
        timeline=timeline.of(exchange, transcript.events(exchange, marks)),
        marked_headers=frozenset(mark.at.header.lower() for mark in marks if mark.at.header),
        masked=exchange.masked,
        curl=curl.command(exchange, key_variable, inline=depth.curl),
    )


def _cost(shown: Shown) -> int:
    lines = [one.text for one in (*shown.request.lines, *shown.response.lines)]
    fields = [part for pair in (*shown.request_headers, *shown.headers) for part in pair]
    drawn = [] if shown.timeline is None else [shown.timeline.reads, shown.timeline.events, shown.timeline.marked, shown.timeline.words]
    texts = [*lines, *fields, *drawn, shown.curl, shown.request_line, shown.fault]
    return _FRAME + sum(len(escape(text)) for text in texts) + _LINE_MARKUP * (len(lines) + len(fields))


def _fields(headers: _Fields) -> _Fields:
    shown = tuple((line(name, 80), line(value, 300)) for name, value in headers[:_HEADERS])
    left = len(headers) - len(shown)
    return (*shown, ("…", f"{left:,} more fields")) if left else shown


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _outcome(exchange: Exchange) -> str:
    answer = "no answer" if exchange.status is None else _status(exchange.status)
    return f"{answer}, {exchange.fault.kind}" if exchange.fault else answer


def _timing(exchange: Exchange) -> str:
    head = "" if exchange.head_at is None else f"head after {exchange.head_at:.3f} s, "
    reads = len(exchange.chunks)
    return f"{head}over after {exchange.elapsed:.3f} s, in {reads:,} {'read' if reads == 1 else 'reads'}"

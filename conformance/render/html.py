"""The report as one HTML file: no network, no script needed, nothing in it that a target could make act.

Every string that reaches the template is made visible and escaped by the environment itself, not by the template's author. Style and
script are pinned by hash in the page's Content-Security-Policy, so that markup which got in all the same could neither style nor run.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance import impact
from conformance.constraints import ConstraintRow
from conformance.model import Citation, Finding, Outcome
from conformance.render import arrange, capabilities, constraints, wording
from conformance.render.evidence import Gallery, Link, Shown
from conformance.render.text import line, visible
from conformance.report import Report, Row

FINDINGS: Final = 5
"""Different findings of one requirement that are shown; the others are counted."""

PLACES: Final = 4
"""Places shown of findings that say the same."""

EVIDENCE: Final = 2
"""Exchanges shown for one that passed."""

CONSTRAINTS: Final = 40
"""Constraints of a kind that are shown at once."""

_CONSTRAINT: Final = 500
"""Markup around one constraint, measured on the template."""

_VALUE: Final = 600
_BRIEF: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlace:
    """An exchange, and where in it."""

    link: Link
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """What was found once or, in the same words, at several places."""

    code: str
    expected: str
    received: str
    impact: str
    """What a user of the official client sees of the answer; empty when nothing can be told."""
    places: tuple[ShownPlace, ...]
    more: int
    """Places that are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One requirement, with whatever opens below it."""

    row: Row
    observations: str
    reasons: tuple[str, ...]
    findings: tuple[ShownFinding, ...]
    more: int
    """Recorded findings that are not shown."""
    codes: str
    """Every code and how often it was found; empty where there is but one."""
    exchanges: tuple[Shown, ...]
    evidence: tuple[Link, ...]
    rerun: str
    brief: bool
    """Whether something was left out to keep the page small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A heading and its rows."""

    section: arrange.Section
    rows: tuple[ShownRow, ...]


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


def render(report: Report) -> str:
    """Return the page."""
    environment = _environment()
    style, script = _source("report.css"), _source("report.js")
    headline, lead = wording.headline(report)
    gallery = Gallery(report)
    tables = _constraints(report, gallery)
    shown = [
        ShownSection(section=section, rows=tuple(_row(row, report, gallery) for row in section.rows))
        for section in arrange.sections(report)
    ]
    untested = {Outcome.INAPPLICABLE, Outcome.NOT_RUN}
    return environment.get_template("report.html.j2").render(
        report=report,
        header=report.header,
        policy=Markup(f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"),  # noqa: S704 - both are ours
        style=style,
        script=script,
        tone=_tone(report),
        cut=wording.cut_off(report),
        verdict=headline,
        lead=lead,
        client=impact.client(),
        extra=impact.EXTRA,
        meaning=wording.meaning(report.gate.status),
        started=wording.utc(report.header.started),
        counts=arrange.counts(report),
        totals=arrange.totals(report),
        outcomes=arrange.OUTCOMES,
        constraints=tables,
        capabilities=capabilities.arranged(report),
        listed={row.requirement.id for row in report.rows},
        tested=[one for one in shown if one.rows[0].row.verdict.outcome not in untested],
        untested=[one for one in shown if one.rows[0].row.verdict.outcome in untested],
    )


def _constraints(report: Report, gallery: Gallery) -> tuple[ShownConstraints, ...]:
    """The constraints of the request in up to three tables, most harmful first; a long one is closed."""
    listed = {row.requirement.id for row in report.rows}
    tables = []
    for title, rows in zip(("Not held", "Open", "Held"), constraints.arranged(report), strict=True):
        shown = tuple(_constraint(row, listed) for row in rows)
        gallery.charge(*(text for one in shown for text in ("-" * _CONSTRAINT, one.rule, *(part for pair in one.came for part in pair))))
        if shown:
            held = title == "Held"
            tables.append(ShownConstraints(title=title, rows=shown, held=held, open=not held and len(shown) <= CONSTRAINTS))
    return tuple(tables)


def _constraint(row: ConstraintRow, listed: set[str]) -> ShownConstraint:
    holders = row.broken or ((row.owner,) if row.owner else ())
    return ShownConstraint(
        row=row,
        rule=line(row.rule, _VALUE),
        clause=line(row.clause.removeprefix("/components/schemas/"), _VALUE),
        came=constraints.outcomes(row),
        requirements=tuple(Link(anchor=each.requirement if each.requirement in listed else "", label=each.requirement) for each in holders),
    )


def _row(row: Row, report: Report, gallery: Gallery) -> ShownRow:
    verdict = row.verdict
    brief = gallery.is_full
    alike = _alike(verdict.findings)
    chosen = alike[: 1 if brief else FINDINGS]
    limit = _BRIEF if brief else _VALUE
    codes = _codes(verdict.codes) if len(verdict.codes) > 1 and not brief else ""
    gallery.charge(codes, *(text[:limit] for same in chosen for text in (same[0].expected, same[0].received)))
    wanted = [*(same[0].exchange for same in chosen), *verdict.evidence[:EVIDENCE]]
    exchanges = () if brief else gallery.new(dict.fromkeys(identifier for identifier in wanted if identifier))
    return ShownRow(
        row=row,
        observations=wording.observations(row),
        reasons=wording.why(row, report),
        findings=tuple(_finding(same, gallery, limit) for same in chosen),
        more=len(verdict.findings) - sum(len(same) for same in chosen),
        codes=codes,
        exchanges=exchanges,
        evidence=tuple(gallery.link(identifier) for identifier in verdict.evidence),
        rerun=wording.rerun(report.header, row.requirement.id),
        brief=brief and bool(verdict.findings),
    )


def _alike(findings: tuple[Finding, ...]) -> list[list[Finding]]:
    """Put together the findings that say the same of different places, in the order in which each was first said."""
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.code, finding.expected, finding.received), []).append(finding)
    return list(found.values())


def _codes(codes: tuple[tuple[str, int], ...]) -> str:
    """Write codes as one line, most of them once, the others with how often they were found."""
    return ", ".join(line(code, 80) + (f" ({count} times)" if count > 1 else "") for code, count in codes)


def _finding(same: list[Finding], gallery: Gallery, limit: int) -> ShownFinding:
    places = list(dict.fromkeys((finding.exchange, wording.where(finding.at)) for finding in same))
    return ShownFinding(
        code=line(same[0].code, 80),
        expected=line(same[0].expected, limit),
        received=line(same[0].received, limit),
        impact=gallery.impact(same[0].exchange),
        places=tuple(ShownPlace(link=gallery.link(exchange), where=where) for exchange, where in places[:PLACES]),
        more=max(len(places) - PLACES, 0),
    )


def _tone(report: Report) -> str:
    """Name of the colour that the verdict is said in."""
    return ("pass", "fail", "open", "error", "error")[int(report.gate.status)]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.render"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = lambda value: str(value).lower().replace(" ", "-")
    environment.filters["href"] = _href
    environment.filters["prose"] = _prose
    environment.filters["clock"] = lambda seconds: f"{seconds:.3f}"
    return environment
    environment.filters["because"] = capabilities.because


def _finalize(value: object) -> object:
    """Make every value of every template visible; escaping comes after."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Our own sentences, in which backquotes mean code."""
    pieces = [escape(visible(piece)) for piece in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(piece) if number % 2 else piece for number, piece in enumerate(pieces))


def _href(citation: Citation) -> str:
    """Link of a citation when it is one that may be followed; else empty."""
    return citation.url if citation.url.startswith(("https://", "http://")) else ""


def _source(name: str) -> Markup:
    environment = _environment()
    if environment.loader is None:
        raise AssertionError("the environment is made with a loader")
    return Markup("\n" + environment.loader.get_source(environment, name)[0].strip() + "\n")  # noqa: S704 - ours


def _hash(source: Markup) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(str(source).encode()).digest()).decode()}'"

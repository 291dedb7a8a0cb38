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
from conformance.contract import Source
from conformance.model import Citation, Outcome
from conformance.render import arrange, capabilities, constraint_tables, cost, rows, wording
from conformance.render.evidence import Gallery
from conformance.render.rows import ShownRow
from conformance.render.text import visible
from conformance.report import Report

_UNTESTED: Final = frozenset({Outcome.INAPPLICABLE, Outcome.NOT_RUN})
_FAILURES: Final = frozenset({"must-failures", "should-failures", "observations"})

UNTESTED: Final = 6
"""Reasons for which something was not tested that the first screen names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A heading and its rows."""

    section: arrange.Section
    rows: tuple[ShownRow, ...]


def render(report: Report) -> str:
    """Return the page."""
    environment = _environment()
    style, script = _source("report.css"), _source("report.js")
    headline, lead = wording.headline(report)
    gallery = Gallery(report)
    tables = constraint_tables.tables(report, gallery)
    shown = [
        ShownSection(section=section, rows=tuple(rows.shown(row, report, gallery) for row in section.rows))
        for section in arrange.sections(report)
    ]
    untested = arrange.untested(report)
    return environment.get_template(
        "report.html.j2"
    ).render(
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
        order=wording.ORDER,
        started=wording.utc(report.header.started),
        resumed=[wording.utc(at) for at in report.resumed],
        cost=cost.spent(report),
        counts=arrange.counts(report),
        totals=arrange.totals(report),
        outcomes=arrange.OUTCOMES,
        reasons=untested[:UNTESTED],
        more_reasons=max(len(untested) - UNTESTED, 0),
        capabilities=capabilities.arranged(report),
        listed={row.requirement.id for row in report.rows},
        constraints=tables,
        failures=[one for one in shown if one.section.anchor in _FAILURES],
        others=[one for one in shown if one.section.anchor not in _FAILURES and one.rows[0].row.verdict.outcome not in _UNTESTED],
        untested=[one for one in shown if one.rows[0].row.verdict.outcome in _UNTESTED],
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
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["stop"] = wording.ended
    environment.filters["because"] = capabilities.because
    return environment


def _finalize(value: object) -> object:
    """Make every value of every template visible; escaping comes after."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Our own sentences, in which backquotes mean code."""
    pieces = [escape(visible(piece)) for piece in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(piece) if number % 2 else piece for number, piece in enumerate(pieces))


def _href(cited: Citation | Source) -> str:
    """Link of a citation when it is one that may be followed; else empty."""
    return cited.url if cited.url.startswith(("https://", "http://")) else ""


def _source(name: str) -> Markup:
    environment = _environment()
    if environment.loader is None:
        raise AssertionError("the environment is made with a loader")
    return Markup("\n" + environment.loader.get_source(environment, name)[0].strip() + "\n")  # noqa: S704 - ours


def _hash(source: Markup) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(str(source).encode()).digest()).decode()}'"

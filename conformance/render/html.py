"""The report as one HTML file: no network, no script needed, nothing in it that a target could make act; `page` sees to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from conformance.contract import Source
from conformance.model import Citation, Outcome
from conformance.opinion import impact
from conformance.render import accepted, arrange, capabilities, constraint_tables, cost, page, rows, wording
from conformance.render.evidence import Gallery
from conformance.render.rows import ShownRow
from conformance.report import Report

_UNTESTED: Final = frozenset({Outcome.INAPPLICABLE, Outcome.NOT_RUN})
_FAILURES: Final = frozenset({"stale", "accepted", "must-failures", "should-failures", "observations"})

UNTESTED: Final = 6
"""Reasons for which something was not tested that the first screen names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A heading and its rows."""

    section: arrange.Section
    rows: tuple[ShownRow, ...]


def render(report: Report) -> str:
    """Return the page."""
    headline, lead = wording.headline(report)
    gallery = Gallery(report)
    tables = constraint_tables.tables(report, gallery)
    shown = [
        ShownSection(section=section, rows=tuple(rows.shown(row, report, gallery) for row in section.rows))
        for section in arrange.sections(report)
    ]
    untested = arrange.untested(report)
    return page.render(
        "report.html.j2",
        style="report.css",
        script="report.js",
        filters=_FILTERS,
        report=report,
        header=report.header,
        tone=_tone(report),
        cut=wording.cut_off(report),
        verdict=headline,
        lead=lead,
        client=impact.client(),
        extra=impact.EXTRA,
        meaning=accepted.meaning(report),
        baseline=accepted.entries(report),
        baseline_counted=accepted.counted(report),
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
        others=[one for one in shown if one.section.anchor not in _FAILURES and not _is_untested(one)],
        untested=[one for one in shown if _is_untested(one)],
        unscored=len(arrange.unscored(report)),
    )


def _is_untested(one: ShownSection) -> bool:
    return one.section.anchor != arrange.UNSCORED and one.rows[0].row.verdict.outcome in _UNTESTED


def _tone(report: Report) -> str:
    """Name of the colour that the verdict is said in."""
    if report.gate.status == 0 and report.gate.accepted:
        return "open"
    return ("pass", "fail", "open", "error", "error")[int(report.gate.status)]


def _href(cited: Citation | Source) -> str:
    """Link of a citation when it is one that may be followed; else empty."""
    return cited.url if cited.url.startswith(("https://", "http://")) else ""


_FILTERS: Final[dict[str, Callable[..., object]]] = {
    "href": _href,
    "clock": lambda seconds: f"{seconds:.3f}",
    "count": lambda number: f"{number:,}",
    "stop": wording.ended,
    "because": capabilities.because,
    "verdict": accepted.verdict,
    "marks": accepted.sentences,
    "link": lambda text: text if text.startswith(("https://", "http://")) else "",
}

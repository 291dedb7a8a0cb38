"""Writes the files of a run beside its record. Each is a view of the record and can be made again from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.errors import RecordError

if TYPE_CHECKING:
    from conformance.report import Report

SUMMARY: Final = "summary.json"
JUNIT: Final = "junit.xml"
HTML: Final = "report.html"
CONTRACT: Final = "contract.html"
SARIF: Final = "results.sarif"
MARKDOWN: Final = "summary.md"
BADGE: Final = "badge.svg"

NAMES: Final = (HTML, CONTRACT, SUMMARY, MARKDOWN, JUNIT, SARIF, BADGE)
"""Everything that is written."""


def write(report: Report, folder: Path) -> None:
    """Write the files of `NAMES`; none for a shard, which is no run yet. Raises `RecordError` when the folder cannot be written to."""
    if report.header.shard:
        return
    from conformance.render import badge, contract_view, html, junit, markdown, sarif, summary

    try:
        (folder / SUMMARY).write_text(summary.render(report), encoding="utf-8")
        (folder / JUNIT).write_bytes(junit.render(report))
        (folder / HTML).write_text(html.render(report), encoding="utf-8")
        (folder / CONTRACT).write_text(contract_view.render(report), encoding="utf-8")
        (folder / SARIF).write_text(sarif.render(report), encoding="utf-8")
        (folder / MARKDOWN).write_text(markdown.render(report), encoding="utf-8")
        (folder / BADGE).write_bytes(badge.render(report))
    except OSError as error:
        raise RecordError(f"The report cannot be written to {folder}: {error.strerror}.", hint="The record itself is kept.") from None

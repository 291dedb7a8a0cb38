"""How a page that tells of several runs leads to the report of each."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from conformance.render import artefacts

if TYPE_CHECKING:
    from conformance.report import Report

_ANCHOR: Final = re.compile(r'id="([A-Z0-9-]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Where the evidence of a run can be looked up."""

    href: str = ""
    """The run's report.html as a link from the page; empty when there is none."""
    anchors: frozenset[str] = frozenset()
    """Ids of the requirements that it has a row for."""


def href(run: Path, page: Path) -> str:
    """The report in the folder of a run as a link from a page in another folder; empty when there is none that a link could lead to."""
    report = run / artefacts.HTML
    try:
        return quote(Path(os.path.relpath(report.resolve(), page.resolve())).as_posix()) if report.is_file() else ""
    except ValueError:
        # Another drive of Windows.
        return ""


def linked(report: Report, run: Path, page: Path) -> Linked:
    """The same with the rows that the file on the disk has of a report: it may have been made of another one."""
    found = href(run, page)
    try:
        text = (run / artefacts.HTML).read_text("utf-8", "replace") if found else ""
    except OSError:
        return Linked()
    return Linked(href=found, anchors=frozenset(_ANCHOR.findall(text)) & {row.requirement.id for row in report.rows})

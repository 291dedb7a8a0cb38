"""A badge to put beside a name: what was tested, by which reading, what came of it, and when. A date, because a pass grows old.

One SVG without fonts, scripts or links of its own. The widths of texts are set, not measured: any sans-serif font fits.
"""

from __future__ import annotations

from typing import Final, assert_never
from xml.etree import ElementTree as ET

from conformance.gate import ExitStatus
from conformance.model import Level, Outcome, Tier
from conformance.render import accepted, wording
from conformance.render.text import line
from conformance.report import Report

LABEL: Final = "chat completions"
INK: Final = "#ffffff"
PAPER: Final = "#3d444d"
COLOURS: Final = {
    ExitStatus.CONFORMS: "#1a7037",
    ExitStatus.VIOLATIONS: "#b3202c",
    ExitStatus.NOT_JUDGED: "#7d5600",
    ExitStatus.OUR_ERROR: "#6639a6",
    ExitStatus.BAD_CONFIGURATION: "#6639a6",
}
APART: Final = "#7d5600"
"""For what conforms apart from accepted failures: not the green of what conforms."""
"""Each at least 4.5 to 1 against the ink (WCAG 2.2, 1.4.3)."""

_HEIGHT: Final = 20
_PAD: Final = 6
_CHARACTER: Final = 6.4
"""Pixels given to a character at 11 pixels: about the mean of the common sans-serif fonts."""
_NAME: Final = 40


def render(report: Report) -> bytes:
    """Return the SVG, in UTF-8."""
    words = message(report)
    left, right = _width(LABEL), _width(words)
    title = f"{LABEL}: {words}"
    size = {"width": f"{left + right}", "height": f"{_HEIGHT}", "viewBox": f"0 0 {left + right} {_HEIGHT}"}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img", "aria-label": title})
    ET.SubElement(root, "title").text = f"{title} ({_target(report)})"
    _box(root, 0, left, PAPER, LABEL)
    apart = report.gate.status is ExitStatus.CONFORMS and report.gate.accepted
    _box(root, left, right, APART if apart else COLOURS[report.gate.status], words)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8")
    return text + b"\n"


def message(report: Report) -> str:
    """Say the verdict, the reading, how much was asked where that is not the default, and the day."""
    header = report.header
    parts = [
        _verdict(report),
        line(report.contract.dialect, _NAME),
        "recorded traffic" if header.imported else "" if header.tier is Tier.GATE else f"tier {header.tier}",
        "part only" if header.selection else "",
        "incomplete" if wording.cut_off(report) else "",
        wording.utc(header.started)[:10],
    ]
    return " · ".join(part for part in parts if part)


def _verdict(report: Report) -> str:
    match report.gate.status:
        case ExitStatus.CONFORMS:
            if report.gate.accepted:
                return f"conforms apart from {report.gate.accepted} accepted"
            return "no violation seen" if report.header.imported else "conforms"
        case ExitStatus.VIOLATIONS if report.gate.stale:
            return accepted.meaning(report)
        case ExitStatus.VIOLATIONS:
            wrong = [row for row in report.rows if row.scored and row.verdict.outcome is Outcome.FAIL]
            failed = [row.verdict.level for row in wrong if not row.is_accepted]
            level = Level.MUST if Level.MUST in failed else Level.SHOULD  # in a strict run SHOULD gates as well
            return f"{failed.count(level)} {level} violated"
        case ExitStatus.NOT_JUDGED:
            return "not judged"
        case ExitStatus.OUR_ERROR | ExitStatus.BAD_CONFIGURATION:
            return "error of the suite"
        case _:
            assert_never(report.gate.status)


def _target(report: Report) -> str:
    target = report.header.target
    return "the embedded reference server" if report.header.embedded else f"{line(target.model, 100)} at {line(target.base_url, 200)}"


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER) + 2 * _PAD


def _box(root: ET.Element, x: int, width: int, colour: str, text: str) -> None:
    ET.SubElement(root, "rect", x=f"{x}", width=f"{width}", height=f"{_HEIGHT}", fill=colour)
    place = {"x": f"{x + _PAD}", "y": "14", "textLength": f"{width - 2 * _PAD}", "lengthAdjust": "spacingAndGlyphs"}
    font = {"font-family": "Verdana, DejaVu Sans, Arial, sans-serif", "font-size": "11", "aria-hidden": "true"}
    ET.SubElement(root, "text", {**place, **font, "fill": INK}).text = text

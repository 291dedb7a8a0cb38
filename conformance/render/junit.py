"""JUnit XML: one suite for each area, one case for each requirement.

JUnit knows neither levels nor most of our outcomes. What breaks the build is a `failure` (MUST and SHOULD) or an `error` (inconclusive,
ours); what was not tested is `skipped`; an optional thing that is missing passes, with a word about it. The exact level and outcome are
properties of the case. The dialect is the one that CI servers share (testmoapp/junitxml describes it); nothing in it depends on when it
was made.
"""

from __future__ import annotations

from typing import Final, assert_never
from xml.etree import ElementTree as ET

from conformance.model import Area, Level, Outcome
from conformance.render import accepted, wording
from conformance.render.console import failure_block
from conformance.render.text import line, visible
from conformance.report import Report, Row

_ATTRIBUTE: Final = 500

_CONSTRAINTS: Final = 200
"""Constraints named in one failure; a server that checks nothing at all breaks a few more."""


def render(report: Report) -> bytes:
    """Return the document, in UTF-8."""
    header = report.header
    root = ET.Element("testsuites", name=f"conformance of {line(header.target.base_url, _ATTRIBUTE)}")
    areas = [area for area in Area if any(row.requirement.area is area for row in report.rows)]
    for area in areas:
        suite = ET.SubElement(root, "testsuite", name=f"conformance.{area}", timestamp=wording.utc(header.started).rstrip("Z"))
        _properties(suite, _provenance(report))
        for row in report.rows:
            if row.requirement.area is area:
                _case(suite, row, report)
        _count(suite, [suite])
    _count(root, root.findall("testsuite"))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ET.Element, row: Row, report: Report) -> None:
    requirement, verdict = row.requirement, row.verdict
    case = ET.SubElement(suite, "testcase", name=requirement.id, classname=f"conformance.{requirement.area}")
    citations = [("citation", cite.label) for cite in requirement.cites]
    facts = [("level", verdict.level), ("outcome", verdict.outcome), ("unscored", wording.unscored(row)), ("requirement", requirement.text)]
    baseline = [("baseline", said) for said in accepted.sentences(row)]
    _properties(case, [*facts, *citations, *baseline])
    match verdict.outcome:
        case _ if row.scored and row.is_stale:
            _add(case, "failure", kind="stale baseline", message=f"{accepted.verdict(row)}: {accepted.gist(row)}", text=_block(row, report))
        case Outcome.PASS:
            pass
        case _ if not row.scored:
            _add(case, "skipped", message=f"{wording.unscored(row)}: {verdict.outcome}: {wording.gist(row, report)}")
            _add(case, "system-out", text=_block(row, report))
        case _ if row.is_accepted:
            _add(case, "skipped", message=f"{accepted.verdict(row)}: {accepted.gist(row)}")
            _add(case, "system-out", text=_block(row, report))
        case Outcome.FAIL if verdict.level is Level.MAY:
            _add(case, "system-out", text=_block(row, report))
        case Outcome.FAIL:
            _add(case, "failure", kind=verdict.level, message=wording.gist(row, report), text=_block(row, report))
        case Outcome.INCONCLUSIVE | Outcome.ERROR:
            _add(case, "error", kind=verdict.outcome, message=wording.gist(row, report), text=_block(row, report))
        case Outcome.INAPPLICABLE | Outcome.NOT_RUN:
            _add(case, "skipped", message=f"{verdict.outcome}: {wording.gist(row, report)}")
        case _:
            assert_never(verdict.outcome)


def _provenance(report: Report) -> list[tuple[str, str]]:
    header = report.header
    return [
        ("verdict", report.gate.sentence),
        ("exit-status", str(int(report.gate.status))),
        ("incomplete", wording.cut_off(report)),
        ("baseline", accepted.counted(report)),
        ("model", header.target.model),
        *(("note", note) for note in report.notes),
        ("dialect", " < ".join(report.contract.chain)),
        ("contract", report.contract.digest),
        ("catalogue", header.catalogue_digest),
        ("tier", header.tier),
        ("seed", str(header.seed)),
        ("suite-version", header.suite_version),
        ("scored-revision", header.scored_revision),
    ]


def _block(row: Row, report: Report) -> str:
    return "\n" + "\n".join(failure_block(row, report, most=_CONSTRAINTS)) + "\n"


def _properties(parent: ET.Element, values: list[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values:
        if value:
            ET.SubElement(properties, "property", name=name, value=line(value, _ATTRIBUTE))


def _add(case: ET.Element, tag: str, *, kind: str = "", message: str = "", text: str = "") -> None:
    made = ET.SubElement(case, tag)
    if kind:
        made.set("type", str(kind))
    if message:
        made.set("message", line(message, _ATTRIBUTE))
    made.text = visible(text) or None


def _count(element: ET.Element, suites: list[ET.Element]) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(len(suite.findall(f".//{tag}")) for suite in suites)))

"""The run as SARIF 2.1.0, for code scanning and whatever else reads findings: rules are requirements, results are what fails.

A result is one way of failing, however often it was seen: requirement and code make its fingerprint, so that it stays the same one over
runs. What could not be judged is no result but a notification, and a run that was not judged to its end is no successful one: a
log without results says nothing by itself.

Clauses in here are those of "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", OASIS Standard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Final, assert_never
from urllib.parse import quote

from conformance.gate import ExitStatus
from conformance.model import Finding, Json, Level, Outcome
from conformance.provenance import RECORD
from conformance.render import accepted, arrange, wording
from conformance.render.text import line
from conformance.report import Report, Row

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

_TEXT: Final = 400


def render(report: Report) -> str:
    """Return the log: members sorted, two spaces, a newline at the end."""
    return json.dumps(document(report), indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Json]:
    """Return the same as a value."""
    rules = {row.requirement.id: index for index, row in enumerate(report.rows)}
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "chat-completions-conformance",
                "version": report.header.suite_version,
                "rules": [_rule(row) for row in report.rows],
            }
        },
        "automationDetails": {"id": _identity(report), "description": _message(_about(report))},
        "invocations": [_invocation(report)],
        "results": [result for row in _failures(report) for result in _results(row, report, rules[row.requirement.id])],
        "properties": {
            "sentence": line(report.gate.sentence, _TEXT),
            "notes": [line(note, _TEXT) for note in report.notes],
            "contract": {"digest": report.contract.digest},
            "catalogue": {"digest": report.header.catalogue_digest},
            "dialect": [*report.contract.chain],
            "selection": line(report.header.selection, _TEXT),
            "scoredRevision": report.header.scored_revision,
            "seed": report.header.seed,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _failures(report: Report) -> tuple[Row, ...]:
    """Those that count, then those that are not scored yet."""
    return (*arrange.failures(report), *(row for row in arrange.unscored(report) if row.verdict.outcome is Outcome.FAIL))


def _rule(row: Row) -> dict[str, Json]:
    """A requirement, at the level that it has in the reading of this run."""
    requirement, level = row.requirement, row.verdict.level
    sources = ", ".join(cite.label for cite in requirement.cites)
    made: dict[str, Json] = {
        "id": requirement.id,
        "shortDescription": _message(requirement.text),
        "help": _message("\n\n".join(part for part in (requirement.remedy or requirement.text, sources and f"Sources: {sources}") if part)),
        "defaultConfiguration": {"level": _level(row)},
        "properties": {"tags": [str(requirement.area), str(level)], "since": requirement.since, "scored": row.scored},
    }
    link = next((cite.url for cite in requirement.cites if cite.kind == "standard"), "")
    return made | ({"helpUri": link} if link else {})


def _results(row: Row, report: Report, index: int) -> Iterator[dict[str, Json]]:
    """One for each code, told by its first finding and counted."""
    firsts: dict[str, Finding] = {}
    for finding in row.verdict.findings:
        firsts.setdefault(finding.code, finding)
    counted = dict(row.verdict.codes)
    for code, finding in firsts.items():
        kept = sum(each.code == code for each in row.verdict.findings)
        mark = _fingerprint(row.requirement.id, code)
        yield {
            "ruleId": row.requirement.id,
            "ruleIndex": index,
            "kind": "fail",
            "level": _level(row),
            "message": _message(
                f"{_mark(row)}{row.requirement.text} Expected {line(finding.expected, _TEXT)}; received {line(finding.received, _TEXT)}."
            ),
            "locations": [_location(finding)],
            "occurrenceCount": counted.get(code, kept),
            "fingerprints": {"requirementAndCode/v1": mark},
            # The only one that GitHub's code scanning looks at.
            "partialFingerprints": {"primaryLocationLineHash": mark},
            "properties": {"code": line(code, _TEXT), "level": str(row.verdict.level), "scored": row.scored},
            **({"suppressions": _suppressions(row, code)} if report.accepted else {}),
        }


def _suppressions(row: Row, code: str) -> list[Json]:
    """What the baseline says of a result (§3.35); an empty list says that it is not suppressed, which no list would leave open."""
    listed = row.mark.seen if row.mark else ()
    return [{"kind": "external", "status": "accepted", "justification": accepted.because(entry)} for entry in listed if entry.code == code]


def _location(finding: Finding) -> dict[str, Json]:
    """The exchange and the place in it; the file is the record, which readers that want one are given."""
    exchange, place, at = line(finding.exchange, _TEXT), finding.at, wording.where(finding.at)
    properties: dict[str, Json] = {"exchange": exchange}
    if place.pointer is not None:
        properties["pointer"] = line(place.pointer, _TEXT)
    if place.event is not None:
        properties["event"] = place.event
    if place.span is not None:
        properties["span"] = [*place.span]
    if place.header is not None:
        properties["header"] = line(place.header, _TEXT)
    named = f"{exchange}: {at}" if at else exchange
    logical: dict[str, Json] = {
        "name": properties.get("pointer") or exchange,
        "fullyQualifiedName": named,
        "kind": "exchange" if place.pointer is None else "value",
        "properties": properties,
    }
    return {"logicalLocations": [logical], "physicalLocation": {"artifactLocation": {"uri": RECORD}}, "message": _message(named)}


def _invocation(report: Report) -> dict[str, Json]:
    cut, status = wording.cut_off(report), report.gate.status
    times = {"startTimeUtc": report.header.started} | ({"endTimeUtc": report.footer.ended} if report.footer else {})
    torn: list[Json] = [{"level": "error", "message": _message(f"The run is incomplete: {wording.ended(cut)}")}] if cut else []
    return {
        "executionSuccessful": not cut and status in {ExitStatus.CONFORMS, ExitStatus.VIOLATIONS},
        "exitCode": int(status),
        "exitCodeDescription": accepted.meaning(report),
        **{name: said for name, at in times.items() if (said := wording.utc(at)) != "unknown"},
        "toolExecutionNotifications": [
            *torn,
            *(_stale(row) for row in report.rows if row.mark and row.mark.stale),
            *(_notification(row, report) for row in report.rows if row.verdict.outcome in {Outcome.ERROR, Outcome.INCONCLUSIVE}),
        ],
    }


def _stale(row: Row) -> dict[str, Json]:
    """What the baseline accepts and the run no longer sees: red, and no result."""
    return {
        "level": "error",
        "message": _message(f"Stale in the baseline: {row.requirement.id}: {accepted.gist(row)}"),
        "associatedRule": {"id": row.requirement.id},
    }


def _notification(row: Row, report: Report) -> dict[str, Json]:
    """What was asked and not judged, or is our own error (§3.58)."""
    because = "; ".join(wording.why(row, report)[:3]) or "no reason was recorded"
    quiet = not row.scored or row.is_accepted
    return {
        "level": "note" if quiet else "error" if row.verdict.outcome is Outcome.ERROR else "warning",
        "message": _message(f"{_mark(row)}{accepted.verdict(row)} {row.requirement.id} ({row.verdict.level}): {because}"),
        "associatedRule": {"id": row.requirement.id},
    }


def _identity(report: Report) -> str:
    """Same target and same questions up to the last slash, then which run of them it is (§3.17.3).

    The embedded server has another port each time, and is the same target all the same.
    """
    header = report.header
    target = "embedded" if header.embedded else header.target.base_url
    same = (report.contract.dialect, header.tier, target, header.target.model, header.selection)
    words = [quote(line(str(each), 200), safe="") for each in same if each]
    return "/".join(["chat-completions-conformance", *words, wording.utc(header.started)])


def _about(report: Report) -> str:
    target = report.header.target
    asked = "in recorded traffic" if report.header.imported else f"tier {report.header.tier}"
    return f"Conformance of {line(target.base_url, 200)}, model {line(target.model, 200)}, {asked}."


def _mark(row: Row) -> str:
    mark = wording.unscored(row)
    return f"{mark[0].upper()}{mark[1:]}. " if mark else ""


def _level(row: Row) -> str:
    """What is not scored yet is a note, whatever it will be."""
    if not row.scored:
        return "note"
    match row.verdict.level:
        case Level.MUST:
            return "error"
        case Level.SHOULD:
            return "warning"
        case Level.MAY:
            return "note"
        case _:
            assert_never(row.verdict.level)


def _fingerprint(identifier: str, code: str) -> str:
    return hashlib.sha256(f"{identifier} {code}".encode("utf-8", "backslashreplace")).hexdigest()


def _message(text: str) -> dict[str, Json]:
    """Plain text in which nothing is a placeholder (§3.11.5) and nothing a link (§3.11.6)."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}

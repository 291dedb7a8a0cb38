"""The run as JSON for programs, in the shape of `summary.schema.json`, which travels with the package.

Strings from the target are bounded and made visible as everywhere else; the exact bytes are in the record.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from conformance.model import Finding, Json, Place
from conformance.overview.capabilities import Capability
from conformance.overview.constraints import ConstraintRow, Treatment
from conformance.provenance import Imported
from conformance.render import accepted, arrange, capabilities, constraints, wording
from conformance.render.text import shown
from conformance.report import Report, Row

VERSION: Final = 1
"""Rises when a reader of the last version could go wrong."""

FINDINGS: Final = 250

_TEXT: Final = 1000


def render(report: Report) -> str:
    """Return the document: members sorted, two spaces, a newline at the end."""
    return json.dumps(document(report), indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def schema() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) that every summary of this version holds to."""
    loaded: dict[str, Json] = json.loads(files("conformance.render").joinpath("summary.schema.json").read_text("utf-8"))
    return loaded


def document(report: Report) -> dict[str, Json]:
    """Return the same as a value."""
    header, target, plan = report.header, report.header.target, report.plan
    cut = wording.cut_off(report)
    return {
        "summary_version": VERSION,
        "suite": {"version": header.suite_version},
        "contract": {"revision": report.contract.revision, "digest": report.contract.digest},
        "catalogue": {"digest": header.catalogue_digest},
        "dialect": [*report.contract.chain],
        "planned_under": {
            "dialect": [*header.dialect],
            "contract": {"revision": header.contract_revision, "digest": header.contract_digest},
        },
        "imported": _imported(header.imported) if header.imported else None,
        "notes": [shown(note, _TEXT) for note in report.notes],
        "target": {
            "base_url": shown(target.base_url, _TEXT),
            "model": shown(target.model, _TEXT),
            "key_variable": target.key_variable,
            "claims": [*sorted(target.claims)],
            "denies": [*sorted(target.denies)],
        },
        "tier": str(header.tier),
        "seed": header.seed,
        "selection": shown(header.selection, _TEXT),
        "started": wording.utc(header.started),
        "ended": wording.utc(report.footer.ended) if report.footer else None,
        "resumed": [wording.utc(at) for at in report.resumed],
        "complete": not cut,
        "reason": cut,
        "exit_status": int(report.gate.status),
        "exit_meaning": accepted.meaning(report),
        "sentence": shown(report.gate.sentence, _TEXT),
        "requests": {
            "sent": report.requests,
            "ceiling": plan.requests if plan else None,
            "billed_ceiling": plan.billed if plan else None,
            "output_tokens_ceiling": plan.output_tokens if plan else None,
        },
        "scored_revision": header.scored_revision or None,
        "not_scored": len(arrange.unscored(report)),
        "accepted": report.gate.accepted,
        "baseline": [_entry(told) for told in accepted.entries(report)],
        "totals": {str(outcome): number for outcome, number in arrange.totals(report).items()},
        "counts": [
            {"level": str(count.level), "area": str(count.area), "outcome": str(outcome), "count": number}
            for count in arrange.counts(report)
            if count.area is not None
            for outcome, number in count.by_outcome
            if number
        ],
        "verdicts": [_verdict(row, report) for row in report.rows],
        "constraints": [_constraint(row) for row in report.constraints],
        "capabilities": [_capability(row) for row in report.capabilities],
        "exclusions": [{"area": str(e.area), "clause": e.clause, "because": e.because} for e in report.exclusions],
    }


def _imported(imported: Imported) -> dict[str, Json]:
    return {
        "source": shown(imported.source, _TEXT),
        "form": imported.form,
        "tool": shown(imported.tool, _TEXT),
        "taken": imported.taken,
        "others": imported.others,
        "unreadable": imported.unreadable,
        "left_out": [{"because": shown(reason, _TEXT), "count": number} for reason, number in imported.left_out],
        "whole": imported.whole,
    }


def _verdict(row: Row, report: Report) -> dict[str, Json]:
    requirement, verdict = row.requirement, row.verdict
    return {
        "id": requirement.id,
        "area": str(requirement.area),
        "level": str(verdict.level),
        "declared_level": str(requirement.level),
        "outcome": str(verdict.outcome),
        "accepted": row.is_accepted,
        "scored": row.scored,
        "text": requirement.text,
        "since": requirement.since,
        "cites": [{"kind": cite.kind, "label": cite.label, "url": cite.url} for cite in requirement.cites],
        "observations": {"passed": verdict.passed, "failed": verdict.failed, "lost": verdict.lost, "unmet": verdict.unmet},
        "reasons": [*wording.why(row, report)],
        "codes": [{"code": shown(code, _TEXT), "count": count} for code, count in verdict.codes[:FINDINGS]],
        "findings": [_finding(finding) for finding in verdict.findings[:FINDINGS]],
        "evidence": [shown(identifier, _TEXT) for identifier in verdict.evidence],
    }


def _entry(told: accepted.Told) -> dict[str, Json]:
    entry = told.entry
    return {
        "rule": shown(entry.rule, _TEXT),
        "code": shown(entry.code, _TEXT) or None,
        "expect": str(entry.expect),
        "reason": shown(entry.reason, _TEXT),
        "issue": shown(entry.issue, _TEXT) or None,
        "until": entry.until or None,
        "standing": str(told.standing),
    }


def _constraint(row: ConstraintRow) -> dict[str, Json]:
    return {
        "rule": shown(row.rule, _TEXT),
        "sentence": shown(constraints.sentence(row), _TEXT),
        "pointer": row.pointer,
        "constraint": row.constraint,
        "clause": row.clause,
        "requirement": row.owner.requirement if row.owner else None,
        "level": str(row.level) if row.level else None,
        "outcome": str(row.outcome),
        "broken": [holder.requirement for holder in row.broken],
        "planned": row.planned,
        "trials": [
            {
                "sent": shown(trial.sent, _TEXT),
                "whole": _treatment(trial.whole),
                "streamed": _treatment(trial.streamed) if trial.streamed else None,
            }
            for trial in row.trials
        ],
    }


def _capability(row: Capability) -> dict[str, Json]:
    return {
        "feature": row.feature,
        "text": row.text,
        "support": str(row.support),
        "claimed": row.claimed,
        "because": capabilities.because(row),
        "requirements": [*row.requirements],
        "requests": [*row.requests],
    }


def _treatment(told: Treatment) -> dict[str, Json]:
    return {
        "request": told.key,
        "reaction": str(told.reaction),
        "status": told.status or None,
        "effect": str(told.fate.effect) if told.fate else None,
        "words": shown(constraints.treatment(told), _TEXT),
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        "code": shown(finding.code, _TEXT),
        "expected": shown(finding.expected, _TEXT),
        "received": shown(finding.received, _TEXT),
        "exchange": shown(finding.exchange, _TEXT),
        "at": _place(finding.at),
    }


def _place(place: Place) -> dict[str, Json]:
    return {
        "pointer": None if place.pointer is None else shown(place.pointer, _TEXT),
        "event": place.event,
        "span": None if place.span is None else [*place.span],
        "header": None if place.header is None else shown(place.header, _TEXT),
    }

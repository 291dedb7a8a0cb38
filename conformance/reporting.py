"""From a record to a report: everything is judged that was wanted, and the gate decides. Pure.

The pipe after the record. Shards are judged by what they may say, and captured traffic by what needs no request of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.baseline import Mark, marked
from conformance.baseline.codes import is_asked
from conformance.contract import Contract
from conformance.gate import ExitStatus, Gate, decide
from conformance.imports import passive
from conformance.judge import judge
from conformance.model import Outcome, Verdict
from conformance.observation import Evidence
from conformance.overview import capabilities, constraints
from conformance.provenance import BUDGET, Accepted, Header
from conformance.record import sharding
from conformance.record.runlog import Record
from conformance.registry import Catalogue, Requirement, level
from conformance.report import Report, Row
from conformance.revisions import scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def judged(
    record: Record,
    contract: Contract,
    catalogue: Catalogue,
    requirements: Iterable[Requirement],
    *,
    strict: bool = False,
    accepted: tuple[Accepted, ...] | None = None,
) -> Report:
    """Judge a record and say what it comes to. Pure: asks nobody.

    `accepted` are the entries of a baseline; None for those that the run was gated with.
    """
    wanted = tuple(requirements)
    entries = record.header.accepted if accepted is None else accepted
    if record.header.imported is not None:
        return passive.report(record, contract, catalogue, wanted, strict=strict)
    frozen = record.header.scored_revision
    evidence = Evidence(record, contract, record.header.target, unsent=_unsent(record))
    marks: Mapping[str, Mark] = {}
    if record.plan is None:
        # The preflight came to nothing. Whatever it saw, a target that cannot be tested has passed nothing.
        verdicts = tuple(Verdict(requirement=r.id, level=level(r, contract), outcome=Outcome.NOT_RUN) for r in wanted)
        gate = Gate(status=ExitStatus.NOT_JUDGED, sentence=f"Could not be tested. {record.gap}")
    elif record.header.shard:
        verdicts = sharding.verdicts(record, contract, wanted)
        counted = [v for r, v in zip(wanted, verdicts, strict=True) if scores(frozen, r.since)]
        # Nothing is stale before all of it is there.
        marks = marked(verdicts, entries, lambda _: False)
        gate = sharding.gate(record.header.shard, counted, complete=record.complete, reason=record.gap, strict=strict, marks=marks)
    else:
        verdicts = judge(evidence, wanted)
        scored = tuple(v for r, v in zip(wanted, verdicts, strict=True) if scores(frozen, r.since))
        marks = _marks(record, wanted, verdicts, entries)
        gate = decide(scored, complete=record.complete, reason=record.gap, strict=strict, marks=marks)
        if newer := len(wanted) - len(scored):
            gate = replace(gate, sentence=f"{gate.sentence} Not scored yet: {newer}, newer than revision {frozen}.")
    return Report(
        header=record.header,
        contract=contract,
        plan=record.plan,
        footer=record.footer,
        torn=record.torn,
        resumed=tuple(each.at for each in record.resumptions),
        gate=gate,
        rows=tuple(
            Row(requirement=r, verdict=v, scored=scores(frozen, r.since), mark=marks.get(r.id))
            for r, v in zip(wanted, verdicts, strict=True)
        ),
        constraints=constraints.rows(evidence, catalogue.requirements),
        capabilities=_capabilities(record, evidence, catalogue, verdicts) if record.plan and not record.header.shard else (),
        exclusions=catalogue.exclusions,
        records=record,
        requests=record.count,
        notes=_notes(record.header, contract),
        accepted=entries,
    )


def _marks(
    record: Record, requirements: Iterable[Requirement], verdicts: Iterable[Verdict], entries: tuple[Accepted, ...]
) -> Mapping[str, Mark]:
    known = {requirement.id: requirement for requirement in requirements}
    purposes = record.plan.purposes if record.plan else ()
    return marked(verdicts, entries, lambda entry: is_asked(known[entry.rule], entry.code, purposes))


def _capabilities(
    record: Record, evidence: Evidence, catalogue: Catalogue, verdicts: Iterable[Verdict]
) -> tuple[capabilities.Capability, ...]:
    target = record.header.target
    denies = (evidence.contract.denies | target.denies) - target.claims
    return capabilities.table(evidence, catalogue.requirements, verdicts, denies)


def _unsent(record: Record) -> str:
    """Why what was planned and never sent was not, as far as the record tells."""
    spent_up = record.footer is not None and record.footer.reason.startswith(BUDGET)
    return f"not sent: {BUDGET}" if spent_up else "not sent"


def _notes(header: Header, contract: Contract) -> tuple[str, ...]:
    """Say that requests were planned under another reading than they are judged by."""
    if (header.dialect, header.contract_digest) == (contract.chain, contract.digest):
        return ()
    planned, by = header.dialect[-1], contract.dialect
    if planned == by:
        return (f"Judged by {by} as it is now; the requests were planned under an earlier state of it, {header.contract_digest[:12]}.",)
    return (f"Judged by the reading {by}; the requests were planned under {planned}.",)

"""The pipe, end to end: preflight, plan, observe, record; and from a record to a report.

`conduct` is the only function of the suite that both sends requests and knows what they are for. Everything after it reads the record.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import __version__, capabilities, constraints, plan, preflight
from conformance.ask import Ask
from conformance.contract import Contract
from conformance.errors import CannotTestError
from conformance.gate import ExitStatus, Gate, decide
from conformance.judge import judge
from conformance.model import CAP_FIELDS, Exchange, Footer, Header, Outcome, Plan, Tier, Verdict
from conformance.observation import Evidence
from conformance.observe import Observed, Progress, observe
from conformance.registry import Catalogue, Requirement, level
from conformance.report import Report, Row
from conformance.runlog import Record, RecordWriter
from conformance.steps import Step
from conformance.target import Target
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = "run.jsonl"
"""Name of the record in the folder of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a run is to do."""

    target: Target
    contract: Contract
    catalogue: Catalogue
    requirements: tuple[Requirement, ...]
    """Those that are wanted, out of the catalogue."""
    selection: str = ""
    """How the user chose them; empty for all."""
    tier: Tier = Tier.GATE
    seed: int = 1

    @property
    def denies(self) -> frozenset[str]:
        """Features that nothing is asked about."""
        return (self.contract.denies | self.target.denies) - self.target.claims

    def ask(self, cap_field: str = CAP_FIELDS[0]) -> Ask:
        """What the scenarios build their requests from."""
        return Ask(
            contract=self.contract,
            model=self.target.model,
            cap_field=cap_field,
            seed=self.seed,
            tier=self.tier,
            scenario="",
            token_counts=self.target.token_counts,
        )

    def steps(self, cap_field: str = CAP_FIELDS[0]) -> plan.Steps:
        """Everything that is to be sent after the preflight."""
        return plan.build(self.catalogue, self.requirements, self.ask(cap_field), denies=self.denies)

    def price(self) -> Plan:
        """What the whole run may cost at most, the preflight included."""
        steps = self.steps()
        return plan.price([*preflight.steps(self.ask()), *steps.first, *steps.last])


def conduct(assignment: Assignment, folder: Path, progress: Progress, stop: threading.Event) -> None:
    """Ask the target everything there is to ask, and leave a record in the folder.

    Raises `CannotTestError` when the target cannot be tested. The record says so too, as it says when the target is lost on the way.
    """
    target = assignment.target
    header = Header(
        suite_version=__version__,
        contract_revision=assignment.contract.revision,
        contract_digest=assignment.contract.digest,
        catalogue_digest=assignment.catalogue.digest,
        dialect=assignment.contract.chain,
        target=target.identity(),
        tier=assignment.tier,
        seed=assignment.seed,
        selection=assignment.selection,
        started=time.time(),
    )
    writer = RecordWriter(folder / RECORD, header)
    observed = Observed(complete=False, reason="the suite itself failed", sent=0)
    try:
        with Wire(target) as wire:
            observed = _exchange_everything(assignment, wire, writer, progress, stop)
    except CannotTestError as reason:
        observed = Observed(complete=False, reason=" ".join(filter(None, (reason.message, reason.hint))), sent=0)
        raise
    finally:
        writer.close(Footer(complete=observed.complete, reason=observed.reason, exchanges=writer.exchanges, ended=time.time()))


def _exchange_everything(assignment: Assignment, wire: Wire, writer: RecordWriter, progress: Progress, stop: threading.Event) -> Observed:
    def send(step: Step) -> Exchange:
        last = _Last()
        observe((step,), wire, writer, concurrency=1, rate=assignment.target.rate, progress=last, stop=stop)
        if last.exchange is None:
            raise CannotTestError("Interrupted before the first answer.")
        return last.exchange

    readiness = preflight.check(assignment.ask(), send)
    steps = assignment.steps(readiness.cap_field)
    writer.plan(plan.price([*readiness.asked, *steps.first, *steps.last]))
    control = next(step for step in readiness.asked if step.key == assignment.ask(readiness.cap_field).control)
    probe = replace(control, purpose=replace(control.purpose, key="liveness/probe", scenario="liveness"))
    observed = Observed(complete=True, reason="", sent=0)
    for batch in (steps.first, steps.last):
        if observed.complete and batch:
            observed = observe(
                batch,
                wire,
                writer,
                concurrency=assignment.target.concurrency,
                rate=assignment.target.rate,
                progress=progress,
                stop=stop,
                probe=probe,
                seed=assignment.seed,
            )
    return observed


class _Last:
    """Progress that remembers the last exchange and shows nothing."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def started(self, total: int) -> None:
        """Nothing to show."""

    def exchanged(self, exchange: Exchange) -> None:
        """Keep it."""
        self.exchange = exchange

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing to show."""

    def finished(self) -> None:
        """Nothing to show."""


def judged(
    record: Record, contract: Contract, catalogue: Catalogue, requirements: Iterable[Requirement], *, strict: bool = False
) -> Report:
    """Judge a record and say what it comes to. Pure: asks nobody."""
    wanted = tuple(requirements)
    evidence = Evidence(record, contract, record.header.target)
    if record.plan is None:
        # The preflight came to nothing. Whatever it saw, a target that cannot be tested has passed nothing.
        verdicts = tuple(Verdict(requirement=r.id, level=level(r, contract), outcome=Outcome.NOT_RUN) for r in wanted)
        gate = Gate(status=ExitStatus.NOT_JUDGED, sentence=f"Could not be tested. {_why(record)}")
    else:
        verdicts = judge(evidence, wanted)
        gate = decide(verdicts, complete=record.complete, reason=_why(record), strict=strict)
    return Report(
        header=record.header,
        contract=contract,
        plan=record.plan,
        footer=record.footer,
        torn=record.torn,
        gate=gate,
        rows=tuple(Row(requirement=r, verdict=v) for r, v in zip(wanted, verdicts, strict=True)),
        constraints=constraints.rows(evidence, catalogue.requirements),
        capabilities=_capabilities(record, evidence, catalogue, verdicts) if record.plan else (),
        exclusions=catalogue.exclusions,
        records=record,
        requests=record.count,
    )


def _why(record: Record) -> str:
    if record.torn:
        return "the record was cut off in the middle of a line"
    if record.footer is None:
        return "the record has no end, so the run was killed"
    return record.footer.reason


def _capabilities(
    record: Record, evidence: Evidence, catalogue: Catalogue, verdicts: Iterable[Verdict]
) -> tuple[capabilities.Capability, ...]:
    target = record.header.target
    denies = (evidence.contract.denies | target.denies) - target.claims
    return capabilities.table(evidence, catalogue.requirements, verdicts, denies)

"""The pipe up to the record: preflight, plan, observe.

`conduct` is the only function of the suite that both sends requests and knows what they are for. Everything after it reads the record.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from conformance import __version__, plan, preflight
from conformance.ask import Ask
from conformance.contract import Contract
from conformance.cost.budget import Budget, spent
from conformance.diagnosis import hopeless
from conformance.errors import CannotTestError, ConfigurationError, RecordError
from conformance.model import CAP_FIELDS, Exchange, Tier
from conformance.network.wire import Wire
from conformance.provenance import BUDGET, RECORD, Accepted, Footer, Header, Plan
from conformance.record import sharding
from conformance.record.runlog import Record, RecordWriter
from conformance.record.sharding import Shard
from conformance.registry import Catalogue, Requirement
from conformance.sending.observe import Observed, Sender, observe
from conformance.sending.pacing import Gate as PaceGate
from conformance.sending.progress import Progress, Unwatched
from conformance.settle import PROBE, settled
from conformance.steps import Step
from conformance.target import Target

Connect: TypeAlias = Callable[[Target], AbstractContextManager[Sender]]
"""How a target is reached for the time of a run."""


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
    embedded: bool = False
    """Whether the target is the reference server, started for this run."""
    budget: Budget = field(default_factory=Budget)
    """What may be spent on it; keeps count."""
    overlay: str = ""
    """File of the reading, as the user named it; empty for a shipped one."""
    target_file: str = ""
    """The target file that the run was begun with; empty for none."""
    shard: Shard | None = None
    """The part of the run that is to be sent; None for all of it."""
    scored_revision: str = ""
    """Revision at which the scored set is frozen; empty when all requirements are scored."""
    strict: bool = False
    """Whether failing SHOULD requirements gate as well."""
    accepted: tuple[Accepted, ...] = ()
    """Entries of the baseline."""

    def header(self) -> Header:
        """What the record says of the run."""
        return Header(
            suite_version=__version__,
            contract_revision=self.contract.revision,
            contract_digest=self.contract.digest,
            catalogue_digest=self.catalogue.digest,
            dialect=self.contract.chain,
            target=self.target.identity(),
            tier=self.tier,
            seed=self.seed,
            selection=self.selection,
            started=time.time(),
            embedded=self.embedded,
            wanted=tuple(requirement.id for requirement in self.requirements) if self.selection else (),
            strict=self.strict,
            overlay=self.overlay,
            target_file=self.target_file,
            shard=str(self.shard or ""),
            scored_revision=self.scored_revision,
            accepted=self.accepted,
        )

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
            context_window=self.target.context_window,
        )

    def steps(self, cap_field: str = CAP_FIELDS[0]) -> plan.Steps:
        """Everything that is to be sent after the preflight."""
        return plan.build(self.catalogue, self.requirements, self.ask(cap_field), denies=self.denies)

    def share(self, steps: plan.Steps) -> plan.Steps:
        """What of the plan this process is to send."""
        return steps if self.shard is None else sharding.part(steps, self.shard)

    def everything(self) -> tuple[Step, ...]:
        """What this process may send, the preflight included."""
        return (*preflight.steps(self.ask()), *self.share(self.steps()).every)

    def price(self) -> Plan:
        """What this run may cost at most, the preflight included."""
        return plan.price(self.everything())


def conduct(assignment: Assignment, folder: Path, progress: Progress, stop: threading.Event, connect: Connect = Wire) -> None:
    """Ask the target everything there is to ask, and leave a record in the folder; `connect` says how to reach it.

    Raises `CannotTestError` when the target cannot be tested. The record says so too, as it says when the target is lost on the way.
    """
    with RecordWriter(folder / RECORD, assignment.header()) as writer:
        _record(assignment, writer, None, progress, stop, connect)


def resume(assignment: Assignment, folder: Path, progress: Progress, stop: threading.Event) -> None:
    """Ask what the record in the folder does not hold yet, and add it.

    Raises `RecordError` where there is no such record, or nothing in it to go on with, `ConfigurationError` where it was planned
    otherwise, and what `conduct` raises.
    """
    with RecordWriter.resume(folder / RECORD) as writer, Record.open(folder / RECORD) as record:
        _record(assignment, writer, record, progress, stop)


def _record(
    assignment: Assignment,
    writer: RecordWriter,
    earlier: Record | None,
    progress: Progress,
    stop: threading.Event,
    connect: Connect = Wire,
) -> None:
    """Ask everything, and close the record with how that ended; `earlier` is what it holds already."""
    observed = Observed(complete=False, reason="the suite itself failed", sent=0)
    ended = True
    budget = assignment.budget
    budget.begin()
    if earlier is not None:
        budget.recall(spent(earlier.exchanges()) + earlier.broken_off)
    try:
        with connect(assignment.target) as wire:
            observed = _exchange_everything(assignment, wire, writer, earlier, progress, stop)
    except CannotTestError as reason:
        observed = Observed(complete=False, reason=" ".join(filter(None, (reason.message, reason.hint))), sent=0)
        raise
    except (ConfigurationError, RecordError):
        # Nothing was asked, and what is there stays as it was; or else there is nowhere left to say how it ended.
        ended = False
        raise
    finally:
        if ended:
            why = f"{BUDGET}: {budget.refused}" if observed.reason == BUDGET else observed.reason
            footer = Footer(complete=observed.complete, reason=why, exchanges=writer.exchanges, ended=time.time())
            writer.close(replace(footer, broken_off=budget.broken_off))


def _exchange_everything(
    assignment: Assignment, wire: Sender, writer: RecordWriter, earlier: Record | None, progress: Progress, stop: threading.Event
) -> Observed:
    gate = PaceGate(concurrency=assignment.target.concurrency, rate=assignment.target.rate)

    def known(key: str) -> tuple[Exchange, ...]:
        return earlier.attempts(key) if earlier is not None else ()

    def send(step: Step) -> Exchange:
        last = _Last(next((exchange for exchange in reversed(known(step.key)) if settled(exchange)), None))
        if last.exchange is not None and (hopeless(last.exchange, assignment.target.model) is not None):
            raise RecordError("The target could not be tested, so there is nothing to go on with.", hint="Begin a new run.")
        observe((step,), wire, writer, concurrency=1, gate=gate, budget=assignment.budget, earlier=known, progress=last, stop=stop)
        if last.exchange is None and assignment.budget.refused:
            raise CannotTestError(f"{BUDGET}: {assignment.budget.refused}.", hint="Not even the first request may be sent.")
        if last.exchange is None:
            raise CannotTestError("Interrupted before the first answer.")
        return last.exchange

    with ThreadPoolExecutor(1, thread_name_prefix="plan") as aside:
        # What most targets are going to be asked is planned while they answer the first question.
        planned = aside.submit(assignment.steps)
        readiness = preflight.check(assignment.ask(), send)
    steps = planned.result() if readiness.cap_field == CAP_FIELDS[0] else assignment.steps(readiness.cap_field)
    _announce(plan.price([*readiness.asked, *steps.every]), writer, earlier)
    control = next(step for step in readiness.asked if step.key == assignment.ask(readiness.cap_field).control)
    probe = replace(control, purpose=replace(control.purpose, key=PROBE, scenario="liveness"))
    observed = Observed(complete=True, reason="", sent=0)
    mine = assignment.share(steps)
    for batch in (mine.first, mine.last):
        if observed.complete and batch:
            observed = observe(
                batch,
                wire,
                writer,
                concurrency=assignment.target.concurrency,
                gate=gate,
                budget=assignment.budget,
                earlier=known,
                progress=progress,
                stop=stop,
                probe=probe,
                seed=assignment.seed,
            )
    return observed


def _announce(price: Plan, writer: RecordWriter, earlier: Record | None) -> None:
    """Write the plan down, unless a record that is gone on with has it."""
    if earlier is None or earlier.plan is None:
        writer.plan(price)
        return
    for recorded, now in zip_longest(earlier.plan.purposes, price.purposes):
        if recorded != now:
            named = (recorded or now).key
            raise ConfigurationError(
                f"The record was planned otherwise: {named} is not what would be asked now.",
                hint="Give the options that it was begun with, --token-counts and those of pytest included.",
            )


class _Last(Unwatched):
    """Remembers the last exchange."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange

    def exchanged(self, exchange: Exchange) -> None:
        """Keep it."""
        self.exchange = exchange

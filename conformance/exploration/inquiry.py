"""A target opened for questions off the scored run, by whoever has the options of a run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.exploration.examine import Examiner
from conformance.exploration.explorer import Explorer, Find, Quest
from conformance.exploration.oracle import Oracle
from conformance.model import CAP_FIELDS, Exchange, Level, Tier
from conformance.network.wire import Wire
from conformance.registry import Requirement, level
from conformance.run import signals
from conformance.sending.pacing import Gate

if TYPE_CHECKING:
    from conformance.ask import Ask
    from conformance.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Who is asked, by what it is judged, and how fast."""

    ask: Ask
    examiner: Examiner
    wire: Wire
    gate: Gate
    concurrency: int
    stop: threading.Event
    binding: frozenset[Level]
    """Levels at which a find decides the exit status."""

    def level(self, requirement: Requirement) -> Level:
        """Level of a requirement in the reading of this inquiry."""
        return level(requirement, self.examiner.contract)

    def explorer(self, quest: Quest, found: Callable[[Find], None]) -> Explorer:
        """An exploration of this target."""
        return Explorer(
            self.ask, self.examiner, self.wire, quest, stop=self.stop, gate=self.gate, concurrency=self.concurrency, found=found
        )

    def oracle(self, budget: int | None, told: Callable[[Exchange], None] = lambda _: None) -> Oracle:
        """An oracle for this target that asks one thing at a time."""
        return Oracle(self.wire, budget=budget, stop=self.stop, gate=self.gate, seed=self.ask.seed, told=told)


@contextlib.contextmanager
def inquiry(run: Run) -> Iterator[Inquiry]:
    """Open the target of a run that is not going to be conducted. The first Ctrl-C sets `stop`, and everything under way ends."""
    from conformance.ask import Ask

    stop = threading.Event()
    with run.endpoint() as target, signals(stop), Wire(target) as wire:
        ask = Ask(contract=run.contract, model=target.model, cap_field=CAP_FIELDS[0], seed=run.seed, tier=Tier.GATE, scenario="")
        wanted = tuple(requirement for requirement in run.catalogue.requirements if run.wants(requirement))
        yield Inquiry(
            ask=ask,
            examiner=Examiner(contract=run.contract, identity=target.identity(), requirements=wanted),
            wire=wire,
            gate=Gate(concurrency=target.concurrency, rate=target.rate),
            concurrency=target.concurrency,
            stop=stop,
            binding=frozenset({Level.MUST, Level.SHOULD} if run.options.strict else {Level.MUST}),
        )

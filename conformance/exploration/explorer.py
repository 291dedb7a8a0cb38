"""Asks a target random questions, valid ones and ones with a single flaw, until told to stop; and looks at every answer.

It goes in rounds: a few valid requests, then flawed ones made from those that were accepted. So each flaw has a control that this very
target accepted, and a refusal has one possible reason. What a round shows for the first time is made smaller at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from random import Random
from typing import TYPE_CHECKING, Final

from conformance import preflight
from conformance.errors import CannotTestError
from conformance.exploration.cases import Case, invalid, valid
from conformance.exploration.examine import Examiner, Shown
from conformance.exploration.minimise import Smallest, minimise
from conformance.exploration.oracle import NOTHING, Gathered, Oracle, SpentError
from conformance.generate import corpus
from conformance.generate.flaws import flawed
from conformance.generate.whole import whole
from conformance.model import Exchange, Level
from conformance.observation import Asked, Evidence
from conformance.provenance import BUDGET
from conformance.sending.observe import INTERRUPTED, Sender
from conformance.sending.pacing import Gate

if TYPE_CHECKING:
    from conformance.ask import Ask
    from conformance.generate.mutants import Mutant
    from conformance.steps import Step

VALID_PER_ROUND: Final = 4
FLAWED_PER_ROUND: Final = 16
"""Flawed requests are refused and cost nothing; valid ones are billed."""

PER_FIND: Final = 30
"""Most requests that are spent on making one find smaller."""

MOST_REQUESTS: Final = 200
"""Ceiling where nobody sets one."""

_LEVELS: Final = tuple(Level)
"""The order in which finds take their share of the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quest:
    """How far to go."""

    seed: int
    requests: int | None = MOST_REQUESTS
    """Ceiling on everything that is sent, the preflight and the search for smaller bodies included; None for none."""
    seconds: float | None = None
    """After which no new round is begun; None for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Something that a requirement objects to, and the smallest request that shows it."""

    case: Case
    shown: Shown
    exchange: Exchange
    seed: int
    smallest: Smallest | None = None
    """None where the first request is kept as it was: what it breaks binds nobody, or shows only beside other answers."""


@dataclass(slots=True, kw_only=True)
class Explored:
    """What an exploration came to; grows while it goes on."""

    finds: list[Find] = field(default_factory=list)
    valid: int = 0
    """Different valid requests asked, for exploring; a target bills those that it accepts."""
    flawed: int = 0
    sent: int = 0
    """Everything that was sent."""
    billed: int = 0
    """Answers of 2xx, each of which a target may bill."""
    reason: str = ""
    """Why it ended before its time; empty where it did not."""

    @property
    def lost(self) -> bool:
        """Whether the target went away, or let us in no more."""
        return self.reason not in ("", INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A target that can be asked."""

    ask: Ask
    """With the name under which it takes its cap."""
    record: Gathered
    """The questions of the preflight and their answers."""


def prepare(ask: Ask, oracle: Oracle) -> Ready:
    """Find out whether a target can be tested, and under which name it takes its cap. Raises `CannotTestError`."""
    record = Gathered()

    def send(step: Step) -> Exchange:
        try:
            exchanges = oracle.ask(step)
        except SpentError:
            raise CannotTestError(f"It ended before the target had answered: {oracle.reason or BUDGET}.") from None
        for exchange in exchanges:
            record.append(exchange)
        return exchanges[-1]

    return Ready(ask=replace(ask, cap_field=preflight.check(ask, send).cap_field), record=record)


class Explorer:
    """One exploration of one target."""

    def __init__(
        self,
        ask: Ask,
        examiner: Examiner,
        wire: Sender,
        quest: Quest,
        *,
        stop: threading.Event,
        gate: Gate,
        concurrency: int = 16,
        found: Callable[[Find], None] = lambda _: None,
    ) -> None:
        """`ask` says who is asked; its name for the cap is found out first. `found` hears of each find, smallest body and all."""
        self.explored = Explored()
        self._ask = ask
        self._examiner = examiner
        self._quest = quest
        self._found = found
        self._oracle = Oracle(wire, budget=quest.requests, stop=stop, gate=gate, concurrency=concurrency, seed=quest.seed, told=self._count)
        self._kinds: set[tuple[str, str]] = set()
        self._denied = (examiner.contract.denies | examiner.identity.denies) - examiner.identity.claims
        self._numbers = count(1)
        self._mutants = _endless(corpus.load(examiner.contract).mutants, quest.seed)

    def explore(self) -> Explored:
        """Go on until the quest is over or somebody wants it to stop. Raises `CannotTestError` when the target cannot be tested at all."""
        self._ask = prepare(self._ask, self._oracle).ask
        begun = time.monotonic()
        for number in count():
            if self._oracle.reason or self._oracle.left == 0:
                break
            if self._quest.seconds is not None and time.monotonic() - begun >= self._quest.seconds:
                break
            self._round(number)
        if self._oracle.reason not in ("", BUDGET):
            self.explored.reason = self._oracle.reason
        return self.explored

    def _round(self, number: int) -> None:
        seed = self._quest.seed * 1_000_003 + number
        asked = list(self._valid(seed))
        self._oracle.ask_all(case.step for case in asked)
        gathered = self._gathered(asked)
        self.explored.valid += len(gathered.keys())
        accepted = [case for case in asked if self._accepted(gathered, case)]
        made = list(self._flawed(accepted, seed)) if not self._oracle.reason else []
        self._oracle.ask_all(case.step for case in made)
        everything = self._gathered([*asked, *made])
        self.explored.flawed += len(everything.keys()) - len(gathered.keys())
        cases = {case.purpose.key: case for case in (*asked, *made)}
        for shown in sorted(self._examiner.examine(everything), key=lambda each: _LEVELS.index(each.level)):
            if shown.kind not in self._kinds:
                self._kinds.add(shown.kind)
                self._take(cases[shown.key], shown, everything)
        self._oracle.forget()

    def _valid(self, seed: int) -> Iterator[Case]:
        contract = self._examiner.contract
        features = frozenset(contract.features) - self._denied
        fixed = {name: value for name, value in self._ask.minimal.items() if name != "messages"}
        for body in whole(contract, seed=seed, count=VALID_PER_ROUND, features=features, fixed=fixed):
            case = valid(contract, body, name=str(next(self._numbers)))
            if not case.purpose.needs & self._denied:
                yield case

    def _flawed(self, accepted: list[Case], seed: int) -> Iterator[Case]:
        contract = self._examiner.contract
        bases = [case.body for case in accepted]
        for each in flawed(contract, bases, self._mutants, seed=seed, count=FLAWED_PER_ROUND):
            control = accepted[each.base].purpose.key
            yield invalid(each.body, each.labelled, number=next(self._numbers), control=control)

    def _gathered(self, cases: list[Case]) -> Gathered:
        return Gathered(exchange for case in cases for exchange in self._oracle.known(case.step))

    def _accepted(self, gathered: Gathered, case: Case) -> bool:
        evidence = Evidence(gathered, self._examiner.contract, self._examiner.identity)
        return Asked(case.purpose, gathered.attempts(case.purpose.key), evidence).accepted

    def _take(self, case: Case, shown: Shown, gathered: Gathered) -> None:
        """Make a find smaller, keep it and pass it on."""
        smaller = None
        if shown.level is not Level.MAY:
            control = gathered.attempts(case.purpose.control) if case.purpose.control else NOTHING
            narrow = self._oracle.within(PER_FIND)
            smaller = minimise(case, shown, control, self._examiner, narrow, seed=self._quest.seed)
            self._oracle.charge(narrow)
        find = Find(
            case=smaller.case if smaller else case,
            shown=replace(shown, finding=smaller.finding) if smaller else shown,
            exchange=smaller.exchange if smaller else gathered.attempts(shown.key)[-1],
            seed=self._quest.seed,
            smallest=smaller,
        )
        self.explored.finds.append(find)
        self._found(find)

    def _count(self, exchange: Exchange) -> None:
        self.explored.sent += 1
        self.explored.billed += exchange.status is not None and 200 <= exchange.status < 300


def _endless(mutants: tuple[Mutant, ...], seed: int) -> Iterator[Mutant]:
    """All of them in random order, again and again: none comes a second time before each has come once."""
    shuffled = list(mutants)
    Random(f"mutants {seed}").shuffle(shuffled)  # noqa: S311 - repeatable on purpose
    return cycle(shuffled)

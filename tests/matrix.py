"""Runs the suite against the reference server and its defects, and says which requirements fail.

`python -m tests.matrix [DEFECT…]` prints a line for each defect: what it trips, and what it was declared to trip.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack
from unittest import mock

from conformance import contract, plan, registry, session
from conformance.errors import CannotTestError
from conformance.gate import ExitStatus, Gate, decide
from conformance.judge import judge
from conformance.model import CAP_FIELDS, Exchange, Finding, Outcome, Tier, TokenCount, Verdict
from conformance.network.wire import Wire
from conformance.observation import Evidence
from conformance.provenance import RECORD
from conformance.record.runlog import Record
from conformance.reference import defects, launch
from conformance.reference.service import CONTEXT_WINDOW, KEY, MODEL
from conformance.sending import observe
from conformance.sending.progress import Unwatched
from conformance.session import Connect
from conformance.target import Bounds, Target
from tests import inprocess

BOUNDS = Bounds(connect=5, idle=3, total=6)
"""Seconds; a defect that never ends is told from a slow one by these."""

CLAIMS = frozenset({"parallel-tool-calls", "penalties", "seed", "top-p", "user"})
"""What the target is said to have, so that a refusal of it counts as one."""

PACE = 0.02
"""Seconds between two frames of a stream, where time is virtual."""

COUNTS = (TokenCount(prompt="hi", prompt_tokens=8),)
"""What a prompt is known to cost the reference server."""


class Assignment(session.Assignment):
    """One that is planned once for all targets that are asked everything in the same reading."""

    def steps(self, cap_field: str = CAP_FIELDS[0]) -> plan.Steps:
        known = (
            self.contract.chain,
            self.tier,
            cap_field,
            self.target.model,
            self.denies,
            self.target.token_counts,
            self.target.context_window,
            self.seed,
        )
        if known not in _PLANNED:
            _PLANNED[known] = super().steps(cap_field)
        return _PLANNED[known]


_PLANNED: dict[object, plan.Steps] = {}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a run came to."""

    verdicts: tuple[Verdict, ...]
    gate: Gate
    found: tuple[tuple[Finding, Exchange], ...] = ()
    """Every finding, with the exchange it sits on."""

    def having(self, outcome: Outcome) -> set[str]:
        return {verdict.requirement for verdict in self.verdicts if verdict.outcome is outcome}


@contextmanager
def kept(
    base_url: str = inprocess.BASE_URL,
    *,
    connect: Connect = Wire,
    dialect: str = contract.DEFAULT,
    tier: Tier = Tier.GATE,
    model: str = MODEL,
    key: str = KEY,
    claims: frozenset[str] = CLAIMS,
    token_counts: tuple[TokenCount, ...] = (),
    context_window: int | None = None,
    concurrency: int = 8,
    seed: int = 1,
) -> Iterator[Record]:
    """Conduct one run against an endpoint on this machine, or what `connect` leads to, and keep its record for as long as the block."""
    catalogue = registry.load()
    target = Target(
        base_url=base_url,
        model=model,
        key=key,
        key_variable="CONFORMANCE_API_KEY",
        bounds=BOUNDS,
        concurrency=concurrency,
        claims=claims,
        token_counts=token_counts,
        context_window=context_window,
    )
    assignment = Assignment(
        target=target, contract=contract.load(dialect), catalogue=catalogue, requirements=catalogue.requirements, tier=tier, seed=seed
    )
    with tempfile.TemporaryDirectory() as folder:
        # Where time is not the machine's, nobody is spared by waiting.
        waiting = nullcontext() if connect is Wire else mock.patch.object(observe, "backoff", return_value=0.0)
        try:
            with waiting:
                session.conduct(assignment, Path(folder), Unwatched(), threading.Event(), connect)
        except CannotTestError as reason:
            sys.stderr.write(f"{base_url}: {reason.message}\n")
        with Record.open(Path(folder) / RECORD) as record:
            yield record


class Options(TypedDict, total=False):
    """What a run is like, as `kept` has it."""

    connect: Connect
    tier: Tier
    model: str
    key: str
    claims: frozenset[str]
    token_counts: tuple[TokenCount, ...]
    context_window: int | None
    concurrency: int
    seed: int


def run(base_url: str = inprocess.BASE_URL, *, dialect: str = contract.DEFAULT, **options: Unpack[Options]) -> Outcomes:
    """Conduct one run and judge it."""
    with kept(base_url, dialect=dialect, **options) as record:
        if record.plan is None:
            return Outcomes((), Gate(status=ExitStatus.NOT_JUDGED, sentence="Could not be tested."))
        verdicts = judge(Evidence(record, contract.load(dialect), record.header.target), registry.load().requirements)
        found = ((each, _exchange(record, each.exchange)) for verdict in verdicts for each in verdict.findings)
        return Outcomes(verdicts, decide(verdicts, complete=record.complete), tuple(found))


def _exchange(record: Record, identifier: str) -> Exchange:
    key, _, attempt = identifier.partition("#")
    return next(each for each in record.attempts(key) if each.attempt == int(attempt or 1))


def of_defect(name: str) -> Outcomes:
    """Run against one defect, or none for an empty name, in the tier and the reading in which it shows; without a socket."""
    defect = defects.ALL[name] if name else None
    tier, dialect = _shown(name)
    served = inprocess.service(dialect=dialect, defect=defect)
    # One at a time: without a network to wait for, threads only get in each other's way.
    return run(
        connect=inprocess.to(served, pace=PACE),
        dialect=dialect,
        tier=tier,
        token_counts=COUNTS,
        context_window=_window(name),
        concurrency=1,
    )


def over_http(name: str, server: launch.Embedded) -> Outcomes:
    """The same over real connections; `server` serves those that show in any reading."""
    tier, dialect = _shown(name)
    if dialect == server.options.dialect:
        return run(server.base_url_of(name) if name else server.base_url, tier=tier, token_counts=COUNTS, context_window=_window(name))
    with launch.Embedded(launch.Options(dialect=dialect, defect=name)) as own:
        return run(own.base_url, dialect=dialect, tier=tier, token_counts=COUNTS, context_window=_window(name))


def _window(name: str) -> int | None:
    """The window that is told of the model where a defect is about it, and where there is none; it takes a prompt of half a megabyte."""
    return CONTEXT_WINDOW if not name or "ERROR-CONTEXT-REFUSED" in defects.ALL[name].trips else None


def _shown(name: str) -> tuple[Tier, str]:
    """The tier and the reading in which a defect shows."""
    return (defects.ALL[name].tier, defects.ALL[name].dialect or contract.DEFAULT) if name else (Tier.GATE, contract.DEFAULT)


def main(names: list[str]) -> int:
    """Print the matrix of the defects named, or of all."""
    wrong = 0
    for name in names or ("", *defects.ALL):
        outcomes = of_defect(name)
        declared = set(defects.ALL[name].trips) if name else set()
        _print(name or "(conforming)", outcomes, declared)
        wrong += outcomes.having(Outcome.FAIL) != declared
    return wrong


def _print(name: str, outcomes: Outcomes, declared: set[str]) -> None:
    failed = outcomes.having(Outcome.FAIL)
    verdict = "ok" if failed == declared else "WRONG"
    print(f"{verdict:5} {name}: {sorted(failed)}")
    for label, ids in (
        ("missing", declared - failed),
        ("unexpected", failed - declared),
        ("inconclusive", outcomes.having(Outcome.INCONCLUSIVE)),
        ("error", outcomes.having(Outcome.ERROR)),
        ("not run", outcomes.having(Outcome.NOT_RUN)),
    ):
        if ids:
            print(f"        {label}: {sorted(ids)}")
    for each in outcomes.verdicts:
        if each.requirement in failed - declared or each.outcome in {Outcome.ERROR, Outcome.INCONCLUSIVE}:
            print(f"        {each.requirement}: {each.findings[0] if each.findings else each.reasons[:2]}")


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))

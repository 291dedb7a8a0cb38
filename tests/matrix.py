"""Runs the suite against the reference server and its defects, and says which requirements fail.

`python -m tests.matrix [DEFECT…]` prints a line for each defect: what it trips, and what it was declared to trip.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from conformance import contract, registry, session
from conformance.errors import CannotTestError
from conformance.model import Exchange, Finding, Outcome, Tier, TokenCount
from conformance.reference import defects, launch
from conformance.reference.service import KEY, MODEL
from conformance.report import Report
from conformance.runlog import Record
from conformance.target import Bounds, Target

BOUNDS = Bounds(connect=5, idle=3, total=6)
"""Seconds; a defect that never ends is told from a slow one by these."""

CLAIMS = frozenset({"parallel-tool-calls", "penalties", "seed", "top-p", "user"})
"""What the target is said to have, so that a refusal of it counts as one."""


COUNTS = (TokenCount(prompt="hi", prompt_tokens=8),)
"""What a prompt is known to cost the reference server."""


class Silence:
    """Progress that nobody watches."""

    def started(self, total: int) -> None: ...
    def exchanged(self, exchange: Exchange) -> None: ...
    def waiting(self, seconds: float, reason: str) -> None: ...
    def finished(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a run came to."""

    report: Report

    found: tuple[tuple[Finding, Exchange], ...] = ()
    """Every finding, with the exchange it sits on."""

    def having(self, outcome: Outcome) -> set[str]:
        return {row.requirement.id for row in self.report.rows if row.verdict.outcome is outcome}


def run(
    base_url: str,
    *,
    dialect: str = "openai-compatible",
    tier: Tier = Tier.GATE,
    model: str = "",
    key: str = KEY,
    claims: frozenset[str] = CLAIMS,
    token_counts: tuple[TokenCount, ...] = (),
    only: frozenset[str] = frozenset(),
) -> Outcomes:
    """Conduct one run against an endpoint on this machine and judge it; with `only`, ask for and judge what these need alone."""
    reading = contract.load(dialect)
    catalogue = registry.load()
    wanted = tuple(each for each in catalogue.requirements if not only or each.id in only)
    target = Target(
        base_url=base_url,
        model=model or MODEL,
        key=key,
        key_variable="CONFORMANCE_API_KEY",
        bounds=BOUNDS,
        concurrency=8,
        claims=claims,
        token_counts=token_counts,
    )
    assignment = session.Assignment(target=target, contract=reading, catalogue=catalogue, requirements=wanted, tier=tier)
    with tempfile.TemporaryDirectory() as folder:
        try:
            session.conduct(assignment, Path(folder), Silence(), threading.Event())
        except CannotTestError as reason:
            sys.stderr.write(f"{base_url}: {reason.message}\n")
        with Record.open(Path(folder) / session.RECORD) as record:
            report = session.judged(record, reading, catalogue, wanted)
            findings = [finding for row in report.rows for finding in row.verdict.findings]
            return Outcomes(report, tuple((each, exchange) for each in findings if (exchange := report.exchange(each.exchange))))


def of_defect(name: str, server: launch.Embedded, *, only: frozenset[str] = frozenset()) -> Outcomes:
    """Run against one defect, in the tier and the reading in which it shows; `server` serves those that show in any reading."""
    defect = defects.ALL[name]
    if not defect.dialect:
        return run(server.base_url_of(name), tier=defect.tier, token_counts=COUNTS, only=only)
    with launch.Embedded(launch.Options(dialect=defect.dialect, defect=name)) as own:
        return run(own.base_url, dialect=defect.dialect, tier=defect.tier, token_counts=COUNTS, only=only)


def main(names: list[str]) -> int:
    """Print the matrix of the defects named, or of all."""
    wrong = 0
    with launch.Embedded(launch.Options(all_defects=True)) as server:
        if not names:
            outcomes = run(server.base_url, token_counts=COUNTS)
            _print("(conforming)", outcomes, set())
            wrong += bool(outcomes.having(Outcome.FAIL) | outcomes.having(Outcome.ERROR) | outcomes.having(Outcome.INCONCLUSIVE))
        for name in names or defects.ALL:
            outcomes = of_defect(name, server)
            _print(name, outcomes, set(defects.ALL[name].trips))
            wrong += outcomes.having(Outcome.FAIL) != defects.ALL[name].trips
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
    for row in outcomes.report.rows:
        if row.requirement.id in failed - declared or row.verdict.outcome in {Outcome.ERROR, Outcome.INCONCLUSIVE}:
            first = row.verdict.findings[0] if row.verdict.findings else row.verdict.reasons[:2]
            print(f"        {row.requirement.id}: {first}")


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))

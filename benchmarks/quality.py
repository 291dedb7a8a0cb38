"""What the suite is worth, by its own measure: one table, printed and kept in docs/quality.md.

    nox -s quality [-- --quick]

Runs are conducted without a socket, at a time that passes only when the server says so (tests/inprocess.py); stability is measured over
real connections. `--quick` takes a tenth of everything and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.kept import stamp
from conformance import contract, registry, reporting
from conformance.contract import untried
from conformance.model import Level, Outcome, Tier
from conformance.overview.exercised import COUNTED, exercised
from conformance.reference import defects, launch
from conformance.reference.characters import Character
from tests import inprocess
from tests.dropped import Trial
from tests.innocent.server import serving
from tests.innocent.trial import STYLES
from tests.innocent.trial import judged as innocent
from tests.matrix import COUNTS, PACE, kept, of_defect, run
from tests.test_dropped_constraints import NOT_CAUGHT

DOCUMENT = Path(__file__).parents[1] / "docs" / "quality.md"
PAIRS = 200
SEEDS = (1, 2, 3)
PACES = (0.0, PACE, 0.05)
"""Seconds between two frames of a stream."""
STABLE = 20
"""Runs whose verdicts are compared."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of the table."""

    what: str
    result: str
    aim: str
    details: tuple[str, ...] = ()
    """What keeps it from the aim."""


def pair(names: tuple[str, str]) -> tuple[bool, bool]:
    """Whether a server with two defects is found wanting at all, and whether for both."""
    one, other = (defects.ALL[name] for name in names)
    served = inprocess.service(defect=one, beside=other)
    failed = run(connect=inprocess.to(served, pace=PACE), token_counts=COUNTS, concurrency=1).having(Outcome.FAIL)
    return bool(failed), bool(failed & one.trips) and bool(failed & other.trips)


def exact(name: str) -> tuple[str, bool, bool]:
    """Whether a defect trips anything, and exactly what it declares."""
    failed = of_defect(name).having(Outcome.FAIL)
    return name, bool(failed), failed == defects.ALL[name].trips


def alarms(case: tuple[str, int, float, str]) -> tuple[str, int]:
    """How many requirements fail on a server that conforms."""
    dialect, seed, pace, character = case
    served = inprocess.service(dialect=dialect, character=Character(character))
    outcomes = run(connect=inprocess.to(served, pace=pace), dialect=dialect, concurrency=1, seed=seed)
    return f"{dialect}, seed {seed}, pace {pace:g} s, {character}", len(outcomes.having(Outcome.FAIL) | outcomes.having(Outcome.ERROR))


def stranger(style: str) -> tuple[str, int]:
    """How many MUST requirements fail on a server of another author that conforms."""
    with serving(STYLES[style]) as server:
        verdicts = innocent(server, contract.DEFAULT).verdicts
    return style, sum(each.outcome in {Outcome.FAIL, Outcome.ERROR} and each.level is Level.MUST for each in verdicts)


def measures(pool: ProcessPoolExecutor, share: int) -> Iterator[Measure]:
    """Every row, one after the other; `share` takes every n-th case."""
    names = list(defects.ALL)[::share]
    found = list(pool.map(exact, names))
    inexact = tuple(f"{name} does not trip what it declares" for name, _, right in found if not right)
    yield Measure(
        "defects of the reference server that are found", f"{sum(caught for _, caught, _ in found)} of {len(found)}", "all", inexact
    )
    plain = [name for name, each in defects.ALL.items() if not each.dialect and each.tier is Tier.GATE]
    drawn = random.Random(1)
    pairs = [(one, other) for one, other in (drawn.sample(plain, 2) for _ in range(PAIRS))][::share]
    both = list(pool.map(pair, pairs))
    hidden = tuple(f"{one} hides behind {other}, or it behind it" for (one, other), (_, each) in zip(pairs, both, strict=True) if not each)
    yield Measure("pairs of them that are found", f"{sum(some for some, _ in both)} of {len(both)}", "all")
    yield Measure("pairs of which both are found", f"{sum(each for _, each in both)} of {len(both)}", "most", hidden)
    yield dropped(share)
    conforming = [
        *product(contract.dialect_names(), SEEDS, PACES, [Character.OBEDIENT.value]),
        *product(("openai-compatible", "openai"), (1,), (PACE,), [each.value for each in Character]),
    ][::share]
    wrong = [(case, number) for case, number in pool.map(alarms, conforming) if number]
    what = "false alarms on the conforming server, over readings, seeds and paces, and characters of models"
    yield Measure(what, f"{sum(number for _, number in wrong)} in {len(conforming)} runs", "0", tuple(case for case, _ in wrong))
    accused = [(style, number) for style, number in pool.map(stranger, list(STYLES)[::share]) if number]
    what = "false alarms at MUST on a conforming server of another author, over its styles"
    total = sum(number for _, number in accused)
    yield Measure(what, f"{total} in {len(list(STYLES)[::share])} runs", "0", tuple(style for style, _ in accused))
    yield stability(max(STABLE // share, 2))
    yield from coverage()


def dropped(share: int) -> Measure:
    """Servers that fail to hold to one constraint of the contract."""
    fates = list(Trial(contract.DEFAULT).fates())[::share]
    missed = [fate.constraint.name for fate in fates if fate.level is None]
    excused = NOT_CAUGHT[contract.DEFAULT]
    unexcused = tuple(f"{name} is not noticed" for name in missed if name not in excused)
    what = "servers that drop one constraint of the contract which are found; the others are left open by the reading"
    return Measure(what, f"{len(fates) - len(missed)} of {len(fates)}", f"all but {len(missed) - len(unexcused)}", unexcused)


def stability(runs: int) -> Measure:
    """Runs against one server over real connections, sixteen at once."""
    with launch.Embedded() as server:
        verdicts = {
            tuple((each.requirement, each.outcome) for each in run(server.base_url, concurrency=16, key=server.key).verdicts)
            for _ in range(runs)
        }
    return Measure(f"different sets of verdicts in {runs} runs against one server", str(len(verdicts)), "1")


def coverage() -> Iterator[Measure]:
    """How much of the contract is on the wire in a full run."""
    reading, catalogue = contract.load(), registry.load()
    with kept(connect=inprocess.to(inprocess.service(), pace=PACE), tier=Tier.FULL, concurrency=1) as record:
        walked = exercised(reporting.judged(record, reading, catalogue, catalogue.requirements))
    missing = set(walked.missing())
    for kind, plural in COUNTED.items():
        paths = [node.path for node in walked.tree.all() if node.kind is kind]
        unseen = [path for path in paths if path in missing]
        excused = sum(bool(untried.reason(path)) for path in unseen)
        result = f"{len(paths) - len(unseen)} exercised, {excused} left out with a reason, of {len(paths)}"
        details = tuple(f"{path} is neither" for path in unseen if not untried.reason(path))
        yield Measure(f"{plural} of the contract on the wire in tier full", result, "all of them one or the other", details)


def table(rows: Iterable[Measure], began: float) -> str:
    """Write the table as a document."""
    lines = [
        "# What the suite is worth, by its own measure",
        "",
        stamp("nox -s quality", began),
        "",
        "| What | Result | Aim |",
        "|---|---|---|",
    ]
    rows = list(rows)
    lines += [f"| {row.what} | {row.result} | {row.aim} |" for row in rows]
    details = [f"- {row.what}: {'; '.join(row.details)}." for row in rows if row.details]
    return "\n".join([*lines, *(["", "What keeps a figure from its aim:", "", *details] if details else []), ""])


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Take a tenth, and write nothing.")
    quick = parser.parse_args().quick
    began = time.time()
    rows = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for row in measures(pool, 10 if quick else 1):
            rows.append(row)
            print(f"{time.time() - began:6.0f} s  {row.what}: {row.result} (aim: {row.aim})", flush=True)
            for line in row.details:
                print(f"          {line}", flush=True)
    if not quick:
        DOCUMENT.write_text(table(rows, began), encoding="utf-8")
        print(f"Written to {DOCUMENT.name}.")


if __name__ == "__main__":
    main()

"""`python -m tests.innocent [NAME…]` says how the suite judges the styles of that name, or all."""

from __future__ import annotations

import sys
import time

from conformance.model import Outcome
from tests.innocent.server import serving
from tests.innocent.trial import DIALECTS, STYLES, judged


def main(names: list[str]) -> int:
    """Print what failed or stayed open."""
    for name in names or STYLES:
        for dialect in DIALECTS:
            begun = time.monotonic()
            with serving(STYLES[name]) as server:
                outcomes = judged(server, dialect)
            print(f"{name} [{dialect}] {outcomes.gate.status} {outcomes.gate.sentence} {time.monotonic() - begun:.1f} s")
            for verdict in outcomes.verdicts:
                if verdict.outcome in {Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE}:
                    first = verdict.findings[0] if verdict.findings else verdict.reasons[:3]
                    print(f"    {verdict.level:6} {verdict.outcome:12} {verdict.requirement} x{verdict.failed}: {str(first)[:330]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How fast the suite is, kept in docs/speed.md: a whole run, judging and reporting, and the decoder of streams.

    nox -s speed

Takes up to half an hour, and wants a quiet machine. Nothing here is asserted: a busy machine is not a defect.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks import throughput
from benchmarks.kept import keep, stamp

DOCUMENT = Path(__file__).parents[1] / "docs" / "speed.md"
TITLE = "How fast the suite is"
COMMAND = "nox -s speed"
PRINTED = {"Judging and reporting": "judging", "Decoding streams": "decoder"}
"""Sections that are what another benchmark prints."""


def main() -> None:
    """Measure, print, and keep; what is measured stays as soon as it is there."""
    began = time.time()
    keep(DOCUMENT, TITLE, "A run", f"{stamp(COMMAND, began)}\n\n{throughput.WORDS}\n\n{throughput.table()}")
    for heading, name in PRINTED.items():
        began = time.time()
        printed = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=False).stdout
        print(printed, flush=True)
        keep(DOCUMENT, TITLE, heading, f"{stamp(f'python -m benchmarks.{name}', began)}\n\n```text\n{printed.rstrip()}\n```")


if __name__ == "__main__":
    main()

"""Write the shipped corpora anew: `python -m conformance.generate`."""

from __future__ import annotations

import sys

from conformance.generate.corpus import regenerate

for path in regenerate():
    sys.stdout.write(f"{path}\n")

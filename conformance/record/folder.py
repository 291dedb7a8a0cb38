"""How the folder of a run is called, and that of several."""

from __future__ import annotations

import secrets
import time
from pathlib import Path


def fresh(output: str, kind: str) -> Path:
    """A folder that is not there yet: its name says when and what, and is never taken."""
    return Path(output) / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{kind}-{secrets.token_hex(2)}"

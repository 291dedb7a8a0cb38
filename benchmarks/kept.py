"""Where measurements are kept: a document of which each command writes a section of its own."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path


def stamp(command: str, began: float) -> str:
    """Say what made a section, when, and of which commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    date = time.strftime("%Y-%m-%d", time.gmtime(began))
    return f"Written by `{command}` on {date}, at commit {commit or 'unknown'}. Nothing here is typed by hand."


def keep(document: Path, title: str, heading: str, text: str) -> None:
    """Put a section into a document, in the place of an earlier one of that heading; `title` is for a document that is not there yet."""
    whole = document.read_text(encoding="utf-8") if document.exists() else f"# {title}\n"
    section = f"## {heading}\n\n{text.strip()}\n"
    earlier = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    changed = earlier.sub(lambda _: f"{section}\n", whole) if earlier.search(whole) else f"{whole.rstrip()}\n\n{section}"
    document.write_text(f"{changed.rstrip()}\n", encoding="utf-8")

"""The command of every document that is made: it writes the document anew, or says whether it is current."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).parents[2]
"""The checkout: documents are made where the sources are."""


def command(document: Path, make: Callable[[], str]) -> click.Command:
    """Make the command for a document; `make` says what the whole file is to be."""
    name = document.relative_to(ROOT).as_posix()

    @click.command(help=f"Write {name} anew.")
    @click.option("--check", is_flag=True, help="Write nothing; exit status 1 when it is not current.")
    def main(*, check: bool) -> None:
        new = make()
        if not check:
            document.write_text(new, encoding="utf-8")
        elif not document.exists() or document.read_text(encoding="utf-8") != new:
            click.echo(f"{name} is not current. Run `nox -s documents`.", err=True)
            sys.exit(1)

    return main

"""`conformance schema`: the published shapes of what a run leaves behind."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("what", type=click.Choice(["summary"]), expose_value=False)
def schema() -> None:
    """Print the JSON Schema (2020-12) of summary.json."""
    from conformance.render import summary

    click.echo(json.dumps(summary.schema(), indent=2, ensure_ascii=False))

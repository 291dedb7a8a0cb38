"""`conformance schema`: the published shapes of what a run leaves behind."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("what", type=click.Choice(["summary", "plan"]))
def schema(what: str) -> None:
    """Print the JSON Schema (2020-12) of summary.json, or of `conformance plan --json`."""
    from conformance.render import spending, summary

    published = {"summary": summary.schema, "plan": spending.schema}
    click.echo(json.dumps(published[what](), indent=2, ensure_ascii=False))

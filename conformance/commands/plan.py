"""`conformance plan`: what a run would send and may cost."""

from __future__ import annotations

import json
from typing import Any

import click

from conformance.commands.run_options import options, prepared
from conformance.options import RUN_OPTIONS


@click.command()
@options(option.name for option in RUN_OPTIONS if option.name != "resume")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON, in the shape of `conformance schema plan`.")
def plan(*, as_json: bool, **values: Any) -> None:
    """Print what a run would send and what it may cost at most; sends nothing."""
    from conformance.render import spending
    from conformance.scenarios.refusals import distinct

    forecast = prepared(values).forecast()
    wrong = distinct(forecast.purposes)
    if as_json:
        click.echo(json.dumps(spending.document(forecast, wrong), indent=2))
        return
    for line in spending.lines(forecast, wrong):
        click.echo(line)

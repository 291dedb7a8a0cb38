"""`conformance minimise`: the smallest request that still fails a requirement as one of a recorded run did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.commands.run_options import options, prepared
from conformance.errors import CannotTestError
from conformance.gate import ExitStatus
from conformance.options import REACH

if TYPE_CHECKING:
    from conformance.provenance import Header

OPTIONS: Final = (*REACH, "seed")


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("requirement", metavar="REQUIREMENT")
@options(OPTIONS)
@click.option("--max-requests", type=click.IntRange(min=2), default=100, show_default=True, metavar="N", help="Ceiling on what is sent.")
def minimise(*, run: Path, requirement: str, max_requests: int, **values: Any) -> int:
    """Find the smallest request that still fails REQUIREMENT as one in RUN did.

    It is sent to the target of that run, unless --base-url names another. RUN is the folder of a run, or its run.jsonl; nothing is
    written into it. A request that the target accepts may be billed.

    Exit status: 0 found, 2 the target cannot be asked or no longer shows it, 4 there is no such failure, or none that one request shows.
    """
    from conformance import saved
    from conformance.exploration import minimise as search
    from conformance.exploration.examine import Examiner
    from conformance.exploration.inquiry import inquiry
    from conformance.record.runlog import Record
    from conformance.render import finds

    with Record.open(saved.path(run)) as record:
        prepared_run = prepared(_as_recorded(values, record.header))
        wanted = prepared_run.catalogue.find(requirement)
        examiner = Examiner(contract=prepared_run.contract, identity=record.header.target, requirements=(wanted,))
        failure = search.recorded(record, examiner, wanted)
        with inquiry(prepared_run) as opened:
            click.echo(f"Sends at most {max_requests} requests; each that is accepted may be billed, under the cap of the original.\n")
            case = search.sent_to(failure.case, record.header.target.model, opened.ask.model)
            oracle = opened.oracle(max_requests)
            found = search.minimise(case, failure.shown, failure.control, examiner, oracle, seed=prepared_run.seed)
            if found is None:
                raise CannotTestError(
                    f"{failure.shown.key} does not show {requirement} [{failure.shown.finding.code}] now.",
                    hint="The target has changed, cannot be reached, limits our rate, or does not fail every time.",
                )
            how = finds.smaller(found.before, found.after, found.requests, spent=found.spent, again=found.again)
            variable = opened.examiner.identity.key_variable
    notes = {"smaller": how, "was": search.text(case.body), "is": search.text(found.case.body)}
    for text in finds.block(
        wanted, failure.shown.level, found.finding, found.case.purpose, found.exchange, key_variable=variable, notes=notes
    ):
        click.echo(text)
    return ExitStatus.CONFORMS


def _as_recorded(values: dict[str, Any], header: Header) -> dict[str, Any]:
    """The options, with the target and the reading of the record where no others are given."""
    known: dict[str, Any] = {"dialect": header.reading}
    if not values["base_url"] and not values["target"]:
        known |= {"base_url": header.target.base_url, "model": header.target.model}
    known |= {"claim": tuple(header.target.claims), "deny": tuple(header.target.denies), "key_variable": header.target.key_variable or None}
    return {name: value or known.get(name) for name, value in values.items()}

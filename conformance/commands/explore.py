"""`conformance explore`: random questions off the scored run, and what they bring to light."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.commands.run_options import options, prepared
from conformance.errors import ConfigurationError
from conformance.gate import ExitStatus
from conformance.options import REACH

if TYPE_CHECKING:
    from conformance.exploration.explorer import Explored, Find, Quest
    from conformance.exploration.inquiry import Inquiry

OPTIONS: Final = (*REACH, "only", "strict", "seed")


@click.command()
@options(OPTIONS)
@click.option("--requests", type=click.IntRange(min=3), metavar="N", help="Most requests in all. [200, or no limit with --seconds]")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Begin nothing new after this time.")
@click.option("--keep", type=click.Path(path_type=Path), metavar="FILE", help="Append each find to this file, one line of JSON.")
@click.option("--cases", type=click.Path(path_type=Path), metavar="FILE", help="Explore nothing; ask the finds kept in this file again.")
def explore(*, requests: int | None, seconds: float | None, keep: Path | None, cases: Path | None, **values: Any) -> int:
    """Ask random questions, valid or with one flaw, and say what they bring to light; without --base-url the reference server.

    Nothing of it is scored or recorded. Every find is made as small as it goes, and printed as a case that can be kept and asked again.

    Exit status: 0 nothing found, 1 a find at MUST level, 2 could not be tested, 3 our own error, 4 wrong options.
    """
    from conformance.exploration.explorer import MOST_REQUESTS, Quest
    from conformance.exploration.inquiry import inquiry

    if cases is not None and (keep is not None or seconds is not None):
        raise ConfigurationError("--cases asks what was kept before; --keep and --seconds have no place beside it.")
    run = prepared(values)
    quest = Quest(seed=run.seed, requests=requests or (None if seconds else MOST_REQUESTS), seconds=seconds)
    with inquiry(run) as opened:
        return _explore(opened, quest, keep) if cases is None else _ask_again(opened, cases, quest)


def _explore(opened: Inquiry, quest: Quest, keep: Path | None) -> int:
    if keep is not None:
        from conformance.exploration import kept

        # Whether it can be written shows before anything is sent.
        kept.append(keep)
    click.echo(_price(quest))
    explored = opened.explorer(quest, found=_teller(opened, keep)).explore()
    for text in _summary(explored, quest):
        click.echo(text)
    if any(find.shown.level in opened.binding for find in explored.finds):
        return ExitStatus.VIOLATIONS
    return ExitStatus.NOT_JUDGED if explored.lost else ExitStatus.CONFORMS


def _price(quest: Quest) -> str:
    from conformance.exploration.cases import MOST_TOKENS
    from conformance.exploration.explorer import FLAWED_PER_ROUND, VALID_PER_ROUND

    every = (FLAWED_PER_ROUND + VALID_PER_ROUND) // VALID_PER_ROUND
    most = f"at most {quest.requests:,} requests" if quest.requests else "as many requests as there is time for"
    if quest.seconds is not None:
        most += f", for {quest.seconds:g} seconds"
    worst = f", {quest.requests * MOST_TOKENS:,} if it accepts whatever it is sent" if quest.requests else ""
    return (
        f"Seed {quest.seed}: {most}. One in {every} is valid, and so billed, as are those that make a find among them smaller; "
        f"each for at most {MOST_TOKENS} output tokens{worst}.\n"
    )


def _teller(opened: Inquiry, keep: Path | None) -> Callable[[Find], None]:
    from conformance.exploration import kept
    from conformance.render import finds

    def tell(find: Find) -> None:
        text = kept.line(find, dialect=opened.examiner.contract.dialect)
        small = find.smallest
        how = finds.smaller(small.before, small.after, small.requests, spent=small.spent, again=small.again) if small else ""
        shown, variable = find.shown, opened.examiner.identity.key_variable
        notes = {"smaller": how, "case": text}
        for each in finds.block(
            shown.requirement, shown.level, shown.finding, find.case.purpose, find.exchange, key_variable=variable, notes=notes
        ):
            click.echo(each)
        if keep is not None:
            kept.append(keep, text)

    return tell


def _summary(explored: Explored, quest: Quest) -> Iterator[str]:
    from conformance.model import Level

    counts = ", ".join(f"{sum(find.shown.level is level for find in explored.finds)} {level}" for level in Level)
    yield f"{explored.valid} valid requests and {explored.flawed} with one flaw, seed {quest.seed}."
    yield f"{explored.sent} sent, {explored.billed} of them answered with success and so perhaps billed."
    if explored.reason:
        yield f"It ended before its time: {explored.reason.rstrip('.')}."
    yield f"Finds: {counts}." if explored.finds else "Nothing was found."


def _ask_again(opened: Inquiry, path: Path, quest: Quest) -> int:
    from conformance.exploration import kept
    from conformance.exploration.explorer import prepare

    known = kept.read(path)
    levels = {requirement.id: opened.level(requirement) for requirement in opened.examiner.requirements}
    oracle = opened.oracle(quest.requests)
    ready = prepare(opened.ask, oracle)
    status = ExitStatus.CONFORMS
    for asked in kept.ask_again(known, ready.ask, opened.examiner, oracle, ready.record):
        click.echo(f"{asked.kept.id}  {asked.kept.requirement} [{asked.kept.code}]: {asked.state}")
        if asked.state is kept.State.SHOWS and levels.get(asked.kept.requirement) in opened.binding:
            status = ExitStatus.VIOLATIONS
        elif asked.state in (kept.State.UNKNOWN, kept.State.OUTDATED) and status is ExitStatus.CONFORMS:
            status = ExitStatus.NOT_JUDGED
    return status

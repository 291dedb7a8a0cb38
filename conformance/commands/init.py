"""`conformance init`: a commented target file for an endpoint, after asking it what it can."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.commands.run_options import options
from conformance.errors import ConfigurationError, TargetError
from conformance.options import REACH, REFERENCE, Options
from conformance.target.target_file import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.exploration.acquaintance import Acquaintance
    from conformance.overview.capabilities import Capability
    from conformance.run import Run

LISTED = 10
"""Most models that are named in a sentence."""


@click.command()
@options(name for name in REACH if name != "target")
@click.option("--output", type=click.Path(path_type=Path), default=NAME, show_default=True, metavar="FILE", help="File to write.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(*, output: Path, force: bool, **values: Any) -> None:
    """Write a commented target file; without --base-url for the embedded reference server.

    The endpoint is asked at most ten small requests: whether it lets us in, which models it lists, under which name it takes a cap on its
    output, and what it makes of a few features. Nothing is written where it cannot be tested.

    Exit status: 0 written, 2 the endpoint cannot be tested, 3 our own error, 4 wrong options, or the file is there.
    """
    from conformance.exploration import acquaintance
    from conformance.render import files
    from conformance.run import Run
    from conformance.target import target_template

    if output.exists() and not force:
        raise ConfigurationError(f"{output} is there already.", hint="Replace it with --force, or write another one with --output FILE.")
    given = Options.given({**values, "base_url": values["base_url"] or REFERENCE})
    embedded = given.base_url == REFERENCE
    # Whatever could not be written, or sent, shows before anything is asked.
    unnamed = not embedded and not given.model
    run = Run(replace(given, model="unknown", named=given.named | {"model"}) if unnamed else given)
    target_template.written(given, (), {}, output.parent, os.environ)
    told = acquaintance.price(run)
    click.echo(
        f"Asks at most {told.requests} requests; a conforming endpoint bills {told.billed} of them, for at most {told.output_tokens} "
        "output tokens."
    )
    listed = acquaintance.models(run)
    if unnamed:
        given = replace(given, model=_only(listed), named=given.named | {"model"})
        run = Run(given)
    met = acquaintance.meet(run)
    settled = _settled(given, met, run)
    text = target_template.written(settled, _head(met), _notes(met, listed), output.parent, os.environ)
    files.write(output, text, "The target file")
    for line in _told(met, listed):
        click.echo(line)
    here = output == Path(NAME)
    click.echo(f"Written: {output}. `conformance run{'' if here else f' --target {output}'}` tests what stands in it.")


def _only(listed: tuple[str, ...]) -> str:
    """The model of a target that has one. Raises `TargetError` where there is something to choose."""
    if len(listed) == 1:
        return listed[0]
    if not listed:
        raise TargetError("No model is named, and the endpoint lists none.", hint="Name one that it serves with --model NAME.")
    raise TargetError(f"The endpoint lists {len(listed)} models, and none is named.", hint=f"Name one with --model: {_names(listed)}.")


def _names(listed: tuple[str, ...]) -> str:
    from conformance.render.text import line

    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return ", ".join(line(name, 80) for name in listed[:LISTED]) + more


def _settled(given: Options, met: Acquaintance, run: Run) -> Options:
    """The options with what was learnt; what the user says of a feature stands."""
    known = run.claims | run.denies
    claims = {*run.claims, *(each.feature for each in _having(met) if each.feature not in known)}
    denies = {*run.denies, *(each.feature for each in _lacking(met) if each.feature not in known | run.contract.claims)}
    values: dict[str, Any] = {"base_url": given.base_url if given.base_url == REFERENCE else met.base_url}
    values |= {"claim": tuple(sorted(claims))} if claims else {}
    values |= {"deny": tuple(sorted(denies))} if denies else {}
    if met.key_variable and given.base_url != REFERENCE:
        values["key_variable"] = met.key_variable
    return replace(given, **values, named=given.named | values.keys())


def _having(met: Acquaintance) -> list[Capability]:
    from conformance.overview.capabilities import Support

    return [each for each in met.capabilities if each.support is Support.HONOURED]


def _lacking(met: Acquaintance) -> list[Capability]:
    from conformance.overview.capabilities import Support

    return [each for each in met.capabilities if each.support is Support.REFUSED]


def _head(met: Acquaintance) -> Iterator[str]:
    yield "What `conformance run` tests here; written by `conformance init`."
    yield ""
    yield "Options on the command line go before what stands here. No secret belongs into this file: the key stands in a variable of"
    yield 'the environment, and so does what a header refers to by "$NAME". Paths are relative to this file.'
    yield ""
    yield f"When it was written, the endpoint took its cap on output as {met.cap_field}."


def _notes(met: Acquaintance, listed: tuple[str, ...]) -> dict[str, list[str]]:
    refused = [f"{each.feature}: {each.because}" for each in _lacking(met)]
    notes = {
        "target.claims": ["Took effect when they were asked for: from now on, a refusal of one is a failure."] if _having(met) else [],
        "target.denies": ["Refused when they were asked for; take one out as soon as it is there.", *refused] if refused else [],
    }
    if listed:
        known = f"The endpoint listed {_names(listed)}."
        notes["target.model"] = [known if met.model in listed else f"{known} This one is not among them."]
    return notes


def _told(met: Acquaintance, listed: tuple[str, ...]) -> Iterator[str]:
    yield f"Models: {_names(listed)}." if listed else "Models: it keeps no list that can be read."
    yield f"Its cap on output: {met.cap_field}."
    for each in met.capabilities:
        yield f"{each.feature}: {each.support}. {each.because}"

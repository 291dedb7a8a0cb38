"""The `conformance` command: thin wrappers that read options, call one function and turn errors into sentences."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from conformance import __version__
from conformance.commands import (
    annotate,
    baseline,
    compare,
    contract,
    differential,
    explore,
    fleet,
    history,
    init,
    judge,
    merge,
    minimise,
    opinion,
    plan,
    schema,
)
from conformance.commands.run_options import options
from conformance.errors import ConformanceError
from conformance.gate import ExitStatus
from conformance.options import RUN_OPTIONS, Options
from conformance.reference.characters import Character


class Command(click.Group):
    """Says what is wrong in one sentence, and exits with the status that says whose fault it is."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; never shows a traceback for what a user or a target did."""
        kwargs["standalone_mode"] = False
        try:
            status = super().main(*args, **kwargs)
        except click.ClickException as error:
            error.show()
            status = ExitStatus.BAD_CONFIGURATION
        except click.Abort:
            status = ExitStatus.NOT_JUDGED
        except ConformanceError as error:
            click.echo(f"conformance: {error.message}", err=True)
            if error.hint:
                click.echo(f"  {error.hint}", err=True)
            status = ExitStatus(error.exit_status)
        sys.exit(int(status or 0))


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Test any chat completions endpoint against the contract, clause by clause."""


main.add_command(annotate.annotate)
main.add_command(baseline.baseline)
main.add_command(contract.contract)
main.add_command(compare.compare)
main.add_command(differential.differential)
main.add_command(history.history)
main.add_command(merge.merge)
main.add_command(opinion.opinion)
main.add_command(explore.explore)
main.add_command(init.init)
main.add_command(fleet.fleet)
main.add_command(judge.judge)
main.add_command(minimise.minimise)
main.add_command(plan.plan)
main.add_command(schema.schema)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@options(option.name for option in RUN_OPTIONS if option.name != "model")
@click.option("--model", "models", metavar="NAME", multiple=True, help="Model to ask; needed with --base-url. Several are asked in turn.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST OPTIONS]")
def run(pytest_arguments: tuple[str, ...], models: tuple[str, ...], **values: Any) -> int:
    """Test an endpoint; without --base-url the embedded reference server.

    Whatever else is given goes to pytest: -k STREAM, -m must, -x, --junitxml FILE.

    Exit status: 0 conforms, 1 violations, 2 could not be judged, 3 our own error, 4 wrong options.
    """
    values["model"] = models[0] if len(models) == 1 else None
    if len(asked := models if len(models) > 1 else fleet.models(Options.given(values))) > 1:
        return fleet.several(Options.given(values), asked, pytest_arguments)
    os.environ.setdefault("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # What somebody's repository wants of pytest for tests of its own has no meaning here.
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    import pytest

    arguments = ["--pyargs", "conformance.requirements", "-p", "conformance.plugin", "-p", "no:terminal", "-p", "no:cacheprovider"]
    arguments += ["-p", "no:logging", "--noconftest", "--rootdir", str(Path(__file__).parent), "-c", os.devnull]
    return int(pytest.main([*arguments, *_given(values), *pytest_arguments]))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, help="Port; 0 takes a free one.")
@click.option(
    "--dialect", default="openai-compatible", show_default=True, metavar="NAME|FILE", help="Reading of the contract to conform to."
)
@click.option("--defect", default="", metavar="ID", help="Misbehave in exactly this way; `conformance list defects` names them.")
@click.option(
    "--character",
    type=click.Choice([each.value for each in Character]),
    default=Character.OBEDIENT.value,
    help="What the model behind it is like.",
)
@click.option("--latency", default="0", metavar="SECONDS|200ms", help="Time until an answer begins.")
@click.option("--pace", default="0", metavar="SECONDS|20ms", help="Time between two pieces of a stream.")
def serve(*, host: str, port: int, dialect: str, defect: str, character: str, latency: str, pace: str) -> None:
    """Serve the reference implementation, or one exact deviation from it, until interrupted."""
    from conformance.reference import launch

    launch.serve(
        launch.Options(
            host=host,
            port=port,
            dialect=dialect,
            defect=defect,
            character=Character(character),
            latency=launch.seconds(latency),
            pace=launch.seconds(pace),
        )
    )


@main.command(name="list")
@click.argument(
    "what", type=click.Choice(["requirements", "defects", "constraints", "dialects", "features", "excluded"]), default="requirements"
)
def list_(what: str) -> None:
    """List requirements, defects, constraints of the request, dialects, features, or clauses that are knowingly not tested."""
    from conformance import contract
    from conformance.commands import listing

    for line in listing.lines(what, contract.load()):
        click.echo(line)


@main.command()
@click.argument("identifier", metavar="ID")
@click.option("--dialect", default="openai-compatible", show_default=True, metavar="NAME|FILE", help="Reading of the contract.")
def explain(identifier: str, dialect: str) -> None:
    """Explain one requirement: its sentence, level, sources, and what to do about a failure."""
    from conformance import contract
    from conformance.commands import listing

    for line in listing.explain(identifier, contract.load(dialect)):
        click.echo(line)


def _given(values: dict[str, Any]) -> list[str]:
    """The options that were given, as arguments again."""
    arguments: list[str] = []
    for option in RUN_OPTIONS:
        value = values[option.field]
        if option.flag:
            arguments += [option.argument] if value else []
        elif option.repeated:
            arguments += [f"{option.argument}={each}" for each in value]
        elif value is not None:
            arguments.append(f"{option.argument}={value}")
    return arguments


if __name__ == "__main__":
    main()

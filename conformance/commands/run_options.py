"""The options of a run as options of a command, and from a command's values back to a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from conformance.options import RUN_OPTIONS, Option

if TYPE_CHECKING:
    from conformance.run import Run

F = TypeVar("F", bound=Callable[..., object])


def options(names: Iterable[str]) -> Callable[[F], F]:
    """Give a command some of the options of a run, in their usual order."""
    wanted = frozenset(names)

    def decorate(command: F) -> F:
        for option in reversed(RUN_OPTIONS):
            command = _click(option)(command) if option.name in wanted else command
        return command

    return decorate


def prepared(values: dict[str, Any]) -> Run:
    """Check the values of a command's options, and set up the run that they describe. Raises `ConfigurationError`."""
    from conformance.options import Options
    from conformance.run import Run

    run = Run(Options.given(values))
    if run.notice:
        # What a command prints on standard output may be for another program.
        click.echo(run.notice, err=True)
    return run


def _click(option: Option) -> Callable[[F], F]:
    name = f"--{option.name}"
    if option.flag:
        return click.option(name, is_flag=True, help=option.help)
    default = option.default or None
    return click.option(
        name, metavar=option.metavar, default=None, multiple=option.repeated, help=f"{option.help} [{default}]" if default else option.help
    )

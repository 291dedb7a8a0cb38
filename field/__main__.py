"""`python -m field [NAME…]` tries servers, and keeps the reports."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from field import manifest, trial
from field.errors import FieldError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--list", "listed", is_flag=True, help="Print the servers and try none.")
@click.option("--dialect", "dialects", multiple=True, help="Try these readings only.")
@click.option("--publish", type=click.Path(path_type=Path), metavar="DIR", help="Try none; judge what is kept or published in DIR anew.")
@click.option("--kept", type=click.Path(path_type=Path), default=Path("reports/field"), show_default=True, help="Where runs are kept.")
def main(*, names: tuple[str, ...], listed: bool, dialects: tuple[str, ...], kept: Path, publish: Path | None) -> None:
    """Try the servers NAME, or all, one after the other."""
    servers = manifest.load()
    if unknown := sorted(set(names) - set(servers)):
        raise click.BadParameter(f"{', '.join(unknown)}; known: {', '.join(servers)}", param_hint="NAME")
    if publish is not None:
        if names:
            raise click.BadParameter("what is published is judged as a whole.", param_hint="NAME")
        from field import publish as publishing

        told, unused = publishing.publish(kept, publish, servers)
        for each in unused:
            click.echo(f"No finding any more: {each.requirement}, {each.verdict}, of {', '.join(each.servers)}", err=True)
        click.echo(f"{publish / publishing.LIST}: {sum(server.new for server in told)} findings not yet assessed")
        return
    if listed:
        for name, server in servers.items():
            click.echo(f"{name:22} {server.title}")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped as well
    mishaps = 0
    for name in names or servers:
        try:
            for done in trial.trials(servers[name], servers, kept.resolve(), dialects=dialects):
                click.echo(f"{name} {done.version} [{done.dialect}]: exit status {done.exit_status} after {done.seconds} s")
        except FieldError as error:
            mishaps += 1
            click.echo(f"{name}: {error}", err=True)
    sys.exit(1 if mishaps else 0)


if __name__ == "__main__":
    try:
        main()
    except FieldError as error:
        sys.exit(str(error))

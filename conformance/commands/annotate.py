"""`conformance annotate`: what a run found, for the pages of a CI server."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--file", default="", metavar="PATH", help="File of the repository at which the annotations are shown.")
def annotate(*, folder: Path, file: str) -> None:
    """Print a run as annotations for GitHub Actions; FOLDER is that of the run, or its summary.json."""
    from conformance import strictjson
    from conformance.errors import RecordError
    from conformance.render import artefacts, workflow_commands

    path = folder / artefacts.SUMMARY if folder.is_dir() else folder
    try:
        summary = strictjson.parse(path.read_bytes()).value
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", hint="Name the folder of a run.") from None
    except strictjson.NotJsonError as error:
        raise RecordError(f"{path} is no JSON: {error}.", hint="Name the folder of a run.") from None
    click.echo(workflow_commands.render(summary, file=file), nl=False)

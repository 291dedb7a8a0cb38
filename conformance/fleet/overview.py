"""What a fleet came to: the files of every run, one page that lists them, one that compares them, and one exit status."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from conformance import contract, registry
from conformance.comparing import comparison
from conformance.errors import RecordError
from conformance.fleet.job import Done, Judged
from conformance.gate import ExitStatus
from conformance.model import Exchange, Purpose
from conformance.render import compare, files, linked
from conformance.render import fleet as pages
from conformance.report import Report, Row

INDEX: Final = "index.html"
COMPARISON: Final = "compare.html"
SUMMARY: Final = "fleet.json"

_WORST_FIRST: Final = (
    ExitStatus.VIOLATIONS,
    ExitStatus.OUR_ERROR,
    ExitStatus.BAD_CONFIGURATION,
    ExitStatus.NOT_JUDGED,
    ExitStatus.CONFORMS,
)
"""As in a single run: a failure that was found outweighs everything else."""


def worst(found: Iterable[Done]) -> ExitStatus:
    """The exit status of a fleet; of none, that nothing could be judged."""
    statuses = {each.status for each in found}
    return next((status for status in _WORST_FIRST if status in statuses), ExitStatus.NOT_JUDGED)


def keep(done: Done, folder: Path) -> None:
    """Write the files that came back from a worker which does not share the folder. Raises `RecordError`."""
    own = folder / done.job.slug
    try:
        own.mkdir(parents=True, exist_ok=True)
        for name, content in done.files:
            (own / Path(name).name).write_bytes(zlib.decompress(content))
    except OSError as error:
        raise RecordError(f"The run of {done.job.name} cannot be written to {own}: {error.strerror}.") from None


def write(found: Sequence[Done], folder: Path) -> None:
    """Write the pages and the summary, in the order of the manifest. Raises `RecordError`."""
    judged = [(each, each.judged) for each in found if each.judged is not None]
    compared = len(judged) > 1
    if compared:
        # Judged where they were made: a fleet of hundreds is not judged a second time by one process.
        reports = [_report(each, done.requests) for done, each in judged]
        folders = {id(report): folder / done.job.slug for report, (done, _) in zip(reports, judged, strict=True)}
        compare.write(comparison.compare(reports, common=True), folders, folder / COMPARISON)
    rows = [pages.Row(done=each, href=linked.href(folder / each.job.slug, folder)) for each in found]
    files.write(folder / INDEX, pages.render(rows, COMPARISON if compared else ""), "The overview")
    files.write(folder / SUMMARY, json.dumps(_summary(found), indent=2) + "\n", "The summary")


class _Elsewhere:
    """The exchanges of a run whose record is not opened."""

    def purpose(self, key: str) -> Purpose | None:
        """Nothing."""

    def attempts(self, key: str) -> tuple[Exchange, ...]:  # noqa: ARG002 - there is nothing, whatever it is called
        """Nothing."""
        return ()

    def keys(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


def _report(judged: Judged, requests: int) -> Report:
    """As much of a report as a comparison shows; nothing in it hangs on the reading, whose levels the verdicts have already."""
    known = {requirement.id: requirement for requirement in registry.load().requirements}
    return Report(
        header=judged.header,
        contract=contract.load(),
        plan=None,
        footer=judged.footer,
        torn=judged.torn,
        gate=judged.gate,
        rows=tuple(Row(requirement=known[each.requirement], verdict=each) for each in judged.verdicts if each.requirement in known),
        constraints=(),
        capabilities=(),
        exclusions=(),
        records=_Elsewhere(),
        requests=requests,
    )


def _summary(found: Sequence[Done]) -> dict[str, object]:
    return {
        "exit_status": int(worst(found)),
        "targets": [
            {
                "name": each.job.name,
                "folder": each.job.slug,
                "group": each.job.group,
                "exit_status": int(each.status),
                "sentence": each.sentence,
                "requests": each.requests,
                "seconds": round(each.seconds, 3),
                "worker": each.worker,
            }
            for each in found
        ],
    }

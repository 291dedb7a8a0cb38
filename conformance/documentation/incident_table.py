"""The table docs/incidents.md: every mistake seen in the field, beside what holds it, or why nothing does.

`python -m conformance.documentation.incident_table` writes it anew from docs/incidents/*.yaml; `--check` only says whether it is current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance import registry
from conformance.contract import documents
from conformance.documentation.current import ROOT, command
from conformance.errors import CatalogueError
from conformance.model import Area, Json, Level
from conformance.registry import Catalogue, Exclusion
from conformance.strictjson import get, items

FOLDER: Final = ROOT / "docs"
TABLE: Final = FOLDER / "incidents.md"
PARTS: Final = (Area.VALIDATION, Area.STREAMING, Area.USAGE, Area.ERRORS)
_SHOWN: Final = 3
"""Reports that are linked in the table; the data has them all."""

_HEAD: Final = """# Mistakes seen in the field

Each row is a mistake that somebody reported in public, with the requirements that hold it. Written by `nox -s documents` from
`docs/incidents/*.yaml`, where all reports of each stand; a test holds that it is current. A link is evidence that the mistake is natural
to make, not that a named project still makes it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A mistake, and what is done about it."""

    area: Area
    defect: str
    level: Level
    """How much it matters to those whom it hits; what holds it may have another level in a reading."""
    reports: tuple[str, ...]
    """Public threads, `owner/repo#n` each."""
    held_by: tuple[str, ...]
    """Ids of requirements; empty where an exclusion says why there are none."""


def incidents(area: Area) -> tuple[Incident, ...]:
    """Read the mistakes of one area, in the order of the data. Raises `CatalogueError` for an entry that lacks something."""
    path = FOLDER / "incidents" / f"{area}.yaml"
    entries = enumerate(items(documents.read(path), "incidents"), 1)
    return tuple(_read(area, entry, f"{path.name}, entry {number}") for number, entry in entries)


def _read(area: Area, entry: Json, where: str) -> Incident:
    defect, level = get(entry, "defect"), get(entry, "level")
    reports = tuple(each for each in items(entry, "reports") if isinstance(each, str))
    if not isinstance(defect, str) or level not in set(Level) or not reports:
        raise CatalogueError(f"{where}: an incident has a `defect` in words, a `level` and one report or more.")
    held_by = tuple(str(each) for each in items(entry, "held_by"))
    labels = tuple(registry.incident(each).label for each in reports)
    return Incident(area=area, defect=defect, level=Level(str(level)), reports=labels, held_by=held_by)


def exclusion(of: Incident, catalogue: Catalogue) -> Exclusion | None:
    """Find the exclusion of its area that names one of its reports; one report may tell of several mistakes."""
    named = (each for each in catalogue.exclusions if each.area is of.area and set(each.incidents) & set(of.reports))
    return next(named, None)


def table(catalogue: Catalogue) -> str:
    """Write the whole document."""
    return "\n".join([_HEAD, *(_part(area, catalogue) for area in PARTS)])


def _part(area: Area, catalogue: Catalogue) -> str:
    rows = incidents(area)
    head = [f"## {area.capitalize()} ({len(rows)})", "", "| What went wrong | Matters | Reported | Held by |", "|---|---|---|---|"]
    return "\n".join([*head, *(_row(each, catalogue) for each in rows), ""])


def _row(of: Incident, catalogue: Catalogue) -> str:
    links = [f"[{label}]({registry.incident(label).url})" for label in of.reports[:_SHOWN]]
    more = [f"and {len(of.reports) - _SHOWN} more"] if len(of.reports) > _SHOWN else []
    excluded = None if of.held_by else exclusion(of, catalogue)
    holds = f"not tested: {excluded.because}" if excluded else ", ".join(f"`{each}`" for each in of.held_by)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (of.defect, of.level, ", ".join([*links, *more]), holds)) + " |"


main: Final = command(TABLE, lambda: table(registry.load()))


if __name__ == "__main__":
    main()

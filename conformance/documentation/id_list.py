"""The list of every requirement that ever was, `requirements/ids.txt`, and what may not happen to anything in it.

Baselines, pipelines and reports of other people name requirements by id, for years. So an id is never taken out of the list and never
given to anything else; a published requirement is not raised to a more binding level; and CHANGELOG.md says by id whatever makes a
verdict differ from one release to the next. `python -m conformance.documentation.id_list` brings the list up to date, and says what is
left to do.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import click

from conformance import contract, registry
from conformance.errors import CatalogueError
from conformance.model import Level
from conformance.registry import RETIRED, Catalogue
from conformance.revisions import FIRST, LAST, REVISIONS

FILE: Final = Path(__file__).parents[1] / "requirements" / "ids.txt"
CHANGELOG: Final = Path(__file__).parents[2] / "CHANGELOG.md"
READINGS: Final = ("openai", "openai-compatible")
"""Those in which the level at publication is kept: the base, and the one that is the default."""
PARTS: Final = ("Added", "Changed verdicts", "Retired")
"""Headings of each revision in the changelog, in this order."""

_HEAD: Final = f"""# Every requirement that ever was: its id, the revision that it came with, and the levels that it was published with in
# the readings {" and ".join(READINGS)}. Written by `nox -s ids`. No line is ever taken out; an id that is gone says `retired`.
"""
_Sections: TypeAlias = Mapping[str, Mapping[str, frozenset[str]]]
"""For each revision of a changelog the ids under each of its headings."""
_ORDER: Final = tuple(Level)
_NAMED: Final = re.compile(r"^- (?:`([A-Z]+(?:-[A-Z0-9]+)+)`(?:, )?)+: \S", re.MULTILINE)
_ID: Final = re.compile(r"`([A-Z]+(?:-[A-Z0-9]+)+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the list."""

    id: str
    since: str
    levels: tuple[Level, ...]
    """One for each of `READINGS`."""
    retired: bool = False


def read(text: str) -> tuple[Entry, ...]:
    """Read a list. Raises `CatalogueError` for a line that is none of it."""
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(_entry(words) for words in lines)


def written(entries: Iterable[Entry]) -> str:
    """Write a list: by revision, then by id."""
    ordered = sorted(entries, key=lambda entry: (entry.since, entry.id))
    return _HEAD + "".join(" ".join((e.id, e.since, *e.levels, *(["retired"] if e.retired else []))) + "\n" for e in ordered)


def declared(catalogue: Catalogue) -> dict[str, Entry]:
    """What the catalogue declares, by id, as the list would have it."""
    readings = [contract.load(name) for name in READINGS]
    return {
        each.id: Entry(id=each.id, since=each.since, levels=tuple(registry.level(each, reading) for reading in readings))
        for each in catalogue.requirements
    }


def updated(entries: Iterable[Entry], now: Mapping[str, Entry], retired: Iterable[str] = RETIRED) -> tuple[Entry, ...]:
    """The list with what is new, with the levels of what is not published yet, and with what was retired."""
    gone = frozenset(retired)
    kept = {entry.id: replace(entry, retired=entry.id in gone) for entry in entries}
    fresh = {name: entry for name, entry in now.items() if name not in kept or (kept[name].since == entry.since and _is_open(entry.since))}
    return tuple({**kept, **fresh}.values())


def fingerprint(entries: Iterable[Entry], revision: str) -> str:
    """Fingerprint of the requirements that came with a revision, as they were published."""
    lines = sorted(" ".join((entry.id, *entry.levels)) for entry in entries if entry.since == revision)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def faults(
    entries: Iterable[Entry],
    now: Mapping[str, Entry],
    changelog: str,
    *,
    revisions: Mapping[str, str] = REVISIONS,
    retired: Iterable[str] = RETIRED,
) -> Iterator[str]:
    """Say everything that breaks a promise about ids, levels and the changelog; nothing when all is well."""
    listed = tuple(entries)
    sections = dict(_sections(changelog))
    yield from (f"{name} stands {number} times in the list." for name, number in Counter(e.id for e in listed).items() if number > 1)
    yield from (f"{name} is not in the list: run `nox -s ids`." for name in sorted(set(now) - {entry.id for entry in listed}))
    yield from _shape(changelog, sections, revisions)
    gone = frozenset(retired)
    for entry in listed:
        yield from _vanished(entry, entry.id in now, entry.id in gone)
        yield from _told(entry, sections)
        if entry.id in now:
            yield from _changed(entry, now[entry.id], sections)
    known = {entry.id for entry in listed}
    for date, parts in sections.items():
        yield from (f"CHANGELOG.md, {date}: {name} was never declared." for name in sorted(set().union(*parts.values()) - known))
    for date, closed in revisions.items():
        found = fingerprint(listed, date)
        if closed and found != closed:
            yield f"Revision {date} is published, and its requirements changed: give what is new the revision {tuple(revisions)[-1]}."
        if not closed and date != tuple(revisions)[-1]:
            yield f"Revision {date} is not the last one and still open: its fingerprint is {found}."


def _is_open(revision: str) -> bool:
    return revision in REVISIONS and not REVISIONS[revision]


def _entry(words: list[str]) -> Entry:
    identifier, since, *rest = words if len(words) > 1 else ("", "")
    levels = rest[: len(READINGS)]
    if len(levels) < len(READINGS) or rest[len(READINGS) :] not in ([], ["retired"]) or not set(levels) <= set(Level):
        raise CatalogueError(f"{FILE.name} has a line that is none of the list: {' '.join(words)!r}.")
    return Entry(id=identifier, since=since, levels=tuple(Level(each) for each in levels), retired=len(rest) > len(READINGS))


def _vanished(entry: Entry, is_declared: bool, is_retired: bool) -> Iterator[str]:  # noqa: FBT001 - two facts, named at the one call
    if is_declared and entry.retired:
        yield f"{entry.id} was retired and is declared again: ids are never reused."
    if not is_declared and not entry.retired and not is_retired:
        yield f"{entry.id} is gone: put it into `registry.RETIRED`, with what took its place."
    if is_retired is not entry.retired:
        yield f"{entry.id} is retired in {'the catalogue' if is_retired else 'the list'} alone: run `nox -s ids`."


def _told(entry: Entry, sections: _Sections) -> Iterator[str]:
    if entry.since != FIRST and not _names(sections, "Added", entry.id, (entry.since,)):
        yield f"CHANGELOG.md does not name {entry.id} under {entry.since}, Added."
    if entry.retired and not _names(sections, "Retired", entry.id):
        yield f"CHANGELOG.md does not name {entry.id} under Retired."


def _changed(entry: Entry, now: Entry, sections: _Sections) -> Iterator[str]:
    if now.since != entry.since:
        yield f"{entry.id} came with {entry.since}, not with {now.since}."
    for reading, then, today in zip(READINGS, entry.levels, now.levels, strict=True):
        if _ORDER.index(today) < _ORDER.index(then):
            yield f"{entry.id} was {then} in {reading} and is {today} now: a more binding one is a new requirement, with a new id."
        elif today is not then and not _names(sections, "Changed verdicts", entry.id):
            yield f"{entry.id} was {then} in {reading} and is {today} now: name it in CHANGELOG.md under Changed verdicts."


def _names(sections: _Sections, part: str, identifier: str, dates: Iterable[str] = ()) -> bool:
    """Whether an id stands under a heading, of any revision or of some."""
    return any(identifier in sections.get(date, {}).get(part, frozenset()) for date in dates or sections)


def _sections(changelog: str) -> Iterator[tuple[str, dict[str, frozenset[str]]]]:
    """Each revision of a changelog, and the ids that are named under each heading."""
    for section in re.split(r"(?m)^## ", changelog)[1:]:
        date, _, body = section.partition("\n")
        parts = (part.partition("\n") for part in re.split(r"(?m)^### ", body)[1:])
        yield date.strip(), {title.strip(): frozenset(_named(text)) for title, _, text in parts}


def _named(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _NAMED.match(line):
            yield from _ID.findall(line.partition(": ")[0])


def _shape(changelog: str, sections: _Sections, revisions: Mapping[str, str]) -> Iterator[str]:
    newest_first = tuple(revisions)[::-1]
    if tuple(sections) != newest_first:
        yield f"CHANGELOG.md has a section for each revision, the newest first: {', '.join(newest_first)}."
    for date, parts in sections.items():
        if tuple(parts) != PARTS:
            yield f"CHANGELOG.md, {date}: its headings are {', '.join(PARTS)}, in this order."
    for line in changelog.partition("\n## ")[2].splitlines():
        if line.startswith("- ") and not _NAMED.match(line):
            yield f"CHANGELOG.md: a line names ids in backticks, then a colon, then what changed; not {line[:60]!r}."


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 when the list is not current.")
def main(*, check: bool) -> None:
    """Bring the list of ids up to date, and say what is left to do."""
    now = declared(registry.load())
    old = FILE.read_text("utf-8") if FILE.exists() else ""
    new = old if check else written(updated(read(old), now))
    if new != old:
        FILE.write_text(new, encoding="utf-8")
    left = tuple(faults(read(new), now, CHANGELOG.read_text("utf-8")))
    for fault in left:
        click.echo(fault, err=True)
    click.echo(f"Fingerprint of revision {LAST}: {fingerprint(read(new), LAST)}")
    sys.exit(bool(left))


if __name__ == "__main__":
    main()

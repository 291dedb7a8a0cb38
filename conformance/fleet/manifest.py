"""The manifest of a fleet: what all targets have in common, what each is, and who has to share a rate.

::

    [groups.vendor]            # optional: what its targets share
    concurrent = 2
    rate = 10

    [defaults]                 # keys of a target file, for all targets
    run.tier = "smoke"

    [[targets]]                # keys of a target file, and models, dialects, group
    target.base_url = "https://host/v1"
    models = ["one", "two"]
    dialects = ["openai", "openai-compatible"]
    group = "vendor"

A target file is a manifest, too: of one target.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conformance.errors import TargetError
from conformance.fleet.entry import Entry
from conformance.fleet.folder import marked
from conformance.fleet.job import Job
from conformance.options import REFERENCE
from conformance.target.toml_places import Document, Place, Table, Value

_TOP: Final = ("groups", "defaults", "targets")
_OWN: Final = ("models", "dialects", "group")
"""What a target of a manifest knows beside the tables of a target file."""
_LIMITS: Final = ("concurrent", "rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What targets share, such as one vendor's patience."""

    concurrent: int = 1
    """Most runs under way at once."""
    rate: float | None = None
    """Most requests per second of all of them together."""

    @property
    def share(self) -> float | None:
        """What each run may send a second, so that all that are under way keep to the rate of the group."""
        return None if self.rate is None else self.rate / self.concurrent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A manifest that was read and expanded."""

    jobs: tuple[Job, ...]
    groups: Mapping[str, Group]
    """Every group that a job belongs to."""

    def within(self, folder: Path) -> Fleet:
        """The same, in a folder that is made and marked for it. Raises `RecordError`."""
        mark = marked(folder)
        return replace(self, jobs=tuple(replace(job, mark=mark) for job in self.jobs))


def read(path: Path, folder: Path) -> Fleet:
    """Read a manifest, or a target file; the runs go to folders within `folder`.

    Raises `TargetError` for what is wrong with its shape. The options of each target are read by `job.options`.
    """
    document = Document(path)
    text = path.read_text(encoding="utf-8-sig")
    if "targets" not in document.table:
        return _of([Entry(str(path.resolve()), document.table, text)], {}, folder)
    for key in document.table:
        if key not in _TOP:
            raise _mistake(document.place(key), f"There is no table {key} in a manifest.", f"Known: {', '.join(_TOP)}.")
    entries = document.table["targets"]
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise _mistake(document.place("targets"), "targets is no list of tables.", "Begin each target with [[targets]].")
    defaults = document.members("defaults")
    merged = [Entry(str(path.resolve()), _over(defaults, each), text, number) for number, each in enumerate(entries)]
    return _of(merged, dict(_groups(document)), folder)


def _of(entries: list[Entry], groups: dict[str, Group], folder: Path) -> Fleet:
    jobs = [job for entry in entries for job in _expanded(entry, folder)]
    if twice := [name for name, times in Counter(job.name for job in jobs).items() if times > 1]:
        raise TargetError(f"{entries[0].path} has {twice[0]} twice.", hint="Keep one of the two, or let them differ in their dialect.")
    known = {job.group: groups.get(job.group, Group()) for job in jobs}
    if unused := [name for name in groups if name not in known]:
        raise TargetError(f"{entries[0].path}: no target belongs to the group {unused[0]}.", hint=f'Write group = "{unused[0]}" into one.')
    numbered = (
        replace(job, slug=f"{number:0{len(str(len(jobs)))}}-{job.slug}", rate=known[job.group].share) for number, job in enumerate(jobs, 1)
    )
    return Fleet(jobs=tuple(numbered), groups=known)


def _expanded(entry: Entry, folder: Path) -> Iterator[Job]:
    """Every model in every reading."""
    table: dict[str, Value] = {key: value for key, value in entry.table.items() if key not in _OWN}
    target = dict(entry.members("target"))
    base_url = target.get("base_url")
    if not isinstance(base_url, str):
        raise _mistake(entry.place("target"), "There is no target.base_url.", 'Write target.base_url = "https://host/v1".')
    listed = _texts(entry, "models", entry.table.get("models", target.pop("models", None)))
    if listed:
        target.pop("model", None)
    plain = _texts(entry, "dialects", entry.table.get("dialects"))
    group = entry.table.get("group", REFERENCE if base_url == REFERENCE else urlsplit(base_url).hostname or base_url)
    if not isinstance(group, str) or not group:
        raise _mistake(entry.place("group"), "group is no text.", 'Write group = "name".')
    target.pop("models", None)
    for model in listed or ("",):
        for dialect in plain or ("",):
            told = {**target, **({"model": model} if model else {}), **({"dialect": dialect} if dialect else {})}
            named, reading = told.get("model"), told.get("dialect")
            shown = f"{named} at {base_url}" if named else base_url
            host = urlsplit(base_url).hostname or base_url
            yield Job(
                name=f"{shown} ({reading})" if reading else shown,
                slug=slug(host, str(named or ""), dialect),
                group=group,
                manifest=entry.path,
                table=json.dumps({**table, "target": told}, default=str),
                number=entry.number,
                folder=str(folder.resolve()),
            )


def slug(*words: str) -> str:
    """A name for a folder, out of words that may hold anything."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(filter(None, words)))[:80].strip("-.")


def _over(defaults: Table, entry: Table) -> Table:
    """The keys of a target, and those of all targets where it has none of its own."""
    merged: Table = dict(defaults)
    for key, value in entry.items():
        before = merged.get(key)
        merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    if "models" in entry or "models" in defaults:
        return merged
    own, target = entry.get("target"), merged.get("target")
    if isinstance(own, dict) and isinstance(target, dict):
        # One model for all, and several for this one: the nearer holds.
        other = {"model": "models", "models": "model"}
        merged["target"] = {key: value for key, value in target.items() if not (other.get(key) in own and key not in own)}
    return merged


def _groups(document: Document) -> Iterator[tuple[str, Group]]:
    for name, limits in document.members("groups").items():
        place = document.place("groups", name)
        if not isinstance(limits, dict) or (unknown := [key for key in limits if key not in _LIMITS]):
            what = f"groups.{name} has no {unknown[0]}." if isinstance(limits, dict) else f"groups.{name} is no table."
            raise _mistake(place, what, f"Known: {', '.join(_LIMITS)}.")
        concurrent, rate = limits.get("concurrent", 1), limits.get("rate")
        if type(concurrent) is not int or concurrent < 1:
            raise _mistake(place, f"groups.{name}.concurrent is no number of runs.", "Give a whole number above 0.")
        if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf")):
            raise _mistake(place, f"groups.{name}.rate is no rate.", "Give requests per second, above 0.")
        yield name, Group(concurrent=concurrent, rate=None if rate is None else float(rate))


def _texts(entry: Entry, key: str, value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each.strip() for each in value):
        raise _mistake(entry.place(key), f"{key} is no list of texts.", f'Write {key} = ["…", "…"].')
    return tuple(dict.fromkeys(str(each).strip() for each in value))


def _mistake(place: Place, text: str, hint: str) -> TargetError:
    return TargetError(f"{place}: {text}", hint=hint)

"""Going on with a run that was cut off: what its record says of it, and what may not be said otherwise now."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError, RecordError
from conformance.options import REFERENCE, Options
from conformance.provenance import RECORD, Accepted, Header
from conformance.record.runlog import Record
from conformance.target.target_file import TargetFile

_SELECTION: Final = re.compile(r"(?P<only>(?:[A-Z][A-Z0-9-]*(?: |\Z))*)(?:-k (?P<keywords>.*?))?(?: ?-m (?P<marks>.*))?", re.DOTALL)
"""How `Run.selection` writes it."""


def folder(given: str) -> Path:
    """Folder of the run that is named by itself or by its record."""
    path = Path(given)
    return path.parent if path.name == RECORD else path


def cut_off(given: str) -> Header:
    """Return what the record says of its run. Raises `RecordError` where there is no record, or nothing left to do."""
    path = folder(given) / RECORD
    if not path.is_file():
        raise RecordError(f"There is no record at {path}.", hint="Name the folder of a run, such as reports/20261121-….")
    with Record.open(path) as record:
        if record.complete:
            hint = f"`conformance judge {path.parent}` tells what it came to."
            raise RecordError(f"The run in {path.parent} is complete: there is nothing to go on with.", hint=hint)
        return record.header


def completed(options: Options, header: Header) -> Options:
    """The options with everything that was not given taken from the record; the key and the headers are never in there.

    Raises `ConfigurationError` for an option that has no meaning here.
    """
    if "output" in options.named:
        raise ConfigurationError("--output is given with --resume.", hint="A run is gone on with in its own folder.")
    selection = _SELECTION.fullmatch(header.selection)
    target = header.target
    recorded: dict[str, object] = {
        "dialect": _dialect(options, header),
        "tier": header.tier,
        "seed": str(header.seed),
        "shard": header.shard,
        "contract_revision": header.scored_revision,
        "strict": header.strict,
        "claim": tuple(sorted(target.claims)),
        "deny": tuple(sorted(target.denies)),
        "only": tuple((selection["only"] or "").split()) if selection else (),
        "keywords": (selection["keywords"] or "") if selection else "",
        "marks": (selection["marks"] or "") if selection else "",
    }
    recorded |= {"base_url": REFERENCE} if header.embedded else {"base_url": target.base_url, "model": target.model}
    if header.target_file:
        recorded["target"] = header.target_file
    if os.environ.get(target.key_variable, "").strip():
        recorded["key_variable"] = target.key_variable
    taken = {name: value for name, value in recorded.items() if name not in options.named}
    # What the record says is settled: a target file, which may have been changed since, adds to it and replaces nothing of it.
    return replace(options, **taken, named=options.named | taken.keys())  # type: ignore[arg-type]


def check_file(recorded: Header, file: TargetFile) -> None:
    """Raise `ConfigurationError` for a target file whose key and headers are meant for another endpoint than the run was begun with."""
    begun = REFERENCE if recorded.embedded else recorded.target.base_url
    if not file.is_about(begun):
        hint = "Name the target file that it was begun with, or begin a new run."
        raise ConfigurationError(f"The run was begun with {begun}, and {file.path} is about {file.base_url or 'nothing'}.", hint=hint)


def check(recorded: Header, now: Header) -> None:
    """Raise `ConfigurationError` where the run that is set up now is not the one of the record."""
    for what, then, today in _differences(recorded, now):
        raise ConfigurationError(f"The run was begun with {what} {then}, not {today}.", hint="Leave the option out, or begin a new run.")
    for what, then, today in (
        ("contract", recorded.contract_digest, now.contract_digest),
        ("catalogue of requirements", recorded.catalogue_digest, now.catalogue_digest),
    ):
        if then != today:
            raise ConfigurationError(
                f"The {what} was changed since the run was begun: its digest was {then[:12]} and is {today[:12]} now.",
                hint=f"Go on with suite {recorded.suite_version} as it was then, or begin a new run.",
            )
    for what, sent, sends in (
        ("headers", recorded.target.headers, now.target.headers),
        ("query parameters", recorded.target.query, now.target.query),
    ):
        if sent != sends:
            begun, today = (", ".join(names) or "none" for names in (sent, sends))
            hint = "Give them again as they were: a record holds their names and none of their values."
            raise ConfigurationError(f"The run was begun with these {what}: {begun}. Now there are: {today}.", hint=hint)
    if bool(recorded.target.key_variable) != bool(now.target.key_variable):
        then, today = (f"the key in ${each}" if each else "no key" for each in (recorded.target.key_variable, now.target.key_variable))
        raise ConfigurationError(f"The run was begun with {then}; now there is {today}.", hint="Set or unset the environment variable.")


def _differences(recorded: Header, now: Header) -> Iterable[tuple[str, str, str]]:
    then, today = recorded.target, now.target
    pairs = (
        ("--base-url", then.base_url, today.base_url),
        ("--model", then.model, today.model),
        ("--dialect", recorded.dialect[-1], now.dialect[-1]),
        ("--tier", recorded.tier, now.tier),
        ("--seed", str(recorded.seed), str(now.seed)),
        ("--strict", _strictness(recorded), _strictness(now)),
        ("--shard", recorded.shard or "of everything", now.shard or "of everything"),
        ("--contract-revision", recorded.scored_revision or "of the day", now.scored_revision or "of the day"),
        ("--baseline", _entries(recorded.accepted), _entries(now.accepted)),
        ("--claim", _names(then.claims), _names(today.claims)),
        ("--deny", _names(then.denies), _names(today.denies)),
        ("the selection", recorded.selection or "of everything", now.selection or "of everything"),
    )
    return ((what, one, other) for what, one, other in pairs if one != other)


def _dialect(options: Options, header: Header) -> str:
    if header.overlay and "dialect" not in options.named and not Path(header.overlay).is_file():
        raise ConfigurationError(
            f"The run was begun with the overlay {header.overlay!r}, which is not there.", hint="Name it with --dialect FILE."
        )
    return header.reading


def _strictness(header: Header) -> str:
    return "given" if header.strict else "left out"


def _entries(accepted: tuple[Accepted, ...]) -> str:
    return "accepting " + (", ".join(entry.name for entry in accepted) or "nothing")


def _names(features: frozenset[str]) -> str:
    return ",".join(sorted(features)) or "nothing"

"""What we made of a finding, by hand: `assessments.toml` says of which servers and requirements it holds, whether it is true, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from field.errors import FieldError
from field.findings import Entry
from field.manifest import HERE

VERDICTS: Final = {
    "true": "True: the bytes break the clause.",
    "set-up": "True of what was started here, and owed to how: a mock that says what it was told to, a gateway without its database.",
    "open": "Rightly left open: nothing that came back could decide it.",
    "follows": "Left open because of another finding of the same server.",
}
"""What can be made of a finding."""

_LEFT_OPEN: Final = frozenset({"open", "follows"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What we say of one requirement, or several, of some servers. Ids, servers, codes and reasons may have a `*` for any text."""

    requirement: str
    servers: tuple[str, ...]
    verdict: str
    why: str = ""
    codes: tuple[str, ...] = ()
    """The codes that it was made for; any where none is named."""
    reasons: tuple[str, ...] = ()
    """The reasons that it was made for, each without the request that it begins with; any where none is named."""
    amid: tuple[str, ...] = ()
    """Reasons of which there is one at least, whatever the others are; where any are named."""
    upstream: tuple[str, ...] = ()
    """Issues of the server's own project that tell of the same, as `owner/repository#number`."""

    def covers(self, entry: Entry) -> bool:
        """Whether it was made for this finding, and for all of it."""
        if entry.outcome == "ERROR" or (entry.outcome == "FAIL") is (self.verdict in _LEFT_OPEN):
            return False
        if not fnmatchcase(entry.requirement, self.requirement) or not _fits(entry.server, self.servers):
            return False
        if self.amid and not any(_fits(reason, self.amid) for reason in entry.reasons):
            return False
        return all(_fits(code, self.codes) for code in entry.codes) and all(_fits(reason, self.reasons) for reason in entry.reasons)


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A verdict that the field trial showed to be wrong."""

    requirement: str
    server: str
    what: str
    """What was said, and why it was not so."""


def mended(path: Path = HERE / "assessments.toml") -> tuple[Mended, ...]:
    """Return those of the file, in its order."""
    return tuple(Mended(**table) for table in tomllib.loads(path.read_text("utf-8")).get("mended", ()))


def load(path: Path = HERE / "assessments.toml") -> tuple[Assessment, ...]:
    """Return them in the order of the file. Raises `FieldError`."""
    found = []
    for table in tomllib.loads(path.read_text("utf-8"))["assessment"]:
        if table.get("verdict") not in VERDICTS:
            raise FieldError(f"{path.name}: {table.get('requirement')} has no verdict out of {', '.join(VERDICTS)}.")
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
        found.append(Assessment(**values))
    return tuple(found)


def unused(entries: Iterable[Entry], assessments: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """Return those that say something of no finding any more."""
    found = tuple(entries)
    return tuple(each for each in assessments if not any(each.covers(entry) for entry in found))


def of(entry: Entry, assessments: Iterable[Assessment]) -> Assessment | None:
    """Return what was made of a finding; None where it is new."""
    return next((each for each in assessments if each.covers(entry)), None)

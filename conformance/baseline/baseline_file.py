"""The file of a baseline: TOML that people write and review, read with the patience that this takes.

::

    [[accepted]]
    rule = "STREAM-DONE"
    code = "missing"
    reason = "The gateway drops it; fixed in the next release."
    issue = "https://tracker.example/1234"   # optional
    until = 2027-01-31                        # optional, the last day
    expect = "fail"                           # the default; or "inconclusive", or "flaky"

Every mistake is a `ConfigurationError` that says where it is and what to do, and all of them are found before the first request.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from conformance import registry
from conformance.baseline.codes import Known
from conformance.errors import ConfigurationError
from conformance.provenance import Accepted, Expect

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.contract import Contract
    from conformance.registry import Catalogue

TABLE: Final = "accepted"
_KEYS: Final = ("rule", "code", "expect", "reason", "issue", "until")
_HEADING: Final = re.compile(rf"""\s*\[\[\s*["']?{TABLE}["']?\s*\]\]""")
_EXAMPLE: Final = 'Begin each entry with `[[accepted]]`, and below it write `rule = "…"`, `code = "…"` and `reason = "…"`.'
_LISTED: Final = 12
"""Most codes that an error lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it stands in a file."""

    accepted: Accepted
    place: str
    """File, line and number of the entry, for errors."""

    def wrong(self, what: str, hint: str) -> ConfigurationError:
        """The error that says what is wrong with it."""
        return ConfigurationError(f"{self.place}: {what}", hint=hint)


def load(path: Path, contract: Contract, catalogue: Catalogue, today: date) -> tuple[Accepted, ...]:
    """Read a baseline and check all of it. Raises `ConfigurationError`."""
    known = Known(contract, catalogue)
    entries = read(path)
    for entry in entries:
        check_names(entry, catalogue, known)
        check_promise(entry, today)
    return tuple(entry.accepted for entry in entries)


def read(path: Path) -> tuple[Entry, ...]:
    """Read the entries of a file, each of which is well-formed and there once. Raises `ConfigurationError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        hint = "Name a file with --baseline FILE."
        raise ConfigurationError(f"The baseline {path} cannot be read: {error.strerror}.", hint=hint) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The baseline {path} is not UTF-8, from byte {error.start} on.", hint="Save it as UTF-8.") from None
    try:
        # As Python reads text files, and most editors write them.
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The baseline {path} is not TOML: {error}.", hint=_EXAMPLE) from None
    return tuple(_entries(document, text.split("\n"), path))


def check_names(entry: Entry, catalogue: Catalogue, known: Known) -> None:
    """Raise `ConfigurationError` where there is no such requirement, or it has no such code."""
    accepted = entry.accepted
    ids = [each.id for each in catalogue.requirements]
    if accepted.rule in registry.RETIRED:
        took = registry.RETIRED[accepted.rule].rstrip(".")
        hint = f"What took its place: {took}. Take the entry out." if took else "Take the entry out."
        raise entry.wrong(f"the requirement {accepted.rule} was retired.", hint)
    if accepted.rule not in ids:
        close = get_close_matches(accepted.rule.upper(), ids, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else "`conformance list` names all requirements."
        raise entry.wrong(f"there is no requirement called {accepted.rule!r}.", hint)
    requirement = catalogue.find(accepted.rule)
    if accepted.code and not known.has(requirement, accepted.code):
        listed = known.listed(requirement)
        close = get_close_matches(accepted.code, listed, n=3)
        some = f"It has: {', '.join(listed[:_LISTED])}{', …' if len(listed) > _LISTED else ''}." if listed else ""
        hint = f"Did you mean {' or '.join(close)}?" if close else some
        raise entry.wrong(f"the requirement {accepted.rule} has no code {accepted.code!r}.", hint or "A report names the codes it found.")


def check_promise(entry: Entry, today: date) -> None:
    """Raise `ConfigurationError` where nobody said why a failure is accepted, or its time is up."""
    accepted = entry.accepted
    if not accepted.reason.strip():
        raise entry.wrong(
            f"nobody has said why {accepted.name} is accepted: its reason is missing or empty.",
            'Write reason = "…": why it may stay for now, in words that whoever reads the report understands.',
        )
    if accepted.until and date.fromisoformat(accepted.until) < today:
        raise entry.wrong(
            f"{accepted.name} was accepted until {accepted.until}, and today is {today.isoformat()}.",
            "Fix it and take the entry out, or agree on another day and write that.",
        )


def write(entries: Iterable[tuple[Accepted, str]]) -> str:
    """Return a file with these entries, each below a comment of one line."""
    blocks = ["# Failures that are accepted for now. Each needs a reason; whoever reads a report sees it.\n"]
    for accepted, comment in entries:
        members = {name: str(getattr(accepted, name)) for name in _KEYS}
        optional = {"code": "", "expect": str(Expect.FAIL), "issue": "", "until": ""}
        lines = [f"{name} = {_toml(name, value)}\n" for name, value in members.items() if value != optional.get(name)]
        blocks.append(f"# {_quiet(comment)}\n[[{TABLE}]]\n{''.join(lines)}")
    return "\n".join(blocks)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands, for errors; its lines are not known where it is written inline."""

    path: Path
    number: int
    lines: tuple[str, ...] = ()
    """Those of the entry, from its heading on."""
    first: int = 0
    """Number of the first of them."""

    def at(self, member: str = "") -> str:
        """Name the line of a member, else that of the entry."""
        start = re.compile(rf"""\s*["']?{re.escape(member)}["']?\s*=""")
        line = next((number for number, line in enumerate(self.lines, self.first) if member and start.match(line)), self.first)
        return f"{self.path}, line {line}, entry {self.number}" if self.lines else f"{self.path}, entry {self.number}"


def _entries(document: Mapping[str, object], lines: list[str], path: Path) -> Iterator[Entry]:
    listed = document.get(TABLE, [])
    for name in document:
        if name != TABLE:
            close = f"Did you mean [[{TABLE}]]?" if get_close_matches(name, [TABLE]) else _EXAMPLE
            raise ConfigurationError(f"{path}: a baseline has no {name!r}, only entries of {TABLE!r}.", hint=close)
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ConfigurationError(f"{path}: {TABLE!r} is not a list of entries.", hint=_EXAMPLE)
    seen: dict[tuple[str, str], Entry] = {}
    for fields, place in zip(listed, _places(lines, len(listed), path), strict=True):
        entry = _entry(fields, place)
        first = seen.setdefault((entry.accepted.rule, entry.accepted.code), entry)
        if first is not entry:
            there = first.place.removeprefix(f"{path}, ")
            raise entry.wrong(f"{entry.accepted.name} stands there twice; first at {there}.", "Keep one of the two.")
        yield entry


def _places(lines: list[str], entries: int, path: Path) -> tuple[_Place, ...]:
    starts = [number for number, line in enumerate(lines) if _HEADING.match(line)]
    if len(starts) != entries:  # written inline, or there is a heading within a text of several lines
        return tuple(_Place(path, number) for number in range(1, entries + 1))
    ends = [*starts[1:], len(lines)]
    spans = zip(starts, ends, strict=False)
    return tuple(_Place(path, number, tuple(lines[start:end]), start + 1) for number, (start, end) in enumerate(spans, 1))


def _entry(fields: Mapping[str, object], place: _Place) -> Entry:
    def wrong(member: str, what: str, hint: str) -> ConfigurationError:
        return ConfigurationError(f"{place.at(member)}: {what}", hint=hint)

    for name, value in fields.items():
        if name not in _KEYS:
            close = get_close_matches(name, _KEYS, n=1)
            raise wrong(name, f"an entry has no {name!r}.", f"Did you mean {close[0]}?" if close else f"It has {', '.join(_KEYS)}.")
        if not isinstance(value, str) and name != "until":
            raise wrong(name, f"{name} is not a text.", f'Write {name} = "…".')
    texts = {name: str(fields.get(name, "")) for name in _KEYS}
    rule, code, expect = texts["rule"], texts["code"], str(fields.get("expect", Expect.FAIL))
    if not rule:
        raise wrong("rule", "an entry has to say which requirement it is about.", 'Write rule = "STREAM-DONE" or another id.')
    if expect not in list(Expect):
        raise wrong("expect", f"expect is {expect!r}.", f"It is one of {', '.join(Expect)}; without it, {Expect.FAIL}.")
    if expect == Expect.FAIL and not code:
        raise wrong(
            "code", f"the entry for {rule} has no code.", "Write the code that the report names in brackets: an entry for each code."
        )
    if expect == Expect.INCONCLUSIVE and code:
        raise wrong("code", "what is inconclusive has found nothing, so there is no code.", "Take the code out.")
    day = _day(fields["until"]) if "until" in fields else ""
    if day is None:
        raise wrong("until", f"until is no day: {str(fields['until'])!r}.", "Write until = 2027-01-31.")
    accepted = Accepted(rule=rule, code=code, expect=Expect(expect), reason=texts["reason"], issue=texts["issue"], until=day)
    return Entry(accepted=accepted, place=place.at())


def _day(value: object) -> str | None:
    """A day as YYYY-MM-DD; None for anything else."""
    if isinstance(value, datetime):
        return None
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()
    except ValueError:
        return None


def _toml(name: str, value: str) -> str:
    """A day as a day; anything else as a basic string (TOML 1.0)."""
    if name == "until":
        return value
    escaped = "".join(
        f"\\{each}" if each in '"\\' else f"\\u{ord(each):04X}" if each < " " or "\x7f" <= each < "\xa0" else each for each in value
    )
    return f'"{escaped}"'


def _quiet(text: str) -> str:
    """On one line, without what a comment may not hold."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())

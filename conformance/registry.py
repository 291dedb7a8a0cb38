"""Where requirements and scenarios declare themselves, and what the catalogue holds.

Adding one is one function in one file under `requirements/`: no list to edit. What is declared is checked when the catalogue is loaded:
ids are unique and were never retired, every citation of the contract resolves, every requirement has a sentence.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from conformance.errors import CatalogueError, UnknownNameError
from conformance.model import Area, Citation, Detail, Finding, Level, Tier
from conformance.revisions import FIRST, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.ask import Ask
    from conformance.contract import Contract
    from conformance.steps import Step
    from conformance.view import View

S = TypeVar("S")

RETIRED: Final[Mapping[str, str]] = MappingProxyType({})
"""Ids that once were, and what took their place. They are never given to anything else."""

_ID: Final = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that a conforming endpoint does."""

    id: str
    area: Area
    level: Level
    """In the `openai` reading; a dialect may set another (`level`)."""
    text: str
    """The requirement in one sentence, true of a conforming endpoint."""
    remedy: str
    """What to know or do about a failure; may be empty."""
    cites: tuple[Citation, ...]
    since: str
    """Revision that it came with, one of `revisions.REVISIONS`."""
    on: View[Any]
    judge: Callable[[Any], Iterable[Finding]]
    module: str
    line: int
    shows: frozenset[str] = frozenset()
    """Features whose effect it sees: where it holds they took effect, and where it fails they were ignored."""
    proves: frozenset[str] = frozenset()
    """Features that took effect where it holds; where it fails, nothing is told of them."""
    rests_on: frozenset[Detail] = frozenset()
    """What has to be known of an exchange for it to be judged, beyond a request and an answer as a client has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Requests that are sent for one reason."""

    name: str
    text: str
    tiers: frozenset[Tier]
    build: Callable[[Ask], Iterable[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A clause that we know of and do not test."""

    area: Area
    clause: str
    because: str
    incidents: tuple[str, ...] = ()
    """Reports of the mistake that goes unnoticed for it, `owner/repo#n` each."""


_requirements: dict[str, Requirement] = {}
_scenarios: dict[str, Scenario] = {}
_exclusions: list[Exclusion] = []


def contract(pointer: str) -> Citation:
    """Cite a clause of the contract by its JSON Pointer."""
    return Citation(kind="contract", label=pointer)


def standard(label: str, url: str) -> Citation:
    """Cite a standard: `RFC 8259 §2`, `HTML §9.2.6`."""
    return Citation(kind="standard", label=label, url=url)


def incident(label: str) -> Citation:
    """Cite a public thread as `owner/repo#123` in which the defect bit somebody."""
    repository, _, number = label.partition("#")
    if not number.isdigit() or repository.count("/") != 1:
        raise CatalogueError(f"{label!r} is no citation of a thread: write owner/repo#123.")
    return Citation(kind="incident", label=label, url=f"https://github.com/{repository}/issues/{number}")


def requirement(
    identifier: str,
    level: Level,
    *,
    on: View[S],
    cites: Iterable[Citation],
    since: str = FIRST,
    shows: Iterable[str] = (),
    proves: Iterable[str] = (),
    rests_on: Iterable[Detail] = (),
) -> Callable[[Callable[[S], Iterator[Finding]]], Callable[[S], Iterator[Finding]]]:
    """Declare the decorated function to be the check of a requirement.

    The function takes one subject of the view `on` and yields a `Finding` for each thing that is wrong; it may raise `UnmetError` when
    the premise is missing. It never records, asserts, skips or logs. Its docstring is the requirement: the first paragraph the sentence,
    the rest what to know or do about a failure.

    `shows` names features of the contract (`x-features`) that were asked for in vain when the check fails, and that took effect when it
    passes; the table of capabilities rests on it. `proves` names those that took effect when it passes, and of which nothing is told
    when it fails.

    `rests_on` names what tools that record other people's traffic may lose and the check needs: without it, such an exchange is not judged.

    `since` is the revision that it comes with: the last one of `revisions.REVISIONS` for every new requirement.
    """

    def declare(check: Callable[[S], Iterator[Finding]]) -> Callable[[S], Iterator[Finding]]:
        text, _, remedy = (check.__doc__ or "").strip().partition("\n\n")
        if identifier in _requirements or identifier in RETIRED or not _ID.fullmatch(identifier):
            raise CatalogueError(f"The id {identifier!r} is taken, retired or not of the form AREA-SLUG.")
        if not text:
            raise CatalogueError(f"{identifier} has no docstring, so it says nothing.")
        if since not in REVISIONS:
            raise CatalogueError(f"{identifier} came with {since}, which is no revision: they stand in conformance/revisions.py.")
        _requirements[identifier] = Requirement(
            id=identifier,
            area=_area(check.__module__),
            level=level,
            text=_flow(text),
            remedy=_flow(remedy),
            cites=tuple(cites),
            since=since,
            on=on,
            judge=check,
            module=check.__module__,
            line=check.__code__.co_firstlineno,
            shows=frozenset(shows),
            proves=frozenset(proves),
            rests_on=frozenset(rests_on),
        )
        return check

    return declare


def scenario(
    name: str, *, tiers: Iterable[Tier] = (Tier.GATE, Tier.FULL)
) -> Callable[[Callable[[Ask], Iterable[Step]]], Callable[[Ask], Iterable[Step]]]:
    """Declare the decorated function to plan requests. It gets an `Ask` and yields a `Step` for each."""

    def declare(build: Callable[[Ask], Iterable[Step]]) -> Callable[[Ask], Iterable[Step]]:
        if name in _scenarios:
            raise CatalogueError(f"There are two scenarios called {name!r}.")
        _scenarios[name] = Scenario(name=name, text=_flow(build.__doc__ or ""), tiers=frozenset(tiers), build=build)
        return build

    return declare


def excluded(clause: str, *, because: str, area: Area, incidents: Iterable[str] = ()) -> None:
    """Say that a clause is known and knowingly not tested; `incidents` are reports of mistakes that go unnoticed for it."""
    labels = tuple(incident(label).label for label in incidents)
    _exclusions.append(Exclusion(area=area, clause=clause, because=because, incidents=labels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that is declared, in a fixed order: by area, then by id."""

    requirements: tuple[Requirement, ...]
    scenarios: tuple[Scenario, ...]
    exclusions: tuple[Exclusion, ...]

    @property
    def digest(self) -> str:
        """Fingerprint of ids, levels and sentences: two runs with the same one asked the same of their targets."""
        lines = [f"{r.id}\t{r.level}\t{r.since}\t{r.text}\n" for r in self.requirements]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def find(self, identifier: str) -> Requirement:
        """Look up a requirement by its id. Raises `UnknownNameError`."""
        for candidate in self.requirements:
            if candidate.id == identifier:
                return candidate
        raise UnknownNameError("requirement", identifier, tuple(r.id for r in self.requirements))

    def verify(self, against: Contract) -> None:
        """Raise `CatalogueError` for a dialect's level of an unknown requirement, `ClauseNotFoundError` for a citation of nothing."""
        for each in self.requirements:
            if unknown := (each.shows | each.proves) - set(against.features):
                raise CatalogueError(f"{each.id} shows {', '.join(sorted(unknown))}, which is no feature of the contract.")
            for citation in each.cites:
                if citation.kind == "contract":
                    against.at(citation.label)
        known = {each.id for each in self.requirements}
        for identifier in against.levels:
            if identifier not in known:
                raise CatalogueError(f"Dialect {against.dialect} sets the level of {identifier}, which nobody declared.")


def level(of: Requirement, reading: Contract) -> Level:
    """Level of a requirement in one reading of the contract."""
    change = reading.levels.get(of.id)
    return of.level if change is None else change.level


@cache
def load() -> Catalogue:
    """Import every module under `requirements/` and `scenarios/`, and return what they declared."""
    for name in ("conformance.requirements", "conformance.scenarios"):
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            importlib.import_module(module.name)
    areas = list(Area)
    return Catalogue(
        requirements=tuple(sorted(_requirements.values(), key=lambda r: (areas.index(r.area), r.id))),
        scenarios=tuple(_scenarios[name] for name in sorted(_scenarios)),
        exclusions=tuple(sorted(_exclusions, key=lambda e: (e.area, e.clause))),
    )


def _area(module: str) -> Area:
    _, _, below = module.partition("conformance.requirements.")
    try:
        return Area(below.partition(".")[0])
    except ValueError:
        raise CatalogueError(f"{module} is in no area: requirements live under conformance/requirements/<area>/.") from None


def _flow(text: str) -> str:
    return " ".join(text.split())

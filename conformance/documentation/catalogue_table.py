"""The document docs/catalogue.md: every requirement with its level in each reading, its sources, and the defects that prove it bites.

`python -m conformance.documentation.catalogue_table` writes it anew; `--check` only says whether it is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from conformance import contract as contracts
from conformance import registry
from conformance.contract import Contract
from conformance.documentation.current import ROOT, command
from conformance.model import Area, Citation, Level
from conformance.reference.defects import ALL
from conformance.registry import Catalogue, Requirement

DOCUMENT: Final = ROOT / "docs" / "catalogue.md"

_HEAD: Final = """# Catalogue of requirements

Written by `nox -s documents`; a test holds that it is current. `conformance explain ID` tells the same of one requirement.

A requirement has one level in the base reading, `openai`, and may have another in a dialect, with a reason. MUST gates; SHOULD gates with
`--strict`; MAY is told and never gates. Each requirement is proven to bite by at least one defect of the reference server:
`conformance serve --defect ID` serves it.
"""


def document(catalogue: Catalogue) -> str:
    """Write the whole document."""
    return "\n".join([_HEAD, *_counts(catalogue), *(line for area in Area for line in _part(area, catalogue))])


def _counts(catalogue: Catalogue) -> Iterator[str]:
    reading = contracts.load()
    yield f"| In the default reading | {' | '.join(Level)} | All |"
    yield f"|---|{'---|' * (len(Level) + 1)}"
    for area in Area:
        levels = [registry.level(each, reading) for each in catalogue.requirements if each.area is area]
        if levels:
            yield f"| [{area}](#{area}) | {' | '.join(str(levels.count(level)) for level in Level)} | {len(levels)} |"
    every = [registry.level(each, reading) for each in catalogue.requirements]
    yield f"| All | {' | '.join(str(every.count(level)) for level in Level)} | {len(every)} |"
    yield ""


def _part(area: Area, catalogue: Catalogue) -> Iterator[str]:
    requirements = [each for each in catalogue.requirements if each.area is area]
    if not requirements:
        return
    yield f"## {area}\n"
    for each in requirements:
        yield from _entry(each)
    exclusions = [each for each in catalogue.exclusions if each.area is area]
    if exclusions:
        yield f"### Knowingly not tested: {area}\n"
        yield from (f"- {each.clause}: {each.because}." for each in exclusions)
        yield ""


def _entry(requirement: Requirement) -> Iterator[str]:
    yield f"### {requirement.id}\n"
    yield f"{requirement.text}\n"
    if requirement.remedy:
        yield f"{' '.join(requirement.remedy.split())}\n"
    yield f"- Level: {requirement.level}, since {requirement.since}."
    yield from (f"- {line}" for line in _levels(requirement))
    yield f"- Judges: {requirement.on.name}."
    yield f"- Sources: {', '.join(_source(each) for each in requirement.cites)}."
    yield f"- Tripped by: {', '.join(f'`{name}`' for name, defect in sorted(ALL.items()) if requirement.id in defect.trips)}."
    yield ""


def _levels(requirement: Requirement) -> Iterator[str]:
    """Each level that dialects set otherwise, with its reason; dialects with one reason are told together."""
    told: dict[tuple[Level, str], list[str]] = {}
    for reading in _readings():
        if requirement.id in reading.levels:
            change = reading.levels[requirement.id]
            told.setdefault((change.level, change.because), []).append(reading.dialect)
    for (level, because), dialects in told.items():
        beyond = f"{dialects[0]} and {len(dialects) - 1} more" if len(dialects) > 3 else ", ".join(dialects)
        yield f"{level} in {beyond}: {because.rstrip('.')}."


@cache
def _readings() -> tuple[Contract, ...]:
    """Every shipped reading, the default first."""
    return tuple(contracts.load(name) for name in sorted(contracts.dialect_names(), key=lambda name: (name != contracts.DEFAULT, name)))


def _source(citation: Citation) -> str:
    label = f"`{citation.label}`" if citation.kind == "contract" else citation.label
    return f"[{label}]({citation.url})" if citation.url else label


main: Final = command(DOCUMENT, lambda: document(registry.load()))


if __name__ == "__main__":
    main()

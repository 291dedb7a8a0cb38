"""What the catalogue holds, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import contract as contracts
from conformance import registry
from conformance.contract import Contract
from conformance.imports import passive


def lines(what: str, contract: Contract) -> Iterator[str]:
    """List requirements, defects, constraints of the request, dialects, features or exclusions, a line each."""
    catalogue = registry.load()
    match what:
        case "requirements":
            for each in catalogue.requirements:
                yield f"{each.id:34} {registry.level(each, contract):6} {each.text}"
        case "defects":
            yield from _defects()
        case "constraints":
            from conformance.generate.loosening import constraints

            yield from (each.name for each in constraints(contract))
        case "dialects":
            for name in contracts.dialect_names():
                yield f"{name:24} {' < '.join(reversed(contracts.load(name).chain))}"
        case "features":
            for name, feature in contract.features.items():
                yield f"{name:24} {feature.text}"
        case _:
            for exclusion in catalogue.exclusions:
                yield f"{exclusion.area:12} {exclusion.clause}: {exclusion.because}"


def _defects() -> Iterator[str]:
    from conformance.reference.defects import ALL

    for name, defect in sorted(ALL.items()):
        yield f"{name:34} {defect.sentence}"
    sentence = "One constraint of the request is not held; `conformance list constraints` names them."
    yield f"{'drops:CLAUSE, admits-null:CLAUSE':34} {sentence}"


def explain(identifier: str, contract: Contract) -> Iterator[str]:
    """Say everything there is to say about one requirement. Raises `UnknownNameError`."""
    from conformance.baseline.codes import Known
    from conformance.reference.defects import ALL

    found = registry.load().find(identifier)
    level = registry.level(found, contract)
    yield f"{found.id}   {level}   {found.area}   since {found.since}"
    yield found.text
    if found.remedy:
        yield ""
        yield found.remedy
    if found.id in contract.levels:
        yield ""
        yield f"In {contract.dialect} it is {level}, to the letter {found.level}: {contract.levels[found.id].because}"
    yield ""
    yield f"Judges: {found.on.name}"
    yield f"Captured traffic: {passive.offline(found, contract)}"
    for citation in found.cites:
        yield f"Source: {citation.label}{'  ' + citation.url if citation.url else ''}"
    if codes := Known(contract, registry.load()).listed(found):
        yield f"Codes: {', '.join(codes)}"
    for name, defect in sorted(ALL.items()):
        if found.id in defect.trips:
            yield f"Try it: conformance serve --defect {name}"

"""Requirements on traffic that nobody planned. Pure.

Nothing was asked, so nothing can be missing: what did not occur, or was not recorded, is NOT RUN and never inconclusive. A requirement
passes when it held wherever it was seen, and a conclusion says how much was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from conformance.gate import ExitStatus, Gate, decide
from conformance.imports.expectation import Recorded
from conformance.judge import judge
from conformance.model import Detail, Exchange, Expectation, Finding, Level, Outcome, Purpose, Verdict
from conformance.observation import AbsentError, Asked, Evidence, Observation
from conformance.registry import Requirement, level
from conformance.report import Report, Row

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.provenance import Header, Imported
    from conformance.record.runlog import Record
    from conformance.registry import Catalogue

OWN: Final = "it needs requests of its own"

NOTHING: Final = "nothing that it is about occurs in the recorded exchanges"

MISSING: Final[dict[Detail, str]] = {
    Detail.PURPOSE: OWN,
    Detail.START: "when requests were sent was not recorded",
    Detail.ARRIVAL: "when the bytes of an answer came was not recorded",
    Detail.BYTES: "the bytes of the answer were not recorded, but text that was made of them",
    Detail.END: "whether the answer came to its end was not recorded",
    Detail.CLOSE: "how the connection ended was not recorded",
    Detail.HEADERS: "not every header field of the answer was recorded",
    Detail.LABEL: "the media type of the answer was not recorded",
    Detail.KEY: "the key of a request is not recorded",
}
"""Why a requirement that rests on something is not judged without it."""


def report(record: Record, contract: Contract, catalogue: Catalogue, wanted: tuple[Requirement, ...], *, strict: bool) -> Report:
    """Judge a record of somebody else's traffic."""
    header, records = record.header, Recorded(record, contract)
    assert header.imported is not None
    found = verdicts(records, contract, header, wanted)
    return Report(
        header=header,
        contract=contract,
        plan=None,
        footer=record.footer,
        torn=record.torn,
        gate=gate(header.imported, found, strict=strict),
        rows=tuple(Row(requirement=r, verdict=v) for r, v in zip(wanted, found, strict=True)),
        constraints=(),
        capabilities=(),
        exclusions=catalogue.exclusions,
        records=records,
        requests=record.count,
        notes=tuple(_notes(header.imported, records)),
    )


def _notes(imported: Imported, records: Recorded) -> Iterator[str]:
    """What a reader has to know before the verdict."""
    by = f", {imported.form} by {imported.tool}" if imported.tool else f", {imported.form}"
    exchanges = "exchange" if imported.taken == 1 else "exchanges"
    yield (
        f"Nothing was sent: {imported.taken} recorded {exchanges} from {imported.source}{by}. "
        "What needs requests of its own, or was not recorded, is not run."
    )
    expected = records.expected
    if other := expected[Expectation.EITHER]:
        yield (
            f"{expected[Expectation.ACCEPTED]} of them are successes of requests that are valid under this reading. Of the other {other}, "
            "refusals and answers to requests that are not, only what holds for any answer was judged."
        )
    gone = [*imported.left_out, ("requests to anything else", imported.others), ("entries that cannot be read", imported.unreadable)]
    if told := "; ".join(f"{number}: {reason}" for reason, number in gone if number):
        yield f"Left out: {told}."
    if imported.whole:
        yield "That every answer was recorded to its end is the word of whoever gave --whole."


def verdicts(records: Recorded, contract: Contract, header: Header, wanted: Iterable[Requirement]) -> tuple[Verdict, ...]:
    """Judge what can be judged of somebody else's traffic, in the order given."""
    requirements = tuple(wanted)
    judged = [replace(each, judge=_where_recorded(each)) for each in requirements if Detail.PURPOSE not in each.rests_on]
    found = {verdict.requirement: verdict for verdict in judge(Evidence(records, contract, header.target), judged)}
    return tuple(
        _settled(found[each.id], each, frozenset(contract.features))
        if each.id in found
        else Verdict(requirement=each.id, level=level(each, contract), outcome=Outcome.NOT_RUN, reasons=(OWN,))
        for each in requirements
    )


def _where_recorded(requirement: Requirement) -> Callable[[Any], Iterator[Finding]]:
    """The check of a requirement, on exchanges of which everything was recorded that it rests on."""

    def check(subject: Any) -> Iterator[Finding]:
        for detail in Detail:
            if detail in requirement.rests_on and detail in _exchange(subject).lacks:
                raise AbsentError(MISSING[detail])
        yield from requirement.judge(subject)

    return check


def _exchange(subject: Any) -> Exchange:
    if isinstance(subject, Asked):
        return subject.attempts[-1].exchange
    observation: Observation = subject if isinstance(subject, Observation) else subject.observation
    return observation.exchange


def _settled(verdict: Verdict, requirement: Requirement, features: frozenset[str]) -> Verdict:
    """The verdict without what was only missed: nobody had planned it."""
    if verdict.outcome in {Outcome.FAIL, Outcome.ERROR, Outcome.PASS}:
        return replace(verdict, lost=0, unmet=0)
    held = verdict.passed > 0
    reasons = () if held else verdict.reasons or ((NOTHING if _may_occur(requirement, features) else OWN),)
    return replace(verdict, outcome=Outcome.PASS if held else Outcome.NOT_RUN, lost=0, unmet=0, reasons=reasons)


def _may_occur(requirement: Requirement, features: frozenset[str]) -> bool:
    """Whether requests that nobody planned may bear on a requirement: whole or streamed, with any feature or none, answered or refused."""
    return any(
        requirement.on.covers(Purpose(key="", scenario="", expect=expect, stream=stream, needs=needs))
        for stream in (False, True)
        for expect in (Expectation.ACCEPTED, Expectation.REFUSED)
        for needs in (frozenset[str](), features)
    )


def offline(requirement: Requirement, reading: Contract) -> str:
    """Say whether a requirement can be judged on captured traffic."""
    if Detail.PURPOSE in requirement.rests_on or not _may_occur(requirement, frozenset(reading.features)):
        return f"not judged, {OWN}"
    unless = [MISSING[detail] for detail in Detail if detail in requirement.rests_on]
    return f"judged, unless {' or '.join(unless)}" if unless else "judged"


def gate(imported: Imported, verdicts: Iterable[Verdict], *, strict: bool) -> Gate:
    """Decide over recorded traffic. What was not seen is neither green nor red, and a conclusion says how much that is."""
    scored = tuple(verdicts)
    decided = decide(scored, complete=True, strict=strict)
    sentence = decided.sentence
    if decided.status is ExitStatus.CONFORMS:
        binding = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
        gating = [verdict for verdict in scored if verdict.level in binding]
        held = sum(verdict.outcome is Outcome.PASS for verdict in gating)
        name = "MUST and SHOULD" if strict else "MUST"
        sentence = f"No violation seen: {held} of {len(gating)} {name} requirements hold, the others could not be judged"
        failed = sum(verdict.outcome is Outcome.FAIL and verdict.level is Level.SHOULD for verdict in scored)
        sentence += f"; {failed} SHOULD failed as well." if failed else "."
    exchanges = "exchange" if imported.taken == 1 else "exchanges"
    return replace(decided, sentence=f"{sentence} Judged on {imported.taken} recorded {exchanges} from {imported.source}.")

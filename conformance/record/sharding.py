"""A run in parts, each sent by a process of its own: which part sends what, what one alone can tell, and which parts are one run.

What hangs together stays together: a request and what is built from it, twins, controls and what splits a request; and what is compared
over a run because of when or beside what it was sent. Everything else is dealt out so that each part takes about as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from conformance.baseline import Mark
from conformance.contract import Contract
from conformance.errors import ConfigurationError, RecordError
from conformance.gate import ExitStatus, Gate, decide
from conformance.judge import judge
from conformance.model import Outcome, Verdict
from conformance.observation import Asked, Evidence
from conformance.plan import LAST_TOPIC, Steps
from conformance.provenance import Footer, Header, Spent
from conformance.recent import Recent
from conformance.record.runlog import Record
from conformance.registry import Requirement
from conformance.steps import Step

MOST: Final = 256
"""Parts of a run. Each asks the preflight of its own; beyond a few dozen, that is most of what they do."""

TOGETHER: Final = (LAST_TOPIC, "delivery", "short-delivery", "again", "sentinel", "company", "cap")
"""Topics whose requests are held against each other for their time, their order or their company: one part sends all of them."""

_REQUEST: Final = 16
"""What a request costs beside its answer, in tokens: about as long as so many take to come."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run."""

    number: int
    """From 1."""
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/4`. Raises `ConfigurationError`."""
        found = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST:
            raise ConfigurationError(
                f"There is no shard {text!r}.", hint=f"Give its number and how many there are, at most {MOST}: --shard 2/4."
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def words(self) -> str:
        """For a sentence: `Shard 2 of 4`."""
        return f"Shard {self.number} of {self.of}"


def part(steps: Steps, shard: Shard) -> Steps:
    """The steps that a shard sends, in the order of the plan."""
    mine = {step.key for step in _dealt(steps.every, shard.of)[shard.number - 1]}
    return Steps(
        first=tuple(step for step in steps.first if step.key in mine),
        last=tuple(step for step in steps.last if step.key in mine),
    )


def groups(steps: Iterable[Step]) -> tuple[tuple[Step, ...], ...]:
    """The steps that hang together, each group in the order of the plan, the groups in that of their first steps."""
    listed = {step.key: step for step in steps}
    parent = {key: key for key in listed}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    def join(one: str, other: str) -> None:
        if one in parent and other in parent:
            parent[root(one)] = root(other)

    first: dict[str, str] = {}
    for key, step in listed.items():
        for other in (step.after, step.purpose.twin, step.purpose.control, step.purpose.splits):
            join(key, other)
        for topic in step.purpose.topics & set(TOGETHER):
            join(key, first.setdefault(topic, key))
    found: dict[str, list[Step]] = {}
    for key, step in listed.items():
        found.setdefault(root(key), []).append(step)
    return tuple(tuple(group) for group in found.values())


def cost(step: Step) -> int:
    """About how long a step takes at a conforming endpoint, in tokens; one that is never sent to it takes no time."""
    if step.purpose.splits:
        return 0
    return step.tries * (_REQUEST + (step.output_tokens if step.billed else 0))


def _dealt(steps: Sequence[Step], parts: int) -> list[list[Step]]:
    """The heaviest group first, each to the part that has least so far (Graham 1969: at most a third above the best there is)."""
    loads, dealt = [0] * parts, [list[Step]() for _ in range(parts)]
    weighed = [(sum(map(cost, group)), group) for group in groups(steps)]
    for weight, group in sorted(weighed, key=lambda each: -each[0]):
        lightest = loads.index(min(loads))
        loads[lightest] += weight
        dealt[lightest] += group
    return dealt


class _Watched(Recent[Asked]):
    """Looks requests up, and remembers whether one of them was never asked here."""

    looked_away = False

    def __init__(self, look_up: Callable[[str], Asked | None], weigh: Callable[[Asked], int]) -> None:
        super().__init__(look_up, weigh, most=256, weight=1 << 22)

    def __call__(self, key: str) -> Asked | None:
        found = super().__call__(key)
        self.looked_away = self.looked_away or (found is not None and not found.attempts)
        return found


class _Seen(Evidence):
    """The requests that a shard asked, or some of them. It knows whether a judgement was made by the others, too."""

    def __init__(self, record: Record, contract: Contract, keys: Iterable[str]) -> None:
        super().__init__(record, contract, record.header.target)
        self.watched = self.asked = _Watched(self._asked, Asked.weight)
        self._keys = tuple(keys)

    def all(self) -> Iterator[Asked]:
        yield from filter(None, map(self.asked, self._keys))

    def shows(self, features: frozenset[str]) -> bool:
        self.watched.looked_away = True
        return super().shows(features)


def verdicts(record: Record, contract: Contract, wanted: Sequence[Requirement]) -> tuple[Verdict, ...]:
    """What a shard can tell by itself: failures that stand whatever the others saw. The rest is judged when they are merged.

    A failure stands when it was found without a look at anything that this shard did not ask.
    """
    shard = Shard.parse(record.header.shard)
    asked = tuple(key for key in record.keys() if record.attempts(key))  # noqa: SIM118 - a method of a record, not of a mapping
    told = []
    for requirement, verdict in zip(wanted, judge(_Seen(record, contract, asked), wanted), strict=True):
        match verdict.outcome:
            case Outcome.ERROR:
                told.append(verdict)
                continue
            case Outcome.FAIL:
                keys = dict.fromkeys(finding.exchange.partition("#")[0] for finding in verdict.findings)
                alone = _Seen(record, contract, keys)
                (again,) = judge(alone, [requirement])
                if again.outcome is Outcome.FAIL and not alone.watched.looked_away:
                    told.append(verdict)
                    continue
            case _:
                pass
        reason = f"{shard.words}: judged after merging"
        told.append(Verdict(requirement=requirement.id, level=verdict.level, outcome=Outcome.NOT_RUN, reasons=(reason,)))
    return tuple(told)


def gate(shard: str, told: Iterable[Verdict], *, complete: bool, reason: str, strict: bool, marks: Mapping[str, Mark]) -> Gate:
    """Decide over a shard: 1 on a failure, else whether it asked all of its part. 0 is no verdict, and the sentence says so."""
    part, found = Shard.parse(shard), decide(told, complete=complete, reason=reason, strict=strict, marks=marks)
    match found.status:
        case ExitStatus.VIOLATIONS | ExitStatus.OUR_ERROR:
            return replace(found, sentence=f"{part.words}: {found.sentence}")
        case _ if not complete:
            return Gate(status=ExitStatus.NOT_JUDGED, sentence=f"{part.words} was not asked to its end: {reason.rstrip('.')}.")
        case _:
            merge = f"`conformance merge` judges all {part.of} together" if part.of > 1 else "`conformance merge` judges it"
            return Gate(status=ExitStatus.CONFORMS, sentence=f"{part.words} is asked. That is no verdict: {merge}.")


def one_run(records: Sequence[tuple[str, Record]]) -> tuple[Record, ...]:
    """The records in the order of their shards; each comes with the name by which a user knows it.

    Raises `RecordError` where they are not the shards of one run: what was asked differs, or one is missing or there twice.
    """
    found: dict[int, tuple[str, Record]] = {}
    for name, record in records:
        if not record.header.shard:
            raise RecordError(f"{name} is no shard but a run of its own.", hint="Name the folders of runs made with --shard I/N.")
        number = Shard.parse(record.header.shard).number
        if number in found:
            raise RecordError(f"{name} and {found[number][0]} are both shard {record.header.shard}.", hint="Leave one of them out.")
        found[number] = (name, record)
    if not found:
        raise RecordError("There is nothing to merge.", hint="Name the folders of all shards of a run.")
    ordered = [found[number] for number in sorted(found)]
    _agree(ordered)
    of = Shard.parse(ordered[0][1].header.shard).of
    if missing := [f"{number}/{of}" for number in range(1, of + 1) if number not in found]:
        raise RecordError(f"{'Shard' if len(missing) == 1 else 'Shards'} {', '.join(missing)} of the run is not there.", hint="Name all.")
    return tuple(record for _, record in ordered)


def _agree(ordered: Sequence[tuple[str, Record]]) -> None:
    first, model = ordered[0]
    planned = next(((name, record.plan) for name, record in ordered if record.plan is not None), None)
    for name, record in ordered[1:]:
        for (what, one), (_, other) in zip(_asked_of(model.header), _asked_of(record.header), strict=True):
            if one != other:
                raise RecordError(
                    f"{name} and {first} are not shards of one run: their {what} differ, {other} and {one}.",
                    hint="Merge shards that were begun with the same options.",
                )
        if planned is not None and record.plan is not None and record.plan.purposes != planned[1].purposes:
            odd = {p.key for p in record.plan.purposes} ^ {p.key for p in planned[1].purposes}
            why = f" Only one of them planned {min(odd)}." if odd else ""
            raise RecordError(
                f"{name} and {planned[0]} are not shards of one run: they planned otherwise.{why}",
                hint="The target may have answered the preflight otherwise, or pytest was told otherwise. Ask the odd one again.",
            )


def _asked_of(header: Header) -> Iterator[tuple[str, str]]:
    """In what shards of one run agree, and what to call it."""
    target = header.target
    yield "numbers of shards", str(Shard.parse(header.shard).of)
    # Each shard of a run against the embedded server starts one of its own, somewhere.
    yield "targets", "the reference server" if header.embedded else target.base_url
    yield "models", target.model
    yield "claims", ", ".join(sorted(target.claims)) or "none"
    yield "denials", ", ".join(sorted(target.denies)) or "none"
    yield "keys", "sent" if target.key_variable else "not sent"
    yield "dialects", header.dialect[-1]
    yield "contracts", header.contract_digest[:12]
    yield "catalogues of requirements", header.catalogue_digest[:12]
    yield "tiers", header.tier
    yield "seeds", str(header.seed)
    yield "selections", header.selection or "everything"
    yield "revisions to be scored by", header.scored_revision or "that of the day"
    yield "gates", "MUST and SHOULD" if header.strict else "MUST"
    yield "baselines", f"one of {len(header.accepted)} entries ({sha256(repr(header.accepted).encode()).hexdigest()[:12]})"


def whole(records: Sequence[Record], reasons: Sequence[str]) -> tuple[Header, Footer]:
    """First and last line of the record that shards make together; `reasons` says why each of them is not complete."""
    headers = [record.header for record in records]
    cut = [f"shard {record.header.shard}: {why}" for record, why in zip(records, reasons, strict=True) if not record.complete]
    ends = [record.footer.ended for record in records if record.footer is not None]
    return (
        replace(headers[0], shard="", started=min(header.started for header in headers)),
        Footer(
            complete=not cut,
            reason="; ".join(cut),
            exchanges=0,
            ended=max(ends, default=max(each.started for each in headers)),
            broken_off=sum((record.broken_off for record in records), Spent()),
        ),
    )

"""A run in parts: nothing is sent twice or forgotten, a part accuses of nothing it did not see, and all together are the whole run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract, registry, reporting, session
from conformance.contract import Contract
from conformance.errors import ConfigurationError, RecordError
from conformance.gate import ExitStatus
from conformance.model import CAP_FIELDS, Outcome, Tier, Verdict
from conformance.observation import Records
from conformance.plan import Steps
from conformance.provenance import RECORD, Header
from conformance.record import runlog, sharding
from conformance.record.runlog import Record, RecordWriter
from conformance.record.sharding import Shard
from conformance.reference import defects, launch
from conformance.reference.service import KEY, MODEL
from conformance.registry import Catalogue
from conformance.report import Report
from conformance.sending.progress import Unwatched
from conformance.settle import settled
from conformance.target import Target

NUMBERS = (1, 2, 3, 7)


@cache
def everything() -> tuple[Contract, Catalogue]:
    return contract.load(), registry.load()


@cache
def steps(tier: Tier, cap_field: str = CAP_FIELDS[0]) -> Steps:
    return session.Assignment.steps(assignment(tier=tier), cap_field)


class Planned(session.Assignment):
    """One whose plan is made once for all tests."""

    def steps(self, cap_field: str = CAP_FIELDS[0]) -> Steps:
        return steps(self.tier, cap_field)


def assignment(url: str = "http://127.0.0.1:1/v1", tier: Tier = Tier.GATE, shard: str = "") -> session.Assignment:
    reading, catalogue = everything()
    target = Target(base_url=url, model=MODEL, key=KEY, key_variable="CONFORMANCE_API_KEY", concurrency=8)
    return Planned(
        target=target,
        contract=reading,
        catalogue=catalogue,
        requirements=catalogue.requirements,
        tier=tier,
        shard=Shard.parse(shard) if shard else None,
    )


# Who sends what


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("of", NUMBERS)
def test_each_step_is_sent_by_one_shard(tier: Tier, of: int) -> None:
    whole = steps(tier)
    parts = [sharding.part(whole, Shard(number, of)) for number in range(1, of + 1)]
    assert Counter(step.key for each in parts for step in each.every) == Counter(step.key for step in whole.every)


@pytest.mark.parametrize("tier", [Tier.GATE, Tier.FULL])
def test_what_hangs_together_stays_together(tier: Tier) -> None:
    whole = steps(tier)
    listed = {step.key: step for step in whole.every}
    place = {step.key: number for number, group in enumerate(sharding.groups(listed.values())) for step in group}
    for key, step in listed.items():
        for other in (step.after, step.purpose.twin, step.purpose.control, step.purpose.splits):
            assert place.get(other, place[key]) == place[key], (key, other)
    for topic in sharding.TOGETHER:
        assert len({place[key] for key, step in listed.items() if topic in step.purpose.topics}) <= 1, topic


@pytest.mark.parametrize("tier", [Tier.GATE, Tier.FULL])
@pytest.mark.parametrize("of", [2, 3, 7])
def test_parts_take_about_as_long(tier: Tier, of: int) -> None:
    whole = steps(tier)
    groups = sharding.groups(whole.every)
    heaviest = max(sum(map(sharding.cost, group)) for group in groups)
    loads = [sum(map(sharding.cost, sharding.part(whole, Shard(number, of)).every)) for number in range(1, of + 1)]
    # No part is heavier than the lightest by more than one request, unless what cannot be taken apart weighs more than a fair share.
    assert max(loads) - min(loads) <= 2 * 16 or max(loads) == heaviest


def test_the_order_of_the_plan_does_not_depend_on_when_it_is_made() -> None:
    first = sharding.part(session.Assignment.steps(assignment()), Shard(2, 3))
    again = sharding.part(steps(Tier.GATE), Shard(2, 3))
    assert [step.key for step in first.first] == [step.key for step in again.first]


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "2/", "/2", "a/b", "-1/2", "1/257", "1/2/3", "1.5/2"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="shard"):
        Shard.parse(text)


@given(st.integers(1, sharding.MOST), st.integers(1, sharding.MOST))
@settings(deadline=None)
def test_a_shard_reads_what_it_writes(one: int, other: int) -> None:
    shard = Shard(min(one, other), max(one, other))
    assert Shard.parse(str(shard)) == shard


# What it comes to

_OPENED: list[Record] = []


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    while _OPENED:
        _OPENED.pop().close()


def opened(path: Path) -> Record:
    _OPENED.append(Record.open(path))
    return _OPENED[-1]


@contextmanager
def served(defect: str) -> Iterator[str]:
    """A server of one's own: some defects remember what was asked before."""
    with launch.Embedded(launch.Options(defect=defect)) as embedded:
        yield embedded.base_url


def conduct(folder: Path, url: str, shard: str = "") -> Record:
    session.conduct(assignment(url, shard=shard), folder, Unwatched(), threading.Event())
    return opened(folder / RECORD)


def judged(record: Record) -> Report:
    reading, catalogue = everything()
    return reporting.judged(record, reading, catalogue, catalogue.requirements)


def essence(verdict: Verdict) -> tuple[object, ...]:
    """What a verdict says, but for how often: each shard asks the preflight, so what is seen there is seen once for each of them."""
    return verdict.requirement, verdict.level, verdict.outcome, {code for code, _ in verdict.codes}, verdict.lost


def merged(records: list[Record], folder: Path) -> Record:
    ordered = sharding.one_run([(each.header.shard, each) for each in records])
    header, footer = sharding.whole(ordered, [each.gap for each in ordered])
    runlog.merge(ordered, header, footer, folder / RECORD)
    return opened(folder / RECORD)


TOLD = {"": 2, "another-error-later": 3}
"""No defect, and one that shows by the order of requests; in how many shards."""

REMEMBERING = {"prompt-shrinks-when-cached"}
"""Count the preflight otherwise when the second shard asks it: what they fail hangs on how often it was asked."""

ALL = [
    *((name, of) for name in ("", "answers-mixed", "streams-share-an-id", "name-refused") for of in (2, 3, 7)),
    *((name, 3) for name in list(defects.ALL)[::10] if name not in REMEMBERING),
]


def answers(records: Records, key: str) -> int:
    """How many answers a request got; which of them gets lost on the way may hang on what else is under way."""
    return sum(map(settled, records.attempts(key)))


def outcomes(report: Report, outcome: Outcome) -> set[str]:
    return {row.requirement.id for row in report.rows if row.verdict.outcome is outcome}


@pytest.mark.parametrize(
    ("defect", "of"),
    [*TOLD.items(), *(pytest.param(*each, marks=pytest.mark.exhaustive) for each in ALL)],
)
def test_shards_merged_come_to_what_the_whole_run_comes_to(defect: str, of: int, tmp_path: Path) -> None:
    with served(defect) as url:
        whole = judged(conduct(tmp_path / "whole", url))
    with served(defect) as url:
        shards = [conduct(tmp_path / str(number), url, f"{number}/{of}") for number in range(of, 0, -1)]
    for each in shards:
        alone = judged(each)
        assert outcomes(alone, Outcome.FAIL) <= outcomes(whole, Outcome.FAIL)
        assert {row.verdict.outcome for row in alone.rows} <= {Outcome.FAIL, Outcome.NOT_RUN}
    record = merged(shards, tmp_path / "merged")
    together = judged(record)
    assert [essence(row.verdict) for row in together.rows] == [essence(row.verdict) for row in whole.rows]
    assert together.gate == whole.gate
    assert together.plan == whole.plan
    assert record.header.shard == ""
    assert record.complete
    once = [key for key in record.keys() if not key.startswith("preflight/")]  # noqa: SIM118 - a method of a record
    assert {key: answers(record, key) for key in once} == {key: answers(whole.records, key) for key in once}


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Record]:
    """A run in two shards, against a server that breaks on unknown members: what shows that hangs together, and so is in one of them."""
    folder = tmp_path_factory.mktemp("halves")
    with served("unknown-member-500") as url:
        return conduct(folder / "1", url, "1/2"), conduct(folder / "2", url, "2/2")


def test_a_shard_alone_is_never_green(halves: tuple[Record, Record]) -> None:
    for record in halves:
        report = judged(record)
        assert not outcomes(report, Outcome.PASS)
        if outcomes(report, Outcome.FAIL):
            assert report.gate.status is ExitStatus.VIOLATIONS
        else:
            assert report.gate.status is ExitStatus.CONFORMS
            assert "That is no verdict: `conformance merge` judges all 2 together." in report.gate.sentence
            assert all(row.verdict.reasons == (f"Shard {record.header.shard[0]} of 2: judged after merging",) for row in report.rows)
    assert {judged(record).gate.status for record in halves} == {ExitStatus.VIOLATIONS, ExitStatus.CONFORMS}


def test_a_shard_that_was_cut_off_is_not_asked(halves: tuple[Record, Record], tmp_path: Path) -> None:
    record = copied(halves[1], tmp_path, keep=20)
    report = judged(record)
    assert report.gate.status is not ExitStatus.CONFORMS


def test_what_a_shard_could_not_ask_is_missing_in_the_whole_run(halves: tuple[Record, Record], tmp_path: Path) -> None:
    quiet = next(each for each in halves if not outcomes(judged(each), Outcome.FAIL))
    other = next(each for each in halves if each is not quiet)
    together = merged([copied(quiet, tmp_path / "cut", keep=5), other], tmp_path / "merged")
    assert not together.complete
    assert together.footer is not None
    assert f"shard {quiet.header.shard}: the record has no end" in together.footer.reason
    assert judged(together).gate.status is ExitStatus.VIOLATIONS


def copied(record: Record, folder: Path, *, keep: int | None = None, changes: dict[str, object] | None = None) -> Record:
    """The record with something else in its header, or with its first exchanges alone and no end."""
    header: Header = replace(record.header, **(changes or {}))  # type: ignore[arg-type]
    with RecordWriter(folder / RECORD, header) as writer:
        if record.plan is not None:
            writer.plan(record.plan)
        for exchange in list(record.exchanges())[:keep]:
            writer.append(exchange)
        if keep is None and record.footer is not None:
            writer.close(record.footer)
    return opened(folder / RECORD)


# What is not one run


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("targets", {"target.base_url": "http://127.0.0.1:2/v1"}),
        ("models", {"target.model": "another"}),
        ("keys", {"target.key_variable": ""}),
        ("claims", {"target.claims": frozenset({"seed"})}),
        ("denials", {"target.denies": frozenset({"seed"})}),
        ("contracts", {"contract_digest": "f" * 64}),
        ("catalogues of requirements", {"catalogue_digest": "f" * 64}),
        ("seeds", {"seed": 2}),
        ("tiers", {"tier": Tier.FULL}),
        ("dialects", {"dialect": ("openai",)}),
        ("selections", {"selection": "STREAM-DONE"}),
        ("numbers of shards", {"shard": "2/3"}),
    ],
)
def test_shards_of_different_runs_are_told_apart(
    halves: tuple[Record, Record], tmp_path: Path, what: str, changes: dict[str, object]
) -> None:
    target = {name.removeprefix("target."): value for name, value in changes.items() if name.startswith("target.")}
    plain = {name: value for name, value in changes.items() if not name.startswith("target.")}
    if target:
        plain["target"] = replace(halves[1].header.target, **target)  # type: ignore[arg-type]
    with pytest.raises(RecordError, match=f"b and a are not shards of one run: their {what} differ"):
        sharding.one_run([("b", copied(halves[1], tmp_path, changes=plain)), ("a", halves[0])])


def test_shards_that_planned_otherwise_are_told_apart(halves: tuple[Record, Record], tmp_path: Path) -> None:
    plan = halves[1].plan
    assert plan is not None
    with RecordWriter(tmp_path / RECORD, halves[1].header) as writer:
        writer.plan(replace(plan, purposes=plan.purposes[:-1]))
    with pytest.raises(RecordError, match=f"Only one of them planned {plan.purposes[-1].key}"):
        sharding.one_run([("a", halves[0]), ("b", opened(tmp_path / RECORD))])


def test_missing_and_double_shards_are_named(halves: tuple[Record, Record]) -> None:
    one, two = halves
    with pytest.raises(RecordError, match="Shard 2/2 of the run is not there"):
        sharding.one_run([("a", one)])
    with pytest.raises(RecordError, match="b and a are both shard 2/2"):
        sharding.one_run([("a", two), ("b", two), ("c", one)])
    with pytest.raises(RecordError, match="nothing to merge"):
        sharding.one_run([])


def test_a_run_of_its_own_is_no_shard(halves: tuple[Record, Record], tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="b is no shard"):
        sharding.one_run([("a", halves[0]), ("b", copied(halves[1], tmp_path, changes={"shard": ""}))])

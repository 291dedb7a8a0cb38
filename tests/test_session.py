"""From an assignment to a record, and from a record to a report."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import contract, registry, reporting, session
from conformance.errors import CannotTestError
from conformance.model import Exchange, Outcome, Tier
from conformance.plan import price
from conformance.provenance import RECORD, Footer, Plan
from conformance.record.runlog import Record, RecordWriter
from conformance.reference.launch import Embedded
from conformance.report import Report
from conformance.sending.progress import Unwatched
from conformance.target import Target
from tests.servers import Connection, always, answer, serving
from tests.test_observe import HEADER

COMPLETE = Footer(complete=True, reason="", exchanges=0, ended=1.0)


class Watch(Unwatched):
    """Remembers, and may stop the run after so many exchanges."""

    def __init__(self, stop: threading.Event | None = None, after: int = 0) -> None:
        self.exchanges: list[Exchange] = []
        self._stop = stop
        self._after = after

    def exchanged(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if self._stop is not None and len(self.exchanges) >= self._after:
            self._stop.set()


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    with Embedded() as embedded:
        yield embedded


def assignment(base_url: str, *, key: str = "k", tier: Tier = Tier.SMOKE, **target: frozenset[str]) -> session.Assignment:
    catalogue = registry.load()
    return session.Assignment(
        target=Target(base_url=base_url, model="reference-model", key=key, key_variable="CONFORMANCE_API_KEY", **target),  # type: ignore[arg-type]
        contract=contract.load(),
        catalogue=catalogue,
        requirements=catalogue.requirements,
        tier=tier,
    )


def judged(folder: Path) -> Report:
    catalogue = registry.load()
    with Record.open(folder / RECORD) as record:
        return reporting.judged(record, contract.load(), catalogue, catalogue.requirements)


def written(folder: Path, *, plan: Plan | None, footer: Footer | None, cut: bool = False) -> Report:
    """What a record comes to that was written so far."""
    path = folder / RECORD
    with RecordWriter(path, HEADER) as writer:
        if plan is not None:
            writer.plan(plan)
        if footer is not None:
            writer.close(footer)
    if cut:
        path.write_bytes(path.read_bytes() + b'{"kind":"exch')
    return judged(folder)


NOTHING_PLANNED = Plan(purposes=(), requests=0, billed=0, output_tokens=0)


def test_a_run_leaves_a_record_of_all_that_was_planned_and_of_the_preflight(server: Embedded, tmp_path: Path) -> None:
    watch = Watch()
    one = assignment(server.base_url, key=server.key)
    session.conduct(one, tmp_path, watch, threading.Event())
    with Record.open(tmp_path / RECORD) as record:
        assert record.complete
        assert record.header.catalogue_digest == one.catalogue.digest
        assert record.header.contract_digest == one.contract.digest
        assert record.plan is not None
        planned = [purpose.key for purpose in record.plan.purposes]
        assert planned[0] == "preflight/max_completion_tokens"
        assert record.keys() == tuple(planned)
        assert record.footer is not None
        assert record.footer.exchanges == len(planned)
    assert [exchange.purpose.key for exchange in watch.exchanges] == planned[1:]
    assert judged(tmp_path).gate.status == 0


def test_two_runs_give_the_same_verdicts(server: Embedded, tmp_path: Path) -> None:
    reports = []
    for name in "ab":
        session.conduct(assignment(server.base_url, key=server.key), tmp_path / name, Watch(), threading.Event())
        reports.append(judged(tmp_path / name))
    first, second = ([row.verdict for row in report.rows] for report in reports)
    assert first == second


def test_a_target_that_cannot_be_tested_leaves_a_record_without_a_verdict(tmp_path: Path) -> None:
    with serving(always(answer("401 Unauthorized"))) as closed, pytest.raises(CannotTestError):
        session.conduct(assignment(closed.url), tmp_path, Watch(), threading.Event())
    report = judged(tmp_path)
    assert report.gate.status == 2
    assert "does not accept the key" in report.gate.sentence
    assert {row.verdict.outcome for row in report.rows} == {Outcome.NOT_RUN}
    assert report.requests == 1


def test_a_run_that_is_stopped_says_so(server: Embedded, tmp_path: Path) -> None:
    stop = threading.Event()
    one = assignment(server.base_url, key=server.key, tier=Tier.GATE)
    session.conduct(replace(one, target=replace(one.target, concurrency=1)), tmp_path, Watch(stop, after=3), stop)
    report = judged(tmp_path)
    assert report.gate.status == 2
    assert "incomplete" in report.gate.sentence
    assert report.plan is not None
    assert report.requests < report.plan.requests


def test_a_target_that_hangs_can_be_left_at_once(tmp_path: Path) -> None:
    stop = threading.Event()

    def leave(connection: Connection) -> None:
        stop.set()
        connection.hang()

    with serving(leave) as hanging, pytest.raises(CannotTestError, match="Interrupted"):
        session.conduct(assignment(hanging.url), tmp_path, Watch(), stop)
    report = judged(tmp_path)
    assert "Interrupted" in report.gate.sentence
    assert {row.verdict.outcome for row in report.rows} == {Outcome.NOT_RUN}


@pytest.mark.parametrize(
    ("plan", "footer", "cut", "words"),
    [
        (None, None, False, "killed"),
        (None, COMPLETE, False, "Could not be tested"),
        (NOTHING_PLANNED, None, False, "killed"),
        (NOTHING_PLANNED, None, True, "middle of a line"),
        (NOTHING_PLANNED, COMPLETE, True, "middle of a line"),
        (NOTHING_PLANNED, replace(COMPLETE, complete=False, reason="the disk was full"), False, "the disk was full"),
        (NOTHING_PLANNED, COMPLETE, False, "nothing was observed"),
    ],
)
def test_a_record_of_nothing_is_never_green(plan: Plan | None, footer: Footer | None, cut: bool, words: str, tmp_path: Path) -> None:
    report = written(tmp_path, plan=plan, footer=footer, cut=cut)
    assert report.gate.status == 2
    assert words in report.gate.sentence
    assert not any(row.verdict.outcome is Outcome.PASS for row in report.rows)


def test_the_price_holds_the_preflight_too() -> None:
    one = assignment("http://127.0.0.1")
    whole, rest = one.price(), price(one.steps().every)
    assert whole.billed == rest.billed + 1
    assert {purpose.key for purpose in whole.purposes} > {purpose.key for purpose in rest.purposes}


def test_what_the_target_denies_is_not_asked() -> None:
    one = assignment("http://127.0.0.1", denies=frozenset({"streaming"}), tier=Tier.GATE)
    assert "streaming" in one.denies
    purposes = one.price().purposes
    assert purposes
    assert not any("streaming" in purpose.needs for purpose in purposes)


def test_what_the_target_claims_is_asked_whatever_its_dialect_denies(tmp_path: Path) -> None:
    overlay = tmp_path / "lacking.overlay.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Lacks things, version: '1'}\nx-extends: openai-compatible\n"
        "actions:\n- target: $['x-dialect']\n  update: {denies: [tools, n]}\n",
        "utf-8",
    )
    one = replace(assignment("http://127.0.0.1", claims=frozenset({"tools"})), contract=contract.load(str(overlay)))
    assert "n" in one.denies
    assert "tools" not in one.denies


def test_an_exchange_is_found_by_its_name_and_attempt(server: Embedded, tmp_path: Path) -> None:
    session.conduct(assignment(server.base_url, key=server.key), tmp_path, Watch(), threading.Event())
    catalogue = registry.load()
    with Record.open(tmp_path / RECORD) as record:
        report = reporting.judged(record, contract.load(), catalogue, catalogue.requirements)
        key = record.keys()[-1]
        for name in (key, f"{key}#1"):
            found = report.exchange(name)
            assert found is not None
            assert found.purpose.key == key
        assert report.exchange("nothing/here") is None

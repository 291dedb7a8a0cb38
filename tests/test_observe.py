"""What is planned is asked, all of it and as often as needed, and no faster than is welcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest

from conformance.errors import CatalogueError
from conformance.model import Chunk, Exchange, Fault, FaultKind, Purpose, Request, Sent, Tier
from conformance.network.wire import Wire
from conformance.provenance import Header, Identity
from conformance.record.runlog import Record, RecordWriter
from conformance.sending import pacing
from conformance.sending.observe import Observed, observe
from conformance.sending.pacing import LONGEST_WAIT, backoff, retry_after
from conformance.sending.patience import FAILING_AFTER
from conformance.settle import FAULT_RETRIES, RATE_LIMIT_RETRIES, RETRIES, retries, settled
from conformance.steps import Step
from conformance.target import Bounds, Target
from tests.servers import Connection, answer, serving

HEADER = Header(
    suite_version="1",
    contract_revision="r",
    contract_digest="c",
    catalogue_digest="d",
    dialect=("openai",),
    target=Identity(base_url="https://host/v1", model="m"),
    tier=Tier.GATE,
    seed=0,
    selection="",
    started=0.0,
)
CANARY = "sk-canary-0123456789"

Respond = Callable[[Purpose, int], int | FaultKind]
"""What the target does to a request, given how often this key has been asked before: a status, or a way to fail."""


class FakeWire:
    """A target without a network."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[tuple[str, int]] = []
        self.bodies: list[bytes] = []
        self.under_way = 0
        self.most_under_way = 0
        self.aborted = threading.Event()
        self._lock = threading.Lock()

    def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
        with self._lock:
            self.asked.append((purpose.key, attempt))
            self.bodies.append(request.body)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return exchange(purpose, attempt, self.respond(purpose, attempt))
        finally:
            with self._lock:
                self.under_way -= 1

    def abort(self) -> None:
        self.aborted.set()

    def asked_keys(self) -> list[str]:
        return [key for key, _ in self.asked]


class Watcher:
    """Notes what progress is told."""

    def __init__(self) -> None:
        self.total = -1
        self.exchanges: list[str] = []
        self.waits: list[float] = []
        self.over = False
        self.each: Callable[[Exchange], None] = lambda _: None

    def started(self, total: int) -> None:
        self.total = total

    def exchanged(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange.id)
        self.each(exchange)

    def waiting(self, seconds: float, reason: str) -> None:
        self.waits.append(seconds)

    def finished(self) -> None:
        self.over = True


def exchange(purpose: Purpose, attempt: int, result: int | FaultKind, headers: tuple[tuple[str, str], ...] = ()) -> Exchange:
    kind = result if isinstance(result, FaultKind) else None
    return Exchange(
        purpose=purpose,
        attempt=attempt,
        started=time.time(),
        sent=Sent(method="POST", url="u", headers=(), body=b""),
        status=None if isinstance(result, FaultKind) else result,
        headers=headers,
        fault=Fault(kind=kind, detail="It broke.") if kind else None,
    )


def step(key: str, **more: object) -> Step:
    fields = {"purpose": Purpose(key=key, scenario=key), "request": Request(body=key.encode())} | more
    return Step(**fields)  # type: ignore[arg-type]


def steps(count: int) -> list[Step]:
    return [step(f"s/{number}") for number in range(count)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_BASE", 0.0005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def writer(path: Path) -> Iterator[RecordWriter]:
    with RecordWriter(path, HEADER) as made:
        yield made


def run(plan: list[Step], wire: FakeWire, writer: RecordWriter, *, concurrency: int = 4, **more: object) -> Observed:
    options = {"progress": Watcher(), "stop": threading.Event()} | more
    return observe(plan, wire, writer, concurrency=concurrency, **options)  # type: ignore[arg-type]


def recorded(path: Path) -> list[str]:
    with Record.open(path) as record:
        return sorted(each.id for each in record.exchanges())


# What is asked


def test_everything_is_asked_once_and_recorded(writer: RecordWriter, path: Path) -> None:
    wire, watcher = FakeWire(lambda *_: 200), Watcher()
    assert run(steps(20), wire, writer, progress=watcher) == Observed(complete=True, reason="", sent=20)
    assert sorted(wire.asked_keys()) == recorded(path) == sorted(watcher.exchanges)
    assert (watcher.total, watcher.over) == (20, True)


def test_no_more_requests_are_under_way_than_allowed(writer: RecordWriter) -> None:
    def slow(purpose: Purpose, attempt: int) -> int:
        time.sleep(0.005)
        return 200

    wire = FakeWire(slow)
    run(steps(30), wire, writer, concurrency=3)
    assert wire.most_under_way == 3


def test_nothing_to_ask_is_done_at_once(writer: RecordWriter) -> None:
    assert run([], FakeWire(lambda *_: 200), writer) == Observed(complete=True, reason="", sent=0)


# Chains


def test_a_follower_is_built_from_the_answer_before_it(writer: RecordWriter) -> None:
    def follow(before: Exchange) -> Request:
        return Request(body=f"after {before.status}".encode())

    wire = FakeWire(lambda *_: 201)
    run([step("b", request=follow, after="a"), step("a"), step("c", request=follow, after="b")], wire, writer)
    assert wire.asked_keys() == ["a", "b", "c"]
    assert wire.bodies[1:] == [b"after 201", b"after 201"]


def test_a_follower_without_its_premise_is_not_asked_nor_what_is_built_on_it(writer: RecordWriter) -> None:
    wire = FakeWire(lambda *_: 200)
    plan = [step("a"), step("b", request=lambda _: None, after="a"), step("c", request=lambda _: Request(body=b""), after="b")]
    assert run(plan, wire, writer).complete
    assert wire.asked_keys() == ["a"]


def test_after_a_loss_a_ready_made_follower_is_asked_and_a_built_one_is_not(writer: RecordWriter) -> None:
    wire = FakeWire(lambda purpose, _: 500 if purpose.key == "a" else 200)
    plan = [step("a"), step("alive", after="a"), step("b", request=lambda _: Request(body=b""), after="a")]
    assert run(plan, wire, writer).complete
    assert wire.asked_keys() == ["a"] * (1 + RETRIES) + ["alive"]


def test_the_longest_chains_are_asked_first(writer: RecordWriter) -> None:
    wire = FakeWire(lambda *_: 200)
    run([step("short"), step("tries", tries=3), step("a"), step("b", after="a")], wire, writer, concurrency=1)
    assert wire.asked_keys() == ["tries", "a", "b", "short"]


@pytest.mark.parametrize(
    "plan", [[step("a"), step("a")], [step("a", after="nobody")], [step("a", after="b"), step("b", after="a")], [step("a", after="a")]]
)
def test_a_plan_that_cannot_be_walked_is_ours_to_mend(plan: list[Step], writer: RecordWriter) -> None:
    with pytest.raises(CatalogueError):
        run(plan, FakeWire(lambda *_: 200), writer)


# Cooperation


def test_a_model_is_asked_until_it_cooperates(writer: RecordWriter) -> None:
    wire = FakeWire(lambda _, attempt: 200 if attempt < 3 else 201)
    run([step("a", tries=5, until=lambda answer: answer.status == 201)], wire, writer)
    assert wire.asked == [("a", 1), ("a", 2), ("a", 3)]


def test_a_model_that_never_cooperates_is_asked_as_often_as_planned(writer: RecordWriter) -> None:
    wire = FakeWire(lambda *_: 200)
    assert run([step("a", tries=3, until=lambda _: False)], wire, writer).complete
    assert wire.asked == [("a", 1), ("a", 2), ("a", 3)]


def test_a_lost_answer_is_not_a_try(writer: RecordWriter) -> None:
    wire = FakeWire(lambda _, attempt: 503 if attempt == 2 else 200)
    run([step("a", tries=2, until=lambda _: False)], wire, writer)
    assert wire.asked == [("a", 1), ("a", 2), ("a", 3)]


# Losses


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 409, 415, 422, 499])
def test_an_answer_is_settled(status: int) -> None:
    given = exchange(Purpose(key="a", scenario="a"), 1, status)
    assert settled(given)
    assert retries(given) == 0


@pytest.mark.parametrize("result", [408, 425, 429, 500, 501, 503, 529, 599, *FaultKind])
def test_a_loss_is_not_settled(result: int | FaultKind) -> None:
    assert not settled(exchange(Purpose(key="a", scenario="a"), 1, result))


def test_an_answer_with_a_fault_is_not_settled() -> None:
    given = exchange(Purpose(key="a", scenario="a"), 1, 200)
    assert not settled(replace(given, chunks=(Chunk(0.0, b"{"),), fault=Fault(kind=FaultKind.TRUNCATED, detail="Cut.")))


@pytest.mark.parametrize(
    ("result", "more"),
    [(500, RETRIES), (408, RETRIES), (429, RATE_LIMIT_RETRIES), *FAULT_RETRIES.items()],
)
def test_a_loss_is_repeated_so_often_and_every_attempt_recorded(
    result: int | FaultKind, more: int, writer: RecordWriter, path: Path
) -> None:
    wire = FakeWire(lambda *_: result)
    assert run([step("a")], wire, writer) == Observed(complete=True, reason="", sent=1 + more)
    assert recorded(path) == sorted("a" if attempt == 1 else f"a#{attempt}" for attempt in range(1, 2 + more))


def test_an_answer_ends_the_repeating(writer: RecordWriter) -> None:
    wire = FakeWire(lambda _, attempt: FaultKind.RESET if attempt == 1 else 400)
    run([step("a")], wire, writer)
    assert wire.asked == [("a", 1), ("a", 2)]


def test_a_server_known_to_fail_is_asked_for_two_5xx_even_when_a_connection_breaks_first(writer: RecordWriter) -> None:
    """One alone would leave open whether it always fails."""
    wire = FakeWire(lambda purpose, attempt: FaultKind.RESET if (purpose.key, attempt) == ("last", 1) else 500)
    run([*steps(FAILING_AFTER), step("last")], wire, writer, concurrency=1)
    assert [asked for asked in wire.asked if asked[0] == "last"] == [("last", 1), ("last", 2), ("last", 3)]


# Pacing

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("header", "value", "seconds"),
    [
        ("Retry-After", "7", 7.0),
        ("Retry-After", "0.5", 0.5),
        ("Retry-After", "-3", 0.0),
        ("Retry-After", "86400", LONGEST_WAIT),
        ("Retry-After", "inf", LONGEST_WAIT),
        ("Retry-After", "nan", None),
        ("Retry-After", "soon", None),
        ("Retry-After", "", None),
        ("Retry-After", format_datetime(datetime(2026, 11, 21, 12, 0, 9, tzinfo=UTC), usegmt=True), 9.0),
        ("Retry-After", "Sat, 21 Nov 2026 12:00:09", 9.0),
        ("Retry-After", "Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Retry-After", "Sat, 99 Nov 2026 11:00:00 GMT", None),
        ("retry-after-ms", "250", 0.25),
        ("X-Other", "7", None),
    ],
)
def test_a_target_may_say_when_to_come_back(header: str, value: str, seconds: float | None) -> None:
    given = exchange(Purpose(key="a", scenario="a"), 1, 429, ((header, value),))
    assert retry_after(given, NOON) == pytest.approx(seconds)


def test_what_a_target_says_outweighs_the_backoff_and_without_it_the_wait_is_bounded() -> None:
    told = exchange(Purpose(key="a", scenario="a"), 1, 503, (("Retry-After", "7"),))
    assert backoff(told, 1, Random(0), NOON) == 7
    silent = exchange(Purpose(key="a", scenario="a"), 1, 500)
    assert all(0 <= backoff(silent, losses, Random(losses), NOON) <= LONGEST_WAIT for losses in range(1, 2000))


def test_progress_hears_of_a_rate_limit_once_and_the_run_goes_on(writer: RecordWriter) -> None:
    watcher = Watcher()
    wire = FakeWire(lambda purpose, attempt: 429 if (purpose.key, attempt) == ("s/3", 1) else 200)
    assert run(steps(10), wire, writer, progress=watcher).complete
    assert len(watcher.waits) == 1
    assert ("s/3", 2) in wire.asked


# Resuming


def test_a_resumed_run_asks_only_what_is_missing_and_counts_on(path: Path) -> None:
    follow = step("b", request=lambda before: Request(body=before.id.encode()), after="a")
    with RecordWriter(path, HEADER) as writer:
        writer.append(exchange(step("a").purpose, 1, 503))
        writer.append(exchange(step("a").purpose, 2, 200))
        writer.append(exchange(step("c").purpose, 1, 500))
    wire, watcher = FakeWire(lambda *_: 200), Watcher()
    with Record.open(path) as record, RecordWriter.resume(path) as writer:
        observed = run([step("a"), follow, step("c")], wire, writer, earlier=record.attempts, progress=watcher, concurrency=1)
    assert observed == Observed(complete=True, reason="", sent=2)
    assert wire.asked == [("b", 1), ("c", 2)]
    assert wire.bodies[0] == b"a#2"
    assert watcher.total == 2


# With a real server


def test_over_the_wire_a_rate_limit_is_obeyed_and_the_key_stays_out_of_the_record(writer: RecordWriter, path: Path) -> None:
    def handle(connection: Connection) -> None:
        if connection.number == 1:
            connection.send(answer("429 Too Many Requests", CANARY.encode(), "Retry-After: 0.05"))
        else:
            connection.send(answer(body=connection.headers["authorization"].encode()))

    with serving(handle) as server:
        target = Target(base_url=server.url, model="m", key=CANARY, key_variable="OPENAI_API_KEY", bounds=Bounds(total=10))
        with Wire(target) as wire:
            observed = observe(steps(10), wire, writer, concurrency=4, progress=Watcher(), stop=threading.Event())
    assert observed == Observed(complete=True, reason="", sent=11)
    content = path.read_bytes()
    assert CANARY.encode() not in content
    assert b"Bearer $OPENAI_API_KEY" in content
    with Record.open(path) as record:
        assert sum(each.masked for each in record.exchanges()) == 11

"""Ceilings hit on purpose, through the command: never passed, as the server counts, and never green."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from conformance import contract
from conformance.cost.ceilings import Prices
from conformance.cost.charging import NOTHING
from conformance.provenance import Tokens
from conformance.reference.behaviour import COMPLETION, Behaviour, Call, Defect
from conformance.reference.completion import Completion
from conformance.reference.service import MODEL, Service
from tests.flaky import Flaky, Sky, Weather, calm
from tests.running import Ended, command
from tests.servers import serving

PRICES = Prices(input=Decimal("2.50"), output=Decimal(10))
PRICED = ("--price-input", "2.50", "--price-output", "10")
ONLY = ("--only", "STREAM-DONE,USAGE-TOTAL,REQUEST-TYPE")
"""Some hundreds of requests, most of them to be refused."""


@dataclass
class Till(Flaky):
    """A conforming server that keeps its own count of what it did."""

    truth: Tokens = NOTHING
    counting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = Defect(id="none", sentence="", area="", trips=frozenset(), incident="", seam=COMPLETION.name, act=self.count)
        self._service = Service(contract.load(), behaviour=Behaviour(counts))

    def count(self, completion: Completion, _: Call) -> Completion:
        """Take note of what was generated, and change nothing."""
        with self.counting:
            self.truth += Tokens(prompt=completion.usage.prompt, output=completion.usage.completion)
        return completion

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return self.arrivals[-1].at - self.arrivals[0].at


@contextmanager
def till(weather: Weather = calm) -> Iterator[Till]:
    made = Till(weather)
    with serving(made.handle) as server:
        made.server = server
        yield made


def run(server: Till, folder: Path, *arguments: str) -> Ended:
    return command("run", "--base-url", server.url, "--model", MODEL, *arguments, cwd=folder)


def spent_up(ended: Ended, ceiling: str) -> None:
    """It ends as something that could not be judged, for want of budget, and says so everywhere."""
    assert ended.status == 2, ended.said
    assert not ended.lines[-1]["complete"]
    assert ended.lines[-1]["reason"].startswith("budget: ")
    assert ceiling in ended.lines[-1]["reason"]
    assert ended.summary["exit_status"] == 2
    assert "budget" in ended.summary["sentence"]
    assert "INCONCLUSIVE" in ended.outcomes.values()
    reasons = {reason for verdict in ended.summary["verdicts"] if verdict["outcome"] == "INCONCLUSIVE" for reason in verdict["reasons"]}
    assert any("not sent: budget" in reason for reason in reasons)
    assert "FAIL" not in ended.outcomes.values()
    assert "Traceback" not in ended.said


def test_the_ceiling_on_requests_holds(tmp_path: Path) -> None:
    with till() as server:
        ended = run(server, tmp_path, "--max-requests", "40", *ONLY)
    assert len(server.arrivals) == len(ended.sent) == 40
    spent_up(ended, "--max-requests 40")
    assert "it will stop at 40 (--max-requests)" in ended.err


def test_the_ceiling_on_tokens_holds_and_a_larger_one_goes_on_from_there(tmp_path: Path) -> None:
    with till() as server:
        ended = run(server, tmp_path, "--max-tokens", "4000", *ONLY)
        assert 0 < server.truth.total <= 4000
        spent_up(ended, "--max-tokens 4000")
        again = command("run", "--resume", str(ended.folder), "--max-tokens", "4000", cwd=tmp_path)
        assert server.truth.total <= 4000
        spent_up(again, "--max-tokens 4000")
        whole = command("run", "--resume", str(ended.folder), "--max-tokens", "200000", cwd=tmp_path)
        assert (whole.status, whole.lines[-1]["complete"]) == (0, True), whole.said
        assert len(set(whole.sent)) == len(whole.sent)


def test_the_ceiling_on_money_holds(tmp_path: Path) -> None:
    with till() as server:
        ended = run(server, tmp_path, "--max-cost", "0.02", *PRICED, *ONLY)
    assert 0 < PRICES.of(server.truth) <= Decimal("0.02")
    spent_up(ended, "--max-cost 0.02")


def test_the_ceiling_on_time_holds(tmp_path: Path) -> None:
    with till(lambda _, __: Sky(delay=0.1)) as server:
        ended = run(server, tmp_path, "--max-seconds", "2", "--concurrency", "2", *ONLY)
    assert server.seconds <= 2
    assert len(server.arrivals) >= 3
    spent_up(ended, "--max-seconds 2")


def test_a_ceiling_that_leaves_no_room_for_the_first_request_sends_none(tmp_path: Path) -> None:
    with till() as server:
        ended = run(server, tmp_path, "--max-tokens", "20", *ONLY)
    assert server.arrivals == []
    assert ended.status == 2
    assert "budget: a request of up to" in ended.summary["sentence"]
    assert set(ended.outcomes.values()) == {"NOT RUN"}


@pytest.mark.parametrize("arguments", [["--max-requests", "0"], ["--max-cost", "1"], ["--max-tokens", "few"]])
def test_a_ceiling_that_is_none_is_a_mistake(arguments: list[str], tmp_path: Path) -> None:
    ended = command("run", *arguments, cwd=tmp_path)
    assert (ended.status, ended.output.exists()) == (4, False)
    assert arguments[0] in ended.err


def test_a_ceiling_that_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    with till() as server:
        ended = run(
            server, tmp_path, "--max-requests", "2000", "--max-tokens", "500000", "--max-seconds", "600", "--max-cost", "9", *PRICED, *ONLY
        )
    assert ended.status == 0, ended.said
    assert "it will stop" not in ended.err
    assert server.truth.total > 0

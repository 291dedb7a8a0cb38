"""Providers that limit what they are asked, over a real network: a run ends complete, with the same verdicts, and is seldom refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.model import Outcome
from tests.flaky import Flaky, Sky, Weather, calm, page
from tests.servers import Connection, answer, serving
from tests.test_flaky import ASKED, changes, in_calm, outcomes

__all__ = ["in_calm"]

REFUSAL = b'{"error":{"message":"Slow down.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}'


@dataclass
class Limited(Flaky):
    """A conforming server with a token bucket before it, or with few places."""

    weather: Weather = calm
    rate: float = 0.0
    size: float = 20.0
    places: int = 0
    headers: bool = False
    """Whether it tells how much is left."""
    retry_after: bool = False
    level: float = 20.0
    at: float = field(default_factory=time.monotonic)
    busy: int = 0
    refused: int = 0
    taking: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, connection: Connection) -> None:
        with self.taking:
            now = time.monotonic()
            self.level = min(self.size, self.level + (now - self.at) * self.rate)
            self.at = now
            full = (self.places and self.busy >= self.places) or (self.rate and self.level < 1)
            self.level -= 0 if full else 1
            self.busy += 1
            self.refused += bool(full)
            told = (
                f"x-ratelimit-limit-requests: {self.size:.0f}",
                f"x-ratelimit-remaining-requests: {max(0, int(self.level))}",
                f"x-ratelimit-reset-requests: {(self.size - self.level) / max(self.rate, 1) * 1000:.0f}ms",
            )
        try:
            if full:
                after = (f"retry-after-ms: {1000 / self.rate:.0f}",) if self.retry_after else ()
                said = b"" if connection.head.startswith(b"HEAD") else REFUSAL
                connection.send(answer("429 Too Many Requests", said, *after, *(told if self.headers else ())))
                return
            if self.headers:
                send = connection.send

                def with_limits(data: bytes) -> None:
                    head, gap, rest = data.partition(b"\r\n")
                    send(head + gap + "\r\n".join(told).encode() + gap + rest if head.startswith(b"HTTP/") else data)

                connection.send = with_limits  # type: ignore[method-assign]
            super().handle(connection)
        finally:
            with self.taking:
                self.busy -= 1


@contextmanager
def limited(**more: object) -> Iterator[Limited]:
    made = Limited(**more)  # type: ignore[arg-type]
    with serving(made.handle) as server:
        made.server = server
        yield made


@pytest.mark.parametrize(
    ("more", "share"),
    [
        ({"rate": 20.0, "headers": True}, 0.1),
        ({"rate": 20.0, "retry_after": True}, 0.3),
        ({"rate": 20.0}, 0.3),
    ],
    ids=["telling what is left", "with a time", "without a word"],
)
def test_a_bucket_of_twenty_a_second_is_asked_all_and_refuses_few(
    more: dict[str, object], share: float, in_calm: dict[str, Outcome], tmp_path: Path
) -> None:
    with limited(**more) as server:
        found = outcomes(server, tmp_path)
    print(f"{server.refused} of {len(server.arrivals) + server.refused} refused")
    assert server.refused <= share * len(server.arrivals) + 16
    assert changes(in_calm, found) == {}
    assert Outcome.INCONCLUSIVE not in found.values()


def test_a_provider_of_two_places_is_asked_all(in_calm: dict[str, Outcome], tmp_path: Path) -> None:
    with limited(places=2, weather=lambda _, __: Sky(delay=0.02)) as server:
        found = outcomes(server, tmp_path)
    print(f"{server.refused} of {len(server.arrivals) + server.refused} refused")
    assert server.refused <= len(server.arrivals)
    assert changes(in_calm, found) == {}
    assert Outcome.INCONCLUSIVE not in found.values()


def test_an_outage_of_some_seconds_costs_no_verdict(in_calm: dict[str, Outcome], tmp_path: Path) -> None:
    """Longer than one request is repeated for."""
    began: list[float] = []

    def deployed(_: object, number: int) -> Sky:
        if number < 12:
            return Sky()
        began.append(time.monotonic())
        return page("503 Service Unavailable") if time.monotonic() - began[0] < 3 else Sky()

    with limited(weather=deployed) as server:
        found = outcomes(server, tmp_path)
    assert len(ASKED) > 5
    assert changes(in_calm, found) == {}
    assert Outcome.INCONCLUSIVE not in found.values()

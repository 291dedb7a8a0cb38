"""A conforming server in bad weather: what it answers is right, and what gets through is another matter.

The weather of a request hangs on its bytes, on how often they have come before, and on a seed; not on what else is under way.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random
from types import MappingProxyType

from conformance import contract
from conformance.reference import defects
from conformance.reference.behaviour import Behaviour
from conformance.reference.service import Service
from conformance.reference.transport import Abort, Pause, RawRequest, Reply
from tests.servers import LAST_CHUNK, Connection, Server, answer, chunk, serving

PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
OWN_500 = b'{"error":{"message":"The server had an error.","type":"server_error","param":null,"code":null}}'


@dataclass(frozen=True, slots=True)
class Sky:
    """What happens to one answer."""

    delay: float = 0.0
    instead: bytes = b""
    """Sent in place of the answer."""
    reset: bool = False
    """The connection breaks before the answer."""
    hang_up: bool = False
    """It is closed before the answer."""
    cut: float = 1.0
    """Part of the body that is sent before the connection is closed."""
    leave: bool = False
    """It is closed after the answer, without a word."""


CLEAR = Sky()
Weather = Callable[[Random, int], Sky]
"""What the weather is, given chance and how many requests came before."""


@dataclass
class Arrival:
    """A request that arrived."""

    at: float
    body: bytes
    path: str


@dataclass
class Flaky:
    """The server; `weather` may be changed between two runs."""

    weather: Weather
    seed: int = 1
    defect: str = ""
    slots: int = 0
    """How many requests are served at once; 0 for any number. Others are cut off."""
    arrivals: list[Arrival] = field(default_factory=list)
    server: Server | None = None

    def __post_init__(self) -> None:
        chosen = defects.ALL[self.defect] if self.defect else None
        self._service = Service(contract.load(), behaviour=Behaviour(chosen))
        self._seen: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._serving = 0

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def handle(self, connection: Connection) -> None:
        method, path, _ = connection.head.decode("latin-1").split("\r\n")[0].split(" ")
        identity = hashlib.sha256(
            b"\0".join((path.encode(), connection.headers.get("authorization", "").encode(), connection.body))
        ).digest()
        with self._lock:
            self.arrivals.append(Arrival(time.time(), connection.body, path))
            number, again = len(self.arrivals), self._seen[identity]
            self._seen[identity] += 1
            self._serving += 1
            crowded = 0 < self.slots < self._serving
        try:
            sky = Sky(cut=0.4) if crowded else self.weather(Random(f"{self.seed}/{identity.hex()}/{again}"), number)
            raw = RawRequest(method=method, path=path, headers=tuple(connection.headers.items()), body=connection.body)
            if sky.delay and not connection.pause(sky.delay):
                return
            if sky.instead:
                connection.send(sky.instead)
            elif sky.reset:
                connection.reset()
            elif sky.hang_up:
                connection.close()
            else:
                self._reply(connection, self._service.handle(raw), sky.cut)
            if sky.leave:
                connection.close()
        finally:
            with self._lock:
                self._serving -= 1

    def _reply(self, connection: Connection, reply: Reply, part: float) -> None:
        lines = [f"HTTP/1.1 {reply.status} Whatever", *(f"{name}: {value}" for name, value in reply.headers)]
        if isinstance(reply.body, bytes):
            if not any(name.lower() == "content-length" for name, _ in reply.headers):
                lines.append(f"Content-Length: {len(reply.body)}")
            body = reply.body[: int(len(reply.body) * part)]
            connection.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            if len(body) < len(reply.body):
                connection.close()
            return
        connection.send("\r\n".join([*lines, "Transfer-Encoding: chunked"]).encode("latin-1") + b"\r\n\r\n")
        frames = list(reply.body)
        for frame in frames[: int(len(frames) * part)]:
            match frame:
                case Pause(seconds):
                    connection.pause(seconds)
                case Abort():
                    connection.close()
                    return
                case bytes():
                    connection.send(chunk(frame))
        if part < 1:
            connection.close()
        else:
            connection.send(LAST_CHUNK)


@contextmanager
def flaky(weather: Weather, **more: int | str) -> Iterator[Flaky]:
    """Run a server in this weather for the length of a block."""
    made = Flaky(weather, **more)  # type: ignore[arg-type]
    with serving(made.handle) as server:
        made.server = server
        yield made


def page(status: str, *headers: str) -> Sky:
    """What a proxy says by itself."""
    return Sky(instead=answer(status, PAGE, *headers).replace(b"application/json", b"text/html"))


def calm(_: Random, __: int) -> Sky:
    return CLEAR


def _fails(rate: float, *ways: Callable[[Random], Sky]) -> Weather:
    return lambda random, _: random.choice(ways)(random) if random.random() < rate else CLEAR


def _limit(*headers: Callable[[], str]) -> Callable[[Random], Sky]:
    body = b'{"error":{"message":"Slow down.","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}'
    return lambda _: Sky(instead=answer("429 Too Many Requests", body, *(each() for each in headers)))


def _own_500(_: Random) -> Sky:
    return Sky(instead=answer("500 Internal Server Error", OWN_500, "x-request-id: r-500"))


def _cut(random: Random) -> Sky:
    return Sky(cut=random.uniform(0, 0.95))


SOON = "Retry-After: 0.02"

WEATHERS = MappingProxyType(
    {
        "every tenth fails in some way": _fails(
            0.1,
            _own_500,
            lambda _: page("502 Bad Gateway"),
            lambda _: page("503 Service Unavailable"),
            lambda _: page("504 Gateway Time-out"),
            lambda _: Sky(reset=True),
            lambda _: Sky(hang_up=True),
            _cut,
        ),
        "every tenth is a 500": _fails(0.1, _own_500),
        "every third is a page of a proxy": _fails(0.33, lambda _: page("502 Bad Gateway"), lambda _: page("503 Service Unavailable")),
        "every third breaks off": _fails(0.33, _cut),
        "every third never comes": _fails(0.33, lambda _: Sky(reset=True), lambda _: Sky(hang_up=True)),
        "slow, and at times too slow": lambda random, _: Sky(delay=10 ** random.uniform(-3, -0.1)),
        "a rate limit in seconds": _fails(0.2, _limit(lambda: SOON)),
        "a rate limit until a date": _fails(0.05, _limit(lambda: "Retry-After: " + formatdate(time.time() + 1, usegmt=True))),
        "a rate limit without a time": _fails(0.2, _limit()),
        "a storm of rate limits": lambda _, number: _limit(lambda: SOON)(_) if number % 60 in range(20, 40) else CLEAR,
        "a slow start": lambda _, number: page("503 Service Unavailable", SOON) if 2 <= number < 12 else CLEAR,
        "answers in another order": lambda random, _: Sky(delay=random.uniform(0, 0.05)),
        "connections that are not kept": _fails(0.5, lambda _: Sky(leave=True)),
    }
)

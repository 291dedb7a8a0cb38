"""The reference server without a socket, beneath the suite's own wire, at a time that passes only when the server says so.

What the wire does above the network it does here too: what is sent, bounded, redacted and recorded is its own doing. A pause of the
server takes no time and is recorded all the same, so what depends on time is the same on every machine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator
from email.utils import formatdate
from functools import cache
from urllib.parse import unquote

import httpx

from conformance import contract
from conformance.contract import SchemaFault
from conformance.model import Json
from conformance.network.connection import Backend, Watch
from conformance.network.wire import Wire
from conformance.reference.behaviour import Behaviour, Defect
from conformance.reference.characters import Character, model_of
from conformance.reference.extensions import Extensions
from conformance.reference.reading import MAX_BODY
from conformance.reference.service import Service
from conformance.reference.transport import Abort, Frame, Headers, Pause, RawRequest
from conformance.target import Target

BASE_URL = "http://127.0.0.1:1/v1"
"""Where the server seems to be. Nothing is ever sent there."""

FRAMING = {"connection", "content-length", "transfer-encoding"}
"""Headers that are a matter of the connection."""


class Remembered:
    """A contract that validates a body once: the requests of one run are those of the next."""

    def __init__(self, reading: contract.Contract) -> None:
        self._reading = reading
        self._faults: dict[str, tuple[SchemaFault, ...]] = {}

    def request_faults(self, body: Json) -> tuple[SchemaFault, ...]:
        known = json.dumps(body)
        if known not in self._faults:
            self._faults[known] = self._reading.request_faults(body)
        return self._faults[known]


@cache
def _remembered(dialect: str) -> Remembered:
    return Remembered(contract.load(dialect))


def service(
    *,
    dialect: str = contract.DEFAULT,
    defect: Defect | None = None,
    beside: Defect | None = None,
    character: Character = Character.OBEDIENT,
) -> Service:
    """A server as `conformance serve` starts one; a second defect may come on top."""
    behaviour = Behaviour(defect, Behaviour(beside))
    return Service(_remembered(dialect), behaviour=behaviour, model=model_of(character), extensions=Extensions(contract.load(dialect)))


def to(served: Service, *, pace: float = 0.0) -> Callable[[Target], Wire]:
    """How to reach a server that takes so many seconds between two frames of a stream."""

    def connect(target: Target) -> Wire:
        clock = Clock()
        return Wire(target, lambda _, backend: Transport(served, backend, clock, pace), clock)

    return connect


class Clock(threading.local):
    """A time of its own for each thread, and so for each request under way."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Transport(httpx.BaseTransport):
    """Hands each request to the server in the same thread."""

    def __init__(self, served: Service, backend: Backend, clock: Clock, pace: float) -> None:
        self._served = served
        self._backend = backend
        self._clock = clock
        self._pace = pace

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._served.handle(_raw(request))
        given = {name.lower() for name, _ in reply.headers}
        # Beside a body that is sent in pieces a length is heeded by nobody, whoever reads it.
        acting = FRAMING if isinstance(reply.body, bytes) else FRAMING - {"content-length"}
        assert not acting & given, "What acts on the connection has to be tried on one."
        watch = self._backend.watches.current
        assert watch is not None
        headers: Headers = (("date", formatdate(usegmt=True)), *reply.headers)
        if isinstance(reply.body, bytes):
            if reply.status != 204:
                headers = (*headers, ("content-length", str(len(reply.body))))
            frames: Iterator[Frame] = iter(() if request.method == "HEAD" else (reply.body,))
        else:
            headers = (*headers, ("Transfer-Encoding", "chunked"))
            frames = reply.body
        watch.saw(b"HTTP/")
        return httpx.Response(reply.status, headers=list(headers), stream=Body(frames, watch, self._clock, self._pace))


class Body(httpx.SyncByteStream):
    """Frames of a body; each `bytes` is a read of its own."""

    def __init__(self, frames: Iterator[Frame], watch: Watch, clock: Clock, pace: float) -> None:
        self._frames = frames
        self._watch = watch
        self._clock = clock
        self._pace = pace

    def __iter__(self) -> Iterator[bytes]:
        pace = 0.0
        for frame in self._frames:
            match frame:
                case Pause(seconds):
                    self._wait(seconds)
                case Abort():
                    self._watch.saw(b"")
                    raise httpx.RemoteProtocolError("closed")
                case bytes():
                    if frame:
                        self._wait(pace)
                        pace = self._pace
                        self._watch.saw(frame)
                        yield frame

    def close(self) -> None:
        if isinstance(self._frames, Generator):
            self._frames.close()

    def _wait(self, seconds: float) -> None:
        """Let time pass, as long as anybody listens."""
        watch = self._watch
        patience = min(watch.left(), watch.bounds.idle - (watch.elapsed() - watch.read_at))
        self._clock.now += min(seconds, patience)
        if seconds > patience:
            raise httpx.ReadTimeout("silence")


def _raw(request: httpx.Request) -> RawRequest:
    body = request.read()
    oversize = len(body) > MAX_BODY
    return RawRequest(
        method=request.method,
        path=unquote(request.url.path),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw),
        body=b"" if oversize else body,
        oversize=oversize,
    )

"""Connections that keep to the deadline of the request they serve. Beneath `wire.py`, and imported by it alone.

httpx bounds the silence between two reads, not the time they take together: a peer that sends one byte now and then, in a header
or a body, holds a request for ever. So each read, write and handshake gets no more time than its request has left.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpcore

from conformance.target import Bounds

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable


class Watch:
    """The clock of one request, and what was seen on its connection."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start = clock()
        self.bounds = bounds
        self.reads = 0
        self.read_at = 0.0
        self.first = b""
        self.closed = False
        self.securing = False
        """Whether a handshake of TLS is under way."""
        self.stream: Stream | None = None
        """The connection that the answer comes on."""

    def elapsed(self) -> float:
        """Seconds since the request began."""
        return self._clock() - self._start

    def left(self) -> float:
        """Seconds until its deadline; negative after it."""
        return self.bounds.total - self.elapsed()

    def saw(self, data: bytes) -> None:
        """Note that a read returned."""
        self.read_at = self.elapsed()
        self.reads += 1
        self.first = self.first or data[:5]
        self.closed = not data


class Watches(threading.local):
    """The watch of the request that this thread is at: a request is served by one thread from beginning to end."""

    current: Watch | None = None


class Backend(httpcore.NetworkBackend):
    """Opens connections that keep to the deadline of the request they serve, and can be broken off from another thread."""

    def __init__(self) -> None:
        self.watches = Watches()
        self.aborted = False
        self._inner = httpcore.SyncBackend()
        self._open: set[Stream] = set()
        self._lock = threading.Lock()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection."""
        limit = self.within_deadline(timeout, httpcore.ConnectTimeout)
        return self.adopt(self._inner.connect_tcp(host, port, limit, local_address, socket_options))

    def within_deadline(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """Return the time that the next operation may take; raise `late` when there is none left."""
        watch = self.watches.current
        left = None if watch is None else watch.left()
        if self.aborted or (left is not None and left <= 0):
            raise late("deadline")
        return min((limit for limit in (timeout, left) if limit is not None), default=None)

    def adopt(self, inner: httpcore.NetworkStream) -> Stream:
        """Take charge of a connection that was just opened."""
        stream = Stream(inner, self)
        with self._lock:
            self._open.add(stream)
        return stream

    def forget(self, stream: Stream) -> None:
        """Let go of a connection that is closed or wrapped."""
        with self._lock:
            self._open.discard(stream)

    def abort(self) -> None:
        """Break off all connections, and let none be used or opened again."""
        with self._lock:
            self.aborted = True
            streams = tuple(self._open)
        for stream in streams:
            with suppress(OSError):
                # Not the method of an SSL socket: that one says goodbye first, and drops the state which the reader is using.
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


class Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, inner: httpcore.NetworkStream, backend: Backend) -> None:
        self._inner = inner
        self._backend = backend
        self._spent = False

    def spend(self) -> None:
        """Let no other request be sent on it."""
        self._spent = True

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Wait for bytes, and note when they came; none at all means that the peer has closed."""
        data = self._inner.read(max_bytes, self._backend.within_deadline(timeout, httpcore.ReadTimeout))
        if (watch := self._backend.watches.current) is not None:
            watch.stream = self
            watch.saw(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._inner.write(buffer, self._backend.within_deadline(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Secure the connection."""
        limit = self._backend.within_deadline(timeout, httpcore.ConnectTimeout)
        watch = self._backend.watches.current or Watch(Bounds())
        watch.securing = True
        secured = self._inner.start_tls(ssl_context, server_hostname, limit)
        watch.securing = False
        self._backend.forget(self)
        return self._backend.adopt(secured)

    def close(self) -> None:
        """Close it."""
        self._backend.forget(self)
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        """Answer httpcore's questions about the socket. An idle one that is readable has been closed by the peer: the pool drops it."""
        return (info == "is_readable" and self._spent) or self._inner.get_extra_info(info)

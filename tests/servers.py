"""Servers that misbehave: raw sockets on loopback, because no HTTP library would let them."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Handler = Callable[["Connection"], None]
"""Answers one request. The connection stays open for the next one unless the handler closes it."""


@dataclass
class Connection:
    """One accepted connection with the request that was just read from it."""

    socket: socket.socket
    stopping: threading.Event
    head: bytes = b""
    body: bytes = b""
    number: int = 0
    """Counts the requests of the whole server, from 1."""
    closed: bool = False

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.closed = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close so that the peer gets an RST instead of an end."""
        self.closed = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hang(self) -> None:
        """Say nothing more until the test is over."""
        self.stopping.wait()
        self.close()

    def pause(self, seconds: float) -> bool:
        """Wait a little; False when the test is over."""
        return not self.stopping.wait(seconds)

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


@dataclass
class Server:
    """A listening server; `url` is the base URL to test."""

    handler: Handler
    greeting: bytes = b""
    """Sent before anything was asked."""
    tls: ssl.SSLContext | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    heads: list[bytes] = field(default_factory=list)
    """The head of every request, in the order of arrival."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def start(self) -> None:
        self._spawn(self._accept)

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive(), "a test server did not stop"
        for each in sockets:
            each.close()

    def _spawn(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.stopping.is_set():
                accepted, _ = self._listener.accept()
                with self._lock:
                    self._sockets.append(accepted)
                self._spawn(self._serve, accepted)

    def _secure(self, context: ssl.SSLContext, accepted: socket.socket) -> socket.socket:
        secured = context.wrap_socket(accepted, server_side=True)
        with self._lock:
            self._sockets.append(secured)
        return secured

    def _serve(self, accepted: socket.socket) -> None:
        rest = b""
        with suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                accepted = self._secure(self.tls, accepted)
            accepted.sendall(self.greeting)
            while not self.stopping.is_set():
                while b"\r\n\r\n" not in rest:
                    data = accepted.recv(65536)
                    if not data:
                        return
                    rest += data
                head, _, rest = rest.partition(b"\r\n\r\n")
                connection = Connection(accepted, self.stopping, head)
                length = int(connection.headers.get("content-length", "0"))
                while len(rest) < length:
                    data = accepted.recv(65536)
                    if not data:
                        return
                    rest += data
                connection.body, rest = rest[:length], rest[length:]
                with self._lock:
                    self.heads.append(head)
                    connection.number = len(self.heads)
                self.handler(connection)
                if connection.closed:
                    return


@contextmanager
def serving(handler: Handler, *, greeting: bytes = b"", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server for the length of a block."""
    server = Server(handler, greeting, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def answer(status: str = "200 OK", body: bytes = b"{}", *headers: str) -> bytes:
    """A well-formed answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    """One chunk of chunked transfer coding (RFC 9112, section 7.1)."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def always(data: bytes) -> Handler:
    """Answers every request with these bytes and keeps the connection."""
    return lambda connection: connection.send(data)


def once(data: bytes) -> Handler:
    """Answers with these bytes and closes the connection."""

    def handle(connection: Connection) -> None:
        connection.send(data)
        connection.close()

    return handle


def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

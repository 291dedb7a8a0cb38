"""Serves on loopback, with the HTTP server of the standard library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from threading import Lock, Thread
from typing import Any

from tests.innocent.members import RefusalError
from tests.innocent.reading import read
from tests.innocent.speaking import prompt_tokens, speak
from tests.innocent.style import Style
from tests.innocent.writing import Writer, refused

KEY = "a-key-of-no-use-elsewhere"
PATH = "/v1/chat/completions"


class Server(ThreadingHTTPServer):
    """A server with its habits, and what it remembers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, style: Style) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.style = style
        self.numbers = count(1)
        self.seen: dict[str, int] = {}
        self.lock = Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that has gone; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def remembered(self, prompt: str, tokens: int) -> int:
        """Tokens of a prompt that were read before."""
        with self.lock:
            known = self.seen.get(prompt, 0)
            self.seen[prompt] = tokens
        return known if self.style.caches else 0


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    wbufsize = 65536
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.protocol_version = self.server.style.version
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing."""

    def answer(self) -> None:
        style = self.server.style
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        number = next(self.server.numbers)
        try:
            self._admit(number)
            wanted = read(style, self.headers.get("content-type") or "", raw)
        except RefusalError as refusal:
            self._refuse(refusal)
            return
        writer = Writer(style, wanted, speak(style, wanted), self.server.remembered(str(wanted.texts), prompt_tokens(style, wanted)))
        if wanted.stream:
            self._stream(writer.events())
        else:
            time.sleep(style.pause)
            self._whole(200, writer.whole())

    do_POST = do_PUT = do_GET = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815 - the names are the standard library's

    def _admit(self, number: int) -> None:
        """Who may come in. Raises `RefusalError`."""
        style = self.server.style
        if style.busy and number > 2 and number % style.busy == 0:
            raise RefusalError(429, "Rate limit reached.", None, "rate_limit_exceeded")
        if style.flaky and number > 2 and number % style.flaky == 0:
            raise RefusalError(503, "The engine is overloaded.", None, "overloaded")
        if self.path != PATH:
            raise RefusalError(404, f"Invalid URL ({self.command} {self.path}).", None, "unknown_url")
        if self.command != "POST":
            raise RefusalError(405, f"Not allowed to {self.command} on {self.path}.", None, "method_not_supported")
        scheme, _, key = (self.headers.get("authorization") or "").partition(" ")
        if not style.open_door and (scheme.lower(), key) != ("bearer", KEY):
            raise RefusalError(style.wrong_key, "Incorrect API key provided.", None, "invalid_api_key")

    def _refuse(self, refusal: RefusalError) -> None:
        more = {405: [("allow", "POST")], 429: [("retry-after", "1")], 503: [("retry-after", "1")]}.get(refusal.status, [])
        if refusal.status == 400:
            refusal.status = self.server.style.invalid
        if refusal.status == 401:
            more = [("www-authenticate", "Bearer")]
        self._whole(refusal.status, refused(self.server.style, refusal), more)

    # ---- bytes

    def _head(self, status: int, media: str, headers: Iterable[tuple[str, str]]) -> None:
        style = self.server.style
        sent = [("content-type", media + style.charset), *headers]
        if style.date:
            sent.append(("date", formatdate(usegmt=True)))
        if style.request_id:
            sent.append(("x-request-id", f"req_{id(self):x}_{time.monotonic_ns():x}"))
        self.send_response_only(status)
        for name, value in sent:
            self.send_header({"lower": name, "upper": name.upper(), "title": name.title()}[style.headers], value)
        self.end_headers()

    def _whole(self, status: int, body: bytes, more: Iterable[tuple[str, str]] = ()) -> None:
        match self.server.style.body:
            case _ if self.command == "HEAD":
                self._head(status, "application/json", more)
            case "length":
                self._head(status, "application/json", [*more, ("content-length", str(len(body)))])
                self.wfile.write(body)
            case "chunked":
                self._head(status, "application/json", [*more, ("transfer-encoding", "chunked")])
                self._chunked(self._pieces([body]))
            case _:
                self._head(status, "application/json", [*more, ("connection", "close")])
                self.wfile.write(body)

    def _stream(self, events: Iterator[bytes]) -> None:
        if self.server.style.body == "close":
            self._head(200, "text/event-stream", [("connection", "close")])
            for piece in self._pieces(events):
                self.wfile.write(piece)
                self.wfile.flush()
            return
        self._head(200, "text/event-stream", [("transfer-encoding", "chunked"), ("cache-control", "no-cache")])
        self._chunked(self._pieces(events))

    def _pieces(self, events: Iterable[bytes]) -> Iterator[bytes]:
        """What is written at a time."""
        style, source = self.server.style, iter(events)
        while batch := list(islice(source, style.batch or None)):
            time.sleep(style.pause / 10)
            whole = b"".join(batch)
            if style.piece:
                yield from (whole[at : at + style.piece] for at in range(0, len(whole), style.piece))
            else:
                yield whole

    def _chunked(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def serving(style: Style) -> Iterator[Server]:
    """Serve for the length of a block."""
    server = Server(style)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

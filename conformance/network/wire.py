"""Puts requests on the network and writes down what comes back. The only module that touches a socket or imports httpx.

Whatever a target or the network does ends up in an `Exchange`; nothing it does raises here. Three decisions make that so:

* It drives httpx's transport, not its client: a client would follow or at least parse redirects, keep cookies and look for
  credentials in files. Here a redirect is an answer like any other, and the key goes to the target's own host or nowhere.
* Below the transport sits a network backend of ours (`connection.py`). It holds every single read against the deadline of its
  request; it notes when a read returned, so that a chunk is what arrived together, not what the parser cut it into; and it can be
  shut from another thread.
* Nothing is decompressed for the record, so nothing can explode. `Accept-Encoding: identity` is sent unless a request says otherwise.

Proxies and certificates that the user does not name are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`, …),
as other programs do; an address on this machine is then asked directly. `route.py` decides it. HTTP/1.1 only.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never
from urllib.parse import unquote, urlencode, urlsplit

import httpx

from conformance import __version__
from conformance.errors import TargetError
from conformance.model import Chunk, Credential, Exchange, Fault, FaultKind, Purpose, Request, Sent
from conformance.network import route
from conformance.network.connection import Backend, Watch
from conformance.secrecy.redaction import Redactor
from conformance.target import sounds_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from conformance.target import Bounds, Target

WRONG_KEY: Final = "sk-conformance-this-key-is-wrong-000000000000000"
"""Sent where a wrong key is to be refused: plausible in shape, nobody's, and the same in every run."""

HIDDEN: Final = "***"
"""Stands for the value of a header or a parameter that the user gave."""

USER_AGENT: Final = f"chat-completions-conformance/{__version__}"

OK: Final = 200
FAILED: Final = 500
"""The lowest status of those that tell of a failure of the server."""

_Fields = tuple[tuple[str, str], ...]

Beneath: TypeAlias = "Callable[[Target, Backend], httpx.BaseTransport]"
"""Makes what carries requests to a target. It notes each read in the watch of the request, `Backend.watches`, as our connections do."""


class Wire:
    """A pool of connections to one target, to be shared by threads. Use it as a context manager."""

    def __init__(self, target: Target, beneath: Beneath | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        """`beneath` carries requests in place of the network, and `clock` tells it the time."""
        self._target = target
        self._clock = clock
        self._backend = Backend()
        self._transport = (beneath or _transport)(target, self._backend)
        self._redactor = Redactor(target.key, *_secrets(target))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._transport.close()

    def abort(self) -> None:
        """Break off everything under way, from any thread and for good; each `send` then returns at once, with a fault."""
        self._backend.abort()

    def send(self, request: Request, purpose: Purpose, attempt: int = 1) -> Exchange:
        """Send one request, wait for the end of the answer, and return both without secrets."""
        outgoing = self._outgoing(request)
        watch = Watch(self._target.bounds, self._clock)
        answer = _Answer()
        fault = None
        started = time.time()
        self._backend.watches.current = watch
        try:
            _listen(self._transport, outgoing, watch, answer, self._target.bounds, request.hang_up_after)
        except _TooMuchError as bound:
            fault = Fault(kind=FaultKind.OVERSIZE, detail=str(bound))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            fault = Fault(kind=FaultKind.RESET, detail="We broke it off.") if self._backend.aborted else _fault(error, watch, answer)
        elapsed = watch.elapsed()
        return self._exchange(request, outgoing, answer, purpose=purpose, attempt=attempt, started=started, elapsed=elapsed, fault=fault)

    def _outgoing(self, request: Request) -> httpx.Request:
        target, bounds = self._target, self._target.bounds
        authorization = _authorization(request.credential, target.key)
        optional = {"Content-Type": request.content_type, "Authorization": authorization}
        defaults = {"User-Agent": USER_AGENT, "Accept": request.accept or "*/*", "Accept-Encoding": "identity"}
        ours = (*defaults.items(), *((name, value) for name, value in optional.items() if value is not None))
        timeouts = {"connect": bounds.connect, "read": bounds.idle, "write": bounds.idle, "pool": bounds.total}
        return httpx.Request(
            request.method,
            target.base_url + request.path + _query(target.query),
            headers=list(_override(_override(ours, target.headers), request.headers)),
            content=request.body,
            extensions={"timeout": timeouts},
        )

    def _exchange(
        self,
        request: Request,
        outgoing: httpx.Request,
        answer: _Answer,
        *,
        purpose: Purpose,
        attempt: int,
        started: float,
        elapsed: float,
        fault: Fault | None,
    ) -> Exchange:
        kept = None
        if fault is not None and fault.kind is FaultKind.OVERSIZE and answer.size > self._target.bounds.kept:
            kept = self._target.bounds.kept
            fault = Fault(kind=fault.kind, detail=f"{fault.detail} Of {answer.size} bytes the first {kept} are kept.")
        headers, in_headers = self._redactor.headers(answer.headers)
        coding = ", ".join(value for name, value in answer.headers if name.lower() == "content-encoding")
        chunks, in_chunks = self._redactor.chunks(answer.chunks(kept), coding=coding)
        if fault is not None:
            # In this order: half a key is no longer recognised.
            fault = Fault(kind=fault.kind, detail=_shorten(self._redactor.text(fault.detail)[0]))
        return Exchange(
            purpose=purpose,
            attempt=attempt,
            started=started,
            sent=self._sent(request, outgoing),
            status=answer.status,
            headers=headers,
            head_at=answer.head_at,
            chunks=chunks,
            elapsed=elapsed,
            fault=fault,
            masked=in_headers + in_chunks,
            hung_up=answer.hung_up,
        )

    def _sent(self, request: Request, outgoing: httpx.Request) -> Sent:
        own = {name.lower() for name, _ in request.headers}
        hidden = tuple((name, HIDDEN) for name, _ in self._target.query)
        shown = {name.lower(): HIDDEN for name, _ in self._target.headers}
        stand_in = f"${self._target.key_variable}" if self._target.key else None
        shown["authorization"] = _authorization(request.credential, stand_in) or ""
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in outgoing.headers.raw]
        visible = [(name, value if name.lower() in own else shown.get(name.lower(), value)) for name, value in fields]
        return Sent(
            method=outgoing.method,
            url=self._redactor.text(str(outgoing.url).partition("?")[0] + _query(hidden))[0],
            headers=self._redactor.headers(visible)[0],
            body=self._redactor.data(request.body)[0],
        )


def _authorization(credential: Credential, key: str | None) -> str | None:
    match credential:
        case Credential.WRONG:
            return f"Bearer {WRONG_KEY}"
        case Credential.NONE:
            return None
        case Credential.KEY:
            return key and f"Bearer {key}"
        case Credential.LOWERCASE_SCHEME:
            return key and f"bearer {key}"
        case _:
            assert_never(credential)


def _override(fields: _Fields, by: _Fields) -> _Fields:
    """Fields of the first, except those that the second names too, then the second."""
    names = {name.lower() for name, _ in by}
    return (*((name, value) for name, value in fields if name.lower() not in names), *by)


def _query(parameters: _Fields) -> str:
    return f"?{urlencode(parameters, safe=HIDDEN)}" if parameters else ""


def _secrets(target: Target) -> tuple[str, ...]:
    """Those of the user's values that are secret, or sound so; the others may be ordinary words, which an answer may contain."""
    values = [*target.secrets, *(value for name, value in (*target.headers, *target.query) if sounds_secret(name))]
    password = urlsplit(target.proxy).password or ""
    return (*values, *(value.rpartition(" ")[2] for value in values), password, unquote(password))


def _listen(
    transport: httpx.BaseTransport, outgoing: httpx.Request, watch: Watch, answer: _Answer, bounds: Bounds, hang_up_after: int
) -> None:
    """Fill in the answer as it comes, so that what came before a fault is kept; leave early where that is wanted."""
    response = transport.handle_request(outgoing)
    try:
        answer.status = response.status_code
        answer.headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        answer.head_at = watch.read_at
        if watch.stream is not None and answer.status >= FAILED:
            # Servers that fail close the connection a moment later, and say so to nobody: the next request on it would be lost.
            watch.stream.spend()
        for data in response.stream if isinstance(response.stream, httpx.SyncByteStream) else ():
            answer.add(data, watch)
            if answer.size > bounds.body:
                raise _TooMuchError(f"The body went on after {bounds.body} bytes.")
            if len(answer.pieces) > bounds.reads:
                raise _TooMuchError(f"The body went on after {bounds.reads} pieces.")
            if answer.events > bounds.events:
                raise _TooMuchError(f"The stream went on after {bounds.events} events.")
            if 0 < hang_up_after <= answer.size and response.status_code == OK:
                answer.hung_up = True
                return
    finally:
        response.close()


class _Answer:
    """What has come back so far."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: _Fields = ()
        self.head_at: float | None = None
        self.size = 0
        self.events = 0
        """Lines that look like the data of an event; one that lies across two reads does not matter."""
        self.hung_up = False
        self.pieces: list[tuple[float, list[bytes]]] = []
        self._read = -1

    def add(self, data: bytes, watch: Watch) -> None:
        self.size += len(data)
        self.events += data.count(b"data:")
        if watch.reads == self._read:
            self.pieces[-1][1].append(data)
        elif data:
            self.pieces.append((watch.read_at, [data]))
            self._read = watch.reads

    def chunks(self, most: int | None = None) -> tuple[Chunk, ...]:
        """What came, or no more than the first `most` bytes of it."""
        left = self.size if most is None else most
        kept: list[Chunk] = []
        for at, parts in self.pieces:
            data = b"".join(parts)[:left]
            if data:
                kept.append(Chunk(at, data))
                left -= len(data)
        self.pieces.clear()
        return tuple(kept)


class _TooMuchError(Exception):
    """A bound on the size of an answer was reached."""


def _transport(target: Target, backend: Backend) -> httpx.HTTPTransport:
    limits = httpx.Limits(max_connections=target.concurrency, max_keepalive_connections=target.concurrency)
    context, url = _tls(target), route.proxy(target)
    try:
        # A proxy is asked over TLS as the target is; it is not shown who we are.
        proxy = httpx.Proxy(url, ssl_context=_trusted(target) if url.startswith("https:") else None) if url else None
        transport = httpx.HTTPTransport(verify=context, limits=limits, proxy=proxy)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        hint = "Set HTTP_PROXY and HTTPS_PROXY to an http:// URL, name the host in NO_PROXY, or give --proxy."
        raise TargetError("The proxy named in the environment cannot be used.", hint=hint) from error
    # httpx offers no way in for a backend. A pool asks this attribute each time it connects, and a test holds that ours is used.
    transport._pool._network_backend = backend
    return transport


def _tls(target: Target) -> ssl.SSLContext:
    if not target.base_url.startswith("https:"):
        # Reading the certificates takes tens of milliseconds, which a plain connection need not pay.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = _trusted(target)
    route.identify(context, target.tls)
    return context


def _trusted(target: Target) -> ssl.SSLContext:
    if target.tls.ca_file is not None:
        return route.trusting(target.tls.ca_file)
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        hint = "SSL_CERT_FILE and SSL_CERT_DIR must name what exists, or be unset."
        raise TargetError("The certificates to trust cannot be read.", hint=hint) from error


def _fault(error: Exception, watch: Watch, answer: _Answer) -> Fault:
    """Say in words without class names what a failure of the transport means."""
    causes = _causes(error)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Fault(kind=FaultKind.DNS, detail="The name of the host cannot be resolved.")
    if tls := next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None):
        return Fault(kind=FaultKind.TLS, detail=f"No secure connection came about: {_reason(tls)}.")
    match error:
        case httpx.ConnectTimeout():
            return _not_connected(watch)
        case httpx.ConnectError():
            return Fault(kind=FaultKind.UNREACHABLE, detail=f"No connection came about: {_system_error(causes)}.")
        case httpx.ProxyError():
            return Fault(kind=FaultKind.UNREACHABLE, detail=f"The proxy would not connect us: {error}.")
        case httpx.TimeoutException():
            return _late(watch, answer)
        case httpx.RemoteProtocolError() if watch.closed:
            return _cut(watch, answer)
        case httpx.RemoteProtocolError():
            return Fault(kind=FaultKind.PROTOCOL, detail=f"What came was not HTTP: {error}.")
        case httpx.NetworkError() | OSError():
            where = "within the body" if answer.status is not None else "before an answer"
            return Fault(kind=FaultKind.RESET, detail=f"The connection was broken off {where}: {_system_error(causes)}.")
        case _:
            return Fault(kind=FaultKind.PROTOCOL, detail=f"The request cannot be put on the wire: {error}.")


def _not_connected(watch: Watch) -> Fault:
    """Tell a host that is silent from one that takes the connection and does not secure it."""
    limit = min(watch.bounds.connect, watch.bounds.total)
    if watch.securing:
        return Fault(kind=FaultKind.TLS, detail=f"No secure connection came about: there was no whole reply within {limit:g} s.")
    return Fault(kind=FaultKind.UNREACHABLE, detail=f"No connection came about within {limit:g} s.")


def _late(watch: Watch, answer: _Answer) -> Fault:
    """Tell a silence from a flow that would not end: only the first is a time-out, the second is cut off by our own bound."""
    bounds = watch.bounds
    if answer.status is None and watch.first and not watch.first.startswith(b"HTTP/"[: len(watch.first)]):
        return Fault(kind=FaultKind.PROTOCOL, detail="What came was not HTTP, and then nothing came.")
    if watch.left() > 0:
        return Fault(kind=FaultKind.TIMEOUT, detail=f"Nothing came for {bounds.idle:g} s.")
    if answer.status is None:
        return Fault(kind=FaultKind.TIMEOUT, detail=f"There was no complete header of an answer after {bounds.total:g} s.")
    return Fault(kind=FaultKind.OVERSIZE, detail=f"The body went on after {bounds.total:g} s.")


def _cut(watch: Watch, answer: _Answer) -> Fault:
    """Tell apart the places at which a connection was closed."""
    if answer.status is not None:
        return Fault(kind=FaultKind.TRUNCATED, detail=f"The connection was closed within the body, after {answer.size} bytes of it.")
    if not watch.first:
        return Fault(kind=FaultKind.RESET, detail="The connection was closed without an answer.")
    if not watch.first.startswith(b"HTTP/"[: len(watch.first)]):
        return Fault(kind=FaultKind.PROTOCOL, detail="What came before the connection was closed was not HTTP.")
    return Fault(kind=FaultKind.RESET, detail="The connection was closed within the header of the answer.")


def _causes(error: BaseException) -> tuple[BaseException, ...]:
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return tuple(chain)


def _system_error(causes: tuple[BaseException, ...]) -> str:
    return next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no reason was given")


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    return (error.reason or "no reason was given").lower().replace("_", " ")


def _shorten(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"

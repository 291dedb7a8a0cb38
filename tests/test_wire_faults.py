"""However a target fails, it becomes an exchange with the kind of its fault and what came before it, and never an exception."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance.model import Fault, FaultKind
from conformance.network.wire import Wire
from conformance.target import Bounds
from tests.servers import CHUNKED, Connection, Handler, answer, chunk, once, serving, unused_port
from tests.test_wire import ANYTHING, PATIENT, WHY, at, exchange_with, fault_of

HASTY = Bounds(connect=2, idle=0.15, total=0.4, body=1 << 16)


def test_nobody_listens() -> None:
    with Wire(at(f"http://127.0.0.1:{unused_port()}/v1")) as wire:
        exchange = wire.send(ANYTHING, WHY)
    assert fault_of(exchange) is FaultKind.UNREACHABLE
    assert (exchange.status, exchange.chunks) == (None, ())


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with Wire(at("http://no-such-host.invalid/v1")) as wire:
        assert fault_of(wire.send(ANYTHING, WHY)) is FaultKind.DNS


def test_a_plain_server_behind_an_https_url() -> None:
    with serving(hang, greeting=answer("400 Bad Request")) as server, Wire(at(server.url.replace("http:", "https:"))) as wire:
        assert fault_of(wire.send(ANYTHING, WHY)) is FaultKind.TLS


def hang(connection: Connection) -> None:
    connection.hang()


def reset_mid_body(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    connection.pause(0.05)
    connection.reset()


def silent_mid_body(connection: Connection) -> None:
    connection.send(CHUNKED + chunk(b"data: 1\n\n"))
    connection.hang()


def endless(connection: Connection) -> None:
    connection.send(CHUNKED)
    while connection.pause(0):
        connection.send(chunk(b"data: x\n\n" * 500))


def slowly(connection: Connection, seconds: float) -> Iterator[None]:
    """Far longer than any deadline here, but not for ever: where no deadline is kept, a test fails instead of hanging."""
    for _ in range(int(3 / seconds)):
        if connection.pause(seconds):
            yield
    connection.close()


def drip_body(connection: Connection) -> None:
    connection.send(CHUNKED)
    for _ in slowly(connection, 0.03):
        connection.send(chunk(b":"))


def drip_header(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in slowly(connection, 0.03):
        connection.send(b"y")


def endless_interim(connection: Connection) -> None:
    for _ in slowly(connection, 0.001):
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def header_flood(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n")
    while connection.pause(0):
        connection.send(b"X-Flood: y\r\n" * 1000)


def crumbs(connection: Connection) -> None:
    connection.send(CHUNKED)
    while connection.pause(0.001):
        connection.send(chunk(b"x"))


@pytest.mark.parametrize(
    ("handler", "bounds", "kind", "status"),
    [
        (hang, HASTY, FaultKind.TIMEOUT, None),
        (lambda connection: connection.close(), PATIENT, FaultKind.RESET, None),
        (lambda connection: connection.reset(), PATIENT, FaultKind.RESET, None),
        (once(b"HTTP/1.1 200 OK\r\nContent-"), PATIENT, FaultKind.RESET, None),
        (reset_mid_body, PATIENT, FaultKind.RESET, 200),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), PATIENT, FaultKind.TRUNCATED, 200),
        (once(CHUNKED + chunk(b"data: 1\n\n")), PATIENT, FaultKind.TRUNCATED, 200),
        (once(CHUNKED + b"ff\r\ndata"), PATIENT, FaultKind.TRUNCATED, 200),
        (silent_mid_body, HASTY, FaultKind.TIMEOUT, 200),
        (endless, PATIENT, FaultKind.OVERSIZE, 200),
        (drip_body, HASTY, FaultKind.OVERSIZE, 200),
        (drip_header, HASTY, FaultKind.TIMEOUT, None),
        (endless_interim, HASTY, FaultKind.TIMEOUT, None),
        (header_flood, PATIENT, FaultKind.PROTOCOL, None),
        (crumbs, replace(PATIENT, reads=20), FaultKind.OVERSIZE, 200),
        (once(b"SSH-2.0-OpenSSH_9.6\r\n"), PATIENT, FaultKind.PROTOCOL, None),
        (once(b"\x15\x03\x01\x00\x02\x02\x46"), PATIENT, FaultKind.PROTOCOL, None),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), PATIENT, FaultKind.PROTOCOL, 200),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), PATIENT, FaultKind.PROTOCOL, None),
    ],
)
def test_every_way_to_fail_has_its_kind(handler: Handler, bounds: Bounds, kind: FaultKind, status: int | None) -> None:
    exchange = exchange_with(handler, bounds=bounds)
    assert (fault_of(exchange), exchange.status) == (kind, status)
    assert exchange.fault is not None
    assert exchange.fault.detail.endswith(".")
    assert not any(name in exchange.fault.detail for name in ("Error", "httpx", "httpcore"))


def test_what_came_before_a_fault_is_kept() -> None:
    exchange = exchange_with(once(CHUNKED + chunk(b"data: 1\n\n")))
    assert exchange.body == b"data: 1\n\n"
    assert exchange.media_type == "text/event-stream"


def test_no_more_is_kept_than_the_bound_and_one_read() -> None:
    exchange = exchange_with(endless, bounds=replace(PATIENT, body=10_000))
    assert 10_000 < len(exchange.body) <= 10_000 + (1 << 16)


def test_a_connection_lives_on_after_a_fault_on_another() -> None:
    def handle(connection: Connection) -> None:
        if connection.number == 1:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
            connection.close()
        else:
            connection.send(answer())

    with serving(handle) as server, Wire(at(server.url)) as wire:
        assert fault_of(wire.send(ANYTHING, WHY)) is FaultKind.TRUNCATED
        assert wire.send(ANYTHING, WHY).fault is None


@given(garbage=st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)))
@example(garbage=b"")
@example(garbage=b"HTTP/1.1 200 OK\r\n\xff: \xff\r\n\r\n")
@example(garbage=b"HTTP/1.1 999 \xff\r\n\r\n")
@example(garbage=b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_whatever_raise(garbage: bytes) -> None:
    exchange = exchange_with(once(garbage))
    assert (exchange.status is None) <= (exchange.fault is not None)


def test_abort_ends_what_is_under_way_and_all_that_would_follow() -> None:
    began = threading.Event()

    def handle(connection: Connection) -> None:
        connection.send(CHUNKED + chunk(b"data: 1\n\n"))
        began.set()
        connection.hang()

    with serving(handle) as server, Wire(at(server.url)) as wire:

        def abort() -> None:
            began.wait(5)
            wire.abort()

        threading.Thread(target=abort).start()
        under_way = wire.send(ANYTHING, WHY)
        afterwards = wire.send(ANYTHING, WHY)
        assert len(server.heads) == 1
    assert under_way.fault == Fault(kind=FaultKind.RESET, detail="We broke it off.")
    assert afterwards.fault is not None

"""What is recorded without a socket is what is recorded with one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from conformance.model import Credential, Exchange, FaultKind, Json, Purpose, Request
from conformance.network.wire import Wire
from conformance.reference import defects, launch
from conformance.reference.service import KEY, MODEL
from conformance.target import Bounds, Target
from tests import inprocess

BOUNDS = Bounds(connect=5, idle=0.5, total=20, body=10_000)


def chat(**more: Json) -> bytes:
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hi"}], **more}).encode()


@dataclass(frozen=True)
class Case:
    request: Request
    defect: str = ""


CASES = {
    "an answer": Case(Request(body=chat())),
    "a stream": Case(Request(body=chat(stream=True))),
    "a refusal": Case(Request(body=chat(temperature="warm"))),
    "no JSON": Case(Request(body=b"{")),
    "no body": Case(Request(body=b"", method="GET", path="/models", content_type=None)),
    "another method": Case(Request(body=b"", method="PUT")),
    "what a browser asks first": Case(Request(body=b"", method="OPTIONS", content_type=None)),
    "an unknown path": Case(Request(body=chat(), path="/chat/completion%73/x")),
    "a wrong key": Case(Request(body=chat(), credential=Credential.WRONG)),
    "no key": Case(Request(body=chat(), credential=Credential.NONE)),
    "headers of its own": Case(Request(body=chat(), headers=(("X-Request-Id", "mine"), ("Accept-Encoding", "gzip")))),
    "a client that leaves": Case(Request(body=chat(stream=True), hang_up_after=200)),
    "more than is read": Case(Request(body=chat(stream=True, n=8, max_completion_tokens=100))),
    "a connection that breaks": Case(Request(body=chat(stream=True)), "stream-cut"),
    "a connection that is closed without an end": Case(Request(body=chat(stream=True)), "stream-unended"),
    "a silence": Case(Request(body=chat(stream=True, n=2)), "stream-left-open"),
    "the key in an answer": Case(Request(body=chat(user=KEY))),
}


@pytest.fixture(scope="module")
def server() -> Iterator[launch.Embedded]:
    with launch.Embedded(launch.Options(all_defects=True)) as embedded, Wire(target(embedded.base_url, Bounds())) as wire:
        # Its process takes a while to start.
        assert wire.send(CASES["an answer"].request, Purpose(key="a/b", scenario="a")).status == 200
        yield embedded


def target(base_url: str, bounds: Bounds = BOUNDS) -> Target:
    return Target(base_url=base_url, model=MODEL, key=KEY, key_variable="CONFORMANCE_API_KEY", bounds=bounds)


def plain(exchange: Exchange, base_url: str) -> object:
    """What does not differ from one answer to the next."""
    body = re.sub(rb'("created":)\d+|(chatcmpl-|call_|req_)\w+', rb"\1\2", exchange.body)
    headers = sorted((name, "" if name in {"date", "x-request-id", "openai-processing-ms"} else value) for name, value in exchange.headers)
    host = base_url.split("/")[2]
    sent = [(name, value.replace(host, "host")) for name, value in exchange.sent.headers]
    url = exchange.sent.url.replace(base_url, "")
    fault = exchange.fault and exchange.fault.kind
    return exchange.sent.method, url, sent, exchange.sent.body, exchange.status, headers, body, fault, exchange.masked, exchange.hung_up


@pytest.mark.parametrize("name", CASES)
def test_a_socket_changes_nothing(server: launch.Embedded, name: str) -> None:
    case, purpose = CASES[name], Purpose(key="a/b", scenario="a")
    there_url = server.base_url_of(case.defect) if case.defect else server.base_url
    with Wire(target(there_url)) as wire:
        there = wire.send(case.request, purpose)
    served = inprocess.service(defect=defects.ALL[case.defect] if case.defect else None)
    with inprocess.to(served)(target(inprocess.BASE_URL)) as wire:
        here = wire.send(case.request, purpose)
    assert plain(here, inprocess.BASE_URL) == plain(there, there_url)


def test_a_pause_is_recorded_and_takes_no_time() -> None:
    served = inprocess.service(defect=defects.ALL["stream-left-open"])
    silent = target(inprocess.BASE_URL)
    with inprocess.to(served, pace=0.1)(silent) as wire:
        exchange = wire.send(CASES["a silence"].request, Purpose(key="a/b", scenario="a"))
    times = [chunk.at for chunk in exchange.chunks]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(0.1 * (len(times) - 1))
    assert exchange.elapsed == pytest.approx(times[-1] + BOUNDS.idle)
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.TIMEOUT

"""The server on a real socket."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TYPE_CHECKING

import httpx
import pytest

from conformance.errors import ConfigurationError, UnknownNameError
from conformance.reference import defects
from conformance.reference.behaviour import FRAMES, Call, Defect, Frames
from conformance.reference.frames import DONE
from conformance.reference.launch import Embedded, Options, seconds
from conformance.reference.reading import MAX_BODY
from conformance.reference.server import create_app
from conformance.reference.service import KEY
from tests.reference.asking import conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message

    from conformance.contract import Contract


@pytest.fixture(scope="module")
def client(embedded: Embedded) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {embedded.key}"}
    with httpx.Client(headers=headers, timeout=20, trust_env=False) as client:
        yield client


def url(embedded: Embedded, defect: str = "") -> str:
    return (embedded.base_url_of(defect) if defect else embedded.base_url) + "/chat/completions"


def test_an_answer(client: httpx.Client, embedded: Embedded) -> None:
    answered = client.post(url(embedded), json=conversation("Repeat: pong"))
    assert answered.json()["choices"][0]["message"]["content"] == "pong"
    assert int(answered.headers["content-length"]) == len(answered.content)


def test_events_arrive_one_by_one_while_others_are_still_to_be_made(client: httpx.Client, embedded: Embedded) -> None:
    body = conversation("Count from 1 to 9", stream=True)
    with client.stream("POST", url(embedded), json=body) as answered:
        assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answered.headers["cache-control"] == "no-cache"
        arrivals = list(answered.iter_raw())
    assert arrivals[-1] == DONE
    # One read may hold a few events on a busy machine, but far from all of them.
    assert len(arrivals) > 10 and all(piece.endswith(b"\n\n") for piece in arrivals)


def test_a_client_can_answer_while_the_stream_goes_on(client: httpx.Client, embedded: Embedded) -> None:
    """Causality instead of a clock: a second request is over before the first one's last event."""
    with client.stream("POST", url(embedded), json=conversation("Count from 1 to 30", stream=True)) as answered:
        pieces = answered.iter_raw()
        assert b'"role":"assistant"' in next(pieces)
        assert client.post(url(embedded), json=conversation()).status_code == 200
        rest = list(pieces)
    assert len(rest) > 20 and rest[-1] == DONE


def test_a_client_that_leaves_ends_the_generation(contract: Contract) -> None:
    """Straight at the application: a stream without end, and a client that hangs up after the fifth piece."""

    def endless(_frames: Frames, _: Call) -> Frames:
        return repeat(b": on and on\n\n")

    defect = Defect(id="x", sentence="", area="", trips=frozenset(), incident="", seam=FRAMES.name, act=endless)
    app = create_app(contract, defect=defect)
    asked = iter([{"type": "http.request", "body": json.dumps(conversation(stream=True)).encode(), "more_body": False}])
    pieces: list[Message] = []

    async def receive() -> Message:
        if (message := next(asked, None)) is not None:
            return message
        while len(pieces) < 6:
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pieces.append(message)

    headers = [(b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers, "query_string": b"", "root_path": ""}
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 20))
    assert pieces[0]["status"] == 200 and len(pieces) >= 6


def test_nothing_is_sent_before_the_latency_is_over() -> None:
    with Embedded(Options(latency=0.15)) as server:
        headers = {"authorization": f"Bearer {server.key}"}
        with httpx.Client(headers=headers, timeout=20, trust_env=False) as client:
            client.get(f"{server.base_url}/models")
            for stream in (False, True):
                began = time.monotonic()
                with client.stream("POST", url(server), json=conversation(stream=stream)) as answered:
                    assert answered.status_code == 200
                    assert time.monotonic() - began >= 0.15


def test_serving_in_the_foreground_says_where_and_ends_on_interrupt() -> None:
    code = "from conformance.reference.launch import Options, serve; serve(Options())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        said = dict(process.stdout.readline().strip().split("=", 1) for _ in range(3))
        listing = httpx.get(f"{said['BASE_URL']}/models", headers={"authorization": f"Bearer {said['API_KEY']}"}, trust_env=False)
        assert listing.json()["data"][0]["id"] == said["MODEL"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def test_every_defect_is_served_beside_the_conforming_server(client: httpx.Client, embedded: Embedded) -> None:
    for name in defects.ALL:
        assert client.get(f"{embedded.base_url_of(name)}/models").status_code == 200
    assert client.get(f"{embedded.base_url_of('none-such')}/models").status_code == 404


def test_a_defect_can_break_the_connection(client: httpx.Client, embedded: Embedded) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(url(embedded, "stream-cut"), json=conversation(stream=True))


def test_a_body_that_is_too_large_is_read_to_its_end_and_refused(client: httpx.Client, embedded: Embedded) -> None:
    answered = client.post(url(embedded), content=b" " * (MAX_BODY + 1), headers={"content-type": "application/json"})
    assert (answered.status_code, answered.json()["error"]["code"]) == (413, "request_too_large")


def test_many_at_once(client: httpx.Client, embedded: Embedded) -> None:
    with ThreadPoolExecutor(8) as pool:
        bodies = [conversation(f"Repeat: number {number}") for number in range(40)]
        answers = list(pool.map(lambda body: client.post(url(embedded), json=body).json(), bodies))
    said = [answer["choices"][0]["message"]["content"] for answer in answers]
    assert said == [f"number {number}" for number in range(40)]
    assert len({answer["id"] for answer in answers}) == 40


def test_a_server_is_gone_after_its_block() -> None:
    with Embedded() as server:
        base_url = server.base_url
        assert httpx.get(f"{base_url}/models", trust_env=False).status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base_url}/models", trust_env=False)


def test_what_cannot_be_started_is_said_before_it_is_tried() -> None:
    for options in (Options(defect="no-such-defect"), Options(dialect="no-such-dialect")):
        with pytest.raises(UnknownNameError), Embedded(options):
            pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigurationError, match="Cannot listen"), Embedded(Options(port=taken.getsockname()[1])):
            pass


@pytest.mark.parametrize(("text", "value"), [("200ms", 0.2), ("0.2s", 0.2), (" .2 ", 0.2), ("0", 0.0), ("3", 3.0), ("1500 ms", 1.5)])
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "fast", "-1", "1m", "1e3", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no duration"):
        seconds(text)

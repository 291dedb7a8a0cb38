"""Traffic of servers on this machine as somebody else would have captured it, and what the suite makes of it."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from conformance import contract, registry, reporting, session
from conformance.imports import importing, source
from conformance.model import Chunk, Exchange, Expectation, Outcome, Purpose, Request, Sent
from conformance.record.runlog import Record
from conformance.reference.service import KEY, MODEL, Service
from conformance.reference.transport import Abort, RawRequest
from conformance.report import Report
from conformance.target import Target
from tests.exporting import TOOLS, Tool, har, log_lines
from tests.innocent.server import KEY as INNOCENT_KEY
from tests.innocent.server import serving
from tests.innocent.style import Style

URL = "https://gateway.example/v1/chat/completions"
REFUSALS = 24
"""Requests of a scored run that have to be refused, of which so many are sent."""


@cache
def requests(model: str = MODEL) -> tuple[tuple[Purpose, Request], ...]:
    """Every valid request of a scored run, as far as it is built from no answer, and some that have to be refused."""
    catalogue = registry.load()
    target = Target(base_url="http://127.0.0.1:1/v1", model=model)
    assignment = session.Assignment(target=target, contract=contract.load(), catalogue=catalogue, requirements=catalogue.requirements)
    posted = [
        (step.purpose, step.request)
        for step in assignment.everything()
        if isinstance(step.request, Request) and step.request.method == "POST"
    ]
    completions = [(why, sent) for why, sent in posted if sent.path == "/chat/completions"]
    valid = [each for each in completions if each[0].expect is Expectation.ACCEPTED and not each[0].splits]
    wrong = [each for each in completions if each[0].expect is Expectation.REFUSED]
    return (*valid, *wrong[:: max(1, len(wrong) // REFUSALS)])


def of_reference(service: Service) -> list[Exchange]:
    """What the reference server answers to them, without a socket."""
    return [_exchanged(service, why, request) for why, request in requests()]


def _exchanged(service: Service, purpose: Purpose, request: Request) -> Exchange:
    headers = (("authorization", f"Bearer {KEY}"), ("content-type", request.content_type or ""))
    reply = service.handle(RawRequest(method="POST", path="/v1/chat/completions", headers=headers, body=request.body))
    frames = [reply.body] if isinstance(reply.body, bytes) else list(reply.body)
    body = b"".join(frame for frame in frames if isinstance(frame, bytes))
    made = _exchange(purpose, request, reply.status, reply.headers, body)
    return replace(made, hung_up=any(isinstance(frame, Abort) for frame in frames))


def of_innocent(style: Style) -> list[Exchange]:
    """What the independent server answers to them."""
    from tests.innocent.reading import MODEL as INNOCENT

    with serving(style) as server:
        split = urlsplit(server.url)
        return [_asked(split.netloc, split.path, why, request) for why, request in requests(INNOCENT)]


def _asked(host: str, path: str, purpose: Purpose, request: Request) -> Exchange:
    connection = http.client.HTTPConnection(host, timeout=10)
    headers = {"Authorization": f"Bearer {INNOCENT_KEY}", "Content-Type": request.content_type or ""}
    connection.request("POST", f"{path}/chat/completions", request.body, headers)
    answer = connection.getresponse()
    made = _exchange(purpose, request, answer.status, tuple(answer.getheaders()), answer.read())
    connection.close()
    return made


def _exchange(purpose: Purpose, request: Request, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Exchange:
    return Exchange(
        purpose=purpose,
        attempt=1,
        started=time.time(),
        sent=Sent(method="POST", url=URL, headers=(("content-type", request.content_type or ""),), body=request.body),
        status=status,
        headers=headers,
        chunks=(Chunk(0.5, body),),
        elapsed=0.5,
    )


def judged_har(exchanges: Iterable[Exchange], tool: Tool = TOOLS[0], *, dialect: str = contract.DEFAULT, whole: bool = False) -> Report:
    """What the suite makes of a HAR file of them."""
    return judged(json.dumps(har(exchanges, tool)).encode(), dialect=dialect, whole=whole)


def judged_log(exchanges: Iterable[Exchange], *, dialect: str = contract.DEFAULT, complete: bool = True) -> Report:
    """What the suite makes of an access log of them."""
    return judged("\n".join(log_lines(exchanges, complete=complete)).encode(), dialect=dialect)


def judged(data: bytes, *, dialect: str = contract.DEFAULT, whole: bool = False, name: str = "traffic") -> Report:
    """What the suite makes of a file, read anew from the record that it becomes."""
    reading, catalogue = contract.load(dialect), registry.load()
    with tempfile.TemporaryDirectory() as folder:
        file, path = Path(folder) / name, Path(folder) / "run.jsonl"
        file.write_bytes(data)
        importing.record(source.read(file, skip=False), path, source=name, contract=reading, catalogue=catalogue, whole=whole)
        with Record.open(path) as record:
            return reporting.judged(record, reading, catalogue, catalogue.requirements)


def having(report: Report, outcome: Outcome) -> set[str]:
    """Ids of the requirements that came to something."""
    return {row.requirement.id for row in report.rows if row.verdict.outcome is outcome}

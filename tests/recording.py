"""Answers of the reference server, recorded without a socket."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache

from conformance import contract, preflight, registry, session
from conformance.model import Chunk, Exchange, Expectation, Purpose, Request, Sent
from conformance.reference.service import KEY, MODEL, Service
from conformance.reference.transport import RawRequest
from conformance.target import Target

READING = contract.load("openai-compatible")


@dataclass(frozen=True, slots=True)
class Records:
    """A record in memory. What broke off was asked for again, and broke off in the same way."""

    exchanges: dict[str, Exchange]
    only: str = ""
    """The one that is judged, beside which the others are there to be compared with; all, if empty."""

    def purpose(self, key: str) -> Purpose | None:
        return self.exchanges[key].purpose if key in self.exchanges else None

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        first = self.exchanges[key]
        return (first,) if first.fault is None else (first, replace(first, attempt=2))

    def keys(self) -> tuple[str, ...]:
        return (self.only,) if self.only else tuple(self.exchanges)


@cache
def asked() -> tuple[tuple[Purpose, Request], ...]:
    """Every valid request for a stream of a scored run, and those they are compared with; what is built from an answer is left out."""
    catalogue = registry.load()
    target = Target(base_url="http://127.0.0.1:1/v1", model=MODEL)
    assignment = session.Assignment(target=target, contract=READING, catalogue=catalogue, requirements=catalogue.requirements)
    first, planned = next(preflight.steps(assignment.ask())), assignment.steps()
    steps = [first, *(step for step in (*planned.first, *planned.last) if step.purpose.expect is Expectation.ACCEPTED)]
    twins = {step.purpose.twin for step in steps if step.purpose.stream}
    wanted = [(step.purpose, step.request) for step in steps if step.purpose.stream or step.key in twins]
    return tuple((purpose, request) for purpose, request in wanted if isinstance(request, Request))


def exchange(service: Service, purpose: Purpose, request: Request) -> Exchange:
    headers = (("authorization", f"Bearer {KEY}"), ("content-type", request.content_type or ""))
    reply = service.handle(RawRequest(method=request.method, path=f"/v1{request.path}", headers=headers, body=request.body))
    pieces = [reply.body] if isinstance(reply.body, bytes) else [piece for piece in reply.body if isinstance(piece, bytes)]
    return Exchange(
        purpose=purpose,
        attempt=1,
        started=time.time(),
        sent=Sent(method=request.method, url=request.path, headers=(), body=request.body),
        status=reply.status,
        headers=reply.headers,
        head_at=0.0,
        chunks=tuple(Chunk(float(number), piece) for number, piece in enumerate(pieces)),
    )

"""The reference server on a socket: Starlette reads and writes, `service` decides.

Each frame of a stream is handed to the socket on its own, and no further one is made until it left; a client that goes away ends
the generation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount

from conformance.reference.behaviour import Behaviour
from conformance.reference.characters import Character, model_of
from conformance.reference.reading import MAX_BODY
from conformance.reference.service import KEY, MODEL, RequestContract, Service
from conformance.reference.transport import Abort, Pause, RawRequest, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from starlette.types import Receive, Scope, Send

    from conformance.reference.behaviour import Defect
    from conformance.reference.extensions import Extensions
    from conformance.reference.transport import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How slow the server pretends to be, in seconds."""

    latency: float = 0.0
    """From a request's arrival to the first byte of its answer, the server's own work included."""
    pace: float = 0.0
    """Between two frames of a stream."""


class AbortedOnPurpose(Exception):  # noqa: N818 - a defect asked for it
    """Makes the web server drop the connection in the middle of a body."""


def create_app(
    contract: RequestContract,
    *,
    defect: Defect | None = None,
    beside: Iterable[Defect] = (),
    models: tuple[str, ...] = (MODEL,),
    key: str = KEY,
    pacing: Pacing | None = None,
    obliging: bool = False,
    extensions: Extensions | None = None,
    character: Character = Character.OBEDIENT,
) -> Starlette:
    """Build the application: `/v1/…` with `defect` or none, and `/{id}/v1/…` for every defect in `beside`.

    Each of them is a server of its own: nothing one remembers reaches another.
    """

    def endpoint(chosen: Defect | None) -> Endpoint:
        service = Service(
            contract,
            behaviour=Behaviour(chosen),
            model=model_of(character),
            models=models,
            key=key,
            obliging=obliging,
            extensions=extensions,
        )
        return Endpoint(service, pacing or Pacing())

    return Starlette(routes=[*(Mount(f"/{one.id}", endpoint(one)) for one in beside), Mount("/", endpoint(defect))])


class Endpoint:
    """An ASGI application around one `Service`."""

    def __init__(self, service: Service, pacing: Pacing) -> None:
        self._service = service
        self._pacing = pacing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        request = Request(scope, receive)
        try:
            raw = await _read(request)
        except ClientDisconnect:
            return
        reply = self._service.handle(raw)
        await asyncio.sleep(max(0.0, self._pacing.latency - (loop.time() - began)))
        await self._response(reply)(scope, receive, send)

    def _response(self, reply: Reply) -> Response:
        if isinstance(reply.body, bytes):
            response = Response(reply.body, reply.status)
        else:
            response = StreamingResponse(_sent(reply.body, self._pacing.pace), reply.status)
        lengths = [pair for pair in response.raw_headers if pair[0] == b"content-length"]
        given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        response.raw_headers = given if any(name.lower() == b"content-length" for name, _ in given) else given + lengths
        return response


async def _read(request: Request) -> RawRequest:
    """Read a request to its end; of a body that is too large, nothing is kept."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size <= MAX_BODY:
            pieces.append(piece)
    oversize = size > MAX_BODY
    root = str(request.scope.get("root_path", ""))
    return RawRequest(
        method=request.method,
        path=str(request.scope["path"]).removeprefix(root) or "/",
        headers=tuple(request.headers.items()),
        body=b"" if oversize else b"".join(pieces),
        oversize=oversize,
    )


async def _sent(frames: Iterator[Frame], pace: float) -> AsyncIterator[bytes]:
    """Hand out frames one at a time, giving way in between so that a disconnect is noticed even in an endless stream."""
    first = True
    try:
        for frame in frames:
            match frame:
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Abort():
                    raise AbortedOnPurpose
                case bytes():
                    await asyncio.sleep(0 if first else pace)
                    first = False
                    yield frame
    finally:
        # A client that goes away ends the generation now, not when memory is next tidied up.
        if isinstance(frames, Generator):
            frames.close()

"""Asking the reference server without a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.reference.service import COMPLETIONS, KEY, MODEL
from conformance.reference.transport import Headers, RawRequest
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.model import Json, Missing
    from conformance.reference.service import Service

AUTHORISED: Headers = (("authorization", f"Bearer {KEY}"), ("content-type", "application/json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply of a service, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        value: Json = json.loads(self.body)
        return value

    def get(self, *path: str | int) -> Json | Missing:
        return get(self.json, *path)

    @property
    def data(self) -> list[str]:
        """What each event of a stream carries."""
        events = self.body.decode().split("\n\n")
        assert events.pop() == "", "the last event is closed by a blank line"
        assert all(event.startswith("data: ") and "\n" not in event for event in events)
        return [event.removeprefix("data: ") for event in events]

    @property
    def chunks(self) -> list[Json]:
        """The chunks of a stream that ends as it should."""
        *chunks, last = self.data
        assert last == "[DONE]"
        return [json.loads(chunk) for chunk in chunks]


def send(service: Service, body: bytes, headers: Headers = AUTHORISED, method: str = "POST", path: str = COMPLETIONS) -> Answered:
    reply = service.handle(RawRequest(method=method, path=path, headers=headers, body=body))
    frames = [reply.body] if isinstance(reply.body, bytes) else reply.body
    whole = b"".join(frame for frame in frames if isinstance(frame, bytes))
    return Answered(status=reply.status, headers=dict(reply.headers), body=whole)


def conversation(prompt: str = "Hello", **fields: Json) -> dict[str, Json]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **fields}


def ask(service: Service, prompt: str = "Hello", **fields: Json) -> Answered:
    return send(service, json.dumps(conversation(prompt, **fields)).encode())

"""The reference server without its socket: one raw request in, one reply out.

Pure but for ids, the clock and what a defect remembers. Every step is a call into another module; between the steps lie the seams.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from conformance.model import MISSING
from conformance.reference import behaviour, refusals
from conformance.reference.answer import answer
from conformance.reference.behaviour import Behaviour, Call, State
from conformance.reference.chunks import chunks
from conformance.reference.completion import complete
from conformance.reference.frames import encode, frames
from conformance.reference.reading import check_key, read_json
from conformance.reference.refusals import Refusal, Refused
from conformance.reference.request import read_request
from conformance.reference.tokens import prompt_tokens
from conformance.reference.toymodel import Model, ToyModel
from conformance.reference.transport import Reply
from conformance.strictjson import get, members

if TYPE_CHECKING:
    from conformance.contract import SchemaFault
    from conformance.model import Json
    from conformance.reference.extensions import Extensions
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import RawRequest

KEY = "sk-reference-0123456789abcdef"
"""The key the server asks for. Public: it guards nothing, it makes clients send one."""
MODEL = "reference-model"
CONTEXT_WINDOW = 100_000
"""Most tokens of a prompt."""
COMPLETIONS = "/v1/chat/completions"
MODELS = "/v1/models"


class RequestContract(Protocol):
    """The one thing the server wants from the contract."""

    def request_faults(self, body: Json) -> tuple[SchemaFault, ...]:
        """Name every clause that a body breaks; none when it is valid."""
        ...


class Service:
    """Answers requests by the contract, except for one defect if its behaviour has one."""

    def __init__(
        self,
        contract: RequestContract,
        *,
        behaviour: Behaviour | None = None,
        model: Model | None = None,
        models: tuple[str, ...] = (MODEL,),
        key: str = KEY,
        obliging: bool = False,
        extensions: Extensions | None = None,
    ) -> None:
        """An obliging server is taken to have every model and every feature: then nothing but the contract makes it refuse a body."""
        self._contract = contract
        self._behaviour = behaviour or Behaviour()
        self._model = model or ToyModel()
        self._models = models
        self._key = key
        self._obliging = obliging
        self._extensions = extensions
        self._state = State()

    def handle(self, raw: RawRequest) -> Reply:
        """Answer one request; never raises for anything a client can send."""
        began = time.perf_counter()
        call = Call(raw=raw, state=self._state)
        call = replace(call, raw=self._behaviour.at(behaviour.RAW, raw, call))
        call, reply = self._answered(call)
        spent = round((time.perf_counter() - began) * 1000)
        known = {name for name, _ in reply.headers}
        stamps = {"x-request-id": f"req_{secrets.token_hex(16)}", "openai-processing-ms": str(max(spent, 1))}
        headers = (*reply.headers, *((name, value) for name, value in stamps.items() if name not in known))
        seam = behaviour.REPLY if isinstance(reply.body, bytes) else behaviour.STREAM
        return self._behaviour.at(seam, replace(reply, headers=headers), call)

    def _answered(self, call: Call) -> tuple[Call, Reply]:
        try:
            if (other := self._routed(call)) is not None:
                return call, other
            # Step by step, so that a refusal on the way is made with all that was known by then.
            call = replace(call, body=read_json(call.raw))
            call = replace(call, request=self._understood(call))
            self._check(call)
            return call, self._completed(call)
        except Refused as refused:
            return call, self._refused(refused.refusal, call)

    def _routed(self, call: Call) -> Reply | None:
        """Let in who may come in, and answer what is no completion; None when it is one."""
        raw, methods = call.raw, {COMPLETIONS: "POST", MODELS: "GET"}
        if raw.path not in methods:
            raise Refused(refusals.unknown_path(raw.method, raw.path))
        allow = methods[raw.path]
        if raw.method == "OPTIONS":
            return _preflight(allow)
        if raw.method != allow:
            raise Refused(refusals.wrong_method(raw.method, raw.path, allow))
        if refusal := self._behaviour.at(behaviour.AUTH, check_key(raw, self._key), call):
            raise Refused(refusal)
        return _json(200, self._listing()) if raw.path == MODELS else None

    def _understood(self, call: Call) -> ChatRequest:
        """Validate a body and read its fields."""
        if faults := self._behaviour.at(behaviour.FAULTS, self._contract.request_faults(call.body), call):
            raise Refused(refusals.of_fault(faults[0], call.body))
        request = read_request(call.body)
        if get(call.body, "model") in (None, MISSING):
            # Valid all the same, so this is a reading in which the model may be left out.
            request = replace(request, model=self._models[0])
        return self._behaviour.at(behaviour.REQUEST, request, call)

    def _check(self, call: Call) -> None:
        """Refuse what is valid but cannot be done here."""
        if self._obliging:
            return
        if call.request.model not in self._models:
            raise Refused(refusals.unknown_model(call.request.model))
        if refusal := _unsupported(call.body):
            raise Refused(refusal)
        if (used := prompt_tokens(call.request)) > CONTEXT_WINDOW:
            raise Refused(refusals.too_long(used, CONTEXT_WINDOW))

    def _completed(self, call: Call) -> Reply:
        conduct, request = self._behaviour, call.request
        completion = conduct.at(behaviour.COMPLETION, complete(self._model, request), call)
        if not request.stream:
            return _json(200, conduct.at(behaviour.ANSWER, answer(completion, request, self._extensions), call))
        events = conduct.at(
            behaviour.FRAMES, frames(conduct.at(behaviour.CHUNKS, chunks(completion, request, self._extensions), call)), call
        )
        headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
        return Reply(status=200, headers=headers, body=events)

    def _refused(self, refusal: Refusal, call: Call) -> Reply:
        refusal = self._behaviour.at(behaviour.REFUSAL, refusal, call)
        reply = _json(refusal.status, refusal.envelope())
        return replace(reply, headers=(*reply.headers, *refusal.headers))

    def _listing(self) -> dict[str, Json]:
        models: list[Json] = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "conformance"} for name in self._models]
        return {"object": "list", "data": models}


def _json(status: int, body: Json) -> Reply:
    return Reply(status=status, headers=(("content-type", "application/json"),), body=encode(body))


def _preflight(allow: str) -> Reply:
    """Let a browser's script ask whether it may call at all (Fetch Standard, section 3.3.2)."""
    headers = (
        ("allow", f"OPTIONS, {allow}"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", allow),
        ("access-control-allow-headers", "authorization, content-type"),
    )
    return Reply(status=204, headers=headers, body=b"")


def _unsupported(body: Json) -> Refusal | None:
    """Name the first feature asked for that a model of text does not have."""
    fields = members(body)
    modalities = fields.get("modalities")
    if fields.get("audio") is not None or (isinstance(modalities, list) and "audio" in modalities):
        return refusals.unsupported("audio" if fields.get("audio") is not None else "modalities", "Spoken output")
    for name, what in (("moderation", "Moderation"), ("web_search_options", "Web search")):
        if fields.get(name) is not None:
            return refusals.unsupported(name, what)
    return None

"""Records made by hand, for tests of what is read out of them and what it adds up to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from conformance import judge, registry
from conformance.contract import Contract, load
from conformance.model import (
    Area,
    Chunk,
    Exchange,
    Expectation,
    Fault,
    FaultKind,
    Finding,
    Json,
    Level,
    Outcome,
    Purpose,
    Sent,
    Verdict,
    Violation,
)
from conformance.observation import Asked, Evidence
from conformance.provenance import Identity
from conformance.registry import Requirement
from conformance.view import View

WHOLE: Json = {
    "id": "c",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "1 2 3"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}

REFUSAL: Json = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}

VIOLATION = Violation(constraint="type", pointer="/n", clause="/x", sent='"two"')


@dataclass
class Held:
    """A record in memory: purposes in the order of the plan, and what happened."""

    purposes: dict[str, Purpose] = field(default_factory=dict)
    exchanges: dict[str, tuple[Exchange, ...]] = field(default_factory=dict)

    def purpose(self, key: str) -> Purpose | None:
        return self.purposes.get(key)

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        return self.exchanges.get(key, ())

    def keys(self) -> tuple[str, ...]:
        return tuple(self.purposes)

    def add(self, purpose: Purpose, *tries: Exchange) -> None:
        """Plan a request, and say what came of it; nothing when it was never sent."""
        self.purposes[purpose.key] = purpose
        self.exchanges[purpose.key] = tuple(replace(each, purpose=purpose, attempt=number) for number, each in enumerate(tries, 1))


def purpose(
    key: str,
    *,
    stream: bool = False,
    needs: tuple[str, ...] = (),
    violation: Violation | None = None,
    expect: Expectation | None = None,
    twin: str = "",
    control: str = "",
    after: str = "",
    topics: tuple[str, ...] = (),
) -> Purpose:
    return Purpose(
        key=key,
        scenario=key.partition("/")[0],
        expect=expect or (Expectation.REFUSED if violation else Expectation.ACCEPTED),
        stream=stream,
        needs=frozenset(needs),
        violation=violation,
        twin=twin,
        control=control,
        after=after,
        topics=frozenset(topics),
    )


def answered(
    body: Json | bytes = None,
    *,
    status: int | None = 200,
    media: str = "application/json",
    fault: FaultKind | None = None,
    sent: Json | bytes = None,
) -> Exchange:
    """One try; its purpose and number are filled in by `Held.add`."""
    data = body if isinstance(body, bytes) else json.dumps(WHOLE if body is None else body).encode()
    return Exchange(
        purpose=purpose("-"),
        attempt=1,
        started=0.0,
        sent=Sent(
            method="POST",
            url="http://127.0.0.1/v1/chat/completions",
            headers=(),
            body=sent if isinstance(sent, bytes) else json.dumps(sent or {}).encode(),
        ),
        status=status,
        headers=(("Content-Type", media),),
        chunks=(Chunk(0.1, data),) if data and status is not None else (),
        fault=Fault(kind=fault, detail=f"It was a {fault}.") if fault else None,
    )


def refused(status: int = 400) -> Exchange:
    return answered(REFUSAL, status=status)


def lost(fault: FaultKind = FaultKind.TIMEOUT) -> Exchange:
    return answered(b"", status=None, fault=fault)


def streamed(*chunks: Json | str, done: bool = True, sent: Json = None) -> Exchange:
    """A stream of these chunks; a string is taken as data as it is."""
    lines = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in chunks]
    data = "".join(f"data: {line}\n\n" for line in [*lines, *(["[DONE]"] if done else [])])
    return answered(data.encode(), media="text/event-stream", sent=sent)


def delta(text: str | None = None, *, index: Json = 0, finish: Json = None, **more: Json) -> dict[str, Json]:
    """A chunk with one choice."""
    part: dict[str, Json] = {**({} if text is None else {"content": text}), **more}
    return {"object": "chat.completion.chunk", "choices": [{"index": index, "delta": part, "finish_reason": finish}]}


def evidence(held: Held, *, claims: tuple[str, ...] = (), denies: tuple[str, ...] = (), contract: Contract | None = None) -> Evidence:
    identity = Identity(base_url="http://127.0.0.1/v1", model="m", claims=frozenset(claims), denies=frozenset(denies))
    return Evidence(held, contract or load("openai"), identity)


def verdict(identifier: str, held: Held, contract: Contract | None = None) -> Verdict:
    """What a requirement of the catalogue makes of a record."""
    (found,) = judge.judge(evidence(held, contract=contract), [registry.load().find(identifier)])
    assert found.outcome is not Outcome.ERROR, found.reasons
    return found


def outcome(identifier: str, held: Held, contract: Contract | None = None) -> Outcome:
    return verdict(identifier, held, contract).outcome


def asked(held: Held, key: str, **options: tuple[str, ...]) -> Asked:
    found = evidence(held, claims=options.get("claims", ()), denies=options.get("denies", ())).asked(key)
    assert found is not None
    return found


def alone(*tries: Exchange, **options: object) -> Asked:
    """One request, and what came of it."""
    held = Held()
    held.add(purpose("s/one", **options), *tries)  # type: ignore[arg-type]
    return asked(held, "s/one")


def finds_nothing(subject: object) -> Iterator[Finding]:
    yield from ()


def requirement(on: View[Any], judge: object = finds_nothing, identifier: str = "ANSWER-TEST", level: Level = Level.MUST) -> Requirement:
    return Requirement(
        id=identifier,
        area=Area.ANSWER,
        level=level,
        text="It holds.",
        remedy="",
        cites=(),
        since="2026-11-21",
        on=on,
        judge=judge,  # type: ignore[arg-type]
        module="conformance.requirements.answer.test",
        line=1,
    )

"""What is odd and yet legal, in packs: whole answers, streams and refusals as other servers write them. Nobody is accused for it.

`tests/test_legal_oddities.py` tries the ways of writing a stream one by one. Here the reference server has many habits of other servers
at once, over everything that is asked in a run, and still passes the gate. A habit that is reported is named; none of these binds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from conformance.model import Json, Level, Outcome
from conformance.reference.behaviour import ANSWER, CHUNKS, REPLY, STREAM, Chunks, Defect, Seam
from conformance.reference.behaviour import Call as ServerCall
from conformance.reference.pieces import each_choice
from conformance.reference.transport import Reply
from conformance.strictjson import get, items
from tests import inprocess
from tests.matrix import run

_numbers = count(1)
FILTERED: Json = {"hate": {"filtered": False, "severity": "safe"}}


def _habit(seam: Seam[Any], act: Callable[[Any, ServerCall], Any]) -> Defect:
    return Defect(id="habit", sentence="", area="", trips=frozenset(), incident="", seam=seam.name, act=act)


# ---- members beyond the contract, other names, other shapes of ids


def _head(body: dict[str, Json], identifier: str) -> dict[str, Json]:
    """Begin with what is new, and end with the id."""
    usage = body.get("usage")
    counted: Json = {**usage, "queue_time": 0.01, "cost_details": {"upstream": None}} if isinstance(usage, dict) else usage
    created = float(str(body["created"])) - 20
    more: dict[str, Json] = {"provider": "acme", "timings": {"predicted_ms": 1.5e-3}, "prompt_logprobs": None, "citations": []}
    told: dict[str, Json] = {"model": f"acme/{body['model']}-2026-08-07:free", "created": created, "system_fingerprint": ""}
    return {**more, **dict(reversed(body.items())), **told, **({"usage": counted} if "usage" in body else {}), "id": identifier}


def _choice(choice: dict[str, Json], said: dict[str, Json]) -> None:
    choice |= {"index": float(str(choice["index"])), "content_filter_results": FILTERED, "stop_reason": None, "token_ids": None}
    said |= {"reasoning": None, "reasoning_details": [], "annotations": None, "audio": None}
    for call in items(said, "tool_calls"):
        if isinstance(call, dict):
            call["extra_content"] = {"google": {"thought_signature": "x"}}
    for entry in items(choice, "logprobs", "content"):
        if isinstance(entry, dict):
            entry |= {"rank": 1, "token_id": 5}


def extended(answer: dict[str, Json], _: ServerCall) -> dict[str, Json]:
    for choice in each_choice(answer):
        if isinstance(message := choice["message"], dict):
            _choice(choice, message)
    return _head(answer, f"gen:{next(_numbers)}/é==")


def extended_chunks(chunks: Chunks, _: ServerCall) -> Chunks:
    identifier = str(next(_numbers))
    for chunk in chunks:
        for choice in each_choice(chunk):
            if isinstance(delta := choice["delta"], dict):
                _choice(choice, delta)
        yield _head(chunk, identifier)


# ---- escapes, blanks and numbers in other spellings; labels and headers; errors in the words of others


def _spelt(body: bytes) -> bytes:
    """Escape every letter, and indent."""
    text = json.dumps(json.loads(body), indent=2)
    letters = re.compile(r"(\\u[0-9a-f]{4}|\\.)|([a-z])")
    spelt = re.sub(r'"(?:[^"\\]|\\.)*"', lambda string: letters.sub(lambda m: m[1] or f"\\u{ord(m[2]):04X}", string[0]), text)
    return b"\r\n " + spelt.replace("/", "\\/").encode() + b"\r\n\r\n"


def _labelled(reply: Reply) -> Reply:
    label = next(value for name, value in reply.headers if name.lower() == "content-type").partition(";")[0]
    more = (("Server", "uvicorn"), ("Via", "1.1 google"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"), ("Alt-Svc", 'h3=":443"'))
    headers = (*more, *reversed(reply.without_header("content-type").headers), ("CONTENT-TYPE", f'{label.title()};charset="UTF-8"'))
    return replace(reply, headers=headers)


def _refused(body: bytes, status: int) -> bytes:
    error: dict[str, Any] = json.loads(body)["error"]
    param = error["param"] and re.sub(r"\[(\d+)\]", r".\1", error["param"])
    more: dict[str, Json] = {"metadata": {"provider_name": "acme"}, "details": [], "request_id": "r-1"}
    told: dict[str, Json] = {
        "code": str(status),
        "param": param and f"body.{param}",
        "message": f"Ungültig: {error['message']}\n  → siehe Handbuch",
    }
    return json.dumps({"object": "error", "error": {**more, **error, **told}}).encode()


def spelt(reply: Reply, call: ServerCall) -> Reply:
    if call.raw.method in {"HEAD", "OPTIONS"} or not isinstance(reply.body, bytes) or not reply.body:
        return reply
    body = reply.body if reply.status < 400 else _refused(reply.body, reply.status)
    return replace(_labelled(reply), body=_spelt(body))


def spelt_stream(reply: Reply, _: ServerCall) -> Reply:
    assert not isinstance(reply.body, bytes)
    frames = [frame for frame in reply.body if isinstance(frame, bytes)]
    written = (b": OPENROUTER PROCESSING\n\n" + frame.replace(b"/", b"\\/") + b"\n" for frame in frames)
    return replace(_labelled(reply), body=iter(written))


PACKS: dict[str, tuple[Defect, Defect, set[str]]] = {
    "more members": (
        _habit(ANSWER, extended),
        _habit(CHUNKS, extended_chunks),
        set(),
    ),
    "other spellings": (
        _habit(REPLY, spelt),
        _habit(STREAM, spelt_stream),
        {"ERROR-CODE-FAMILY", "ERROR-KEY-CODE", "ERROR-MODEL-CODE", "ERROR-ONLY-ERROR"},
    ),
}


@pytest.mark.parametrize("name", PACKS)
def test_habits_of_other_servers_are_not_accused(name: str) -> None:
    habit, beside, told = PACKS[name]
    outcomes = run(connect=inprocess.to(inprocess.service(defect=habit, beside=beside)), concurrency=1)
    assert outcomes.having(Outcome.FAIL) == told
    assert not outcomes.having(Outcome.ERROR)
    assert Level.MUST not in {each.level for each in outcomes.verdicts if each.requirement in told}
    assert outcomes.gate.status == 0


def test_the_packs_are_put_on() -> None:
    written = _spelt(b'{"a/b": 1}')
    assert b"\\u0061\\/\\u0062" in written
    assert get(json.loads(written), "a/b") == 1

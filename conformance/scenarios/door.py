"""Who may come in, and through which door: keys, models, methods and paths. A conforming endpoint bills nothing for these."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.ask import PROMPT, Ask
from conformance.model import Credential, Expectation, Json, Request, Violation
from conformance.registry import scenario
from conformance.scenarios.refusals import EVERYWHERE, NO_MESSAGES
from conformance.scenarios.tools import CLOCK
from conformance.steps import Step

NO_SUCH_MODEL: Final = "no-such-model-31f0b2"

NO_SUCH_ROLE: Final = "no-such-role-31f0b2"

ORIGIN: Final = ("origin", "https://conformance.example")
"""Where the script of a browser would come from (RFC 2606, section 2: nobody's name)."""

ASKS: Final = (ORIGIN, ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization, content-type"))
"""What a browser asks before it sends a key and JSON (Fetch Standard, section 3.3.2)."""

_OTHER_KEY: Final = "sk-conformance-this-key-is-wrong-too-0000000000000"
"""Plausible in shape, and nobody's."""

_OTHER_SCHEMES: Final = {
    "basic": ("Basic " + base64.b64encode(f"conformance:{_OTHER_KEY}".encode()).decode(), "the scheme Basic"),
    "no-scheme": (_OTHER_KEY, "another key, without a scheme"),
    "empty": ("Bearer", "the scheme Bearer, without a key"),
}
"""What may stand in Authorization instead of a bearer token, and what to call it."""


def _at(clause: str, constraint: str, sent: str) -> Violation:
    return Violation(constraint=constraint, pointer="", clause=f"/{clause}", sent=sent, core=True)


@scenario("door", tiers=EVERYWHERE)
def door(ask: Ask) -> Iterator[Step]:
    """Bad keys, unknown models, other methods and paths."""
    yield from _keys(ask)
    yield from _models(ask)
    yield from _methods(ask)
    path = _at("x-errors/wrong-path", "path", "/chat/completion")
    yield ask.refused("path", ask.minimal, path, path="/chat/completion", topics=["path"])
    slash = _at("x-http/trailing-slash", "path", "/chat/completions/")
    empty = _empty(ask)
    yield ask.refused("slash", empty, slash, path="/chat/completions/", expect=Expectation.EITHER, control=NO_MESSAGES, topics=["slash"])
    again = Violation(constraint="again", pointer="/messages/0/role", clause="/x-errors/same-again", sent=json.dumps(NO_SUCH_ROLE))
    nobody: dict[str, Json] = {**ask.minimal, "messages": [{"role": NO_SUCH_ROLE, "content": PROMPT}]}
    yield ask.refused("role", nobody, again, expect=Expectation.EITHER, topics=["again"])
    yield ask.refused("role/again", nobody, again, expect=Expectation.EITHER, topics=["again", "last"])


def _with(step: Step, *headers: tuple[str, str]) -> Step:
    """A step with these headers; it must not be one that is built from an answer."""
    assert isinstance(step.request, Request)
    return replace(step, request=replace(step.request, headers=headers))


def _empty(ask: Ask) -> dict[str, Json]:
    """A body that is refused once it is read, so that it costs nothing to be let in: that of `NO_MESSAGES`."""
    return {**ask.minimal, "messages": []}


def _keys(ask: Ask) -> Iterator[Step]:
    absent = _at("x-errors/no-key", "auth", "no Authorization")
    yield ask.refused("no-key", ask.minimal, absent, credential=Credential.NONE, topics=["auth"])
    wrong = _at("x-errors/wrong-key", "auth", "another key")
    yield ask.refused("wrong-key", ask.minimal, wrong, credential=Credential.WRONG, topics=["auth"])
    streamed: dict[str, Json] = {**ask.minimal, "stream": True}
    twin = ask.key("wrong-key")
    yield ask.refused("wrong-key/streamed", streamed, wrong, credential=Credential.WRONG, twin=twin, topics=["auth"])
    for name, (header, sent) in _OTHER_SCHEMES.items():
        malformed = _at("x-errors/malformed-key", "auth", sent)
        step = ask.refused(f"scheme/{name}", ask.minimal, malformed, credential=Credential.NONE, topics=["auth", "malformed-key"])
        yield _with(step, ("authorization", header))
    lower = _at("x-http/bearer", "scheme", "bearer in lower case, with no messages")
    yield ask.refused(
        "scheme/lower-case",
        _empty(ask),
        lower,
        credential=Credential.LOWERCASE_SCHEME,
        expect=Expectation.EITHER,
        control=NO_MESSAGES,
        topics=["scheme-case"],
    )


def _models(ask: Ask) -> Iterator[Step]:
    fault = _at("x-errors/unknown-model", "model", NO_SUCH_MODEL)
    unknown: dict[str, Json] = {**ask.minimal, "model": NO_SUCH_MODEL}
    yield ask.refused("unknown-model", unknown, fault, topics=["model"])
    twin = ask.key("unknown-model")
    yield ask.refused("unknown-model/streamed", {**unknown, "stream": True}, fault, twin=twin, topics=["model"])
    tools: dict[str, Json] = {**unknown, "tools": [CLOCK]}
    yield ask.refused("unknown-model/tools", tools, fault, topics=["model", "beside-more"])
    empty = _at("x-errors/unknown-model", "model", '""')
    yield ask.refused("empty-model", {**ask.minimal, "model": ""}, empty, topics=["model", "beside-more"])


def _methods(ask: Ask) -> Iterator[Step]:
    for method in ("PUT", "DELETE"):
        fault = _at("x-errors/wrong-method", "method", method)
        body = ask.minimal if method == "PUT" else b""
        yield ask.refused(method.lower(), body, fault, method=method, topics=["method"])
    # These two may be answered: on the original they list the completions that were stored.
    for method in ("GET", "HEAD"):
        fault = _at("x-errors/wrong-method", "method", method)
        yield ask.refused(method.lower(), b"", fault, method=method, content_type=None, expect=Expectation.EITHER, topics=["other-method"])
    asks = ask.refused(
        "preflight",
        b"",
        _at("x-http/preflight", "method", "OPTIONS, as a browser asks"),
        method="OPTIONS",
        content_type=None,
        credential=Credential.NONE,
        expect=Expectation.EITHER,
        topics=["cors"],
    )
    yield _with(asks, *ASKS)

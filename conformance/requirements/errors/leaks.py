"""What no answer may give away, and what no success may hide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import MISSING, Detail, Exchange, Finding, Level, Place
from conformance.observation import AbsentError, Observation
from conformance.registry import contract, incident, requirement
from conformance.strictjson import get, items, show
from conformance.subjects.failure import ErrorReply, error_reply, exchange

_INTERNALS: Final = {
    code: re.compile(pattern)
    for code, pattern in {
        "traceback": r"Traceback \(most recent call last\)",
        "python-frame": r"File \\*\"[^\"\n]{1,200}\.py\\*\", line \d+",
        "source-path": r"/(?<![\w:/.-]/)(?:[\w.@+-]+/)+[\w.@+-]+\.(?:py|js|ts|go|rs|rb|java|php|cpp):\d+",
        "file-path": r"/(?<![\w:/.-]/)(?:home|root|usr|opt|mnt|var|tmp|srv|Users|workspace)/(?:[\w.@+-]+/)+[\w.@+-]+",
        "site-packages": r"[\\/](?:site-packages|dist-packages|node_modules)[\\/]",
        "object-address": r"<[\w.]+(?: object)? at 0x[0-9a-fA-F]{6,}>",
        "java-frame": r"at (?<!\wat )[\w$.]+\([\w$]+\.(?:java|kt|scala):\d+\)",
        "node-frame": r"at (?<!\wat )[^\n\"]{1,120}\((?:file://|node:|/)[^)\n\"]+:\d+:\d+\)",
        "go-panic": r"goroutine (?<!\wgoroutine )\d+ \[",
        "rust-panic": r"thread '[^']*' panicked at",
    }.items()
}
"""Marks that no sentence for people has: traces of stacks, places in source files, addresses of objects.

Each begins with plain text and looks behind it only then: that is searched for many times faster than what begins with a look behind.
"""

_WHOLE_KEY: Final = 16
"""Characters of a key at least: shorter ones are words."""

_MASKED: Final = re.compile(rb"\*{12}")
"""A key of a local server may be a word such as `none` or `EMPTY`, which stands in many an answer by itself."""


@requirement(
    "ERROR-NO-INTERNALS",
    Level.SHOULD,
    on=error_reply,
    cites=[contract("/x-errors/no-internals"), incident("BerriAI/litellm#30948"), incident("ray-project/ray#64832")],
)
def errors_show_no_internals(reply: ErrorReply) -> Iterator[Finding]:
    """An error shows no trace of a stack, no place in a source file, no path on the server's disk, no address of an object."""
    text = reply.observation.exchange.body[:200_000].decode(errors="replace")
    for code, pattern in _INTERNALS.items():
        found = next((each.group() for each in pattern.finditer(text) if each.group() not in _said(reply.observation)), "")
        if found:
            yield Finding(code=code, expected="nothing of the server's inside", received=found[:200])


def _said(seen: Observation) -> str:
    """What the client has said itself, which may be quoted: here, or where it gave the model its name, which may be a path."""
    control = seen.asked.control()
    said = [seen.exchange, *(attempt.exchange for attempt in (control.attempts[-1:] if control else ()))]
    return "".join(each.sent.body.decode(errors="replace") for each in said)


@requirement(
    "ERROR-KEY-SECRET",
    Level.MUST,
    on=exchange,
    cites=[contract("/x-errors/no-secret")],
    rests_on=[Detail.KEY],
)
def the_key_is_not_repeated(seen: Observation) -> Iterator[Finding]:
    """No answer repeats the key that was sent, in full; neither in its body nor in a header.

    Errors end up in logs, in screenshots and in public issues. The record shows asterisks in its place.
    """
    if not seen.status:
        raise AbsentError("no answer")
    if seen.exchange.masked:
        if not any(_MASKED.search(text) for text in _texts(seen.exchange)):
            raise AbsentError("what was masked is too short to be told from a word")
        yield Finding(code="key", expected="not the key", received=f"the key, {seen.exchange.masked} times")
    elif (sent := _sent_key(seen.exchange)) and sent.encode() in seen.exchange.body:
        yield Finding(code="wrong-key", expected="at most its first and last characters", received=sent)


def _texts(exchange: Exchange) -> Iterator[bytes]:
    yield exchange.body
    yield from (value.encode(errors="replace") for _, value in exchange.headers)


def _sent_key(exchange: Exchange) -> str:
    """The key of the request where it is not the user's own, which is never recorded; empty where it is."""
    header = next((value for name, value in exchange.sent.headers if name.lower() == "authorization"), "")
    token = header.rpartition(" ")[2]
    return "" if token.startswith("$") or len(token) < _WHOLE_KEY else token


@requirement(
    "ERROR-NOT-200",
    Level.MUST,
    on=exchange,
    cites=[
        contract("/x-errors/no-200-with-error"),
        incident("openai/openai-agents-python#2850"),
        incident("langchain-ai/langchain#20936"),
        incident("XpressAI/xaibo#36"),
    ],
)
def success_holds_no_error(seen: Observation) -> Iterator[Finding]:
    """The body of a success is not an error: no `error` in place of choices with a status of 200.

    Clients go by the status, and fail somewhere else for want of choices.
    """
    if not seen.succeeded or seen.is_event_stream:
        raise AbsentError("no success in one piece")
    error = get(seen.json, "error")
    if error not in (MISSING, None, False, "") and not items(seen.json, "choices"):
        yield Finding(code="error-in-200", expected="a 4xx or 5xx", received=f"{seen.status}: {show(error)}", at=Place(pointer="/error"))

"""Servers that mean harm: they answer the preflight as they should, and then do to a client whatever HTTP lets them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from tests.servers import CHUNKED, LAST_CHUNK, Connection, Handler, answer, chunk

OTHER_HOST: Final = "http://127.0.0.2"


def completion(**changes: object) -> dict[str, Any]:
    """A completion as it should be, short enough for every cap."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Yes.", "refusal": None}, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "m", "choices": [choice], "usage": usage}
    return {**whole, **changes}


GOOD: Final = answer(body=json.dumps(completion()).encode())


def after_preflight(hostile: Handler) -> Handler:
    """Answer the first request as one should, and every later one so."""

    def handle(connection: Connection) -> None:
        if connection.number == 1:
            connection.send(GOOD)
        else:
            hostile(connection)

    return handle


def _for_ever(head: bytes, piece: bytes) -> Handler:
    def handle(connection: Connection) -> None:
        connection.send(head)
        while not connection.stopping.is_set():
            connection.send(piece)

    return handle


def _sends(data: bytes | Callable[[], bytes], *, closes: bool = False) -> Handler:
    def handle(connection: Connection) -> None:
        connection.send(data() if callable(data) else data)
        if closes:
            connection.close()

    return handle


def _drips(connection: Connection) -> None:
    connection.send(CHUNKED)
    while connection.pause(0.05):
        connection.send(chunk(b":"))


def _crumbs(connection: Connection) -> None:
    """Tiny events as fast as they go, each on its own."""
    connection.send(CHUNKED)
    while not connection.stopping.is_set():
        connection.send(chunk(b"data: 1\n\n"))


@cache
def _bomb() -> bytes:
    return answer("200 OK", gzip.compress(bytes(1 << 26), 9), "Content-Encoding: gzip")


def _event_stream(*data: bytes) -> bytes:
    return CHUNKED + b"".join(chunk(b"data: " + each + b"\n\n") for each in data) + LAST_CHUNK


def _plain(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


BODY: Final = json.dumps(completion()).encode()
DEEP: Final = b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _numbers(number: str) -> bytes:
    """A completion that says this wherever it says a number."""
    return re.sub(rb": \d+", f": {number}".encode(), BODY)


NOT_UTF8: Final = BODY.replace(b"Yes.", b"\xff\xfe\x80\xc3(").replace(b"chatcmpl", b"\xe2\x28\xa1").replace(b'"m"', b'"\xf0\x9f"')

BEHAVIOURS: Final[dict[str, Handler]] = {
    "endless stream": _for_ever(CHUNKED, chunk(b'data: {"choices":[]}\n\n' * 500)),
    "endless line": _for_ever(CHUNKED, chunk(b"data: " + b"x" * 20_000)),
    "one byte now and then": _drips,
    "tiny events without end": _crumbs,
    "gigabytes": _for_ever(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n", bytes(1 << 16)),
    "compression bomb": _sends(_bomb),
    "length too long": _sends(_plain(BODY, f"Content-Length: {len(BODY) + 5}"), closes=True),
    "length too short": _sends(_plain(BODY, f"Content-Length: {len(BODY) - 5}")),
    "length negative": _sends(_plain(BODY, "Content-Length: -5"), closes=True),
    "length huge": _sends(_plain(BODY, "Content-Length: " + "9" * 40), closes=True),
    "two lengths": _sends(_plain(BODY, f"Content-Length: {len(BODY)}", "Content-Length: 5"), closes=True),
    "length and chunks": _sends(_plain(chunk(BODY) + LAST_CHUNK, "Content-Length: 5", "Transfer-Encoding: chunked"), closes=True),
    "chunk size huge": _sends(CHUNKED + b"f" * 30 + b"\r\n" + BODY, closes=True),
    "10,000 headers": _sends(answer("200 OK", BODY, *(f"X: {number}" for number in range(10_000)))),
    "header of a megabyte": _sends(answer("200 OK", BODY, "X-Long: " + "x" * (1 << 20)), closes=True),
    "nested deeply": _sends(answer(body=DEEP)),
    "nested deeply in a stream": _sends(_event_stream(DEEP, b"[DONE]")),
    "endless digits": _sends(answer(body=_numbers("9" * 6000))),
    "floats": _sends(answer(body=_numbers("1e999"))),
    "integers": _sends(answer(body=_numbers("-" + "9" * 4000))),
    "floats in a stream": _sends(_event_stream(_numbers("-1e999").replace(b"message", b"delta"), b"[DONE]")),
    "integers in a stream": _sends(_event_stream(_numbers("9" * 4000).replace(b"message", b"delta"), b"[DONE]")),
    "not UTF-8": _sends(answer(body=NOT_UTF8)),
    "not UTF-8 in a stream": _sends(_event_stream(NOT_UTF8.replace(b"message", b"delta"), b"[DONE]")),
    "redirect": _sends(answer("307 Temporary Redirect", b"", f"Location: {OTHER_HOST}/", "Set-Cookie: sid=1; Path=/")),
    "just below the bound": _sends(lambda: answer(body=b'{"choices":[' + b"[]," * 900_000 + b"[]]}")),
    "control characters": _sends(lambda: answer(body=b"\x01" * 8_000_000)),
}


# Text that would act on whoever shows it

SHOUT: Final = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='alert(1)",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m\r\x08\x7f",
    "direction": "\u202egpj.exe\u2066\u200b\u2028\ufeff",
    "nothing": "a\x00b\ud800\ufffe\U000e0041",
    "spreadsheet": "=cmd|' /C calc'!A0\n+1\n@SUM(1)",
    "markdown": "[x](javascript:alert(1)) ![x](http://127.0.0.2/) `|` # ]]> ]]&gt; <!-- --><![CDATA[",
    "template": "{{7*7}}{% raw %}${7*7}%s%(a)s{0}",
}


def injecting(text: str, status: str = "200 OK") -> Handler:
    """Says this text wherever there is room for one: in whole answers, streams and refusals, in turn."""
    safe = re.sub("[\x00-\x1f\x7f\\ud800-\\udfff]", " ", text).encode("latin-1", "replace").decode("latin-1")
    call = {"id": text, "type": "function", "function": {"name": text, "arguments": text}, "index": 0}
    said = {"role": text, "content": text, "refusal": text, "tool_calls": [call], text: text}
    head = {"id": text, "object": text, "created": text, "model": text, "system_fingerprint": text, text: text, "usage": {text: text}}
    whole = {**head, "choices": [{"index": 0, "message": said, "finish_reason": text, text: text}]}
    event = {**head, "choices": [{"index": 0, "delta": said, "finish_reason": text, text: text}]}
    error = {"error": {"message": text, "type": text, "param": text, "code": text, text: text}}
    stream = _event_stream(json.dumps(event).encode(), text.encode("utf-8", "surrogatepass"), json.dumps(error).encode(), b"[DONE]")
    reason = status if status != "200 OK" else f"200 {safe[:40]}"
    answers = [
        stream,
        answer("200 OK", json.dumps(whole, ensure_ascii=True).encode(), f"X-Request-Id: {safe}"),
        answer("400 Bad Request", json.dumps(error).encode(), f"X-Request-Id: {safe}", f"Retry-After: {safe}"),
        f"HTTP/1.1 {reason}\r\nContent-Type: {safe}\r\nContent-Length: 2\r\n\r\n{{}}".encode("latin-1"),
    ]
    if status != "200 OK":
        answers = [answer(status, json.dumps(error).encode(), f"X-Request-Id: {safe}")]
    return lambda connection: connection.send(answers[(connection.number - 2) % len(answers)])


INJECTIONS: Final[dict[str, Handler]] = {f"injection: {name}": injecting(text) for name, text in SHOUT.items()}

"""Recorded exchanges as other people's tools would have kept them: HAR with what each tool loses, and access logs.

Written by another hand than the reader: the standard library is all it needs, and the words of the HAR specification.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.model import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What a tool that records HAR does to an exchange."""

    name: str
    lower: bool = False
    """Header names in lower case, with the pseudo-header fields of HTTP/2."""
    headers: bool = True
    """Whether response headers are kept."""
    base64: bool = False
    mojibake: bool = False
    """Whether text that has no charset is read as Latin-1."""
    replaced: bool = False
    """Whether each character beyond ASCII is replaced."""
    cut: int = 0
    """Characters of a body that are kept at most; 0 for all."""
    hung_up: bool = False
    """Whether its client leaves when it has seen the finish reason, as many do."""
    bodies: bool = True
    compressed: bool = False
    """Whether the answers had come compressed; the text is what they were."""
    packed: bool = False
    """Whether compressed bodies are kept as they came."""
    unix: bool = False
    """Whether line ends are made uniform."""


TOOLS: Final = (
    Tool(name="faithful", base64=True),
    Tool(name="browser", lower=True),
    Tool(name="proxy", mojibake=True, compressed=True),
    Tool(name="bare", headers=False, replaced=True),
    Tool(name="short", cut=700, lower=True),
    Tool(name="tester", hung_up=True),
    Tool(name="wire", packed=True, compressed=True, base64=True),
    Tool(name="tidy", unix=True),
)


def har(exchanges: Iterable[Exchange], tool: Tool = TOOLS[0], *, secrets: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """Return a HAR document of the exchanges; `secrets` are sent as headers with each."""
    creator = {"name": tool.name, "version": "1.0"}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(each, tool, secrets) for each in exchanges]}}


def _entry(exchange: Exchange, tool: Tool, secrets: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    started = datetime.fromtimestamp(exchange.started, UTC).isoformat().replace("+00:00", "Z")
    sent = [*exchange.sent.headers, *secrets]
    headers = list(exchange.headers) if tool.headers else []
    if tool.compressed:
        headers = [*[(name, value) for name, value in headers if name.lower() != "content-length"], ("Content-Encoding", "gzip")]
    if tool.lower:
        sent = [
            (":method", exchange.sent.method),
            (":path", urlsplit(exchange.sent.url).path),
            *((name.lower(), value) for name, value in sent),
        ]
        headers = [
            (":status", str(exchange.status)),
            *((n.lower(), v) for n, v in headers if n.lower() not in {"transfer-encoding", "connection"}),
        ]
    request: dict[str, Any] = {
        "method": exchange.sent.method,
        "url": exchange.sent.url,
        "httpVersion": "h2" if tool.lower else "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in sent],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": -1,
    }
    if exchange.sent.body:
        request["postData"] = {"mimeType": "application/json", "text": exchange.sent.body.decode("utf-8", "replace")}
    return {
        "startedDateTime": started,
        "time": exchange.elapsed * 1000,
        "request": request,
        "response": {
            "status": exchange.status or 0,
            "statusText": "",
            "headers": [{"name": name, "value": value} for name, value in headers],
            "content": _content(exchange, tool),
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": exchange.elapsed * 1000, "receive": 0},
        "_initiator": {"type": "script"},
    }


def _content(exchange: Exchange, tool: Tool) -> dict[str, Any]:
    body = exchange.body
    if tool.hung_up and b'"finish_reason":"' in body.replace(b" ", b"") and body.startswith(b"data"):
        body = body.split(b"data: [DONE]")[0].split(b"data:[DONE]")[0]
    content: dict[str, Any] = {"size": -1, "mimeType": exchange.header("content-type") or "x-unknown"}
    if not tool.bodies:
        return content
    if tool.packed:
        body = gzip.compress(body)
    if tool.base64:
        return {**content, "text": base64.b64encode(body).decode(), "encoding": "base64"}
    text = body.decode("latin-1") if tool.mojibake else body.decode("utf-8", "replace")
    if tool.replaced:
        text = "".join(char if char.isascii() else "\ufffd" for char in text)
    if tool.unix:
        text = text.replace("\r\n", "\n")
    return {**content, "text": text[: tool.cut] if tool.cut else text}


def log_lines(exchanges: Iterable[Exchange], *, complete: bool = True) -> Iterable[str]:
    """Return the lines of an access log that a careful gateway writes: bytes, times and all."""
    for each in exchanges:
        yield json.dumps(
            {
                "request": {
                    "method": each.sent.method,
                    "url": each.sent.url,
                    "headers": dict(each.sent.headers),
                    "body_base64": base64.b64encode(each.sent.body).decode(),
                },
                "response": {"status": each.status or 0, "headers": [*each.headers], "body_base64": base64.b64encode(each.body).decode()},
                "started": each.started,
                "elapsed": each.elapsed,
                **({"complete": each.fault is None and not each.hung_up} if complete else {}),
            }
        )

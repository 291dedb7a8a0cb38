"""A recorded request as a command that repeats it, to the byte, in bash, zsh or ksh."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from typing import Final
from urllib.parse import parse_qsl

from conformance.model import Exchange
from conformance.render.text import line, visible

INLINE: Final = 8192
"""Longest body in bytes that is written into the command."""

_BY_CURL: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})
"""Fields that curl computes itself from the rest."""

_HIDDEN: Final = "***"
"""What the record holds in place of a value that was given with `--header` or `--query`."""

_DEFAULTS: Final = ("Accept", "Content-Type", "User-Agent")
"""Fields that curl would add of its own accord."""


def command(exchange: Exchange, key_variable: str, *, inline: int = INLINE) -> str:
    """Return one line that sends the same request; the key appears as `$VARIABLE` only.

    A body longer than `inline` bytes is left to a file, and a comment says which body that is. One with a NUL, which no argument can
    hold, arrives by a pipe. Values that are not in the record stand as `***`; a comment says which have to be filled in.
    """
    sent = exchange.sent
    words = ["curl", "-sS", "-i"]
    if exchange.purpose.stream:
        words.append("-N")
    if any(bracket in sent.url for bracket in "[]{}"):
        words.append("--globoff")
    if sent.method == "HEAD":
        # With -X it would wait for a body.
        words.append("--head")
    elif sent.method != ("POST" if sent.body else "GET"):
        words += ["-X", _quoted(sent.method)]
    words.append(_quoted(sent.url))
    for name, value in sent.headers:
        if name.lower() not in _BY_CURL:
            words += ["-H", _header(name, value, key_variable)]
    present = {name.lower() for name, _ in sent.headers}
    words += [word for name in _DEFAULTS if name.lower() not in present for word in ("-H", f"'{name}:'")]
    if any(name.lower() == "accept-encoding" and value.strip().lower() != "identity" for name, value in sent.headers):
        words.append("--compressed")
    given = [*sent.headers, *parse_qsl(sent.url.partition("?")[2])]
    hidden = ", ".join(line(name, 80) for name, value in given if value == _HIDDEN)
    notes = [f"put the value of {hidden} for {_HIDDEN}: the record does not have it"] if hidden else []
    if len(sent.body) > inline:
        digest = hashlib.sha256(sent.body).hexdigest()[:12]
        notes.append(f"body.json: the request {line(exchange.id, 120)} of run.jsonl, {len(sent.body):,} bytes, sha256 {digest}…")
    return _with_body(" ".join(words), sent.body, inline) + (f"  # {'; '.join(notes)}" if notes else "")


def _with_body(start: str, body: bytes, inline: int) -> str:
    if not body:
        return start
    if len(body) > inline:
        return f"{start} --data-binary @body.json"
    if b"\0" in body:
        return f"printf %s {base64.b64encode(body).decode()} | base64 -d | {start} --data-binary @-"
    # An argument that begins with @ names a file to --data-binary, and is itself to --data-raw.
    option = "--data-raw" if body.startswith(b"@") else "--data-binary"
    return f"{start} {option} {_quoted_bytes(body)}"


def _header(name: str, value: str, key_variable: str) -> str:
    if not value:
        return _quoted(f"{name};")
    variable = f"${key_variable}"
    if key_variable and re.search(rf"{re.escape(variable)}(?![A-Za-z0-9_])", value):
        before, _, after = f"{name}: {value}".partition(variable)
        return f'"{_in_double_quotes(before)}{variable}{_in_double_quotes(after)}"'
    return _quoted(f"{name}: {value}")


def _in_double_quotes(text: str) -> str:
    return re.sub(r'([$`"\\!])', r"\\\1", visible(text))


def _quoted(text: str) -> str:
    return _quoted_bytes(text.encode("utf-8", "surrogatepass"))


def _quoted_bytes(data: bytes) -> str:
    """Single quotes where every character can be seen, `$'…'` with each other byte written out where not."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if text.isprintable() and visible(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(_ansi_c(byte) for byte in data) + "'"


def _ansi_c(byte: int) -> str:
    if byte in b"\\'":
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"

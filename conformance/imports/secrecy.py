"""What of captured traffic is never written down: keys, cookies, tokens, wherever they stand. Pure.

Of header fields only those pass that a judge or a reader needs, so that nobody has to know all names for a secret. Query parameters lose
their values, paths what looks like a key, and URLs their user. The values that were left out so are then looked for in everything that
stays, in each spelling that `redaction` knows.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from conformance.imports.captured import Captured, Headers

HIDDEN: Final = "***"
"""Stands for what was left out."""

SENT: Final = frozenset({"accept", "content-type"})
"""Request header fields that are kept."""

RECEIVED: Final = frozenset(
    {"content-type", "date", "retry-after", "retry-after-ms", "openai-processing-ms", "openai-version", "x-request-id", "request-id"}
)
"""Response header fields that are kept, and those about rate limits."""

_LIMITS: Final = "x-ratelimit-"
_PARAMETERS: Final = frozenset({"api-version"})
"""Query parameters whose values are kept."""

_SECRET: Final = re.compile(r"auth|key|token|secret|cookie|session|credential|password|signature|jwt", re.IGNORECASE)
"""In the name of a header field or a parameter: its value is looked for elsewhere as well."""

_KEY_LIKE: Final = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_~.+=-]{24,}")
"""A segment of a path that may be a key: long, and of letters and digits."""

SHORTEST: Final = 6
"""A value with fewer letters is not looked for elsewhere: it is a word, or a number, and no secret."""

MOST: Final = 8
"""Secrets of a file that are looked for in all its exchanges; each exchange is cleared of its own in any case."""


def of(entry: Captured) -> tuple[str, ...]:
    """The secrets of an exchange."""
    return tuple(dict.fromkeys(value for value in _values(entry) if len(value) >= SHORTEST))


def shared(entries: Iterable[Captured]) -> frozenset[str]:
    """The secrets that most exchanges of a file have."""
    counted = Counter(secret for entry in entries for secret in of(entry))
    return frozenset(secret for secret, _ in counted.most_common(MOST))


def _values(entry: Captured) -> Iterator[str]:
    split = _split(entry.url)
    yield from filter(None, (split.username, split.password))
    yield from (value for name, value in parse_qsl(split.query) if _SECRET.search(name))
    yield from _KEY_LIKE.findall(split.path)
    for name, value in (*entry.request_headers, *entry.headers):
        if name.lower() in SENT | RECEIVED or not _SECRET.search(name):
            continue
        if "cookie" in name.lower():
            crumbs = value.split(";")[:1] if name.lower() == "set-cookie" else value.split(";")
            yield from (crumb.partition("=")[2].strip() for crumb in crumbs)
        else:
            token = value.strip().rpartition(" ")[2]
            yield token
            yield from _basic(value, token)


def _basic(value: str, token: str) -> Iterator[str]:
    """User and password of basic authentication (RFC 7617)."""
    if value.strip().lower().startswith("basic "):
        try:
            yield from base64.b64decode(token, validate=True).decode().split(":", 1)
        except (binascii.Error, UnicodeDecodeError):
            return


def url(captured: str) -> str:
    """The URL without user, keys and the values of its parameters."""
    split = _split(captured)
    host = split.netloc.rpartition("@")[2]
    path = _KEY_LIKE.sub(HIDDEN, split.path)
    query = "&".join(
        f"{name}={value if name.lower() in _PARAMETERS else HIDDEN}" for name, value in parse_qsl(split.query, keep_blank_values=True)
    )
    return urlunsplit((split.scheme, host, path, query, ""))


def sent(headers: Headers) -> Headers:
    """The fields of a request that are kept; that there was a key is kept, and no more of it."""
    return tuple((name, value if name.lower() in SENT else HIDDEN) for name, value in headers if name.lower() in SENT | {"authorization"})


def received(headers: Headers) -> Headers:
    """The fields of an answer that are kept."""
    return tuple((name, value) for name, value in headers if name.lower() in RECEIVED or name.lower().startswith(_LIMITS))


def _split(captured: str) -> SplitResult:
    try:
        return urlsplit(captured)
    except ValueError:
        return urlsplit("")

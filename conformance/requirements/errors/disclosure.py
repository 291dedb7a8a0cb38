"""What an error tells of others: where they are, and what they let themselves in with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from conformance.model import Finding, Level
from conformance.registry import contract, requirement
from conformance.subjects.failure import ErrorReply, error_reply

_READ: Final = 200_000
"""Bytes of an error that are looked at."""

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HOST: Final = re.compile(
    rf"(?<![\w.-])(?:10(?:\.{_OCTET}){{3}}|192\.168(?:\.{_OCTET}){{2}}|172\.(?:1[6-9]|2\d|3[01])(?:\.{_OCTET}){{2}}|127\.0\.0\.1:\d+"
    r"|localhost:\d+|[a-z0-9][\w-]*(?:\.[\w-]+)*\.(?:svc\.cluster\.local|svc|internal|cluster\.local)(?::\d+)?)(?![\w.]*\w)",
    re.IGNORECASE,
)
"""Private addresses (RFC 1918), this machine with a port, and names that only an inside resolves (ICANN's `.internal`, Kubernetes)."""

_OF_A_HOST: Final = re.compile(r"[.:](?:\d|svc|internal|cluster)", re.IGNORECASE)
"""What each of these holds: hardly any error does, and that is found out in a fraction of the time."""

_WHO_ASKS: Final = frozenset({401, 403, 407, 429})
"""Statuses whose message may well name the address of the client."""

_VENDORS: Final = "|".join(rf"{name}(?<!\w{name})" for name in ("sk", "pk", "rk", "gsk", "xai", "hf"))
_CREDENTIALS: Final = {
    "key": re.compile(rf"(?:{_VENDORS})[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{{24,}}\b"),
    "cloud-key": re.compile(r"A(?<!\wA)(?:KIA|SIA)[A-Z0-9]{16}\b"),
    "google-key": re.compile(r"AIza(?<!\wAIza)[A-Za-z0-9_-]{35}\b"),
    "token": re.compile(r"eyJ(?<!\weyJ)[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "password-in-url": re.compile(r"://[^\s/:@\"']+:(?!\*)[^\s/@\"']{3,}@[\w.-]+"),
}
"""Forms that keys, tokens and passwords have, and hardly anything else.

Each begins with plain text and looks behind it only then: that is searched for many times faster than what begins with a look behind.
"""


def _texts(reply: ErrorReply) -> str:
    return reply.observation.exchange.body[:_READ].decode(errors="replace")


def _sent(reply: ErrorReply) -> str:
    """All that the client said itself."""
    sent = reply.observation.exchange.sent
    return " ".join([sent.body[:_READ].decode(errors="replace"), *(value for _, value in sent.headers)])


@requirement(
    "ERROR-NO-HOSTS",
    Level.SHOULD,
    on=error_reply,
    cites=[contract("/x-errors/no-hosts")],
)
def errors_show_no_hosts(reply: ErrorReply) -> Iterator[Finding]:
    """An error shows no private address and no internal name of another host."""
    text = _texts(reply)
    if reply.observation.status in _WHO_ASKS or not _OF_A_HOST.search(text):
        return
    asked = urlsplit(reply.observation.exchange.sent.url)
    own = {asked.netloc.lower(), (asked.hostname or "").lower()}
    for found in _HOST.finditer(text):
        host = found.group()
        if host.lower() not in own and host.lower().partition(":")[0] not in own and host not in _sent(reply):
            yield Finding(code="host", expected="nothing of the inside", received=host)
            return


@requirement(
    "ERROR-NO-CREDENTIALS",
    Level.SHOULD,
    on=error_reply,
    cites=[contract("/x-errors/no-credentials")],
)
def errors_show_no_credentials(reply: ErrorReply) -> Iterator[Finding]:
    """An error shows no key, token or password of somebody else, such as the one that a gateway has for its own provider."""
    for code, pattern in _CREDENTIALS.items():
        if (found := pattern.search(_texts(reply))) and found.group() not in _sent(reply):
            # Not written out once more.
            yield Finding(code=code, expected="no credential", received=f"{found.group()[:6]}…, {len(found.group())} characters")

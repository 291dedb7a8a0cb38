"""What is tested: where it is, how to get in, and what we allow it to do to us. Validated before any request."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from conformance.errors import TargetError
from conformance.model import TokenCount
from conformance.provenance import Identity

KEY_VARIABLES: Final = ("CONFORMANCE_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key; the first that is set wins."""

MAX_CONCURRENCY: Final = 64
"""Requests under way at once, each of which takes a thread and a connection of ours."""

MAX_WINDOW: Final = 1 << 20
"""Tokens of the longest window beyond which a prompt is sent: that is five megabytes."""

DIRECT: Final = "none"
"""What is given for a proxy where none is to be used, whatever the environment says."""

_ENDPOINT: Final = "/chat/completions"
_RESERVED_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "transfer-encoding"}
)
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A field name (RFC 9110, section 5.6.2)."""
_FIELD_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_SECRET_NAME: Final = re.compile(r"auth|key|token|secret|cookie|passw|credential|signature", re.IGNORECASE)
_KEY: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long and how much we listen. Times in seconds, sizes in bytes."""

    connect: float = 10.0
    idle: float = 60.0
    """Longest silence: until the status line, and between two reads."""
    total: float = 120.0
    """From sending to the last byte, whatever arrives in between."""
    body: int = 8 * 1024 * 1024
    """A completion of 4,096 tokens with 20 alternatives for each is about that long; what the suite asks for is far smaller."""
    reads: int = 20_000
    """Most pieces in which a body may arrive; a stream of one-byte pieces costs us a hundred times its size."""
    events: int = 20_000
    """Most events of a stream, for the same reason; there is about one for a token."""
    kept: int = 64 * 1024
    """What is kept of a body that went beyond one of these bounds: enough to see what it was."""

    def __post_init__(self) -> None:
        for name in ("connect", "idle", "total", "body", "reads", "events", "kept"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise TargetError(f"The bound `{name}` is {value}.", hint="Give a number above 0.", options=_BOUNDS.get(name, ()))


_BOUNDS: Final = {"connect": ("connect_timeout",), "idle": ("idle_timeout",), "total": ("request_timeout",)}
"""Bounds that a user sets, and by which option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a connection is secured; files in PEM."""

    ca_file: Path | None = None
    """Authorities to trust instead of those that this machine trusts."""
    certificate: Path | None = None
    """What we show to a server that asks who we are (mutual TLS)."""
    key: Path | None = None
    """Private key of `certificate`; None where it stands in the same file."""

    def __post_init__(self) -> None:
        if self.key is not None and self.certificate is None:
            raise TargetError(
                "A client key is given without a client certificate.", hint="Add --client-certificate FILE.", options=("client_key",)
            )

    def __bool__(self) -> bool:
        return self != Tls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint and the way to talk to it.

    `base_url` is what `/chat/completions` is appended to, such as `https://host/v1`; a URL that already ends in it is trimmed.
    Raises `TargetError` for anything that could not be sent.
    """

    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    key_variable: str = ""
    """Name of the environment variable that `key` came from; stands for the key wherever a request is shown."""
    claims: frozenset[str] = frozenset()
    denies: frozenset[str] = frozenset()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request; their values are kept out of the record."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Appended to every URL; the values are kept out of the record."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What else may stand in no record, wherever the target repeats it."""
    tls: Tls = Tls()
    proxy: str = field(default="", repr=False)
    """URL of a proxy, `DIRECT` for none; empty for what the environment says."""
    bounds: Bounds = Bounds()
    concurrency: int = 16
    rate: float | None = None
    """Most requests per second; None for as many as `concurrency` brings about."""
    token_counts: tuple[TokenCount, ...] = ()
    """What prompts are known to cost its model."""
    context_window: int | None = None
    """Tokens that a prompt and its answer may have together, where the user says so."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _base_url(self.base_url))
        object.__setattr__(self, "key", _key(self.key, self.key_variable))
        if not self.model.strip():
            raise TargetError("No model is named.", hint="Name one the endpoint serves, with `--model NAME`.", options=("model",))
        if both := self.claims & self.denies:
            names = ", ".join(sorted(both))
            raise TargetError(f"The target both claims and denies {names}.", hint="Drop one of the two.", options=("claim", "deny"))
        for name, value in self.headers:
            _check_header(name, value)
        for name, _ in self.query:
            if not name:
                raise TargetError("A query parameter has no name.", hint="Write it as `NAME=VALUE`.", options=("query",))
        if self.tls and not self.base_url.startswith("https:"):
            raise TargetError(
                "Certificates are given for an endpoint that is asked over plain http://.",
                hint="Write the base URL with https://, or leave the certificates out.",
                options=("ca_file", "client_certificate", "client_key"),
            )
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            hint = f"Give a number from 1 to {MAX_CONCURRENCY}."
            raise TargetError(f"The concurrency is {self.concurrency}.", hint=hint, options=("concurrency",))
        if self.context_window is not None and not 1 <= self.context_window <= MAX_WINDOW:
            hint = f"Give the tokens of the model's window, from 1 to {MAX_WINDOW:,}; leave it out for a longer one."
            raise TargetError(f"The context window is {self.context_window} tokens.", hint=hint, options=("context_window",))
        if self.rate is not None and not 0 < self.rate < float("inf"):
            hint = "Give a number above 0, or leave it out."
            raise TargetError(f"The rate is {self.rate} requests per second.", hint=hint, options=("rate",))

    @property
    def host(self) -> str:
        """Host name or address, without brackets."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether it runs on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

    def identity(self) -> Identity:
        """Return what may be written down about it."""
        return Identity(
            base_url=self.base_url,
            model=self.model,
            key_variable=self.key_variable,
            claims=self.claims,
            denies=self.denies,
            headers=tuple(sorted({name.lower() for name, _ in self.headers})),
            query=tuple(sorted({name for name, _ in self.query})),
        )


def key_in_environment(variable: str = "", environment: Mapping[str, str] | None = None) -> tuple[str | None, str]:
    """The key, and the variable that it stands in: the one that is named, else the first of `KEY_VARIABLES` that is set and not blank.

    Raises `TargetError` where the one that is named is not set.
    """
    known = os.environ if environment is None else environment
    if variable and not known.get(variable, "").strip():
        hint = "Put the key there, or name another variable."
        raise TargetError(f"The environment variable {variable} is not set.", hint=hint, options=("key_variable",))
    variable = variable or next((name for name in KEY_VARIABLES if known.get(name, "").strip()), "")
    return (known[variable], variable) if variable else (None, "")


def same_endpoint(one: str, other: str) -> bool:
    """Whether two base URLs lead to the same place, however they are written. Raises `TargetError` for one that leads nowhere."""
    return _base_url(one) == _base_url(other)


def sounds_secret(name: str) -> bool:
    """Whether what stands under this name, of a header or a parameter, is likely to be a secret."""
    return bool(_SECRET_NAME.search(name))


def _base_url(given: str) -> str:
    text = given.strip()
    example = "Give the part before /chat/completions, such as https://host/v1."
    parts = _split(text, example)
    # Checked first, and without repeating the URL: a password must not reach the console.
    if "@" in parts.netloc:
        raise _wrong_url("The base URL contains a user name or password.", f"Put the key into ${KEY_VARIABLES[0]} instead.")
    if parts.scheme not in ("http", "https"):
        raise _wrong_url(f"The base URL {text!r} does not start with http:// or https://.", example)
    if not parts.hostname or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise _wrong_url(f"The base URL {text!r} names no host that can be asked.", example)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise _wrong_url(
            "The base URL has a query or a fragment.", "Leave out what follows `?` or `#`; --query adds a parameter to every request."
        )
    path = parts.path.rstrip("/").removesuffix(_ENDPOINT).rstrip("/")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def _split(text: str, hint: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise _wrong_url("The base URL cannot be read.", hint) from error
    return parts


def _wrong_url(message: str, hint: str) -> TargetError:
    return TargetError(message, hint=hint, options=("base_url",))


def _key(given: str | None, variable: str) -> str | None:
    key = (given or "").strip()
    if not key:
        return None
    if not variable:
        raise TargetError("A key is given without the variable that it came from.", hint=f"Use ${KEY_VARIABLES[0]}.")
    if not _KEY.fullmatch(key):
        raise TargetError(
            f"The key in ${variable} has characters that no HTTP header can carry.", hint="Copy the key again, without line breaks."
        )
    return key


def _check_header(name: str, value: str) -> None:
    def wrong(message: str, hint: str) -> TargetError:
        return TargetError(message, hint=hint, options=("header",))

    if not _TOKEN.fullmatch(name):
        raise wrong(f"{name!r} is not the name of an HTTP header.", "Write a header as `Name: value`.")
    if name.lower() in _RESERVED_HEADERS:
        raise wrong(f"The header {name} belongs to the suite.", f"The key goes into ${KEY_VARIABLES[0]}; the rest is what is tested.")
    if not _FIELD_VALUE.fullmatch(value):
        raise wrong(f"The value of the header {name} cannot be sent.", "Use printable ASCII on one line.")

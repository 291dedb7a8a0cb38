"""What a record says of a run as a whole: who was tested, by what, what was planned, how it ended. Frozen data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import Purpose, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What was tested, as far as it may be written down: never a key, never a header's value that the user gave."""

    base_url: str
    model: str
    key_variable: str = ""
    """Name of the environment variable that held the key; empty when none was sent."""
    claims: frozenset[str] = frozenset()
    """Features the target says it has; a refusal of one is a failure."""
    denies: frozenset[str] = frozenset()
    """Features the target says it lacks; nothing is sent for them."""
    headers: tuple[str, ...] = ()
    """Names of the headers that the user added to every request, in lower case; a record holds none of their values."""
    query: tuple[str, ...] = ()
    """Names of the parameters that the user added to every URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """First line of a record: what this run is, so that two runs can be told comparable or not."""

    suite_version: str
    contract_revision: str
    contract_digest: str
    catalogue_digest: str
    dialect: tuple[str, ...]
    """Chain of readings, the base first."""
    target: Identity
    tier: Tier
    seed: int
    selection: str
    """The requirements asked for, as the user wrote it; empty for all."""
    started: float
    """Seconds since the epoch."""
    embedded: bool = False
    """Whether the target was the reference server, started for this run and gone after it."""
    scored_revision: str = ""
    """Revision at which the scored set was frozen: requirements that came later never gate. Empty when all are scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was going to be sent, in the order in which it is judged."""

    purposes: tuple[Purpose, ...]
    requests: int
    """Ceiling on requests, repeated attempts for want of cooperation included, retries of lost ones not."""
    billed: int
    """Ceiling on completions a conforming endpoint bills."""
    output_tokens: int
    """Ceiling on tokens a conforming endpoint generates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """Last line of a record. A record without one was cut off."""

    complete: bool
    reason: str
    """Why it is not complete; empty when it is."""
    exchanges: int
    ended: float
    """Seconds since the epoch."""

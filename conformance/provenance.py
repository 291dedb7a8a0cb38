"""What a record says of a run as a whole: who was tested, by what, what was planned, how it ended. Frozen data, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.model import Purpose, Tier

RECORD: Final = "run.jsonl"
"""Name of the record in the folder of a run."""

BUDGET: Final = "budget"
"""First word of why a record is not complete, where it is because all that might be spent was."""


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
class Imported:
    """Where exchanges come from that somebody else had, and what of them could be read."""

    source: str
    """Name of the file, or of the folder; no path."""
    form: str
    """`HAR` or `JSONL`."""
    tool: str
    """What recorded them, as the file says; empty where it does not."""
    taken: int
    """Chat completions that can be judged."""
    others: int = 0
    """Requests to anything else."""
    unreadable: int = 0
    """Entries that are none, left out because `--skip-unreadable` was given."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Why chat completions were left out, and how many."""
    whole: bool = False
    """Whether the user said that every answer was recorded to its end (`--whole`)."""


class Expect(StrEnum):
    """What an entry expects of its requirement."""

    FAIL = "fail"
    """It fails with the code."""
    INCONCLUSIVE = "inconclusive"
    """It cannot be judged. There is no code then."""
    FLAKY = "flaky"
    """It fails with the code or it holds; without a code, it cannot be judged or it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One entry of a baseline: a failure that a run was allowed."""

    rule: str
    """Id of the requirement."""
    code: str = ""
    """Code of the finding; empty where it is about being inconclusive."""
    expect: Expect = Expect.FAIL
    reason: str = ""
    """Why it is accepted, in the words of whoever accepted it."""
    issue: str = ""
    """Where it is dealt with: a link, or a number that means something to the team."""
    until: str = ""
    """Last day on which it is accepted, YYYY-MM-DD; empty for no end."""

    @property
    def name(self) -> str:
        """How it is called in a sentence."""
        return f"{self.rule} [{self.code}]" if self.code else f"{self.rule} ({self.expect})"


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
    overlay: str = ""
    """File of the reading, as the user named it; empty for a shipped one."""
    target_file: str = ""
    """The target file that it was begun with, as the user named it; empty for none."""
    shard: str = ""
    """Which part of the plan was asked, `2/4`; empty for all of it."""
    wanted: tuple[str, ...] = ()
    """Ids of the requirements asked for, in the order of the catalogue; empty for all."""
    strict: bool = False
    """Whether failing SHOULD requirements gate as well."""
    imported: Imported | None = None
    """Set exactly when nothing was sent: the exchanges are somebody else's."""
    scored_revision: str = ""
    """Revision at which the scored set was frozen: requirements that came later never gate. Empty when all are scored."""
    accepted: tuple[Accepted, ...] = ()
    """Entries of the baseline that the run was gated with, in the order of its file."""

    @property
    def reading(self) -> str:
        """How its reading of the contract is named to whoever loads it."""
        return self.overlay or self.dialect[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was going to be sent, in the order in which it is judged."""

    purposes: Sequence[Purpose]
    """That of a record is read from it as long as the record is open."""
    requests: int
    """Ceiling on requests, repeated attempts for want of cooperation included, retries of lost ones not."""
    billed: int
    """Ceiling on completions a conforming endpoint bills."""
    output_tokens: int
    """Ceiling on tokens a conforming endpoint generates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A number of tokens, never less than it was."""

    prompt: int = 0
    output: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(prompt=self.prompt + other.prompt, output=self.output + other.output)

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(prompt=self.prompt - other.prompt, output=self.output - other.output)

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What requests took, never less than they did."""

    requests: int = 0
    tokens: Tokens = Tokens()
    seconds: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(requests=self.requests + other.requests, tokens=self.tokens + other.tokens, seconds=self.seconds + other.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """Last line of a record. A record without one was cut off."""

    complete: bool
    reason: str
    """Why it is not complete; empty when it is."""
    exchanges: int
    ended: float
    """Seconds since the epoch."""
    broken_off: Spent = Spent()
    """What was under way when we broke off; it may have been billed."""

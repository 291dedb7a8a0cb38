"""The vocabulary: what is asked, what was seen, what it means. Frozen data, no I/O, imports nothing of ours.

Reading order follows the data: a `Purpose` says why a request exists, a `Request` what is sent, an `Exchange` what happened, a
`Finding` what is wrong with it, a `Verdict` what that means for one requirement.

Times are seconds (float) since the request was sent unless said otherwise; sizes are bytes; tokens are the target's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""A value as JSON knows it. What comes from a target is only ever this: every member may have any type."""


class Missing(Enum):
    """The value of a member that is not there, as distinct from one that is null."""

    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
CAP_FIELDS: Final = ("max_completion_tokens", "max_tokens")
"""The two names under which a request caps the output, the current one first."""


class Level(StrEnum):
    """How binding a requirement is (RFC 2119). Only MUST gates; `--strict` adds SHOULD; MAY is reported, never gated."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Area(StrEnum):
    """The part of the contract that a requirement belongs to; also the folder it lives in."""

    VALIDATION = "validation"
    STREAMING = "streaming"
    USAGE = "usage"
    ERRORS = "errors"
    ANSWER = "answer"


class Tier(StrEnum):
    """How much is asked. SMOKE ⊂ GATE ⊂ FULL; REFUSALS holds just the requests that must be refused."""

    SMOKE = "smoke"
    REFUSALS = "refusals"
    GATE = "gate"
    FULL = "full"


class Outcome(StrEnum):
    """What a requirement came to. NOT RUN is derived from the catalogue and never stored."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    """It was asked and could not be judged: a rate limit, a time-out, a model that would not call the tool."""
    INAPPLICABLE = "INAPPLICABLE"
    """The target does not claim the feature, or refused it honestly without having claimed it."""
    ERROR = "ERROR"
    """The suite is broken, not the target."""
    NOT_RUN = "NOT RUN"


class Expectation(StrEnum):
    """What the contract says of a request before anybody has answered it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "either"
    """Both outcomes are legal; only the manner is judged."""


class Credential(StrEnum):
    """Which key goes into the Authorization header."""

    KEY = "key"
    NONE = "none"
    WRONG = "wrong"
    LOWERCASE_SCHEME = "lowercase-scheme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """The one clause that an invalid request breaks."""

    constraint: str
    """Kind of constraint: `type`, `maximum`, `enum`, `required`, `json`, `dependency`, …"""
    pointer: str
    """JSON Pointer into the body to what is wrong; empty for the body itself."""
    clause: str
    """JSON Pointer into the contract."""
    sent: str
    """The offending value as it was sent, shortened for people."""
    core: bool = False
    """Whether it sits in a field that every server of this API must know (`x-request/core` in the contract)."""


class SampleKind(StrEnum):
    """What a legal value is a sample of; each kind has one requirement that says it is accepted."""

    BOUND = "bound"
    """A value on a documented limit."""
    FORM = "form"
    """One of several forms or words that a member may take."""
    NEUTRAL = "neutral"
    """A value that changes nothing."""
    NULL = "null"
    NAME = "name"
    PARTS = "parts"
    RESULT = "result"
    """The result of a tool as a list of parts."""
    TURN = "turn"
    """A turn of the conversation in one of its forms."""
    TEXT = "text"
    """Text that is not plain ASCII."""
    WRITING = "writing"
    """The same JSON, written otherwise."""
    LABEL = "label"
    """What the request says about its body."""
    SIZE = "size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One legal value that a valid request holds in order to see it accepted."""

    slug: str
    """Names it for ever: `temperature/maximum`."""
    kind: SampleKind
    pointer: str
    """JSON Pointer into the body to the member that it is about; empty for the body itself."""
    text: str
    """What it is, for people: `temperature at its maximum, 2`."""
    needs: frozenset[str] = frozenset()
    """Features that the target needs in order to accept it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """What a prompt, sent as the one message of a request, is known to cost a model."""

    prompt: str
    prompt_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why a request is sent: everything a judge needs to know that the bytes do not say. Part of the record."""

    key: str
    """Names the request within a run, for ever the same: `scenario/step`."""
    scenario: str
    expect: Expectation = Expectation.ACCEPTED
    stream: bool = False
    needs: frozenset[str] = frozenset()
    """Features (of `x-features` in the contract) that the target needs in order to accept it."""
    violation: Violation | None = None
    """Set exactly when `expect` is REFUSED or EITHER because of one broken clause."""
    twin: str = ""
    """Key of the request that differs from this one in `stream` alone; set on the streamed one."""
    control: str = ""
    """Key of the request that this one is a mutant or a variation of: an accepted one, unless this one may be refused for the same."""
    after: str = ""
    """Key of the request from whose answer this one is built; without a fitting answer it is not sent."""
    topics: frozenset[str] = frozenset()
    """Marks by which a requirement picks out what it compares: `cap`, `auth`, `liveness`, …"""
    samples: tuple[Sample, ...] = ()
    """The legal values that it is sent for: many in a request that is to be accepted at once, one in a request of its own."""
    splits: str = ""
    """Key of the request whose samples this one holds a part of: it is sent only when that one was refused, or failed each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, independent of where."""

    body: bytes
    method: str = "POST"
    path: str = "/chat/completions"
    """Joined to the base URL."""
    content_type: str | None = "application/json"
    accept: str | None = None
    credential: Credential = Credential.KEY
    headers: tuple[tuple[str, str], ...] = ()
    hang_up_after: int = 0
    """Bytes of a successful body after which we close the connection on purpose; 0 to read to the end."""


class Detail(StrEnum):
    """What a tool that recorded somebody else's traffic may not have kept of an exchange. What we record ourselves lacks nothing."""

    PURPOSE = "purpose"
    """Why the request was sent: it was not sent in order to learn anything."""
    START = "start"
    """When it was sent."""
    ARRIVAL = "arrival"
    """When which bytes came."""
    BYTES = "bytes"
    """The bytes as they came, rather than text that was made of them."""
    END = "end"
    """Whether all of the answer is there."""
    CLOSE = "close"
    """How the connection ended."""
    HEADERS = "headers"
    """Every header field of the answer as it came."""
    LABEL = "label"
    """The media type of the answer."""
    KEY = "key"
    """The key that was sent."""


class FaultKind(StrEnum):
    """How a transport can fail. Not one of these is an answer."""

    UNREACHABLE = "unreachable"
    DNS = "dns"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    TRUNCATED = "truncated"
    """The body ended before HTTP said it was over."""
    OVERSIZE = "oversize"
    """We stopped reading at our bound on size or time."""
    PROTOCOL = "protocol"
    """What came was not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What went wrong below HTTP, in words that name no exception class."""

    kind: FaultKind
    detail: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as one read delivered them."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The request as it left, with the key replaced by the name of its variable."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and all that came back. Redacted when it is made; immutable since."""

    purpose: Purpose
    attempt: int
    """From 1. Asked again only when the last try was no answer (429, 5xx, transport) or the model did not cooperate."""
    started: float
    """Seconds since the epoch."""
    sent: Sent
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    head_at: float | None = None
    chunks: tuple[Chunk, ...] = ()
    elapsed: float = 0.0
    fault: Fault | None = None
    masked: int = 0
    """How many times the key was found in what came back, and masked byte for byte."""
    hung_up: bool = False
    """Whether we closed the connection on purpose within the body: what is missing of it is nobody's fault."""
    lacks: frozenset[Detail] = frozenset()
    """What of it was not recorded, where somebody else's tool did that."""

    @property
    def id(self) -> str:
        """Names the exchange within its run: the key, and the attempt where there was more than one."""
        return self.purpose.key if self.attempt == 1 else f"{self.purpose.key}#{self.attempt}"

    @property
    def body(self) -> bytes:
        """All bytes of the body, in order."""
        return b"".join(chunk.data for chunk in self.chunks)

    def header(self, name: str) -> str | None:
        """First value of a response header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def media_type(self) -> str:
        """Type and subtype of the response in lower case, without parameters; empty when there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that the media type names, in lower case and without quotes; empty when it names none."""
        for parameter in (self.header("content-type") or "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower()
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in an exchange a finding sits; any combination may be known."""

    pointer: str | None = None
    """JSON Pointer into the body, or into the event's data."""
    event: int | None = None
    """Number of the event in its stream, from 0."""
    span: tuple[int, int] | None = None
    """Bytes of the body, half open."""
    header: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as the requirement says."""

    code: str
    """Stable slug within its requirement; baselines pin it."""
    expected: str
    received: str
    at: Place = Place()
    exchange: str = ""
    """Id of the exchange; the judge fills it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one requirement came to in one run."""

    requirement: str
    level: Level
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    """The first ones, and the first of each code."""
    codes: tuple[tuple[str, int], ...] = ()
    """How often each code was found, kept as finding or not, in the order in which they were first found."""
    passed: int = 0
    """Observations that held."""
    failed: int = 0
    lost: int = 0
    """Observations that were planned and never came about."""
    unmet: int = 0
    """Observations whose premise the model did not bring about."""
    reasons: tuple[str, ...] = ()
    """Why something was lost, unmet or inapplicable; each said once."""
    evidence: tuple[str, ...] = ()
    """Ids of the first few exchanges on which it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a rule comes from."""

    kind: str
    """`contract`, `standard` or `incident`."""
    label: str
    """What a reader sees: a pointer, a clause number, `owner/repo#123`."""
    url: str = ""

"""From a record to what a requirement may look at.

A requirement names a `View`. For every request of a run the view either yields subjects, which are judged, or says why there is
nothing to judge. A gap is never silent: what was planned and did not come about ends up in the verdict (house rule "nothing happened is
never green").

Three kinds of gap, from worst to best:

- LOST: asked, and no answer came (rate limit, time-out, never sent). The verdict cannot be PASS.
- UNMET: answered, but the premise is missing (the model would not call the tool). Other observations may still carry the verdict.
- INAPPLICABLE: the target refused honestly a feature it never claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from conformance import sse, strictjson
from conformance.model import Exchange, Expectation, FaultKind, Json, Purpose
from conformance.provenance import Identity
from conformance.recent import Recent
from conformance.settle import Unrest, blamed, by_chance, mishap, settled

if TYPE_CHECKING:
    from conformance.contract import Contract


class GapKind(StrEnum):
    """Why something that was planned was not observed."""

    LOST = "lost"
    UNMET = "unmet"
    INAPPLICABLE = "inapplicable"


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing to judge here, and why."""

    kind: GapKind
    reason: str
    unsent: bool = False
    """Whether nothing was sent, since the answer before gave nothing to build it from: nothing optional was missed there."""


class UnmetError(Exception):
    """Raised by a requirement or a subject when the premise of a rule did not come about; the argument says which."""


class AbsentError(Exception):
    """Raised by a requirement when the optional thing that it is about is not there: no observation at all. The argument says what."""


class Records(Protocol):
    """What the judge needs of a record; `runlog.Record` is one."""

    def purpose(self, key: str) -> Purpose | None:
        """Why the request called `key` was planned."""

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        """Every try of it, in order."""

    def keys(self) -> tuple[str, ...]:
        """Every request planned or made, in the order in which they are judged."""


class Standing(Enum):
    """How a request ended, over all its attempts."""

    ANSWERED = "answered"
    BROKEN = "broken"
    """Every attempt that got an answer, more than one, got a 5xx: that is the target's settled behaviour, not bad luck.

    Connections that broke in between change nothing: a server often closes the connection on which it failed. Where other requests were
    answered after a 5xx, it takes more attempts than chance would bring about.
    """
    LOST = "lost"


class Observation:
    """One exchange, with everything that is derived from its bytes derived once."""

    def __init__(self, exchange: Exchange, evidence: Evidence) -> None:
        self.exchange = exchange
        self.evidence = evidence
        """Not the `Asked` that it belongs to: a cycle of references would keep its bytes until the next great garbage collection."""
        self._read: dict[int, strictjson.Parsed | strictjson.NotJsonError] = {}

    @property
    def purpose(self) -> Purpose:
        """Why it was sent."""
        return self.exchange.purpose

    @property
    def asked(self) -> Asked:
        """The request that it is one attempt of."""
        return self.evidence.asked(self.purpose.key) or Asked(self.purpose, (self.exchange,), self.evidence)

    @property
    def contract(self) -> Contract:
        """The contract it is held against."""
        return self.evidence.contract

    @property
    def status(self) -> int:
        """HTTP status; 0 when there was no answer."""
        return self.exchange.status or 0

    @property
    def succeeded(self) -> bool:
        """Whether the target accepted the request."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the target blamed the request: a 4xx that is not about who asks, how often, or how long it took."""
        return blamed(self.status)

    @cached_property
    def is_event_stream(self) -> bool:
        """Whether the body is, or was meant to be, a stream of events: by its first bytes, else by its label."""
        if self.exchange.body.lstrip(b"\xef\xbb\xbf\r\n").startswith((b"data:", b":", b"event:", b"id:", b"retry:")):
            return True
        return self.exchange.media_type == "text/event-stream"

    @property
    def fails_in_stream(self) -> bool:
        """Whether it is a stream with status 200 whose first event reports an error: a refusal in the wrong place."""
        if not self.succeeded or not self.is_event_stream or not self.decoded.events:
            return False
        first = self.read(self.decoded.events[0])
        return isinstance(first, strictjson.Parsed) and bool(strictjson.get(first.value, "error"))

    @cached_property
    def request_json(self) -> Json:
        """The body that was sent; null when it was not JSON on purpose."""
        document = _document(self.exchange.sent.body)
        return document.value if isinstance(document, strictjson.Parsed) else None

    @cached_property
    def document(self) -> strictjson.Parsed | strictjson.NotJsonError:
        """The body of the response read as one JSON text, or why it cannot be."""
        try:
            return strictjson.read(self.exchange.body)
        except strictjson.NotJsonError as error:
            return error

    @cached_property
    def json(self) -> Json:
        """The body of the response; null when it is not JSON."""
        return self.document.value if isinstance(self.document, strictjson.Parsed) else None

    @cached_property
    def decoded(self) -> sse.Decoded:
        """The body of the response read as an event stream."""
        return sse.decode(self.exchange.chunks)

    def read(self, event: sse.Event) -> strictjson.Parsed | strictjson.NotJsonError:
        """The data of one of its events read as JSON, or why it cannot be."""
        if event.number not in self._read:
            self._read[event.number] = _document(event.data)
        return self._read[event.number]


class Asked:
    """One planned request with all its attempts."""

    def __init__(self, purpose: Purpose, attempts: tuple[Exchange, ...], evidence: Evidence) -> None:
        self.purpose = purpose
        self.evidence = evidence
        self.attempts = tuple(Observation(exchange, evidence) for exchange in attempts)

    def weight(self) -> int:
        """Bytes that were sent and that came: the same long request, asked many times, must not fill the memory either."""
        return sum(len(each.exchange.sent.body) + len(each.exchange.body) for each in self.attempts)

    @cached_property
    def heard(self) -> tuple[Observation, ...]:
        """The attempts that brought at least a status: a connection that breaks without one says nothing about the request.

        As a rule the server had closed it after its last answer while this request was on its way (RFC 9112, section 9.5).
        """
        return tuple(attempt for attempt in self.attempts if attempt.status)

    @cached_property
    def answers(self) -> tuple[Observation, ...]:
        """The attempts that were answered at all, for better or worse.

        A success whose body breaks off on every attempt, or never ends, is no bad luck, nor is one that breaks off each time there is no
        5xx instead: then the last that began counts as the answer that the target gives.
        """
        answered = tuple(attempt for attempt in self.attempts if settled(attempt.exchange))
        halves = tuple(attempt for attempt in self.heard if attempt.succeeded)
        if answered or not halves:
            return answered
        endless = len(halves) == len(self.heard) and any(_fault(attempt) is FaultKind.OVERSIZE for attempt in halves)
        return halves[-1:] if endless or (self._keeps_breaking(halves) and not self._by_chance()) else ()

    def _keeps_breaking(self, halves: tuple[Observation, ...]) -> bool:
        """Whether several attempts were heard, and each was a 5xx or a success that did not come to its end."""
        if len(halves) == len(self.heard):
            return len(halves) > 1
        # Beside a 5xx a time-out may be bad luck of its own.
        return all(attempt.status >= 500 or (attempt.succeeded and _fault(attempt) is not FaultKind.TIMEOUT) for attempt in self.heard)

    def _by_chance(self) -> bool:
        """Whether all that was heard may be bad luck: a server or a network that fails now and then, whatever it is asked."""
        mishaps = filter(None, (mishap(attempt.exchange) for attempt in self.heard))
        return len(self.heard) > 1 and by_chance(self.evidence.unrest.share(mishaps), len(self.heard))

    @property
    def answer(self) -> Observation | None:
        """The attempt that counts when this request is compared with another: the last one answered."""
        return self.answers[-1] if self.answers else None

    @property
    def standing(self) -> Standing:
        """How it ended."""
        if self.answers:
            return Standing.ANSWERED
        if len(self.heard) > 1 and all(attempt.status >= 500 for attempt in self.heard) and not self._by_chance():
            return Standing.BROKEN
        return Standing.LOST

    @property
    def accepted(self) -> bool:
        """Whether it was answered with success at least once."""
        return any(attempt.succeeded for attempt in self.answers)

    @cached_property
    def loss(self) -> str:
        """Why there is no answer, in a few words."""
        if not self.attempts:
            return self.evidence.unsent
        last = self.attempts[-1].exchange
        return last.fault.detail if last.fault else f"answered {last.status}"

    def twin(self) -> Asked | None:
        """The same request without `stream`."""
        return self.evidence.asked(self.purpose.twin) if self.purpose.twin else None

    def control(self) -> Asked | None:
        """The request that this one is a variation of; an accepted one as a rule."""
        return self.evidence.asked(self.purpose.control) if self.purpose.control else None

    def before(self) -> Asked | None:
        """The request from whose answer this one is built."""
        return self.evidence.asked(self.purpose.after) if self.purpose.after else None

    def premise_missing(self) -> bool:
        """Whether it was never sent because the answer it was to be built from did not allow it."""
        before = self.before()
        return not self.attempts and before is not None and (before.standing is not Standing.LOST or before.premise_missing())

    @property
    def turned_down(self) -> bool:
        """Whether it was refused, or answered with a 5xx each time."""
        return self.standing is Standing.BROKEN or (self.answer is not None and self.answer.refused)

    def needless(self) -> bool:
        """Whether it was never sent because there was nothing to look into: what it splits was not turned down."""
        whole = self.evidence.asked(self.purpose.splits) if self.purpose.splits else None
        return whole is not None and not self.attempts and not whole.turned_down

    def parts(self) -> tuple[Asked, ...]:
        """The requests that were to tell which of its samples it was turned down for."""
        found = (self.evidence.asked(key) for key in self.evidence.splitting.get(self.purpose.key, ()))
        return tuple(each for each in found if each is not None)

    def unclaimed(self) -> bool:
        """Whether the target may refuse this: it needs a feature that is not claimed."""
        return not self.purpose.needs <= self.evidence.claims


class Evidence:
    """A record and the contract it is held against."""

    def __init__(self, records: Records, contract: Contract, identity: Identity, *, unsent: str = "not sent") -> None:
        self.records, self.unsent = records, unsent
        self.contract = contract
        self.claims = (contract.claims | identity.claims) - identity.denies
        self.asked = Recent(self._asked, Asked.weight, most=256, weight=1 << 22)
        """Look up one request by its key; the most recent ones stay in memory, for twins and controls, as long as they are small."""

    def _asked(self, key: str) -> Asked | None:
        purpose = self.records.purpose(key)
        return None if purpose is None else Asked(purpose, self.records.attempts(key), self)

    def all(self) -> Iterator[Asked]:
        """Every request of the run that was due, in the order of the plan."""
        for key in self.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
            asked = self.asked(key)
            if asked is not None and not asked.needless():
                yield asked

    @cached_property
    def splitting(self) -> Mapping[str, tuple[str, ...]]:
        """Keys of the requests that look into another, by the key of that one."""
        found: dict[str, tuple[str, ...]] = {}
        for key in self.records.keys():  # noqa: SIM118
            purpose = self.records.purpose(key)
            if purpose is not None and purpose.splits:
                found[purpose.splits] = (*found.get(purpose.splits, ()), key)
        return found

    @cached_property
    def unrest(self) -> Unrest:
        """How often an answer that begins fails for no reason of the request's."""
        return Unrest.of(self.records.attempts(key) for key in self.records.keys())  # noqa: SIM118

    def shows(self, features: frozenset[str]) -> bool:
        """Whether each of these features, and there are some, is needed by a request that was accepted."""
        seen = (asked.purpose.needs for asked in self.all() if asked.purpose.needs & features and asked.accepted)
        return bool(features) and features <= frozenset().union(*seen)


def _document(text: bytes | str) -> strictjson.Parsed | strictjson.NotJsonError:
    try:
        return strictjson.parse(text)
    except strictjson.NotJsonError as error:
        return error


def _fault(attempt: Observation) -> FaultKind | None:
    return attempt.exchange.fault.kind if attempt.exchange.fault else None


def gap(asked: Asked) -> Gap:
    """Say why a request that was to be accepted gave no answer to judge."""
    answer = asked.answer
    if answer is None:
        return unanswered(asked)
    if answer.refused and asked.unclaimed():
        return Gap(GapKind.INAPPLICABLE, f"{', '.join(sorted(asked.purpose.needs))}: refused with {answer.status}, not claimed")
    if answer.refused or answer.succeeded:
        return Gap(GapKind.UNMET, f"{asked.purpose.key}: answered {answer.status}, not as a success of this kind")
    return Gap(GapKind.LOST, f"{asked.purpose.key}: answered {answer.status}")


def unanswered(asked: Asked) -> Gap:
    """Say why a request brought no answer at all. One that hangs on another shares its fate: an honest refusal excuses both."""
    before = asked.before()
    if before is None or not asked.premise_missing():
        kind = GapKind.UNMET if asked.standing is Standing.BROKEN else GapKind.LOST
        return Gap(kind, f"{asked.purpose.key}: {asked.loss}")
    why = gap(before)
    if why.kind is GapKind.INAPPLICABLE:
        return why
    reason = f"{asked.purpose.key}: not sent, the answer to {before.purpose.key} gave nothing to build it from"
    return Gap(GapKind.UNMET, reason, unsent=True)


def accepted(purpose: Purpose) -> bool:
    """Whether the contract says that the request is to be accepted."""
    return purpose.expect is Expectation.ACCEPTED

"""Why schemathesis and a requirement may differ about an answer without either being wrong.

An entry of `EXPLAINED` holds for as little as it can: what it lets pass is never looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from conformance.model import Expectation, Level
from conformance.observation import Standing
from conformance.opinion.schemathesis_checks import SAYS_NOTHING, Check
from conformance.registry import level
from conformance.requirements.errors.own import PROXY, is_routed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.model import Finding
    from conformance.observation import Observation
    from conformance.registry import Requirement

CLAIMED: Final[Mapping[Check, tuple[str, ...]]] = {
    Check.SERVER_ERROR: ("/x-errors/no-5xx-for-client-fault",),
    Check.STATUS: ("/paths",),
    Check.MEDIA_TYPE: ("/x-http/json-media-type", "/x-errors/media-type", "/x-stream/media-type"),
    Check.HEADERS: ("/x-http/request-id", "/x-errors/retry-after"),
    Check.SCHEMA: ("/components/schemas/", "/x-answer/shape", "/x-stream/chunk-shape", "/x-stream/data-is-json", "/x-errors/envelope"),
    Check.REJECTION: ("/components/schemas/", "/x-request/refuses-invalid"),
    Check.ACCEPTANCE: ("/x-request/accepts-valid",),
}
"""The clauses that each check claims to watch over, by how their pointers begin."""

_SCHEMAS: Final = "/components/schemas/"


class Side(StrEnum):
    """Who alone objects."""

    THEIRS = "schemathesis"
    OURS = "a requirement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing about one exchange to which only one of the two objects."""

    side: Side
    check: Check
    """The check that objects, or that should have."""
    observation: Observation
    words: str
    """The objection. It may quote the target."""
    requirement: Requirement | None = None
    """The one that objects, where it is a requirement."""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A kind of difference in which nobody is wrong."""

    name: str
    side: Side
    checks: frozenset[Check]
    holds: Callable[[Difference], bool]
    because: str
    source: str
    """Clause of the contract, standard or thread that the reason rests on."""


def cited(requirement: Requirement) -> tuple[str, ...]:
    """Pointers of the clauses that a requirement cites."""
    return tuple(each.label for each in requirement.cites if each.kind == "contract")


def _no_schema_says_it(difference: Difference) -> bool:
    purpose = difference.observation.purpose
    return purpose.violation is not None and not purpose.violation.clause.startswith(_SCHEMAS)


def _unclaimed(difference: Difference) -> bool:
    seen = difference.observation
    return seen.purpose.expect is Expectation.ACCEPTED and seen.refused and seen.asked.unclaimed()


def _unsettled(difference: Difference) -> bool:
    seen = difference.observation
    about_the_request = seen.status < 500 and seen.status not in SAYS_NOTHING
    settled = {answer.exchange.id for answer in seen.asked.answers}
    return not about_the_request and seen.asked.standing is not Standing.BROKEN and seen.exchange.id not in settled


def _left_open(difference: Difference) -> bool:
    return difference.observation.purpose.expect is Expectation.EITHER


def _told_of_the_twin(difference: Difference) -> bool:
    twin = difference.observation.asked.twin()
    return twin is not None and twin.accepted


def _told_without_the_burden(difference: Difference) -> bool:
    """Whether the body is another one that was accepted, but for white space."""
    seen = difference.observation
    if seen.purpose.violation is None or seen.purpose.violation.constraint != "size":
        return False
    evidence = seen.asked.evidence
    for key in evidence.records.keys():  # noqa: SIM118 - a method of a record, not of a mapping
        purpose = evidence.records.purpose(key)
        if purpose is None or purpose.violation is None or purpose.stream or key == seen.purpose.key:
            continue
        plain = evidence.asked(key)
        if plain is not None and plain.accepted and plain.attempts[-1].request_json == seen.request_json:
            return True
    return False


def _answer_to_nothing_valid(difference: Difference) -> bool:
    seen = difference.observation
    return seen.succeeded and seen.purpose.expect is not Expectation.ACCEPTED


def _not_the_api(difference: Difference) -> bool:
    seen = difference.observation
    return not seen.succeeded and (is_routed(seen.purpose) or seen.status in PROXY)


def _header_not_required(difference: Difference) -> bool:
    return difference.finding is not None and difference.finding.code in {"absent", "repeated"}


def _warning(difference: Difference) -> bool:
    required = difference.requirement
    return required is not None and level(required, difference.observation.contract) is not Level.MUST


def _prose(difference: Difference) -> bool:
    required = difference.requirement
    return required is not None and any(not label.startswith(CLAIMED[difference.check]) for label in cited(required))


_RESPONSE: Final = frozenset({Check.STATUS, Check.MEDIA_TYPE, Check.HEADERS, Check.SCHEMA})
_REQUEST: Final = frozenset({Check.REJECTION, Check.ACCEPTANCE})

EXPLAINED: Final = (
    Explanation(
        name="unsettled",
        side=Side.THEIRS,
        checks=_REQUEST | {Check.SERVER_ERROR},
        holds=_unsettled,
        because="a rate limit, a missing right or a single 5xx says nothing about the request, which is sent again, or counted as lost",
        source="RFC 6585, section 4; RFC 9110, section 15.6.4",
    ),
    Explanation(
        name="rule outside the schema",
        side=Side.THEIRS,
        checks=frozenset({Check.ACCEPTANCE}),
        holds=_no_schema_says_it,
        because="the request breaks a rule between members, on the order of messages or on what carries the body, which no schema says",
        source="/x-dependencies, /x-request, /x-errors and /x-http in the contract",
    ),
    Explanation(
        name="feature not claimed",
        side=Side.THEIRS,
        checks=frozenset({Check.ACCEPTANCE}),
        holds=_unclaimed,
        because="the request needs a feature that the target does not claim, and may be refused",
        source="/x-request/honour-or-refuse",
    ),
    Explanation(
        name="left open",
        side=Side.THEIRS,
        checks=_REQUEST,
        holds=_left_open,
        because="the contract binds to this constraint at level MAY, so that either outcome is right",
        source="x-level in the contract",
    ),
    Explanation(
        name="told of the twin",
        side=Side.THEIRS,
        checks=frozenset({Check.REJECTION}),
        holds=_told_of_the_twin,
        because="the same request without stream was accepted as well, and is the one that is held against the target",
        source="/x-errors/same-when-streamed",
    ),
    Explanation(
        name="told without the burden",
        side=Side.THEIRS,
        checks=frozenset({Check.REJECTION}),
        holds=_told_without_the_burden,
        because="the same body without its megabytes of white space was accepted as well, and is the one that is held against the target",
        source="/x-request/refuses-invalid",
    ),
    Explanation(
        name="answer to an invalid request",
        side=Side.THEIRS,
        checks=_RESPONSE,
        holds=_answer_to_nothing_valid,
        because="the contract promises an answer to valid requests alone; that it was given is what the others object to",
        source="/x-answer/shape, /x-request/refuses-invalid",
    ),
    Explanation(
        name="not the API",
        side=Side.THEIRS,
        checks=_RESPONSE,
        holds=_not_the_api,
        because="a router or proxy in front may have given this error, and is held to the envelope at most",
        source="diegosouzapw/OmniRoute#6405",
    ),
    Explanation(
        name="header not required",
        side=Side.OURS,
        checks=frozenset({Check.HEADERS}),
        holds=_header_not_required,
        because="the description has the header as optional; that it is there, and differs, is said in prose",
        source="/x-http/request-id",
    ),
    Explanation(
        name="warning",
        side=Side.OURS,
        checks=_RESPONSE | _REQUEST,
        holds=_warning,
        because="below MUST a requirement goes further than the schema, and warns of what this reading lets pass",
        source="/x-dialect/levels, and the threads that the requirement cites",
    ),
    Explanation(
        name="clause in prose",
        side=Side.OURS,
        checks=frozenset({Check.SCHEMA}),
        holds=_prose,
        because="the requirement rests on a clause in prose as well, which tells more than the schema can",
        source="the clause that the requirement cites beside the schema",
    ),
)
"""In the order in which they are tried."""


def explain(difference: Difference) -> Explanation | None:
    """The first explanation that holds; None where one of the two is wrong."""
    return next(
        (each for each in EXPLAINED if each.side is difference.side and difference.check in each.checks and each.holds(difference)), None
    )

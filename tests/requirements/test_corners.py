"""What not every model or template can take may be refused, with a word about why; it must not break the server."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from conformance import registry
from conformance.ask import Ask
from conformance.judge import judge
from conformance.model import Exchange, Outcome, Purpose, Request, Tier
from conformance.observation import Evidence
from conformance.provenance import Identity
from conformance.reference.behaviour import REQUEST, Behaviour, Call, Defect
from conformance.reference.refusals import Refusal, Refused
from conformance.reference.request import ChatRequest
from conformance.reference.service import MODEL, Service
from conformance.scenarios.corners import white
from tests.recording import READING, exchange

FULL_ONLY = ("speakers", "combinations", "picture")


@dataclass(frozen=True, slots=True)
class Twice:
    """A record in memory. What failed was asked for again, and failed again."""

    exchanges: dict[str, Exchange]

    def purpose(self, key: str) -> Purpose | None:
        return self.exchanges[key].purpose if key in self.exchanges else None

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        first = self.exchanges[key]
        return (first, replace(first, attempt=2)) if (first.status or 0) >= 500 else (first,)

    def keys(self) -> tuple[str, ...]:
        return tuple(self.exchanges)


def exchanges(scenario: str, tier: Tier, service: Service) -> dict[str, Exchange]:
    declared = next(each for each in registry.load().scenarios if each.name == scenario)
    ask = Ask(contract=READING, model=MODEL, cap_field="max_completion_tokens", seed=1, tier=tier, scenario=scenario)
    return {step.key: exchange(service, step.purpose, step.request) for step in declared.build(ask) if isinstance(step.request, Request)}


def refusing(when: Callable[[ChatRequest], bool], refusal: Refusal) -> Service:
    """The reference server, but for requests that it refuses."""

    def act(request: ChatRequest, _: Call) -> ChatRequest:
        if when(request):
            raise Refused(refusal)
        return request

    way = Defect(id="way", sentence="", area="", trips=frozenset(), incident="", seam=REQUEST.name, act=act)
    return Service(READING, behaviour=Behaviour(way))


def failing(scenario: str, service: Service, tier: Tier = Tier.FULL) -> set[str]:
    """What fails of the requirements on how requests are received."""
    wanted = [each for each in registry.load().requirements if each.id.startswith("REQUEST-")]
    evidence = Evidence(Twice(exchanges(scenario, tier, service)), READING, Identity(base_url="", model=MODEL))
    return {verdict.requirement for verdict in judge(evidence, wanted) if verdict.outcome is Outcome.FAIL}


def in_a_row(request: ChatRequest) -> bool:
    return any(first.role == second.role for first, second in pairwise(request.messages))


def drawn(request: ChatRequest) -> bool:
    return any(message.attachments for message in request.messages)


@pytest.mark.parametrize("scenario", FULL_ONLY)
def test_each_is_valid_and_answered_by_who_can(scenario: str) -> None:
    sent = exchanges(scenario, Tier.FULL, Service(READING))
    assert sent
    assert {each.status for each in sent.values()} == {200}
    assert failing(scenario, Service(READING)) == set()


@pytest.mark.parametrize("scenario", FULL_ONLY)
def test_none_is_paid_for_in_the_scored_run(scenario: str) -> None:
    assert next(each for each in registry.load().scenarios if each.name == scenario).tiers == {Tier.FULL}


def test_who_wants_speakers_to_take_turns_may_say_so() -> None:
    clean = Refusal(status=400, message="Roles must alternate.", param="messages[1].role")
    assert failing("speakers", refusing(in_a_row, clean)) == set()


def test_who_does_not_say_it_is_told() -> None:
    assert failing("speakers", refusing(in_a_row, Refusal(status=400, message="Bad request."))) == {"REQUEST-REFUSAL-HONEST"}


@pytest.mark.parametrize(("scenario", "when"), [("speakers", in_a_row), ("picture", drawn)])
def test_who_breaks_is_told(scenario: str, when: Callable[[ChatRequest], bool]) -> None:
    broken = Refusal(status=500, message="The template failed.", type="server_error")
    assert failing(scenario, refusing(when, broken)) == {"REQUEST-VALID-NO-5XX"}


def test_an_image_that_nobody_can_read_must_not_break_the_server_either() -> None:
    broken = Refusal(status=500, message="cannot identify image file", type="server_error")
    assert failing("burdens", refusing(drawn, broken), Tier.GATE) == {"REQUEST-IMAGE-SEEN"}
    clean = Refusal(status=400, message="This model reads text.", param="messages[0].content")
    assert failing("burdens", refusing(drawn, clean), Tier.GATE) == set()


def test_the_picture_is_a_white_square() -> None:
    picture, side = white(4), 4
    at = picture.index(b"IDAT")
    (length,) = struct.unpack(">I", picture[at - 4 : at])
    assert zlib.decompress(picture[at + 4 : at + 4 + length]) == (b"\x00" + b"\xff" * side) * side
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))

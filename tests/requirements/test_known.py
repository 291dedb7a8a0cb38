"""What a server does not know it may pass over, with whatever is wrong in it; what it reads it has to read well."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from conformance import contract, registry
from conformance.ask import Ask
from conformance.contract import Contract
from conformance.contract.schemas import SchemaFault
from conformance.judge import judge
from conformance.model import CAP_FIELDS, Level, Outcome, Purpose, Request, Tier, Verdict
from conformance.observation import Evidence
from conformance.preflight import steps
from conformance.provenance import Identity
from conformance.reference.behaviour import FAULTS, Behaviour, Call, Defect
from conformance.reference.service import MODEL, Service
from conformance.subjects.known import place
from tests.recording import READING, Records, exchange

Faults = tuple[SchemaFault, ...]

IDS = {"REQUEST-TYPE", "REQUEST-TYPE-CORE", "REQUEST-ENUM", "REQUEST-REQUIRED", "REQUEST-READ"}
OWNERS = [each for each in registry.load().requirements if each.id in IDS]


@cache
def _asked() -> tuple[tuple[Purpose, Request], ...]:
    """The preflight's question, one about log probabilities, and what breaks a clause in a member that need not be known."""
    scenarios = [each for each in registry.load().scenarios if each.name in {"invalid", "logprobs"}]

    def ask(name: str) -> Ask:
        return Ask(contract=READING, model=MODEL, cap_field=CAP_FIELDS[0], seed=1, tier=Tier.GATE, scenario=name)

    planned = (next(steps(ask("preflight"))), *(step for each in scenarios for step in each.build(ask(each.name))))
    about = ("/prediction", "/verbosity", "/logprobs", *(f"/{name}" for name in CAP_FIELDS))
    wanted = [each for each in planned if each.purpose.violation is None or each.purpose.violation.pointer.startswith(about)]
    return tuple((each.purpose, each.request) for each in wanted if isinstance(each.request, Request))


def verdicts(overlooked: Callable[[SchemaFault], bool], reading: Contract = READING) -> dict[str, Verdict]:
    """What is said of a server that does not see these faults."""

    def act(faults: Faults, _: Call) -> Faults:
        return tuple(fault for fault in faults if not overlooked(fault))

    way = Defect(id="way", sentence="", area="", trips=frozenset(), incident="", seam=FAULTS.name, act=act)
    service = Service(READING, behaviour=Behaviour(way))
    records = Records({purpose.key: exchange(service, purpose, request) for purpose, request in _asked()})
    return {each.requirement: each for each in judge(Evidence(records, reading, Identity(base_url="", model=MODEL)), OWNERS)}


def predicts(fault: SchemaFault) -> bool:
    return fault.pointer.startswith("/prediction")


def test_a_member_that_is_passed_over_whatever_it_holds_is_told_of_and_held_against_nobody() -> None:
    found = verdicts(predicts)
    assert {each.requirement for each in found.values() if each.outcome is Outcome.FAIL} == {"REQUEST-READ"}
    assert found["REQUEST-READ"].level is Level.MAY
    assert any("nothing shows that the target knows prediction" in reason for reason in found["REQUEST-TYPE"].reasons)


def test_to_the_letter_every_member_is_known() -> None:
    found = verdicts(predicts, contract.load("openai"))
    assert {found[name].outcome for name in ("REQUEST-TYPE", "REQUEST-ENUM", "REQUEST-REQUIRED")} == {Outcome.FAIL}


def test_one_refusal_shows_that_the_member_is_read() -> None:
    found = verdicts(lambda fault: predicts(fault) and fault.keyword != "required")
    assert found["REQUEST-TYPE"].outcome is Outcome.FAIL
    assert found["REQUEST-REQUIRED"].outcome is Outcome.PASS


def test_an_answer_that_heeds_it_shows_that_the_member_is_read() -> None:
    found = verdicts(lambda fault: fault.pointer == "/logprobs")
    assert [code for code, _ in found["REQUEST-TYPE"].codes] == ["logprobs/type"]


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/temperature", ""),
        ("/messages/0/role", ""),
        ("/messages/0/content/0/type", ""),
        ("/messages/0/content/1/text", ""),
        ("/messages/0/content/0/image_url/detail", "/messages/*/content/*/image_url/detail"),
        ("/messages/2/tool_call_id", "/messages/*/tool_call_id"),
    ],
)
def test_some_places_every_endpoint_has_to_know(pointer: str, found: str) -> None:
    assert place(pointer, READING) == found


def test_who_reads_an_object_need_not_know_all_of_its_members() -> None:
    inside = "/prediction/content/0/prompt_cache_breakpoint"
    found = verdicts(lambda fault: fault.pointer.startswith(inside))
    assert found["REQUEST-ENUM"].outcome is Outcome.PASS
    assert found["REQUEST-REQUIRED"].outcome is Outcome.PASS
    assert any("prediction.content[0].prompt_cache_breakpoint" in reason for reason in found["REQUEST-TYPE"].reasons)


def test_of_the_two_names_of_the_cap_one_has_to_be_known() -> None:
    """LLM Katan reads `max_tokens`, and passes over the other name."""
    found = verdicts(lambda fault: fault.pointer == "/max_completion_tokens")["REQUEST-TYPE-CORE"]
    assert found.outcome is not Outcome.FAIL
    assert any("nothing shows that the target knows max_completion_tokens" in reason for reason in found.reasons)
    neither = verdicts(lambda fault: fault.pointer.removeprefix("/") in CAP_FIELDS)["REQUEST-TYPE-CORE"]
    assert neither.outcome is Outcome.FAIL

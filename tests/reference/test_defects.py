"""Defects change what they say and nothing before it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from conformance.errors import CatalogueError, UnknownNameError
from conformance.reference import defects
from conformance.reference.behaviour import ANSWER, REGISTRY, Behaviour, Call, Seam, defect
from conformance.reference.frames import DONE
from conformance.reference.service import Service
from tests.reference.asking import ask, conversation, send

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Json


@pytest.fixture
def defective(contract: Contract) -> DefectiveService:
    return DefectiveService(contract)


class DefectiveService:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def __getitem__(self, name: str) -> Service:
        return Service(self._contract, behaviour=Behaviour(defects.named(name)))


def test_each_defect_says_what_it_does_and_what_must_notice() -> None:
    assert defects.ALL
    for name, one in defects.ALL.items():
        assert one.id == name == name.lower() and "_" not in name
        assert one.sentence.endswith(".") and one.trips and one.area in {"validation", "streaming", "usage", "errors", "answer"}


def test_an_unknown_name_is_the_users_mistake() -> None:
    with pytest.raises(UnknownNameError) as raised:
        defects.named("done-mising")
    assert "done-missing" in raised.value.hint


def test_a_name_is_taken_once_and_explained() -> None:
    declare = defect("done-missing", seam=ANSWER, trips={"X"})
    with pytest.raises(CatalogueError, match="Two defects"):
        declare(lambda answer, _: answer)

    def silent(answer: dict[str, Json], _: Call) -> dict[str, Json]:
        return answer

    with pytest.raises(CatalogueError, match="does not say"):
        defect("silent", seam=ANSWER, trips={"X"})(silent)
    assert "silent" not in REGISTRY


def test_without_a_defect_a_seam_changes_nothing(service: Service) -> None:
    seam: Seam[int] = Seam("faults")
    call = Call(raw=None, state=None)  # type: ignore[arg-type]
    assert Behaviour().at(seam, 7, call) == 7
    assert Behaviour(defects.named("done-missing")).at(seam, 7, call) == 7


def test_faults_can_be_dropped(defective: DefectiveService) -> None:
    assert ask(defective["temperature-unchecked"], temperature=9).status == 200
    assert ask(defective["temperature-unchecked"], temperature="x").status == 400


def test_a_field_can_be_forgotten(defective: DefectiveService) -> None:
    answered = ask(defective["stop-ignored"], "Count from 1 to 3", stop="2")
    assert answered.get("choices", 0, "message", "content") == "1, 2, 3"


def test_frames_can_be_dropped_and_added(defective: DefectiveService) -> None:
    assert not ask(defective["done-missing"], stream=True).body.endswith(DONE)
    assert ask(defective["done-twice"], stream=True).body.endswith(DONE + DONE)


def test_heads_and_bodies_can_be_rewritten(defective: DefectiveService) -> None:
    packed = ask(defective["stream-compressed"], stream=True)
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body).endswith(DONE)
    page = send(defective["key-page"], b"{}", (("content-type", "application/json"),))
    assert page.headers["content-type"].startswith("text/html") and b"<html" in page.body
    assert ask(defective["key-page"]).headers["content-type"] == "application/json"


def test_a_defect_remembers_within_its_own_server_only(defective: DefectiveService) -> None:
    for _ in range(2):
        service = defective["id-repeated"]
        first, second, third = (ask(service).get("id") for _ in range(3))
        assert first != second == third


def test_errors_and_keys(defective: DefectiveService) -> None:
    import json

    body = json.dumps(conversation()).encode()
    headers = (("content-type", "application/json"), ("authorization", "Bearer somebody-elses-key-0000"))
    assert send(defective["any-key-accepted"], body, headers).status == 200
    assert send(defective["empty-body-500"], b"").status == 500
    assert send(defective["empty-body-500"], b"{}").status == 400

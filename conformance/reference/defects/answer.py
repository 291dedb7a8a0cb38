"""Defects in the shape and the substance of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, Call, defect

if TYPE_CHECKING:
    from conformance.model import Json


@defect("object-wrong", seam=ANSWER, trips={"ANSWER-SCHEMA"}, incident="langgenius/dify#3506")
def object_wrong(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The answer calls itself a text completion."""
    return answer | {"object": "text_completion"}


@defect("id-repeated", seam=ANSWER, trips={"ANSWER-ID-UNIQUE"})
def id_repeated(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """From the second answer on, all have one id."""
    return answer | {"id": "chatcmpl-0"} if call.state.count("answers") else answer

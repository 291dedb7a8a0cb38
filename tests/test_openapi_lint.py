"""The contract in every reading is sound OpenAPI, and free of mistakes that JSON Schema would ignore."""

from __future__ import annotations

import copy
from typing import cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance import contract
from conformance.contract.lint import leftovers, problems
from conformance.contract.schemas import resolve
from conformance.model import Json

SCHEMAS = "/components/schemas"

every_dialect = pytest.mark.parametrize("dialect", contract.dialect_names())


@every_dialect
def test_is_valid_openapi(dialect: str) -> None:
    assert not list(OpenAPIV31SpecValidator(contract.load(dialect).document).iter_errors())


@every_dialect
def test_has_no_problems(dialect: str) -> None:
    assert not problems(contract.load(dialect).document)


@every_dialect
def test_every_clause_can_be_read_with_its_sources(dialect: str) -> None:
    reading = contract.load(dialect)
    for group in ("x-request", "x-answer", "x-stream", "x-usage", "x-errors", "x-http", "x-dependencies"):
        names = reading.document[group]
        assert isinstance(names, dict)
        for name in names:
            clause = reading.clause(f"/{group}/{name}")
            assert clause.text
            assert all(source.url.startswith("https://") for source in clause.source)


def test_the_base_has_no_leftovers() -> None:
    document = copy.deepcopy(contract.load("openai").document)
    assert not list(leftovers(document))
    schemas = cast("dict[str, Json]", resolve(document, SCHEMAS))
    schemas["Spare"] = {"type": "string", "x-level": {"maximum": "SHOULD"}}
    assert list(leftovers(document)) == [
        f"{SCHEMAS}/Spare is never used.",
        f"{SCHEMAS}/Spare gives a level to 'maximum', which is not there.",
    ]


def test_vocabularies_of_clauses_repeat_the_schema() -> None:
    base = contract.load("openai")
    assert base.at("/x-answer/finish-reason-vocabulary/values") == base.at("/components/schemas/FinishReason/enum")


@pytest.mark.parametrize(
    ("at", "mistake", "words"),
    [
        (f"{SCHEMAS}/Choice", {"nullable": True}, "unknown keyword 'nullable'"),
        (f"{SCHEMAS}/Choice/properties/index", {"minimun": 0}, "unknown keyword 'minimun'"),
        (f"{SCHEMAS}/Stop/anyOf/1/items", {"typ": 0}, "unknown keyword 'typ'"),
        (f"{SCHEMAS}/Choice/properties/message", {"$ref": "#/components/schemas/Nothing"}, "which is not there"),
        (f"{SCHEMAS}/Message/discriminator/mapping", {"user": "#/components/schemas/Nothing"}, "which is not there"),
        (f"{SCHEMAS}/Message/discriminator/mapping", {"user": "#/components/schemas/ToolMessage"}, "whose role is something else"),
        (f"{SCHEMAS}/Choice", {"required": ["indx"]}, "requires 'indx'"),
        (f"{SCHEMAS}/FunctionName", {"pattern": "["}, "does not compile"),
        (f"{SCHEMAS}/FunctionName", {"x-level": {"pattern": "PERHAPS"}}, "gives 'pattern' a level"),
        ("/x-stream/terminator", {"text": ""}, "no sentence"),
        ("/x-stream/terminator", {"level": "must"}, "no level"),
        ("/x-stream/terminator", {"source": []}, "no source"),
        ("/x-stream/terminator", {"source": ["somewhere"]}, "cites 'somewhere'"),
        ("/x-features/tools", {"fields": ["toools"]}, "names 'toools'"),
        ("/paths/~1chat~1completions/post/requestBody/content/application~1json", {"example": {"model": "m"}}, "must have the member"),
    ],
)
def test_a_mistake_is_found(at: str, mistake: dict[str, Json], words: str) -> None:
    document = copy.deepcopy(contract.load("openai").document)
    cast("dict[str, Json]", resolve(document, at)).update(mistake)
    assert any(words in problem for problem in problems(document))

"""Output that was asked for as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

from conformance.model import MISSING, Detail, Finding, Json, Level, Place
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.misfit import misfit
from conformance.requirements.answer.valid import valid_reply
from conformance.strictjson import NotJsonError, get, parse, show
from conformance.subjects.reply import Choice, Reply


def _complete(answered: Reply) -> list[tuple[Place, Choice]]:
    """The choices that came to their end and were neither cut off nor refused. Raises `UnmetError` when there is none.

    One without a finish_reason did not come to its end: a server that breaks off a stream may yet close it with `[DONE]`.
    """
    found = [
        (Place(pointer=f"/choices/{position}/message/content"), choice)
        for position, choice in enumerate(answered.choices)
        if choice.finish_reason not in (None, MISSING, "length", "content_filter")
        and choice.refusal in (None, MISSING, "")
        and not choice.calls
    ]
    if not found:
        raise UnmetError("every choice was cut off, filtered or refused")
    return found


@requirement(
    "ANSWER-JSON-OBJECT",
    Level.MUST,
    on=valid_reply.needing("json-object"),
    cites=[
        contract("/x-answer/json-object-honoured"),
        contract("/x-request/honour-or-refuse"),
        incident("webai-at-home/webai-at-home#191"),
        incident("ROCm/FastFlowLM#554"),
    ],
    shows=["json-object"],
)
def content_is_a_json_object(answered: Reply) -> Iterator[Finding]:
    """With response_format `json_object` the content is the text of a JSON object and nothing else, no prose and no code fence."""
    if get(answered.request, "response_format", "type") != "json_object":
        raise UnmetError("the request asks for no JSON object")
    for place, choice in _complete(answered):
        if not isinstance(_read(choice.text), dict):
            yield Finding(code="not-an-object", expected="a JSON object", received=show(choice.content), at=place)


@requirement(
    "ANSWER-JSON-SCHEMA",
    Level.MUST,
    on=valid_reply.needing("json-schema"),
    cites=[
        contract("/x-answer/json-schema-honoured"),
        contract("/x-request/honour-or-refuse"),
        incident("peonist-ai/halogen-flash-server#14"),
        incident("BerriAI/litellm#38269"),
    ],
    shows=["json-schema"],
    rests_on=[Detail.BYTES],
)
def content_fits_the_schema(answered: Reply) -> Iterator[Finding]:
    """With a strict `json_schema` the content is JSON that fits the schema. An endpoint that cannot see to it refuses the request."""
    form = get(answered.request, "response_format", "json_schema")
    schema = get(form, "schema")
    if get(form, "strict") is not True or not isinstance(schema, dict):
        raise UnmetError("the request asks for no strict schema")
    for place, choice in _complete(answered):
        value = _read(choice.text)
        if isinstance(value, NotJsonError):
            yield Finding(code="not-json", expected="JSON that fits the schema", received=show(choice.content), at=place)
        elif (wrong := _misfit(schema, value)) is not None:
            yield Finding(code="misfit", expected=wrong, received=show(choice.content), at=place)


def _read(text: str) -> Json | NotJsonError:
    try:
        return parse(text).value
    except NotJsonError as error:
        return error


def _misfit(schema: dict[str, Json], value: Json) -> str | None:
    """What is wrong with a value, told by the part of the schema that it misses most clearly; None when it fits."""
    try:
        error = misfit(schema, value)
    except SchemaError:
        raise UnmetError("the schema of the request is none") from None
    except Unresolvable:
        raise UnmetError("the schema of the request refers to another one") from None
    return None if error is None else f"what fits the schema; here {error.json_path} does not: {error.message[:120]}"

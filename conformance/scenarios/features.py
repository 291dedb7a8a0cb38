"""Features that an endpoint may have or lack: honoured, honestly refused, or silently ignored."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.ask import PROMPT, Ask
from conformance.model import Json
from conformance.registry import scenario
from conformance.steps import Step

ROOM = 128
"""Tokens; enough for a small object, and for a model that thinks a little first."""

SCHEMA_ROOM = 224
"""Tokens; the same for what the schema below asks for, which takes 110 where a token is a character."""

DISTRICT: Json = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "old": {"type": "boolean"}},
    "required": ["name", "old"],
    "additionalProperties": False,
}

CITY: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "population": {"type": "integer"},
        "climate": {"type": "string", "enum": ["cold", "mild", "hot"]},
        "districts": {"type": "array", "items": DISTRICT},
        "mayor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["name", "population", "climate", "districts", "mayor"],
    "additionalProperties": False,
}


@scenario("n")
def several_choices(ask: Ask) -> Iterator[Step]:
    """Two choices for one question."""
    yield from ask.twins("two", ask.body(PROMPT, n=2), needs=["n"], usage=True, control=ask.control, topics=["n"])


@scenario("logprobs")
def logprobs(ask: Ask) -> Iterator[Step]:
    """Log probabilities, with alternatives and without."""
    body = ask.body(PROMPT, logprobs=True, top_logprobs=3)
    yield from ask.twins("alternatives", body, needs=["logprobs"], usage=True, topics=["logprobs"])
    yield ask.step("alone", ask.body(PROMPT, logprobs=True), needs=["logprobs"], topics=["logprobs"])


@scenario("json")
def json_output(ask: Ask) -> Iterator[Step]:
    """Output as a JSON object, and as an instance of a schema."""
    anything = ask.body("Describe Oslo as a small JSON object with two members.", cap=ROOM, response_format={"type": "json_object"})
    yield from ask.twins("object", anything, needs=["json-object"], topics=["json"])
    form: Json = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY}}
    shaped = ask.body("Describe Oslo with one district.", cap=SCHEMA_ROOM, response_format=form)
    yield from ask.twins("schema", shaped, needs=["json-schema"], topics=["json"])


@scenario("roles")
def roles(ask: Ask) -> Iterator[Step]:
    """Every role, content as string and as parts, history in the forms in which clients replay it."""
    user: Json = {"role": "user", "content": PROMPT}
    half = PROMPT.index(" ", len(PROMPT) // 2)
    parts: Json = {"role": "user", "content": [{"type": "text", "text": text} for text in (PROMPT[:half], PROMPT[half:])]}
    yield ask.step("user-parts", ask.body([parts]), needs=["content-parts"], control=ask.control, topics=["several-parts"])
    rule = "Answer briefly."
    yield ask.step(
        "system", ask.body([{"role": "system", "content": rule}, user]), control=ask.control, topics=["system", "system-role", "turn"]
    )
    system_parts: list[Json] = [{"role": "system", "content": [{"type": "text", "text": rule}]}, user]
    yield ask.step("system-parts", ask.body(system_parts), needs=["content-parts"], control=ask.key("system"), topics=["parts"])
    developer = ask.body([{"role": "developer", "content": rule}, user])
    yield ask.step("developer", developer, needs=["developer-role"], control=ask.control, topics=["turn"])
    turn: list[Json] = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}, user]
    yield ask.step("history", ask.body(turn), control=ask.control, topics=["history", "multi-turn", "turn"])
    turn_parts: list[Json] = [turn[0], {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]}, user]
    # The body alone decides whether the answer is a stream, whatever its sender would accept as well.
    accept = "text/event-stream"
    plain = ask.body(turn_parts)
    yield ask.step("history-parts", plain, needs=["content-parts"], control=ask.key("history"), topics=["parts"], accept=accept)

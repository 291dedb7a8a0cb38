"""Tools: every way to choose them, and a round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance import strictjson
from conformance.ask import USAGE, Ask
from conformance.model import Exchange, Json
from conformance.registry import scenario
from conformance.steps import Step
from conformance.strictjson import get, items

ROOM = 80
"""Tokens; enough for a call with two arguments, and for a model that thinks a little first."""

TWICE = 128
"""Tokens; enough for two calls."""

BRIEF = 24
"""Tokens; enough for a remark on what a tool found out."""

TRIES = 2
"""How often a model is asked that need not call a tool."""

WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}

PLACE: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": False,
}

FORECAST: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather in a city on some days, counted from today.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "place": PLACE,
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["place", "unit", "days"],
            "additionalProperties": False,
        },
    },
}
"""A tool whose parameters are nested, and which wants to be held to them."""

CLOCK: Json = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Current time; takes no arguments.",
        "parameters": {"type": "object", "properties": {}},
    },
}
"""A tool without arguments, in the form that every server knows; that parameters may be left out is asked apart (`tools/bare`)."""

QUESTION = "What is the weather in Oslo in celsius? Use the tool get_weather."

PLAIN = "Say exactly: no tool needed."

RESULT = " ".join(
    f"{day}: 17 degrees, overcast, wind from the north west, light rain in the evening and frost towards the morning."
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
)
"""What the tool found out; long enough that the count of tokens shows whether it was read."""


def named(name: str) -> Json:
    """The choice of one function."""
    return {"type": "function", "function": {"name": name}}


def called(answer: Exchange) -> bool:
    """Whether a whole or streamed answer has a tool call in it."""
    return b'"tool_calls"' in answer.body and b'"name"' in answer.body


@scenario("tools")
def tools(ask: Ask) -> Iterator[Step]:
    """Tools offered, demanded, named and forbidden.

    What is demanded is never what the model would do by itself, so that a wish that is ignored shows.
    """
    auto = ask.body(QUESTION, cap=ROOM, tools=[WEATHER, CLOCK])
    yield ask.step("auto", auto, needs=["tools"], topics=["call"], tries=TRIES, until=called)
    streamed = {**auto, "stream": True, **USAGE}
    needs = ["tools", "streaming", "usage-in-stream"]
    yield ask.step("auto/streamed", streamed, needs=needs, twin=ask.key("auto"), topics=["call"])
    required = ask.body(PLAIN, cap=ROOM, tools=[WEATHER, CLOCK], tool_choice="required")
    yield from ask.twins("required", required, needs=["tools", "tool-choice-required"], topics=["call", "forced"])
    choice = ask.body(QUESTION, cap=ROOM, tools=[WEATHER, CLOCK], tool_choice=named("get_time"))
    yield from ask.twins("named", choice, needs=["tools", "tool-choice-named"], topics=["call", "forced", "named"])
    none: dict[str, Json] = {**auto, "tool_choice": "none"}
    # As a stream, where the parser of calls often runs whatever the choice; who streams nothing is asked for it whole.
    needs = ["tools", "tool-choice-none"]
    yield ask.step("none", {**none, "stream": True}, needs=[*needs, "streaming"], topics=["no-call"])
    yield ask.step("none/whole", none, needs=needs, topics=["no-call"], splits=ask.key("none"))
    several = ask.body(
        "What is the weather in Oslo and in Rome, in celsius? Call get_weather once for each city.",
        cap=TWICE,
        tools=[WEATHER],
        tool_choice="required",
    )
    needs = ["tools", "tool-choice-required", "parallel-tool-calls"]
    yield from ask.twins("parallel", several, needs=needs[:2], topics=["call", "parallel"])
    single: dict[str, Json] = {**several, "parallel_tool_calls": False}
    topics = ["call", "not-parallel"]
    yield ask.step("not-parallel", {**single, "tools": [FORECAST]}, needs=[*needs, "strict-tools"], topics=topics)
    # Who lacks strict tools is asked for one call at a time all the same.
    yield ask.step("not-parallel/loose", single, needs=needs, topics=topics, splits=ask.key("not-parallel"))


@scenario("round-trip")
def round_trip(ask: Ask) -> Iterator[Step]:
    """A call, its result in either form, and the answer; then the server's own message replayed as it came, and a second call demanded."""
    first = ask.body(QUESTION, cap=ROOM, tools=[WEATHER], tool_choice="required")
    yield ask.step("call", first, needs=["tools", "tool-choice-required"], topics=["call", "forced"])

    def answered(result: Json) -> Callable[[Exchange], dict[str, Json] | None]:
        return lambda answer: _with_results(ask, answer, result)

    def again(answer: Exchange) -> dict[str, Json] | None:
        body = _with_results(ask, answer, RESULT, verbatim=True)
        return None if body is None else {**body, ask.cap_field: ROOM, "tool_choice": "required"}

    needs, before = ["tools", "tool-choice-required"], ask.key("call")
    yield ask.step(
        "string-result", answered(RESULT), needs=needs, after=before, control=before, topics=["history", "result"], output_tokens=BRIEF
    )
    parts: Json = [{"type": "text", "text": RESULT}]
    control = ask.key("string-result")
    yield ask.step(
        "parts-result",
        answered(parts),
        needs=[*needs, "content-parts"],
        after=before,
        control=control,
        topics=["history", "parts"],
        output_tokens=BRIEF,
    )
    topics = ["call", "forced", "history", "verbatim"]
    yield ask.step("verbatim", again, needs=needs, after=before, topics=topics, output_tokens=ROOM)


def _with_results(ask: Ask, answer: Exchange, result: Json, *, verbatim: bool = False) -> dict[str, Json] | None:
    """The conversation so far, and a result for every call; None when there was no call."""
    try:
        message = get(strictjson.read(answer.body).value, "choices", 0, "message")
    except strictjson.NotJsonError:
        return None
    calls = [call for call in items(message, "tool_calls") if isinstance(get(call, "id"), str)]
    if not calls or not isinstance(message, dict):
        return None
    turn: Json = message if verbatim else {"role": "assistant", "content": None, "tool_calls": calls}
    results: list[Json] = [{"role": "tool", "tool_call_id": str(get(call, "id")), "content": result} for call in calls]
    return ask.body([{"role": "user", "content": QUESTION}, turn, *results], cap=BRIEF, tools=[WEATHER])

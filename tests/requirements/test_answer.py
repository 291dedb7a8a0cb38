"""Where a rule about answers would be too strict: what it lets pass, and what it does not."""

from __future__ import annotations

import pytest

from conformance.model import Exchange, Json, Outcome, Violation
from tests.evidence import Held, answered, delta, outcome, purpose, refused, streamed

CAPS = ("max_completion_tokens", "max_tokens")


def answer(name: str, cap: Json, tokens: int) -> Exchange:
    text = " ".join(str(number) for number in range(tokens))
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop" if tokens > 5 else "length"}
    usage: Json = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 1 + tokens}
    sent: Json = {"model": "m", "messages": [{"role": "user", "content": "Count."}], name: cap}
    return answered({"object": "chat.completion", "choices": [choice], "usage": usage}, sent=sent)


def capped(heeded: dict[str, bool | None], *, otherwise: int = 40) -> Held:
    """A target that heeds the cap under these names, ignores it under those, and refuses what is None."""
    held = Held()
    held.add(purpose("preflight/max_completion_tokens"), answer(CAPS[0], 16, 16))
    for name in CAPS:
        exchange = refused() if heeded[name] is None else answer(name, 5, 5 if heeded[name] else otherwise)
        held.add(purpose(f"cap/{name}", needs=(name.replace("_", "-"),), topics=("cap",)), exchange)
    return held


@pytest.mark.parametrize(
    ("newer", "older", "any_name", "every_name"),
    [
        (True, True, Outcome.PASS, Outcome.PASS),
        (True, None, Outcome.PASS, Outcome.PASS),
        (None, True, Outcome.PASS, Outcome.PASS),
        (False, True, Outcome.PASS, Outcome.FAIL),
        (True, False, Outcome.PASS, Outcome.FAIL),
        (False, None, Outcome.FAIL, Outcome.PASS),
        (False, False, Outcome.FAIL, Outcome.PASS),
    ],
)
def test_a_target_may_know_one_name_of_the_cap(newer: bool | None, older: bool | None, any_name: Outcome, every_name: Outcome) -> None:
    held = capped(dict(zip(CAPS, (newer, older), strict=True)))
    assert outcome("ANSWER-CAP", held) is any_name
    assert outcome("ANSWER-CAP-NAMES", held) is every_name
    assert outcome("USAGE-CAP", held) is any_name


def test_a_name_of_the_cap_that_is_null_is_not_set() -> None:
    """NVIDIA/NeMo-Guardrails knows max_tokens alone, and typed clients send null for what they leave out."""
    held = capped({CAPS[0]: False, CAPS[1]: True})
    both = answered(
        {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": "a " * 40}, "finish_reason": "stop"}]},
        sent={"model": "m", "messages": [{"role": "user", "content": "Count."}], CAPS[0]: 16, CAPS[1]: None},
    )
    held.add(purpose("samples/parameters-1"), both)
    assert outcome("ANSWER-CAP", held) is Outcome.PASS


@pytest.mark.parametrize("otherwise", [40, 13])
@pytest.mark.parametrize(("newer", "expected"), [(True, Outcome.FAIL), (False, Outcome.NOT_RUN)])
def test_nonsense_under_a_name_that_the_target_does_not_know_is_not_held_against_it(newer: bool, otherwise: int, expected: Outcome) -> None:
    """Nor where all that the model has to say is hardly longer than the lowest cap that is asked for: abetlen/llama-cpp-python."""
    held = capped({CAPS[0]: newer, CAPS[1]: True}, otherwise=otherwise)
    wrong = Violation(
        constraint="type",
        pointer="/max_completion_tokens",
        clause="/components/schemas/CreateChatCompletionRequest/properties/max_completion_tokens/type",
        sent="{}",
        core=True,
    )
    control = "preflight/max_completion_tokens"
    held.add(purpose("invalid/max_completion_tokens/type/1", violation=wrong, control=control), answer(CAPS[0], {}, 3))
    assert outcome("REQUEST-TYPE-CORE", held) is expected


@pytest.mark.parametrize(
    ("identifier", "sent"),
    [
        ("ANSWER-JSON-OBJECT", {"response_format": {"type": "json_object"}}),
        ("ANSWER-TOOL-CHOICE-REQUIRED", {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"}),
    ],
)
def test_a_stream_closed_before_it_said_anything_fails_for_that_alone(identifier: str, sent: dict[str, Json]) -> None:
    """A server that serves one at a time breaks off a stream when the next request comes, and may close it as if it were whole."""
    held = Held()
    features = ("streaming", "json-object", "tools", "tool-choice-required")
    held.add(purpose("s/streamed", stream=True, needs=features), streamed(delta(), sent={**sent, "stream": True}))
    assert outcome("STREAM-FINISH-ONCE", held) is Outcome.FAIL
    assert outcome(identifier, held) is Outcome.INCONCLUSIVE

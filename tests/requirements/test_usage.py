"""Where a rule about usage would be too strict: what it lets pass, and what it does not."""

from __future__ import annotations

import pytest

from conformance import registry
from conformance.contract import Contract, dialect_names, load
from conformance.contract.schemas import Schema
from conformance.model import Exchange, Json, Outcome, Tier, TokenCount
from conformance.reference.answer import usage as written
from conformance.reference.completion import Usage
from conformance.reference.extensions import Extensions
from conformance.requirements.usage.details import extensions
from conformance.session import Assignment
from conformance.target import Target
from tests.evidence import Held, answered, delta, outcome, purpose, refused, streamed

CONTROL = "preflight/max_tokens"
WORDS = "one two three four five six seven eight"


def usage(prompt: int = 4, completion: int = 8, *, total: int | None = None, **more: Json) -> dict[str, Json]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total or prompt + completion, **more}


def answer(told: Json, text: str = WORDS, *, finish: str = "length", sent: str = "Count.", **more: Json) -> Exchange:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": finish}
    return answered({"choices": [choice], "usage": told}, sent={"model": "m", "messages": [{"role": "user", "content": sent}]})


def alone(identifier: str, exchange: Exchange, contract: Contract | None = None) -> Outcome:
    held = Held()
    held.add(purpose(CONTROL), exchange)
    return outcome(identifier, held, contract)


def pair(identifier: str, topic: str, control: Exchange, varied: Exchange) -> Outcome:
    held = Held()
    held.add(purpose(CONTROL), control)
    held.add(purpose("s/varied", control=CONTROL, topics=(topic,)), varied)
    return outcome(identifier, held)


@pytest.mark.parametrize(("thought", "total", "once", "summed"), [
    (0, 12, Outcome.NOT_RUN, Outcome.PASS),
    (5, 12, Outcome.PASS, Outcome.PASS),
    (5, 17, Outcome.FAIL, Outcome.NOT_RUN),
    (5, 18, Outcome.PASS, Outcome.FAIL),
])  # fmt: skip
def test_thought_that_is_added_to_the_total_is_told_from_a_wrong_sum(thought: int, total: int, once: Outcome, summed: Outcome) -> None:
    told = usage(total=total, completion_tokens_details={"reasoning_tokens": thought})
    assert alone("USAGE-REASONING-ONCE", answer(told)) is once
    assert alone("USAGE-TOTAL", answer(told)) is summed


@pytest.mark.parametrize(
    ("prompt", "cached", "expected"), [(2, 0, Outcome.FAIL), (3, 0, Outcome.PASS), (1, 2, Outcome.PASS), (0, 0, Outcome.NOT_RUN)]
)
def test_a_prompt_has_a_token_for_every_four_words_at_least(prompt: int, cached: int, expected: Outcome) -> None:
    told = usage(prompt, prompt_tokens_details={"cached_tokens": cached})
    assert alone("USAGE-PROMPT-WORDS", answer(told, sent="word " * 12)) is expected


@pytest.mark.parametrize(("tokens", "expected"), [(1, Outcome.FAIL), (2, Outcome.PASS), (0, Outcome.NOT_RUN)])
def test_an_answer_has_a_token_for_every_four_words_at_least(tokens: int, expected: Outcome) -> None:
    assert alone("USAGE-COMPLETION-WORDS", answer(usage(completion=tokens))) is expected


@pytest.mark.parametrize(
    ("tokens", "text", "expected"),
    [
        (8, WORDS, Outcome.PASS),
        (6, WORDS, Outcome.PASS),
        (4, WORDS, Outcome.FAIL),
        (16, WORDS, Outcome.FAIL),
        (4, "another text", Outcome.NOT_RUN),
    ],
)
def test_the_same_text_may_be_put_together_of_other_tokens(tokens: int, text: str, expected: Outcome) -> None:
    assert pair("USAGE-SAME-TEXT", "repeat", answer(usage()), answer(usage(completion=tokens), text)) is expected


@pytest.mark.parametrize(
    ("tokens", "text", "expected"),
    [
        (3, "one two", Outcome.PASS),
        (8, "one two", Outcome.FAIL),
        (8, WORDS[:-1], Outcome.NOT_RUN),
        (8, "something else", Outcome.NOT_RUN),
        (8, "", Outcome.NOT_RUN),
    ],
)
def test_a_text_costs_more_than_its_own_first_half(tokens: int, text: str, expected: Outcome) -> None:
    assert pair("USAGE-COMPLETION-GROWS", "cap", answer(usage()), answer(usage(completion=tokens), text)) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"prompt_cache_hit_tokens": 8}, Outcome.FAIL),
        ({"cached_tokens": 8, "prompt_tokens_details": {"cached_tokens": 4}}, Outcome.FAIL),
        ({"cached_tokens": 8, "prompt_tokens_details": {"cached_tokens": 8}}, Outcome.PASS),
        ({"prompt_cache_hit_tokens": 0}, Outcome.PASS),
        ({"prompt_tokens_details": {"cached_tokens": 8}}, Outcome.PASS),
        ({}, Outcome.NOT_RUN),
    ],
)
def test_cache_hits_may_have_other_names_beside_the_common_one(told: dict[str, Json], expected: Outcome) -> None:
    assert alone("USAGE-CACHE-NAMES", answer(usage() | told)) is expected


@pytest.mark.parametrize(
    ("whole", "stream", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 0}}, {}, Outcome.FAIL),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, {"prompt_tokens_details": {}}, Outcome.PASS),
        ({"prompt_tokens_details": {}}, {}, Outcome.NOT_RUN),
        ({"prompt_tokens_details": None}, {"prompt_tokens_details": {"cached_tokens": 4}}, Outcome.NOT_RUN),
    ],
)
def test_streams_lack_no_details_that_whole_answers_have(whole: dict[str, Json], stream: dict[str, Json], expected: Outcome) -> None:
    held = Held()
    held.add(purpose("s/whole"), answer(usage() | whole))
    last: Json = {"choices": [], "usage": usage() | stream}
    held.add(purpose("s/streamed", stream=True, needs=("usage-in-stream",), twin="s/whole"), streamed(delta("1", finish="stop"), last))
    assert outcome("USAGE-STREAM-DETAILS", held) is expected


@pytest.mark.parametrize(
    ("whole", "bare", "wish", "expected"),
    [
        (answered(), answered(), refused(), Outcome.FAIL),
        (answered(), refused(), refused(), Outcome.NOT_RUN),
        (refused(), answered(), refused(), Outcome.NOT_RUN),
        (answered(), answered(), answered(), Outcome.PASS),
        (answered(), answered(), refused(429), Outcome.INCONCLUSIVE),
    ],
)
def test_the_wish_for_usage_is_to_blame_only_where_all_else_is_accepted(
    whole: Exchange, bare: Exchange, wish: Exchange, expected: Outcome
) -> None:
    held = Held()
    held.add(purpose(CONTROL), whole)
    held.add(purpose("streamed/usage", stream=True, needs=("streaming", "usage-in-stream"), twin=CONTROL), wish)
    held.add(purpose("text/streamed", stream=True, needs=("streaming",), twin=CONTROL), bare)
    assert outcome("USAGE-STREAM-WISH", held) is expected


# What vendors add


@pytest.mark.parametrize(
    ("dialect", "told", "expected"),
    [
        ("requesty", {"cost": 0.25}, Outcome.PASS),
        ("requesty", {"cost": "0.25"}, Outcome.FAIL),
        ("requesty", {"prompt_tokens_details": {"caching_tokens": 4}}, Outcome.PASS),
        ("requesty", {"prompt_tokens_details": {"caching_tokens": -4}}, Outcome.FAIL),
        ("requesty", {"total_time": "never heard of"}, Outcome.NOT_RUN),
        ("8080", {"total_time": 1}, Outcome.PASS),
        ("8080", {"total_time": "1s"}, Outcome.FAIL),
        ("openrouter", {"cost": None, "is_byok": False}, Outcome.PASS),
        ("openrouter", {"cost": 0.1, "is_byok": "no"}, Outcome.FAIL),
        ("groq", {"queue_time": 0.1, "prompt_time": "0.1"}, Outcome.FAIL),
        ("openai-compatible", {"cost": "whatever"}, Outcome.NOT_RUN),
    ],
)
def test_extensions_have_the_types_of_their_own_vendor(dialect: str, told: dict[str, Json], expected: Outcome) -> None:
    assert alone("USAGE-EXTENSIONS", answer(usage() | told), load(dialect)) is expected


@pytest.mark.parametrize("dialect", dialect_names())
def test_the_reference_server_volunteers_every_extension_of_its_reading(dialect: str) -> None:
    reading = load(dialect)
    told = written(Usage(prompt=4, completion=8, total=12), Extensions(reading))
    for path in extensions(reading):
        group = told[path[0]] if len(path) > 1 else told
        assert isinstance(group, dict)
        assert path[-1] in group
    assert reading.faults(Schema.USAGE, told) == ()


def test_readings_without_extensions_add_nothing() -> None:
    assert extensions(load("openai")) == extensions(load("openai-compatible")) == frozenset()


# What prompts are known to cost


def test_known_prompts_are_asked_three_at_most_and_held_to_their_counts() -> None:
    known = tuple(TokenCount(prompt=f"prompt {number}", prompt_tokens=number) for number in range(1, 6))
    catalogue = registry.load()
    wanted = (catalogue.find("USAGE-PROMPT-EXACT"),)

    def planned(counts: tuple[TokenCount, ...], tier: Tier) -> list[str]:
        target = Target(base_url="http://127.0.0.1", model="m", token_counts=counts)
        assignment = Assignment(target=target, contract=load(), catalogue=catalogue, requirements=wanted, tier=tier)
        return [step.key for step in assignment.steps().first]

    assert planned((), Tier.GATE) == []
    assert planned(known, Tier.GATE) == ["constants/1", "constants/2", "constants/3"]
    assert len(planned(known, Tier.FULL)) == len(known)


@pytest.mark.parametrize(("known", "expected"), [(4, Outcome.PASS), (5, Outcome.FAIL)])
def test_a_known_count_is_exact(known: int, expected: Outcome) -> None:
    held = Held()
    held.add(purpose("constants/1", topics=("constant", f"prompt-tokens={known}")), answer(usage(4)))
    assert outcome("USAGE-PROMPT-EXACT", held) is expected


@pytest.mark.parametrize(
    ("choice", "calls", "expected"),
    [("auto", True, Outcome.FAIL), ("auto", False, Outcome.NOT_RUN), ("required", True, Outcome.NOT_RUN)],
)
def test_a_tool_that_nobody_is_shown_costs_nothing(choice: str, calls: bool, expected: Outcome) -> None:
    """Where a template has no tools, huggingface/transformers never calls one, and abetlen/llama-cpp-python makes calls by a grammar."""
    called: Json = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    held = Held()
    held.add(purpose(CONTROL), answer(usage(4)))
    held.add(purpose("counting/longer", control=CONTROL, topics=("count", "longer")), answer(usage(9)))
    held.add(purpose("counting/with-tool", needs=("tools",), control=CONTROL, topics=("count", "tool")), answer(usage(4)))
    told: Json = {"choices": [{"index": 0, "message": {"tool_calls": called if calls else None}, "finish_reason": "tool_calls"}]}
    held.add(purpose("tools/a", needs=("tools",)), answered(told, sent={"messages": [], "tool_choice": choice}))
    assert outcome("USAGE-PROMPT-TOOL", held) is expected

"""What models of other characters say, and what the server gets out of them all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.reference.characters import Character, model_of
from conformance.reference.service import Service
from conformance.strictjson import get, items
from tests.reference.asking import ask
from tests.reference.test_toymodel import TIME, WEATHER

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.model import Json
    from tests.reference.asking import Answered

PLAIN = [character for character in Character if character not in {Character.DECLINING, Character.FILTERED}]
COUNT = "Count from 1 to 9"


def having(contract: Contract, character: Character) -> Service:
    return Service(contract, model=model_of(character))


def said(answered: Answered) -> tuple[object, object]:
    return answered.get("choices", 0, "message", "content"), answered.get("choices", 0, "finish_reason")


def thought_tokens(answered: Answered) -> object:
    return answered.get("usage", "completion_tokens_details", "reasoning_tokens")


@pytest.mark.parametrize("character", PLAIN)
def test_calls_that_are_demanded_and_json_that_is_asked_for_are_got_out_of_every_model(contract: Contract, character: Character) -> None:
    service = having(contract, character)
    named: dict[str, Json] = {"type": "function", "function": {"name": "tell_time"}}
    for choice in ("required", named):
        answered = ask(service, COUNT, tools=[WEATHER, TIME], tool_choice=choice)
        assert items(answered.json, "choices", 0, "message", "tool_calls")
    schema = get(WEATHER, "function", "parameters")
    assert isinstance(schema, dict)
    form: dict[str, Json] = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    just_json: dict[str, Json] = {"type": "json_object"}
    for wanted in (form, just_json):
        text, finish = said(ask(service, "Answer in JSON.", response_format=wanted))
        assert finish == "stop"
        assert isinstance(json.loads(str(text)), dict)


@pytest.mark.parametrize("character", Character)
def test_a_stream_says_what_a_whole_answer_says(contract: Contract, character: Character) -> None:
    fields: dict[str, Json] = {"tools": [WEATHER], "logprobs": True, "top_logprobs": 2, "stop": "7"}
    whole = ask(having(contract, character), COUNT, **fields)
    chunks = ask(having(contract, character), COUNT, stream=True, stream_options={"include_usage": True}, **fields).chunks
    deltas = [get(chunk, "choices", 0, "delta") for chunk in chunks]
    for name in ("content", "refusal", "reasoning_content"):
        told = whole.get("choices", 0, "message", name)
        assert "".join(text for delta in deltas if isinstance(text := get(delta, name), str)) == (told if isinstance(told, str) else "")
    for name in ("content", "refusal"):
        entries = [entry for chunk in chunks for entry in items(chunk, "choices", 0, "logprobs", name)]
        assert entries == items(whole.json, "choices", 0, "logprobs", name)
    assert get(chunks[-1], "usage") == whole.get("usage")


def test_every_prompt_gets_the_same_answer_from_one_who_does_not_listen(contract: Contract) -> None:
    service = having(contract, Character.TERSE)
    assert said(ask(service, COUNT)) == said(ask(service, "What is the weather?", tools=[WEATHER])) == ("Ok", "stop")


def test_silence_is_an_empty_text(contract: Contract) -> None:
    assert said(ask(having(contract, Character.MUTE), COUNT)) == ("", "stop")


def test_moods_change_between_answers_and_between_choices(contract: Contract) -> None:
    service = having(contract, Character.MOODY)
    texts = [get(choice, "message", "content") for _ in range(4) for choice in items(ask(service, COUNT, n=3).json, "choices")]
    assert len(set(map(str, texts))) == 12


def test_a_stop_string_at_the_start_leaves_nothing(contract: Contract) -> None:
    assert said(ask(having(contract, Character.STOPPING), COUNT, stop=["five", "4"])) == ("", "stop")
    assert said(ask(having(contract, Character.STOPPING), "Count to 2")) == ("1, 2", "stop")


def test_thought_is_counted_and_kept_out_of_the_text(contract: Contract) -> None:
    answered = ask(having(contract, Character.THINKING), "Count to 2", n=2)
    assert said(answered) == ("1, 2", "stop")
    thought = answered.get("choices", 0, "message", "reasoning_content")
    assert thought == "Let me see. "
    assert (thought_tokens(answered), answered.get("usage", "completion_tokens")) == (10, 16)


def test_a_cap_can_leave_room_for_nothing_but_thought(contract: Contract) -> None:
    answered = ask(having(contract, Character.LOST), COUNT, max_completion_tokens=12, tools=[WEATHER], tool_choice="required")
    assert said(answered) == ("", "length")
    assert thought_tokens(answered) == answered.get("usage", "completion_tokens") == 12


def test_a_schema_can_be_declined_in_so_many_words(contract: Contract) -> None:
    service = having(contract, Character.DECLINING)
    answered = ask(service, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}})
    assert said(answered) == (None, "stop")
    assert "sorry" in str(answered.get("choices", 0, "message", "refusal"))


def test_a_filter_cuts_text_short_and_says_so(contract: Contract) -> None:
    text, finish = said(ask(having(contract, Character.FILTERED), COUNT))
    assert finish == "content_filter"
    assert text
    assert str(text) in "1, 2, 3, 4, 5, 6, 7, 8, 9"


def test_tools_are_called_by_whoever_likes_to(contract: Contract) -> None:
    asked = "What is the weather in Paris?"
    assert items(ask(having(contract, Character.OBEDIENT), asked, tools=[WEATHER]).json, "choices", 0, "message", "tool_calls")
    assert not items(ask(having(contract, Character.RELUCTANT), asked, tools=[WEATHER]).json, "choices", 0, "message", "tool_calls")
    answered = ask(having(contract, Character.EAGER), COUNT, tools=[WEATHER, TIME])
    assert len(items(answered.json, "choices", 0, "message", "tool_calls")) == 2
    assert said(answered) == ("Let me look that up.", "tool_calls")

"""What is made of a prompt that is certain not to fit, and that it is certain."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance import contract, registry
from conformance.errors import TargetError
from conformance.model import Exchange, Expectation, Outcome, Request, Tier, Violation
from conformance.reference.tokens import tokens
from conformance.session import Assignment
from conformance.steps import Step
from conformance.target import MAX_WINDOW, Target
from tests.evidence import Held, answered, lost, purpose, refused, verdict

WINDOW = 1000
TARGET = Target(base_url="http://127.0.0.1", model="m")


def planned(window: int | None, tier: Tier = Tier.GATE) -> list[Step]:
    catalogue = registry.load()
    target = replace(TARGET, context_window=window)
    assignment = Assignment(
        target=target, contract=contract.load(), catalogue=catalogue, requirements=(catalogue.find("ERROR-CONTEXT-REFUSED"),), tier=tier
    )
    return [step for step in assignment.steps().every if step.purpose.scenario == "overlong"]


def prompt(step: Step) -> str:
    assert isinstance(step.request, Request)
    return str(json.loads(step.request.body)["messages"][0]["content"])


# What is sent


def test_nothing_is_sent_unless_the_user_says_how_long_the_window_is() -> None:
    assert planned(None) == []
    assert planned(WINDOW, Tier.SMOKE) == []
    (step,) = planned(WINDOW)
    assert (step.billed, step.purpose.expect) == (False, Expectation.EITHER)


@pytest.mark.parametrize("window", [1, 100, 4096, 131_072])
def test_the_prompt_has_more_words_than_the_window_has_tokens_and_is_no_longer_than_said(window: int) -> None:
    text = prompt(planned(window)[0])
    assert len(text.split()) > window
    assert len(tokens(text)) > window
    assert len(text) < 5.5 * window + 20


def test_the_words_say_too_much_for_any_vocabulary_in_wide_use() -> None:
    """A text of n words, each one of 26 to the 4th, needs more than n tokens of 2 to the 18th: a squeeze finds nothing in it."""
    import zlib

    text = prompt(planned(20_000)[0])
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert len(zlib.compress(text.encode(), 9)) * 8 > 18 * 20_000


def test_it_is_the_same_in_every_run() -> None:
    assert prompt(planned(WINDOW)[0]) == prompt(planned(WINDOW)[0])


@pytest.mark.parametrize("window", [0, -1, MAX_WINDOW + 1])
def test_a_window_that_nothing_can_be_longer_than_is_refused(window: int) -> None:
    with pytest.raises(TargetError) as caught:
        replace(TARGET, context_window=window)
    assert caught.value.options == ("context_window",)


# What is made of the answer


def outcome(*tries: Exchange) -> Outcome:
    violation = Violation(constraint="context", pointer="/messages", clause="/x-errors/context-too-long", sent="1,051 words")
    why = purpose("overlong/prompt", expect=Expectation.EITHER, violation=violation, topics=(f"window={WINDOW}",))
    held = Held()
    held.add(why, *tries)
    return verdict("ERROR-CONTEXT-REFUSED", held).outcome


def counted(tokens: int | None) -> Exchange:
    return answered({"choices": [], **({} if tokens is None else {"usage": {"prompt_tokens": tokens}})})


def test_a_refusal_is_what_is_asked_for() -> None:
    assert outcome(refused(400)) is Outcome.PASS
    assert outcome(refused(413)) is Outcome.PASS


def test_an_answer_says_that_the_prompt_was_shortened() -> None:
    assert outcome(counted(WINDOW - 10)) is Outcome.FAIL
    assert outcome(counted(None)) is Outcome.FAIL


def test_a_target_that_counts_the_whole_of_it_has_a_longer_window_than_was_said() -> None:
    assert outcome(counted(WINDOW + 1)) is Outcome.INCONCLUSIVE


def test_what_says_nothing_of_the_prompt_is_not_held_against_the_target() -> None:
    for other in (answered({"error": {"message": "slow down"}}, status=429), answered({}, status=503), lost()):
        assert outcome(other) in {Outcome.NOT_RUN, Outcome.INCONCLUSIVE}

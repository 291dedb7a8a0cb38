"""What a stop string that was met may leave behind, and what says that it was passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance import judge, registry
from conformance.model import Exchange, Json, Outcome
from tests.evidence import Held, answered, evidence, purpose

WHOLE = "One two three four five six seven"


def said(text: str, finish: str = "stop", stop: str = "") -> Exchange:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return answered({"choices": [choice]}, sent={"model": "m", "messages": [], **({"stop": stop} if stop else {})})


@pytest.mark.parametrize(
    ("text", "finish", "ran_on", "included"),
    [
        ("One two three", "stop", Outcome.PASS, Outcome.PASS),
        ("One two three four", "stop", Outcome.PASS, Outcome.FAIL),
        ("One two three four five", "stop", Outcome.FAIL, Outcome.PASS),
        ("One two three four", "length", Outcome.FAIL, Outcome.PASS),
        (WHOLE, "stop", Outcome.FAIL, Outcome.PASS),
    ],
)
def test_the_rest_of_the_token_that_completed_a_stop_string_is_no_running_on(
    text: str, finish: str, ran_on: Outcome, included: Outcome
) -> None:
    """huggingface/transformers ends generation with the token that completes the stop string, and leaves all of it in the text."""
    held = Held()
    held.add(purpose("stop/open"), said(WHOLE, "length"))
    stopped = replace(purpose("stop/string", needs=("stop",), control="stop/open"), after="stop/open")
    held.add(stopped, said(text, finish, stop=" fo"))
    wanted = [registry.load().find(each) for each in ("ANSWER-STOP", "ANSWER-STOP-EXCLUDED")]
    assert [verdict.outcome for verdict in judge.judge(evidence(held), wanted)] == [ran_on, included]

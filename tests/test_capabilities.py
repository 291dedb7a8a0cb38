"""A verdict on each feature: what the answers show, what a refusal says, and what a promise is worth."""

from __future__ import annotations

import json
from functools import cache

import pytest

from conformance import contract, judge, registry
from conformance.model import Exchange, Json, Outcome, Sample, SampleKind
from conformance.overview import capabilities
from conformance.overview.capabilities import Capability, Support
from conformance.registry import level
from tests.evidence import Held, answered, evidence, lost, purpose, refused

READING = contract.load("openai-compatible")


@cache
def catalogue() -> tuple[registry.Requirement, ...]:
    return registry.load().requirements


def choices(number: int, **sent: Json) -> Exchange:
    """An answer with so many choices."""
    listed: list[Json] = [
        {"index": index, "message": {"role": "assistant", "content": "1 2 3"}, "finish_reason": "stop"} for index in range(number)
    ]
    return answered({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": listed}, sent={"model": "m", **sent})


def named(member: str, status: int = 400) -> Exchange:
    """A refusal that says what it is about."""
    error: Json = {"message": "No.", "type": "invalid_request_error", "param": member, "code": None}
    return answered({"error": error}, status=status)


def told(held: Held, feature: str, *, claims: tuple[str, ...] = (), denies: tuple[str, ...] = ()) -> Capability:
    seen = evidence(held, claims=claims, denies=denies, contract=READING)
    verdicts = judge.judge(seen, catalogue())
    rows = capabilities.table(seen, catalogue(), verdicts, frozenset(denies))
    assert [row.feature for row in rows] == list(READING.features)
    return next(row for row in rows if row.feature == feature)


def asked(feature: str, *tries: Exchange, also: tuple[str, ...] = ()) -> Held:
    held = Held()
    held.add(purpose("s/one", needs=(feature, *also)), *tries)
    return held


def test_a_feature_whose_effect_shows_is_honoured() -> None:
    row = told(asked("n", choices(2, n=2)), "n")
    assert (row.support, row.requirements, row.requests) == (Support.HONOURED, ("ANSWER-N",), ("s/one",))


def test_a_feature_without_effect_was_ignored() -> None:
    assert told(asked("n", choices(1, n=2)), "n").support is Support.IGNORED


def test_a_feature_that_is_ignored_in_one_answer_is_ignored() -> None:
    held = asked("n", choices(2, n=2))
    held.add(purpose("s/two", needs=("n",)), choices(1, n=3))
    assert told(held, "n").support is Support.IGNORED


def test_a_default_among_other_legal_values_shows_nothing() -> None:
    """A server that takes `n: 1` has not shown that it knows the member."""
    held = asked("n", choices(1, n=2))
    samples = purpose("samples/one", needs=("n",))
    neutral = Sample(slug="n/default", kind=SampleKind.NEUTRAL, pointer="/n", text="n at its default", needs=frozenset({"n"}))
    held.add(type(samples)(key=samples.key, scenario="samples", needs=samples.needs, samples=(neutral,)), choices(1, n=1))
    assert told(held, "n").support is Support.IGNORED
    held.add(purpose("s/one", needs=("n",)), named("n"))
    assert told(held, "n").support is Support.REFUSED
    held.add(purpose("s/one", needs=("n",)), lost())
    assert told(held, "n").support is Support.UNKNOWN


def test_a_feature_of_which_nothing_shows_is_unknown() -> None:
    row = told(asked("temperature", choices(1, temperature=0)), "temperature")
    assert row.support is Support.UNKNOWN
    assert "nothing of it can be seen" in row.because


def test_a_feature_whose_answer_is_wrong_in_itself_is_broken() -> None:
    entry: Json = {"token": "1 2 3", "logprob": 0.7, "bytes": None, "top_logprobs": []}
    choice: Json = {
        "index": 0,
        "message": {"role": "assistant", "content": "1 2 3"},
        "logprobs": {"content": [entry], "refusal": None},
        "finish_reason": "stop",
    }
    row = told(asked("logprobs", answered({"choices": [choice]}, sent={"logprobs": True})), "logprobs")
    assert (row.support, row.requirements) == (Support.BROKEN, ("ANSWER-LOGPROBS-RANGE",))


def test_a_server_that_fails_over_a_feature_each_time_has_it_broken() -> None:
    assert told(asked("n", *[answered({}, status=500)] * 3), "n").support is Support.BROKEN


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (named("n"), "by an error that names it."),
        (named("n", 409), "which is not the status for it"),
        (refused(), "that does not name it"),
    ],
)
def test_a_refusal_is_told_with_its_manners(refusal: Exchange, words: str) -> None:
    row = told(asked("n", refusal), "n")
    assert row.support is Support.REFUSED
    assert words in row.because


def test_a_refusal_counts_against_what_it_is_about() -> None:
    """Streaming works elsewhere, so that what is refused is the other feature; and never the one that works."""
    held = asked("n", refused(), also=("streaming",))
    held.add(purpose("s/two", needs=("streaming",), stream=True), choices(1, stream=True))
    assert told(held, "n").support is Support.REFUSED
    assert told(held, "streaming").support is not Support.REFUSED


def test_of_two_features_that_are_refused_together_neither_is_accused_unless_it_is_named() -> None:
    held = asked("n", refused(), also=("logprobs",))
    assert told(held, "n").support is told(held, "logprobs").support is Support.UNKNOWN
    held = asked("n", named("logprobs"), also=("logprobs",))
    assert told(held, "logprobs").support is Support.REFUSED
    assert told(held, "n").support is Support.UNKNOWN


def test_an_answer_that_got_lost_says_nothing() -> None:
    assert told(asked("n", lost()), "n").support is Support.UNKNOWN


def test_what_is_not_asked_is_not_judged() -> None:
    assert told(asked("stop", choices(1)), "n").support is Support.NOT_ASKED
    assert told(asked("stop", choices(1)), "n", denies=("n",)).support is Support.DENIED


def test_a_feature_that_every_endpoint_has_is_known_by_its_topic() -> None:
    held = Held()
    held.add(purpose("roles/system", topics=("system-role",)), choices(1))
    assert told(held, "system-role").requests == ("roles/system",)


@pytest.mark.parametrize(
    ("feature", "exchange"),
    [("n", refused()), ("n", named("n")), ("n", choices(1, n=2)), ("parallel-tool-calls", refused())],
)
def test_a_claimed_feature_has_to_be_there(feature: str, exchange: Exchange) -> None:
    """Refused or ignored: a MUST fails, whatever it is worth where nobody claims it."""
    held = asked(feature, exchange)
    row = told(held, feature, claims=(feature,))
    assert row.broken_promise
    failing = must_fail(held, claims=(feature,))
    assert failing == {"ANSWER-CLAIM-HONOURED" if row.support is Support.IGNORED else "REQUEST-CLAIMED-ACCEPTED"}
    assert not must_fail(held)


def test_a_claim_does_not_answer_for_what_nobody_claims() -> None:
    """Refused together with streaming, which is not claimed and works nowhere; the claimed feature works alone."""
    held = asked("n", choices(2, n=2))
    held.add(purpose("s/streamed", needs=("n", "streaming"), stream=True), refused())
    assert not must_fail(held, claims=("n",))


def test_a_claim_is_broken_by_a_refusal_wherever_the_rest_works() -> None:
    held = asked("tools", choices(1))
    held.add(purpose("s/named", needs=("tools", "tool-choice-named")), refused())
    assert must_fail(held, claims=("tool-choice-named",)) == {"REQUEST-CLAIMED-ACCEPTED"}


def must_fail(held: Held, claims: tuple[str, ...] = ()) -> set[str]:
    """The requirements about claims that fail, each of them binding."""
    wanted = [each for each in catalogue() if each.id in {"ANSWER-CLAIM-HONOURED", "REQUEST-CLAIMED-ACCEPTED"}]
    assert {level(each, READING) for each in wanted} == {"MUST"}
    verdicts = judge.judge(evidence(held, claims=claims, contract=READING), wanted)
    return {verdict.requirement for verdict in verdicts if verdict.outcome is Outcome.FAIL}


# What the counts and the silence of a model cannot tell


def counted(prompt: int, **sent: Json) -> Exchange:
    """An answer that says how many tokens the prompt had."""
    whole = json.loads(choices(1).body) | {"usage": {"prompt_tokens": prompt, "completion_tokens": 3, "total_tokens": prompt + 3}}
    return answered(whole, sent={"model": "m", "max_tokens": 16, **sent})


def beside_a_longer_one(longer: int, *, name: str, varied: int) -> Held:
    """A prompt of ten tokens by the count, a longer one, and one with something added."""
    held = Held()
    held.add(purpose("preflight/max_tokens"), counted(10))
    held.add(purpose("counting/longer", topics=("longer",), control="preflight/max_tokens"), counted(longer))
    held.add(purpose("roles/added", topics=(name, "turn"), control="preflight/max_tokens"), counted(varied))
    return held


@pytest.mark.parametrize(
    ("longer", "varied", "support"),
    [(40, 15, Support.HONOURED), (40, 10, Support.IGNORED), (10, 10, Support.UNKNOWN), (10, 15, Support.HONOURED)],
)
def test_a_count_that_never_moves_says_nothing_of_what_reached_the_model(longer: int, varied: int, support: Support) -> None:
    """As with LiteLLM's mock responses, whose every prompt has ten tokens."""
    assert told(beside_a_longer_one(longer, name="system-role", varied=varied), "system-role").support is support


def called(name: str = "get_weather", **sent: Json) -> Exchange:
    """An answer with a call."""
    call: Json = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    message: Json = {"role": "assistant", "content": None, "tool_calls": [call]}
    return answered({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}, sent={"model": "m", **sent})


def test_a_call_proves_tools_and_no_call_proves_nothing() -> None:
    assert told(asked("tools", called()), "tools").support is Support.HONOURED
    row = told(asked("tools", choices(1)), "tools")
    assert (row.support, "the model called no tool" in row.because) == (Support.UNKNOWN, True)


def test_tools_that_are_called_and_not_counted_are_there() -> None:
    held = asked("tools", called())
    held.add(purpose("preflight/max_tokens"), counted(10))
    held.add(purpose("counting/longer", topics=("longer",), control="preflight/max_tokens"), counted(40))
    held.add(purpose("counting/with-tool", needs=("tools",), topics=("tool",), control="preflight/max_tokens"), counted(10))
    assert told(held, "tools", claims=("tools",)).support is Support.HONOURED
    assert not must_fail(held, claims=("tools",))


def test_who_never_calls_has_not_heeded_that_it_may_not() -> None:
    held = asked("tool-choice-none", choices(1, tool_choice="none"), also=("tools",))
    assert told(held, "tool-choice-none").support is Support.UNKNOWN
    held.add(purpose("s/two", needs=("tools",)), called())
    assert told(held, "tool-choice-none").support is Support.HONOURED


@pytest.mark.parametrize(("ended", "support"), [("length", Support.HONOURED), ("stop", Support.UNKNOWN), ("tool_calls", Support.UNKNOWN)])
def test_an_answer_that_ended_by_itself_shows_no_cap(ended: str, support: Support) -> None:
    choice: Json = {"index": 0, "message": {"role": "assistant", "content": "1 2 3"}, "finish_reason": ended}
    held = Held()
    held.add(purpose("cap/max_tokens", needs=("max-tokens",), topics=("cap",)), answered({"choices": [choice]}, sent={"max_tokens": 5}))
    assert told(held, "max-tokens").support is support

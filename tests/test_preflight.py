"""A target that cannot be tested gets one sentence, what to do, and not one verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance import contract, preflight
from conformance.ask import Ask
from conformance.errors import CannotTestError
from conformance.model import Exchange, FaultKind, Json, Tier
from conformance.reference.launch import Embedded
from conformance.steps import Step
from tests.evidence import answered, lost, refused
from tests.running import Ended, command
from tests.servers import Connection, Handler, always, answer, serving, unused_port

# What is asked, and what is learnt


def counted(tokens: Json, finish: str = "stop") -> Exchange:
    return answered({"choices": [{"index": 0, "finish_reason": finish}], "usage": {"completion_tokens": tokens}})


def check(**answers: Exchange) -> tuple[str, list[str]]:
    """The cap's name that the preflight settles on, and what it asked; answers by the cap's name."""
    asked: list[str] = []

    def send(step: Step) -> Exchange:
        asked.append(step.key)
        return replace(answers[step.key.partition("/")[2]], purpose=step.purpose)

    ask = Ask(contract=contract.load(), model="m", cap_field="max_completion_tokens", seed=1, tier=Tier.GATE, scenario="")
    return preflight.check(ask, send).cap_field, asked


CURRENT, OLD = "preflight/max_completion_tokens", "preflight/max_tokens"


def test_the_current_name_of_the_cap_is_taken_where_it_is_obeyed() -> None:
    for obeyed in (counted(16), counted(3), counted(None, "length")):
        assert check(max_completion_tokens=obeyed) == ("max_completion_tokens", [CURRENT])


@pytest.mark.parametrize("first", [refused(400), counted(400), counted(None), counted("16"), counted(0)])
def test_the_old_name_is_taken_where_only_it_is_obeyed(first: Exchange) -> None:
    assert check(max_completion_tokens=first, max_tokens=counted(16)) == ("max_tokens", [CURRENT, OLD])


def test_a_target_that_fails_at_one_name_is_tested_with_the_other() -> None:
    """The current name is for txtai a cap on prompt and answer together, and a prompt that is longer a 500; the old one it passes over."""
    assert check(max_completion_tokens=answered(b"", status=500), max_tokens=counted(400)) == ("max_tokens", [CURRENT, OLD])


def test_a_target_that_obeys_neither_is_tested_with_the_name_that_it_took() -> None:
    assert check(max_completion_tokens=counted(400), max_tokens=counted(400))[0] == "max_completion_tokens"
    assert check(max_completion_tokens=refused(422), max_tokens=counted(400))[0] == "max_tokens"
    assert check(max_completion_tokens=counted(400), max_tokens=refused(422))[0] == "max_completion_tokens"


@pytest.mark.parametrize(
    "wrong",
    [
        answered(b'data: {"choices": []}\n\ndata: [DONE]\n\n', media="text/event-stream"),
        answered(b'\xef\xbb\xbf{"choices": []}'),
        answered(b'{"choices": []}\ndata: [DONE]'),
        answered({"choices": {}}),
        answered({"object": "chat.completion"}),
    ],
)
def test_a_chat_completion_that_is_wrong_is_one_that_gets_judged(wrong: Exchange) -> None:
    assert check(max_completion_tokens=wrong, max_tokens=wrong)[0] == "max_completion_tokens"


def test_a_target_that_refuses_both_cannot_be_tested() -> None:
    with pytest.raises(CannotTestError, match="both names") as caught:
        check(max_completion_tokens=refused(400), max_tokens=refused(400))
    assert caught.value.hint


@pytest.mark.parametrize("kind", FaultKind)
def test_every_way_to_give_no_answer_has_words_and_a_hint(kind: FaultKind) -> None:
    for status in (None, 200):
        with pytest.raises(CannotTestError, match="No answer from") as caught:
            check(max_completion_tokens=replace(lost(kind), status=status))
        assert caught.value.hint


@pytest.mark.parametrize(
    ("first", "words", "hint"),
    [
        (refused(402), "lets no request through: 402", "quota"),
        (refused(403), "does not accept the key: 403", "CONFORMANCE_API_KEY"),
        (refused(405), "no chat completions endpoint", "/v1"),
        (answered({"error": {"message": "no", "code": "model_not_found"}}, status=404), "does not know the model 'm'", "--model"),
        # A 404 of Hayhooks calls the model a pipeline; vLLM and Ollama say `model`; FastAPI's own is about the path.
        (answered({"detail": "Pipeline 'm' not found or not a pipeline wrapper"}, status=404), "does not know the model 'm'", "--model"),
        (answered({"error": "model 'x' not found, try pulling it first"}, status=404), "does not know the model 'm'", "--model"),
        (answered({"error": "Not Found"}, status=404), "no chat completions endpoint", "/v1"),
        (answered({"message": "No static resource m/chat/completions."}, status=404), "no chat completions endpoint", "/v1"),
        (answered(b"", status=308), "redirects to nowhere", "--base-url"),
        (answered(b"", status=503), "fails on a trivial request: 503", "log"),
        (answered(b"\xff"), "not JSON: not UTF-8", "JSON object"),
        (answered([]), "no chat completion: []", "right endpoint"),
        (answered({"data": {"choices": []}}), "no chat completion", "right endpoint"),
        (replace(answered(b"\x1f\x8b"), headers=(("content-encoding", "gzip"),)), "compresses its answers (gzip)", "identity"),
        (answered(b"data: {}\n\n", media="text/event-stream"), "not JSON", "JSON object"),
    ],
)
def test_every_useless_answer_has_words_and_a_hint(first: Exchange, words: str, hint: str) -> None:
    with pytest.raises(CannotTestError) as caught:
        check(max_completion_tokens=first, max_tokens=first)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_who_sent_no_key_is_not_told_that_it_is_wrong() -> None:
    turned_away = refused(401)
    for headers, words in ((), "wants a key, and none was given"), ((("api-key", "$CONFORMANCE_API_KEY"),), "does not accept the key"):
        with pytest.raises(CannotTestError, match=words):
            check(max_completion_tokens=replace(turned_away, sent=replace(turned_away.sent, headers=headers)))


# The command, against targets that are no use


@dataclass(frozen=True)
class Hopeless:
    """A target, and what is to be said of it."""

    words: str
    hint: str
    handler: Handler | None = None
    base_url: str = ""
    arguments: tuple[str, ...] = ()
    scheme: str = "http"


def hang(connection: Connection) -> None:
    connection.hang()


ERROR = json.dumps({"error": {"message": "Incorrect key.\x1b[31m", "type": "invalid_request_error"}}).encode()

TARGETS = {
    "refused": Hopeless("Connection refused", "Is the server running", base_url=f"http://127.0.0.1:{unused_port()}/v1"),
    "no-such-host": Hopeless("cannot be resolved", "spelling", base_url="http://nohost.invalid/v1"),
    "no-tls": Hopeless("No answer from https://", "http://", scheme="https"),
    "401": Hopeless("does not accept the key: 401", "CONFORMANCE_API_KEY", always(answer("401 Unauthorized", ERROR))),
    "404": Hopeless("no chat completions endpoint at", "/v1", always(answer("404 Not Found", b'{"detail":"Not Found"}'))),
    "unknown-model": Hopeless("does not know the model 'no-such-model'", "--model", arguments=("--model", "no-such-model")),
    "web-page": Hopeless("web page", "/v1", always(answer(body=b"\n<!doctype html><title>Log in</title>"))),
    "empty-object": Hopeless("no chat completion: {}", "right endpoint", always(answer())),
    "empty-answer": Hopeless("0 bytes that are not JSON", "JSON object", always(answer(body=b""))),
    "hangs": Hopeless("No answer from", "--request-timeout", hang, arguments=("--request-timeout", "0.4")),
    "redirect": Hopeless(
        "redirects to https://elsewhere.example/", "--base-url", always(answer("302 Found", b"", "Location: https://elsewhere.example/"))
    ),
    "429": Hopeless("lets no request through: 429", "--rate", always(answer("429 Too Many Requests", ERROR, "Retry-After: 0"))),
    "500": Hopeless("fails on a trivial request: 500", "log", always(answer("500 Internal Server Error", b"oops"))),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ended]]:
    """Every target is tested once, several at a time: most of it is waiting."""
    with ExitStack() as stack:
        embedded = stack.enter_context(Embedded())
        pool = stack.enter_context(ThreadPoolExecutor(4))

        def run(name: str, target: Hopeless) -> Ended:
            url = target.base_url or embedded.base_url.replace("http", target.scheme, 1)
            if target.handler is not None:
                url = stack.enter_context(serving(target.handler)).url
            model = () if "--model" in target.arguments else ("--model", "m")
            return command("run", "--base-url", url, *model, *target.arguments, cwd=tmp_path_factory.mktemp(name))

        futures = {name: pool.submit(run, name, target) for name, target in TARGETS.items()}
        yield lambda name: futures[name].result()


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_hopeless_target_cannot_be_tested(outcomes: Callable[[str], Ended], name: str) -> None:
    ended, expected = outcomes(name), TARGETS[name]
    assert ended.status == 2
    assert "Could not be tested." in ended.out
    assert "Exit status 2" in ended.out
    assert "Traceback" not in ended.said
    assert "\x1b" not in ended.said
    summary = ended.summary
    assert summary["exit_status"] == 2
    assert not summary["complete"]
    assert expected.words in summary["sentence"]
    assert expected.hint in summary["sentence"]
    assert set(ended.outcomes.values()) == {"NOT RUN"}
    assert ended.lines[-1]["kind"] == "footer"
    assert not ended.lines[-1]["complete"]
    assert all(key.startswith("preflight/") for key in ended.sent)


def test_judging_the_record_again_says_the_same(outcomes: Callable[[str], Ended], tmp_path: Path) -> None:
    ended = outcomes("500")
    again = command("judge", str(ended.folder), "--output", str(tmp_path / "again"), cwd=tmp_path)
    assert again.status == 2
    assert (tmp_path / "again" / "summary.json").read_bytes() == (ended.folder / "summary.json").read_bytes()

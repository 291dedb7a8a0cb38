"""Exploration: random requests that follow from a seed, finds that are small, and a conforming server that shows nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest

from conformance import contract, registry
from conformance.ask import Ask
from conformance.errors import ConfigurationError
from conformance.exploration import kept
from conformance.exploration.cases import MOST_TOKENS
from conformance.exploration.examine import Examiner
from conformance.exploration.explorer import Explored, Explorer, Find, Quest, prepare
from conformance.exploration.oracle import Oracle
from conformance.generate import conversations, corpus
from conformance.generate.features import used
from conformance.generate.flaws import flawed, labelled
from conformance.generate.sense import sensible
from conformance.generate.whole import whole
from conformance.model import Json, Level, Tier
from conformance.network.wire import Wire
from conformance.reference.launch import Embedded, Options
from conformance.reference.service import KEY, MODEL
from conformance.sending.pacing import Gate
from conformance.target import Bounds, Target
from tests.running import command
from tests.servers import unused_port

CONTRACT = contract.load()
FEATURES = frozenset(CONTRACT.features)
FIXED: dict[str, Json] = {"model": "m", "max_completion_tokens": 16}


def drawn(seed: int, count: int = 12) -> list[dict[str, Json]]:
    return list(whole(CONTRACT, seed=seed, count=count, features=FEATURES, fixed=FIXED))


def broken(seed: int, count: int = 40) -> list[dict[str, Json]]:
    mutants = cycle(corpus.load(CONTRACT).mutants)
    return [each.body for each in flawed(CONTRACT, drawn(seed, 4), mutants, seed=seed, count=count)]


# What is asked


@pytest.mark.parametrize("seed", [1, 2])
def test_every_valid_request_is_valid_makes_sense_and_is_capped(seed: int) -> None:
    for body in drawn(seed):
        assert not CONTRACT.request_faults(body)
        assert sensible(body)
        choices = body.get("n") or 1
        assert isinstance(choices, int)
        assert choices * 16 <= MOST_TOKENS


def test_every_flawed_request_breaks_exactly_one_clause() -> None:
    bodies = broken(1)
    assert len(bodies) == 40
    for body in bodies:
        assert CONTRACT.request_faults(body)
        assert labelled(CONTRACT, body) is not None


def test_flaws_are_found_at_any_depth_and_break_many_clauses() -> None:
    found = [each for seed in range(4) for body in broken(seed) if (each := labelled(CONTRACT, body))]
    assert len({each.violation.clause for each in found}) > 30
    assert max(each.violation.pointer.count("/") for each in found) >= 4


def test_streams_and_whole_answers_are_both_asked_for() -> None:
    assert {body.get("stream", False) for seed in (1, 2) for body in drawn(seed)} >= {True, False}


def test_the_features_that_a_body_uses_are_told_from_the_body() -> None:
    for each in conversations.drawn(CONTRACT, seed=5, count=60, features=FEATURES):
        assert each.needs - {"null-fields", "temperature", "stop"} <= used(CONTRACT, {**FIXED, **each.body})


@pytest.mark.parametrize(
    ("body", "makes_sense"),
    [
        ({"tools": [], "tool_choice": "required"}, False),
        ({"tools": [{"type": "function", "function": {"name": "a"}}], "tool_choice": "required"}, True),
        (
            {
                "tools": [{"type": "function", "function": {"name": "a"}}],
                "tool_choice": {"type": "function", "function": {"name": "b"}},
            },
            False,
        ),
        ({"tools": [{"type": "function", "function": {"name": "a"}}, {"type": "custom", "custom": {"name": "a"}}]}, False),
        ({"tools": [{"type": "custom", "custom": {"name": ""}}], "tool_choice": "required"}, False),
        ({"functions": [{"name": "a"}], "function_call": {"name": "a"}}, True),
    ],
)
def test_what_no_schema_says_about_tools_is_heeded(body: Json, makes_sense: bool) -> None:
    assert sensible(body) is makes_sense


FINGERPRINT = """
import tests.test_explore as t
print(t.fingerprint())
"""


def fingerprint() -> str:
    bodies = [*drawn(11), *broken(11)]
    return hashlib.sha256(json.dumps(bodies).encode()).hexdigest()


def test_another_process_draws_the_same_from_a_seed() -> None:
    root = Path(__file__).parents[1]
    other = subprocess.run([sys.executable, "-c", FINGERPRINT], cwd=root, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == fingerprint()
    assert json.dumps(drawn(12)) != json.dumps(drawn(11))


# What is found


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    with Embedded(Options(all_defects=True)) as embedded:
        yield embedded


def wire_to(base_url: str) -> Wire:
    return Wire(Target(base_url=base_url, model=MODEL, key=KEY, key_variable="CONFORMANCE_API_KEY", bounds=Bounds(total=20), concurrency=4))


def examiner(base_url: str) -> Examiner:
    target = Target(base_url=base_url, model=MODEL)
    return Examiner(contract=CONTRACT, identity=target.identity(), requirements=registry.load().requirements)


def ask() -> Ask:
    return Ask(contract=CONTRACT, model=MODEL, cap_field="max_completion_tokens", seed=1, tier=Tier.GATE, scenario="")


def explored(
    base_url: str, *, seed: int = 1, requests: int = 60, found: Callable[[Find], None] = lambda _: None, stop: threading.Event | None = None
) -> Explored:
    with wire_to(base_url) as wire:
        quest = Quest(seed=seed, requests=requests)
        explorer = Explorer(
            ask(), examiner(base_url), wire, quest, stop=stop or threading.Event(), gate=Gate(concurrency=4), concurrency=4, found=found
        )
        return explorer.explore()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_conforming_server_shows_nothing(server: Embedded, seed: int) -> None:
    came = explored(server.base_url, seed=seed, requests=40)
    assert [find.shown.kind for find in came.finds] == []
    assert came.sent == 40
    assert came.valid >= 4
    assert came.flawed >= 16
    assert came.billed <= came.valid + 1
    assert not came.reason


@pytest.mark.parametrize(
    ("defect", "requirement", "bytes_at_most"),
    [("done-missing", "STREAM-DONE", 130), ("errors-flat", "ERROR-ENVELOPE", 160), ("id-empty", "STREAM-ID", 130)],
)
def test_a_defect_is_found_and_made_small(server: Embedded, defect: str, requirement: str, bytes_at_most: int) -> None:
    came = explored(server.base_url_of(defect))
    found = {find.shown.requirement.id: find for find in came.finds}
    assert requirement in found
    smallest = found[requirement].smallest
    assert smallest is not None
    assert smallest.after <= bytes_at_most
    assert smallest.again
    assert came.sent <= 60


def test_each_kind_of_find_is_told_once(server: Embedded) -> None:
    told: list[Find] = []
    came = explored(server.base_url_of("errors-flat"), found=told.append)
    kinds = [find.shown.kind for find in told]
    assert len(set(kinds)) == len(kinds)
    assert told == came.finds


def test_whoever_stops_it_keeps_what_was_found(server: Embedded) -> None:
    stop = threading.Event()
    came = explored(server.base_url_of("done-missing"), requests=500, found=lambda _: stop.set(), stop=stop)
    assert came.finds
    assert came.reason == "interrupted"
    assert not came.lost
    assert came.sent < 500


# What is kept


@pytest.fixture(scope="module")
def line(server: Embedded) -> str:
    """A kept case of a stream without its end."""
    (find, *_) = (find for find in explored(server.base_url_of("done-missing")).finds if find.shown.requirement.id == "STREAM-DONE")
    return kept.line(find, dialect=CONTRACT.dialect)


def again(base_url: str, cases: tuple[kept.Kept, ...]) -> list[kept.State]:
    with wire_to(base_url) as wire:
        oracle = Oracle(wire, budget=50, stop=threading.Event())
        ready = prepare(ask(), oracle)
        return [each.state for each in kept.ask_again(cases, ready.ask, examiner(base_url), oracle, ready.record)]


def test_a_kept_case_still_shows_until_it_is_mended(server: Embedded, line: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    kept.append(path, line)
    cases = kept.read(path)
    assert again(server.base_url_of("done-missing"), cases) == [kept.State.SHOWS]
    assert again(server.base_url, cases) == [kept.State.GONE]


def test_a_line_says_all_that_is_needed(line: str) -> None:
    form = json.loads(line)
    assert form["requirement"] == "STREAM-DONE"
    assert form["code"] == "no-done"
    assert form["level"] == Level.MUST
    assert form["contract"] == {"expect": "accepted", "dialect": "openai-compatible"}
    assert form["body"]["stream"] is True
    assert form["seed"] == 1
    assert line.isascii()
    assert "\n" not in line


def test_a_body_that_the_contract_now_calls_something_else_is_outdated(server: Embedded, line: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    form = json.loads(line)
    kept.append(path, json.dumps({**form, "contract": {"expect": "refused", "clause": "/x", "at": "/stream"}}))
    assert again(server.base_url, kept.read(path)) == [kept.State.OUTDATED]


def test_a_line_that_is_no_case_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    kept.append(path, "", '{"id": "1"}')
    with pytest.raises(ConfigurationError, match=r"Line 2 of .*kept.jsonl is no kept case"):
        kept.read(path)


# As a user has it


def test_the_command_finds_keeps_and_asks_again(server: Embedded, tmp_path: Path) -> None:
    target = (f"--base-url={server.base_url_of('done-missing')}", "--model", MODEL)
    first = command("explore", *target, "--requests", "60", "--keep", "kept.jsonl", cwd=tmp_path)
    assert first.status == 1, first.said
    assert first.out.startswith("Seed 1: at most 60 requests.")
    assert "FOUND STREAM-DONE (MUST" in first.out
    assert first.out.rstrip().endswith("Finds: 1 MUST, 0 SHOULD, 0 MAY.")
    assert KEY not in first.said
    assert not (tmp_path / "reports").exists()
    second = command("explore", *target, "--cases", "kept.jsonl", cwd=tmp_path)
    assert (second.status, second.out.rpartition(": ")[2].strip()) == (1, "still shows")


def test_a_target_that_is_not_there_cannot_be_tested(tmp_path: Path) -> None:
    ended = command("explore", f"--base-url=http://127.0.0.1:{unused_port()}/v1", "--model", "m", cwd=tmp_path)
    assert ended.status == 2
    assert "Traceback" not in ended.said


@pytest.mark.parametrize(
    "arguments",
    [("--cases", "there.jsonl", "--keep", "here.jsonl"), ("--cases", "missing.jsonl"), ("--requests", "0"), ("--seed", "x")],
)
def test_wrong_options_are_said_before_anything_is_sent(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert command("explore", *arguments, cwd=tmp_path).status == 4

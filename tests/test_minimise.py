"""The search for the smallest request that still shows a failure."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import contract, registry
from conformance.errors import ConfigurationError
from conformance.exploration.cases import Case, invalid, like, valid
from conformance.exploration.examine import Examiner
from conformance.exploration.minimise import KEPT, Smallest, minimise, recorded
from conformance.exploration.oracle import Gathered, Oracle
from conformance.generate.flaws import labelled
from conformance.generate.reductions import size, smallest
from conformance.model import Exchange, Json, Level, Purpose, Request, Violation
from conformance.provenance import Identity
from conformance.reference.launch import Embedded, Options
from conformance.strictjson import items
from tests.evidence import Held, answered, delta, purpose, refused, streamed
from tests.running import command
from tests.test_oracle import Scripted

CONTRACT = contract.load()
CATALOGUE = registry.load()

LONG: dict[str, Json] = {
    "model": "m",
    "max_completion_tokens": 16,
    "messages": [
        {"role": "system", "content": "Be brief and kind."},
        {"role": "user", "content": [{"type": "text", "text": "What is a harbour?"}, {"type": "text", "text": "Say it in one line."}]},
    ],
    "temperature": 0.5,
    "stop": ["###", "END"],
    "user": "somebody",
}

Reply = Callable[[Json], Exchange]


def examiner(identifier: str) -> Examiner:
    return Examiner(
        contract=CONTRACT, identity=Identity(base_url="http://127.0.0.1/v1", model="m"), requirements=(CATALOGUE.find(identifier),)
    )


def searched(case: Case, identifier: str, reply: Reply, *, budget: int = 200, seed: int = 1) -> tuple[Smallest | None, Scripted]:
    """Minimise what a requirement finds in the answer to a case."""
    target = Scripted(reply)
    judge = examiner(identifier)
    control = replace(answered(), purpose=Purpose(key=case.purpose.control, scenario="preflight")) if case.purpose.control else None
    first = target.send(Request(body=json.dumps(case.body).encode()), case.purpose, 1)
    controls = (control,) if control else ()
    (shown,) = judge.examine(Gathered((*controls, first)))
    target.bodies.clear()
    oracle = Oracle(target, budget=budget, stop=threading.Event())
    found = minimise(case, shown, controls, judge, oracle, seed=seed)
    assert len(target.bodies) == oracle.sent <= budget
    return found, target


def out_of_range(value: Json = 2.5) -> Case:
    body = {**LONG, "temperature": value}
    found = labelled(CONTRACT, body)
    assert found is not None
    return invalid(body, found, number=1, control="preflight/max_completion_tokens")


def error_without_type(_: Json) -> Exchange:
    return answered({"error": {"message": "no", "type": None, "param": None, "code": None}}, status=400)


def test_all_that_does_not_matter_goes_and_the_flaw_stays() -> None:
    found, _ = searched(out_of_range(), "REQUEST-RANGE", lambda _: answered())
    assert found is not None
    assert found.case.body["temperature"] == 2.5
    assert "stop" not in found.case.body
    assert "user" not in found.case.body
    assert found.after < found.before / 2
    assert found.finding.code == "temperature/maximum"
    assert found.again


def test_what_matters_stays() -> None:
    def only_with_stop(body: Json) -> Exchange:
        return answered() if "END" in items(body, "stop") else refused()

    found, _ = searched(out_of_range(), "REQUEST-RANGE", only_with_stop)
    assert found is not None
    assert found.case.body["stop"] == ["END"]
    assert "user" not in found.case.body


def test_every_mutant_that_is_sent_breaks_the_same_clause_and_nothing_else() -> None:
    case = out_of_range()
    _, target = searched(case, "REQUEST-RANGE", lambda _: answered())
    for body in target.bodies:
        assert isinstance(body, dict)
        found = labelled(CONTRACT, body)
        assert found is not None
        assert case.purpose.violation is not None
        assert found.violation.clause == case.purpose.violation.clause


def test_everything_that_is_sent_for_a_valid_request_is_valid_and_keeps_its_cap() -> None:
    case = valid(CONTRACT, LONG, name="1")
    found, target = searched(case, "ERROR-TYPE", error_without_type)
    assert found is not None
    assert found.after < found.before
    for body in target.bodies:
        assert isinstance(body, dict)
        assert not CONTRACT.request_faults(body)
        assert {name: body[name] for name in ("model", "max_completion_tokens")} == {"model": "m", "max_completion_tokens": 16}


def test_a_feature_that_the_smaller_body_does_not_use_is_no_longer_needed() -> None:
    case = valid(CONTRACT, LONG, name="1")
    assert {"stop", "content-parts", "system-role"} <= case.purpose.needs
    smaller = like(CONTRACT, case, {"model": "m", "messages": [{"role": "user", "content": "x"}], "stop": "x"})
    assert smaller is not None
    assert smaller.purpose.needs == {"stop"}


@pytest.mark.parametrize("budget", [2, 5, 12])
def test_a_search_that_runs_out_of_budget_gives_its_best_so_far(budget: int) -> None:
    found, _ = searched(out_of_range(), "REQUEST-RANGE", lambda _: answered(), budget=budget)
    assert found is not None
    assert found.after <= found.before
    assert found.requests <= budget


def test_the_same_seed_finds_the_same_body_with_the_same_requests() -> None:
    first, asked = searched(out_of_range(), "REQUEST-RANGE", lambda _: answered(), seed=3)
    second, again = searched(out_of_range(), "REQUEST-RANGE", lambda _: answered(), seed=3)
    assert first is not None
    assert second is not None
    assert first.case == second.case
    assert asked.bodies == again.bodies


def test_what_does_not_show_again_is_not_searched() -> None:
    answers = iter([answered()])
    found, target = searched(out_of_range(), "REQUEST-RANGE", lambda _: next(answers, refused()))
    assert found is None
    assert len(target.bodies) == 1


def test_a_rate_limit_during_the_search_is_never_taken_for_the_failure() -> None:
    def limited(body: Json) -> Exchange:
        whole = isinstance(body, dict) and "user" in body
        return answered({"error": {"message": "slow", "type": None}}, status=400 if whole else 429)

    case = valid(CONTRACT, LONG, name="1")
    # Enough for the whole body; the first smaller one meets a limit that asks for no wait.
    found, _ = searched(case, "ERROR-TYPE", lambda body: replace(limited(body), headers=(("retry-after-ms", "0"),)), budget=40)
    assert found is not None
    assert "user" in found.case.body


leaves = st.sampled_from([0, 7, -3, 1.5, "", "word", None, True])
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3), max_leaves=12
)


# The search is itself one of hypothesis.
@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.nested_given])
@given(st.dictionaries(st.sampled_from("uvwxyz"), values, min_size=1))
def test_what_comes_out_still_shows_it_and_is_no_larger(body: dict[str, Json]) -> None:
    wanted = min(body)

    def shows(candidate: dict[str, Json]) -> bool:
        return wanted in candidate

    found = smallest(body, shows, seed=1, keep=frozenset())
    assert shows(found)
    assert size(found) <= size(body)
    assert set(found) == {wanted}


def test_members_that_bound_the_bill_are_never_touched() -> None:
    assert {"model", "max_tokens", "max_completion_tokens"} <= KEPT


# Out of a record, as a user does it


@pytest.fixture(scope="module")
def run_of_a_defect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    cwd = tmp_path_factory.mktemp("run")
    with Embedded(Options(defect="done-missing")) as server:
        ended = command("run", f"--base-url={server.base_url}", "--model", server.model, "--only=STREAM-DONE,ERROR-TYPE", cwd=cwd)
        assert ended.status == 1
        yield ended.folder, server.base_url


def test_a_failure_of_a_run_is_made_smaller_and_nothing_is_written_into_it(run_of_a_defect: tuple[Path, str]) -> None:
    folder, _ = run_of_a_defect
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    ended = command("minimise", str(folder), "STREAM-DONE", "--max-requests", "30", cwd=folder.parent)
    assert ended.status == 0, ended.said
    assert "[no-done]" in ended.out
    assert "curl " in ended.out
    assert "$CONFORMANCE_API_KEY" in ended.out
    line = next(line for line in ended.out.splitlines() if line.strip().startswith("is "))
    body = json.loads(line.split(None, 1)[1])
    assert body["stream"] is True
    assert len(line) < 200
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_requirement_without_a_failure_cannot_be_minimised(run_of_a_defect: tuple[Path, str]) -> None:
    folder, _ = run_of_a_defect
    ended = command("minimise", str(folder), "ERROR-TYPE", cwd=folder.parent)
    assert (ended.status, ended.err.splitlines()[0]) == (4, "conformance: ERROR-TYPE finds nothing in this record.")


def test_a_target_that_no_longer_shows_it_could_not_be_judged(run_of_a_defect: tuple[Path, str]) -> None:
    folder, _ = run_of_a_defect
    with Embedded() as server:
        ended = command("minimise", str(folder), "STREAM-DONE", f"--base-url={server.base_url}", "--model", server.model, cwd=folder.parent)
    assert ended.status == 2
    assert "does not show STREAM-DONE" in ended.err


def refusal_of(held: Held, identifier: str) -> str:
    """Why a failure in a record cannot be made smaller."""
    with pytest.raises(ConfigurationError) as error:
        recorded(held, examiner(identifier), CATALOGUE.find(identifier))
    return error.value.message


def test_what_several_answers_show_together_cannot_be_minimised() -> None:
    held = Held()
    held.add(purpose("twins/one"), answered())
    different: list[Json | str] = [delta("1 2 3", finish="stop"), {"choices": [], "usage": {"prompt_tokens": 9}}]
    held.add(purpose("twins/one/streamed", stream=True, twin="twins/one", needs=("usage-in-stream",)), streamed(*different, sent=LONG))
    assert "compares several answers" in refusal_of(held, "USAGE-STREAM-PROMPT")


def test_a_body_that_is_no_object_cannot_be_minimised() -> None:
    held, flaw = Held(), Violation(constraint="json", pointer="", clause="/x-errors/bad-json", sent="nothing")
    held.add(purpose("malformed/json/empty", violation=flaw), answered(sent=b"{"))
    assert "is not a JSON object" in refusal_of(held, "REQUEST-JSON")


def test_what_is_not_wrong_in_the_body_cannot_be_minimised() -> None:
    held, flaw = Held(), Violation(constraint="model", pointer="", clause="/x-errors/unknown-model", sent="none")
    held.add(purpose("door/unknown-model", violation=flaw, topics=("model",)), answered(sent=LONG))
    assert "does not lie in its body" in refusal_of(held, "ERROR-MODEL-REFUSED")


def test_a_request_that_follows_from_another_cannot_be_minimised() -> None:
    held = Held()
    held.add(purpose("round-trip/verbatim", after="round-trip/call"), replace(error_without_type(None), sent=answered(sent=LONG).sent))
    assert "only makes sense after round-trip/call" in refusal_of(held, "ERROR-TYPE")


def test_the_level_of_a_find_is_that_of_the_reading() -> None:
    (shown,) = examiner("REQUEST-RANGE").examine(_accepted(out_of_range()))
    assert shown.level in set(Level)
    assert shown.level is registry.level(shown.requirement, CONTRACT)


def _accepted(case: Case) -> Gathered:
    control = replace(answered(), purpose=Purpose(key=case.purpose.control, scenario="preflight"))
    return Gathered((control, replace(answered(sent=case.body), purpose=case.purpose)))

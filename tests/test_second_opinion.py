"""schemathesis looks at the same answers, and where it differs from the requirements there is a reason or somebody is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import cli, contract, registry, reporting, session
from conformance.commands import opinion as opinion_command
from conformance.errors import HarnessError
from conformance.judge import judge
from conformance.model import Chunk, Exchange, Finding, Json, Place, Purpose
from conformance.observation import Evidence
from conformance.opinion.explanations import EXPLAINED, Side
from conformance.opinion.schemathesis_checks import Check, Checks
from conformance.opinion.second_opinion import Comparison, compare
from conformance.options import Options
from conformance.provenance import RECORD
from conformance.record.runlog import Record, RecordWriter
from conformance.reference import launch
from conformance.reference.service import KEY, MODEL
from conformance.registry import Requirement
from conformance.render import opinion
from conformance.report import Row
from conformance.run import Run
from conformance.sending.progress import Unwatched
from conformance.target import Target
from tests.innocent.reading import MODEL as INNOCENT_MODEL
from tests.innocent.server import KEY as INNOCENT_KEY
from tests.innocent.server import serving
from tests.innocent.trial import STYLES
from tests.matrix import BOUNDS, CLAIMS
from tests.running import command

CATALOGUE = registry.load()
READING = contract.load()

SEEN: set[str] = set()
"""Explanations that were needed somewhere in this module."""

RAN: set[str] = set()
"""Tests of this module that this process has run."""


@pytest.fixture(autouse=True)
def _noted(request: pytest.FixtureRequest) -> None:
    RAN.add(request.node.nodeid)


def recorded(folder: Path, base_url: str, *, model: str = MODEL, key: str = KEY, claims: frozenset[str] = CLAIMS) -> Record:
    """The record of a run in the tier `gate`."""
    target = Target(
        base_url=base_url, model=model, key=key, key_variable="CONFORMANCE_API_KEY", bounds=BOUNDS, concurrency=8, claims=claims
    )
    assignment = session.Assignment(target=target, contract=READING, catalogue=CATALOGUE, requirements=CATALOGUE.requirements)
    session.conduct(assignment, folder, Unwatched(), threading.Event())
    return Record.open(folder / RECORD)


def compared(record: Record, reading: contract.Contract = READING) -> Comparison:
    comparison = compare(reporting.judged(record, reading, CATALOGUE, CATALOGUE.requirements), reading)
    SEEN.update(explanation.name for _, explanation in comparison.differences if explanation)
    return comparison


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """The record of a run against the conforming server."""
    with (
        launch.Embedded(launch.Options()) as server,
        recorded(tmp_path_factory.mktemp("reference"), server.base_url) as record,
    ):
        yield record


# What was really answered


@pytest.mark.parametrize("dialect", ["openai-compatible", "openai"])
def test_nobody_objects_to_the_conforming_server_without_a_reason(reference: Record, dialect: str) -> None:
    comparison = compared(reference, contract.load(dialect))
    assert comparison.exchanges > 600
    assert comparison.left_out < 10
    assert comparison.agreed == comparison.exchanges - len(comparison.differences)
    assert not comparison.both
    assert [each.words for each in comparison.unexplained] == []
    assert {each.check for each, _ in comparison.differences} == {Check.ACCEPTANCE}


@pytest.mark.parametrize("style", ["lenient", "flaky"])
def test_nobody_objects_to_an_innocent_server_without_a_reason(style: str, tmp_path: Path) -> None:
    with (
        serving(STYLES[style]) as innocent,
        recorded(tmp_path, innocent.url, model=INNOCENT_MODEL, key=INNOCENT_KEY, claims=frozenset()) as record,
    ):
        comparison = compared(record)
    assert [(each.side, each.check, each.words) for each in comparison.unexplained] == []


# What might have been answered


class Altered:
    """One request of a record, whose answer is another, and maybe some that are as they were."""

    def __init__(self, whole: Record, key: str, change: Callable[[Exchange], Exchange], beside: tuple[str, ...]) -> None:
        self._whole, self._key, self._change, self._beside = whole, key, change, beside

    def purpose(self, key: str) -> Purpose | None:
        return self._whole.purpose(key)

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        found = self._whole.attempts(key)
        return tuple(self._change(each) for each in found) if key == self._key else found

    def keys(self) -> tuple[str, ...]:
        return (self._key, *self._beside)


def altered(
    record: Record, key: str, change: Callable[[Exchange], Exchange], *requirements: Requirement, beside: tuple[str, ...] = ()
) -> Comparison:
    """Compare the two opinions on one altered answer."""
    records = Altered(record, key, change, beside)
    report = reporting.judged(record, READING, CATALOGUE, ())
    verdicts = judge(Evidence(records, READING, record.header.target), requirements)
    rows = tuple(Row(requirement=each, verdict=verdict) for each, verdict in zip(requirements, verdicts, strict=True))
    comparison = compare(replace(report, records=records, rows=rows), READING)
    SEEN.update(explanation.name for _, explanation in comparison.differences if explanation)
    return comparison


def labelled(name: str, value: str) -> Callable[[Exchange], Exchange]:
    def change(exchange: Exchange) -> Exchange:
        kept = tuple(each for each in exchange.headers if each[0].lower() != name)
        return replace(exchange, headers=(*kept, (name, value)))

    return change


def rewritten(old: bytes, new: bytes, count: int = -1) -> Callable[[Exchange], Exchange]:
    def change(exchange: Exchange) -> Exchange:
        assert old in exchange.body
        return replace(exchange, chunks=(Chunk(0.0, exchange.body.replace(old, new, count)),))

    return change


def without(name: str) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, headers=tuple(each for each in exchange.headers if each[0].lower() != name))


def status(number: int) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, status=number)


ANSWERED = "roles/system"
STREAMED = "text/streamed"
REFUSED = "invalid/temperature/maximum/1"
FORM = "malformed/content-type/form"
NUL = "malformed/json/nul"


@pytest.mark.parametrize(
    ("key", "change", "check", "requirement"),
    [
        (ANSWERED, rewritten(b'"id"', b'"ID"'), Check.SCHEMA, "ANSWER-SCHEMA"),
        (ANSWERED, rewritten(b'"object":"chat.completion"', b'"object":"completion"'), Check.SCHEMA, "ANSWER-OBJECT"),
        (ANSWERED, rewritten(b"}", b"", 1), Check.SCHEMA, "ANSWER-JSON"),
        (ANSWERED, labelled("content-type", "text/plain"), Check.MEDIA_TYPE, "ANSWER-MEDIA-TYPE"),
        (ANSWERED, status(400), Check.ACCEPTANCE, "REQUEST-ACCEPTED"),
        (STREAMED, rewritten(b"chat.completion.chunk", b"chunk"), Check.SCHEMA, "STREAM-OBJECT"),
        (STREAMED, labelled("content-type", "text/plain"), Check.MEDIA_TYPE, "STREAM-MEDIA-TYPE"),
        (REFUSED, rewritten(b'"error"', b'"detail"'), Check.SCHEMA, "ERROR-ENVELOPE"),
        (REFUSED, labelled("content-type", "text/plain"), Check.MEDIA_TYPE, "ERROR-MEDIA-TYPE"),
        (REFUSED, lambda exchange: status(429)(labelled("retry-after", "soon")(exchange)), Check.HEADERS, "ERROR-RETRY-AFTER"),
        (REFUSED, status(200), Check.REJECTION, "REQUEST-RANGE"),
    ],
)
def test_both_object_to_the_same(
    reference: Record, key: str, change: Callable[[Exchange], Exchange], check: Check, requirement: str
) -> None:
    comparison = altered(reference, key, change, *CATALOGUE.requirements)
    assert (check, requirement, 1) in comparison.both
    assert [(each.side, each.check, each.words) for each in comparison.unexplained] == []


@pytest.mark.parametrize(
    ("key", "change", "check", "requirement", "name"),
    [
        (ANSWERED, rewritten(b'"logprobs":null,', b""), Check.SCHEMA, "ANSWER-LOGPROBS-KEY", "warning"),
        (ANSWERED, lambda exchange: no_choice(exchange), Check.SCHEMA, "ANSWER-CHOICES", "clause in prose"),
        (ANSWERED, without("x-request-id"), Check.HEADERS, "ERROR-REQUEST-ID", "header not required"),
        (NUL, rewritten(b'"id"', b'"ID"'), Check.SCHEMA, "", "answer to an invalid request"),
        (FORM, labelled("content-type", "text/plain"), Check.MEDIA_TYPE, "", "not the API"),
        (REFUSED, status(429), Check.REJECTION, "", "unsettled"),
        (ANSWERED, status(500), Check.SERVER_ERROR, "", "unsettled"),
    ],
)
def test_what_one_cannot_know_is_explained(
    reference: Record, key: str, change: Callable[[Exchange], Exchange], check: Check, requirement: str, name: str
) -> None:
    comparison = altered(reference, key, change, *CATALOGUE.requirements)
    told = {
        (each.check, each.requirement.id if each.requirement else "", explanation and explanation.name)
        for each, explanation in comparison.differences
    }
    assert (check, requirement, name) in told
    assert [(each.side, each.check, each.words) for each in comparison.unexplained] == []


@pytest.mark.parametrize("explained", [True, False])
def test_a_fault_is_told_of_the_body_without_its_megabytes_if_that_was_let_pass_too(
    reference: Record, tmp_path: Path, *, explained: bool
) -> None:
    """A server that lets a fault pass only in a large body has nobody else to tell of it."""
    large, small = "burdens/large", "invalid/temperature/type/1"
    passed = {large, small} if explained else {large}
    with RecordWriter(tmp_path / RECORD, reference.header) as writer:
        assert reference.plan is not None
        writer.plan(reference.plan)
        for exchange in reference.exchanges():
            writer.append(let_pass(reference, exchange) if exchange.purpose.key in passed else exchange)
    with Record.open(tmp_path / RECORD) as record:
        comparison = altered(record, large, lambda exchange: exchange, *CATALOGUE.requirements, beside=(small,))
    told = [each.observation.exchange.id for each in comparison.unexplained if each.check is Check.REJECTION]
    assert told == ([] if explained else [large])


def test_an_image_that_was_dropped_is_no_error_of_the_server(reference: Record) -> None:
    """The clause that the requirement cites against a 5xx makes no claim on what was answered."""
    seen = CATALOGUE.find("REQUEST-IMAGE-SEEN")
    comparison = altered(reference, "burdens/image", partial(let_pass, reference), seen, beside=("counting/longer",))
    assert [(each.side, each.check, each.words) for each in comparison.unexplained] == []


def let_pass(record: Record, exchange: Exchange) -> Exchange:
    """Answered as if nothing were wrong with it."""
    (plain,) = record.attempts("preflight/max_completion_tokens")
    return replace(exchange, status=200, headers=plain.headers, chunks=plain.chunks)


def no_choice(exchange: Exchange) -> Exchange:
    body = json.loads(exchange.body) | {"choices": []}
    return replace(exchange, chunks=(Chunk(0.0, json.dumps(body).encode()),))


@pytest.mark.parametrize(
    ("key", "change", "check", "words"),
    [
        (ANSWERED, status(201), Check.STATUS, "Received: 201"),
        (ANSWERED, labelled("content-type", "text/plain"), Check.MEDIA_TYPE, "Received: text/plain"),
        (ANSWERED, labelled("openai-processing-ms", "soon"), Check.HEADERS, "soon"),
        (ANSWERED, rewritten(b'"object":"chat.completion"', b'"object":"completion"'), Check.SCHEMA, "/object"),
        (STREAMED, rewritten(b"chat.completion.chunk", b"chunk"), Check.SCHEMA, "Event #0, /data"),
        (REFUSED, rewritten(b'"message"', b'"reason"'), Check.SCHEMA, "/error"),
        (REFUSED, status(200), Check.REJECTION, "accepted"),
        (ANSWERED, status(400), Check.ACCEPTANCE, "rejected"),
    ],
)
def test_an_objection_that_no_requirement_shares_needs_a_reason(
    reference: Record, key: str, change: Callable[[Exchange], Exchange], check: Check, words: str
) -> None:
    comparison = altered(reference, key, change)
    (told,) = [each for each in comparison.unexplained if each.check is check]
    assert told.side is Side.THEIRS
    assert told.observation.exchange.id == key
    assert words in told.words


def test_a_requirement_that_sees_a_fault_of_schema_alone_needs_a_reason(reference: Record) -> None:
    def accuse(_: object) -> Iterator[Finding]:
        yield Finding(code="schema-type", expected="a number", received="a number", at=Place(pointer="/created"))

    wrong = replace(CATALOGUE.find("ANSWER-SCHEMA"), judge=accuse)
    comparison = altered(reference, ANSWERED, lambda exchange: exchange, wrong)
    (told,) = comparison.unexplained
    assert (told.side, told.check, told.requirement) == (Side.OURS, Check.SCHEMA, wrong)
    assert opinion.sentence(comparison) == "Second opinion: schemathesis agrees on 0 of 1 exchanges; one difference, unexplained."


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}, True),
        ({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 2.5}, False),
        ({"messages": []}, False),
        ([], False),
    ],
)
def test_schemathesis_judges_requests_by_itself(body: Json, *, fits: bool) -> None:
    assert checks().fits(body) is fits


@cache
def checks() -> Checks:
    return Checks(READING)


def test_a_failure_of_schemathesis_is_no_failure_of_the_target(reference: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Checks, "objections", fail)
    with pytest.raises(HarnessError, match="boom"):
        compared(reference)


# What a user sees


@pytest.fixture
def bad(reference: Record, tmp_path: Path) -> Path:
    """The folder of a run in which one answer had a status that the contract does not know, which no requirement minds."""
    with RecordWriter(tmp_path / "bad" / RECORD, reference.header) as writer:
        assert reference.plan is not None
        assert reference.footer is not None
        writer.plan(reference.plan)
        for exchange in reference.exchanges():
            writer.append(replace(exchange, status=201) if exchange.purpose.key == ANSWERED else exchange)
        writer.close(reference.footer)
    return tmp_path / "bad"


def test_the_command_tells_what_only_one_objects_to(bad: Path) -> None:
    told = CliRunner().invoke(opinion_command.opinion, [str(bad)], standalone_mode=False)
    assert told.return_value == 1
    head, _, rest = told.output.partition("Unexplained: one of the two is wrong")
    assert "positive_data_acceptance      rule outside the schema" in head
    assert f"{ANSWERED}: schemathesis objects, no requirement (status_code_conformance): Undocumented status code" in rest
    assert len(rest.strip().splitlines()) == 1


def test_a_run_ends_with_the_second_opinion(tmp_path: Path) -> None:
    ended = command("run", "--output", "reports", cwd=tmp_path)
    assert ended.status == 0
    last = ended.out.splitlines()[-1]
    assert last.startswith("Second opinion: schemathesis agrees on ")
    assert last.endswith("all explained.")
    again = CliRunner().invoke(opinion_command.opinion, [str(ended.folder)], standalone_mode=False)
    assert again.return_value == 0
    assert again.output.splitlines()[0] == last


def test_a_part_of_the_requirements_has_no_second_opinion(reference: Record) -> None:
    report = reporting.judged(reference, READING, CATALOGUE, ())
    assert Run(Options(only=("ANSWER-OBJECT",))).second_opinion(report) == ()


def test_a_run_prints_what_is_unexplained_and_where_to_find_all_of_it(bad: Path) -> None:
    with Record.open(bad / RECORD) as record:
        first, unexplained, where = Run(Options(output=str(bad.parent))).second_opinion(
            reporting.judged(record, READING, CATALOGUE, CATALOGUE.requirements)
        )
    assert "1 of them unexplained" in first
    assert unexplained.startswith(f"  {ANSWERED}: schemathesis objects")
    assert "conformance opinion " in where


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["--colour", "nowhere"]])
def test_a_run_that_is_none_is_a_mistake_in_the_options(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["opinion", *arguments])
    assert ended.value.code == 4


# Last, when everything above has been compared


def test_every_explanation_was_needed(request: pytest.FixtureRequest) -> None:
    """It looks back on the whole module, which several processes may have shared, or of which a part was asked for."""
    collected = {item.nodeid for item in request.session.items if item.path == request.path}
    if collected - RAN or len(collected) <= len(EXPLAINED):
        pytest.skip("the tests before it did not all run in this process")
    assert {each.name for each in EXPLAINED} - SEEN == set()

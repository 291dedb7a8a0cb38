"""A request of many values that is turned down is split until the value to blame stands alone; nothing is split that was accepted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance import contract, judge, plan, registry
from conformance.ask import Ask
from conformance.model import CAP_FIELDS, Exchange, Finding, Json, Outcome, Purpose, Request, Sample, SampleKind, Tier, Verdict
from conformance.provenance import Header, Identity
from conformance.record.runlog import Record, RecordWriter
from conformance.reference import defects
from conformance.reference.behaviour import Behaviour
from conformance.reference.service import MODEL, Service
from conformance.scenarios.samples import samples
from conformance.sending.observe import observe
from conformance.sending.progress import Unwatched
from conformance.steps import Step
from tests.evidence import REFUSAL, WHOLE, Held, answered, evidence, lost, refused
from tests.recording import exchange

READING = contract.load("openai-compatible")
STEPS = tuple(samples(Ask(contract=READING, model=MODEL, cap_field=CAP_FIELDS[0], seed=1, tier=Tier.GATE, scenario="samples")))
BILLED = [step.key for step in STEPS if step.billed]


@dataclass
class Target:
    """An endpoint without a network, and what it was asked."""

    reply: Callable[[Request, Purpose], Exchange]
    asked: list[str] = field(default_factory=list)

    def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
        self.asked.append(purpose.key)
        found = self.reply(request, purpose)
        return Exchange(
            purpose=purpose,
            attempt=attempt,
            started=0.0,
            sent=found.sent,
            status=found.status,
            headers=found.headers,
            chunks=found.chunks,
            fault=found.fault,
        )

    def abort(self) -> None: ...


def run(target: Target, folder: Path, steps: tuple[Step, ...] = STEPS) -> Iterator[Record]:
    """Ask it all there is to ask about samples."""
    header = Header(
        suite_version="1",
        contract_revision="r",
        contract_digest="c",
        catalogue_digest="d",
        dialect=READING.chain,
        target=Identity(base_url="http://127.0.0.1/v1", model=MODEL),
        tier=Tier.GATE,
        seed=1,
        selection="",
        started=0.0,
    )
    writer = RecordWriter(folder / "run.jsonl", header)
    writer.plan(plan.price(steps))
    observe(steps, target, writer, concurrency=2, progress=Unwatched(), stop=threading.Event())
    with Record.open(folder / "run.jsonl") as record:
        yield record


def served(defect: str, folder: Path) -> tuple[Target, dict[str, Verdict]]:
    """What is said of the reference server with a defect, or without."""
    service = Service(READING, behaviour=Behaviour(defects.ALL[defect] if defect else None))
    target = Target(lambda request, purpose: exchange(service, purpose, request))
    (verdicts,) = [judged(record) for record in run(target, folder)]
    return target, verdicts


def judged(records: object) -> dict[str, Verdict]:
    wanted = [each for each in registry.load().requirements if each.id.startswith("REQUEST-")]
    found = judge.judge(evidence(records, contract=READING), wanted)  # type: ignore[arg-type]
    return {verdict.requirement: verdict for verdict in found}


def failed(verdicts: dict[str, Verdict]) -> dict[str, list[str]]:
    return {name: [code for code, _ in verdict.codes] for name, verdict in verdicts.items() if verdict.outcome is Outcome.FAIL}


def test_of_a_server_that_accepts_everything_nothing_is_asked_twice_and_nothing_is_missed(tmp_path: Path) -> None:
    target, verdicts = served("", tmp_path)
    assert sorted(target.asked) == sorted(BILLED)
    assert not failed(verdicts)
    assert all(verdict.lost == verdict.unmet == 0 for verdict in verdicts.values())
    for name in ("FORMS", "BOUNDS", "NEUTRAL", "NULL-ACCEPTED", "NAME", "HISTORY", "UNICODE", "WRITING", "CHARSET", "LARGE", "TOGETHER"):
        assert verdicts[f"REQUEST-{name}"].outcome is Outcome.PASS, name


@pytest.mark.parametrize(
    ("defect", "found"),
    [
        ("temperature-below-two", {"REQUEST-BOUNDS": ["temperature/maximum"]}),
        ("null-stop-refused", {"REQUEST-NULL-ACCEPTED": ["stop/null"]}),
        ("byte-order-mark-refused", {"REQUEST-UNICODE": ["text/byte-order-mark"]}),
        ("result-parts-refused", {"REQUEST-TOOL-RESULT-PARTS": ["messages/result-parts"]}),
        ("small-bodies", {"REQUEST-LARGE": ["body/padded"]}),
        ("model-first", {"REQUEST-WRITING": ["body/reversed"]}),
        ("name-refused", {"REQUEST-NAME": ["messages/name-user"]}),
    ],
)
def test_exactly_the_guilty_value_is_named_within_a_dozen_requests(defect: str, found: dict[str, list[str]], tmp_path: Path) -> None:
    target, verdicts = served(defect, tmp_path)
    assert failed(verdicts) == found
    assert len(target.asked) <= len(BILLED) + 12


def test_two_values_that_are_refused_together_alone_are_one_finding_that_names_both(tmp_path: Path) -> None:
    target, verdicts = served("one-sampler", tmp_path)
    assert failed(verdicts) == {"REQUEST-TOGETHER": ["together"]}
    (finding,) = verdicts["REQUEST-TOGETHER"].findings
    assert "temperature at its minimum, 0" in finding.expected
    assert "top_p at its maximum, 1" in finding.expected
    assert len(target.asked) <= len(BILLED) + 12


def test_a_value_over_which_the_server_fails_is_named_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.sending.observe.backoff", lambda *_: 0.0)
    _, verdicts = served("biased-500", tmp_path)
    assert failed(verdicts) == {"REQUEST-VALID-NO-5XX": ["logit_bias/minimum"]}


# What a record of three values adds up to


TWO, STOP, TEXT = (
    Sample(slug="temperature/maximum", kind=SampleKind.BOUND, pointer="/temperature", text="two", needs=frozenset({"temperature"})),
    Sample(slug="stop/null", kind=SampleKind.NULL, pointer="/stop", text="null", needs=frozenset({"null-fields"})),
    Sample(slug="metadata/items", kind=SampleKind.BOUND, pointer="/metadata", text="pairs", needs=frozenset({"metadata"})),
)
UNSUPPORTED: Json = {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": "unsupported_value"}}
NAMED: Json = {"error": {"message": "metadata is not supported.", "type": "invalid_request_error", "param": None, "code": None}}


def held(*answers: Exchange | None) -> Held:
    """One request of three values and, in their order, those of one; None for one that was not sent."""
    record = Held()
    whole, *alone = answers
    add(record, "samples/one", (TWO, STOP, TEXT), whole)
    for sample, each in zip((TWO, STOP, TEXT), alone, strict=True):
        add(record, f"samples/one/{sample.slug}", (sample,), each, splits="samples/one")
    return record


def add(record: Held, key: str, values: tuple[Sample, ...], answer: Exchange | None, splits: str = "") -> None:
    needs = frozenset().union(*(value.needs for value in values))
    tries = () if answer is None else (answer, answer) if (answer.status or 0) >= 500 else (answer,)
    record.add(Purpose(key=key, scenario="samples", needs=needs, samples=values, splits=splits), *tries)


def outcome(record: Held, name: str) -> Outcome:
    return judged(record)[name].outcome


def test_what_was_never_sent_because_the_whole_was_accepted_is_no_gap() -> None:
    verdicts = judged(held(answered(WHOLE), None, None, None))
    assert verdicts["REQUEST-BOUNDS"].outcome is Outcome.PASS
    assert all(verdict.lost == verdict.unmet == 0 for verdict in verdicts.values())


def test_what_was_never_sent_although_the_whole_was_refused_is_a_gap() -> None:
    record = held(refused(), answered(WHOLE), answered(WHOLE), None)
    assert outcome(record, "REQUEST-BOUNDS") is Outcome.INCONCLUSIVE
    assert outcome(record, "REQUEST-NULL-ACCEPTED") is Outcome.PASS
    assert outcome(record, "REQUEST-TOGETHER") is Outcome.INCONCLUSIVE


def test_a_whole_that_got_lost_is_one_gap_and_not_four() -> None:
    verdicts = judged(held(lost(), None, None, None))
    assert verdicts["REQUEST-BOUNDS"].outcome is Outcome.INCONCLUSIVE
    assert verdicts["REQUEST-BOUNDS"].lost == 1


def test_a_refusal_that_a_part_explains_says_nothing_about_the_combination() -> None:
    record = held(refused(), answered(WHOLE), refused(), answered(WHOLE))
    assert failed(judged(record)) == {"REQUEST-NULL-ACCEPTED": ["stop/null"], "REQUEST-REFUSAL-HONEST": ["unnamed"]}
    assert outcome(record, "REQUEST-BOUNDS") is Outcome.PASS


def test_a_refusal_that_no_part_explains_is_about_the_combination() -> None:
    record = held(refused(), *[answered(WHOLE)] * 3)
    assert failed(judged(record)) == {"REQUEST-TOGETHER": ["together"]}


@pytest.mark.parametrize("honest", [UNSUPPORTED, NAMED])
def test_what_nobody_claims_may_be_refused_in_honest_words(honest: Json) -> None:
    record = held(refused(), answered(WHOLE), answered(WHOLE), answered(honest, status=400))
    verdicts = judged(record)
    assert not failed(verdicts).keys() - {"REQUEST-REFUSAL-HONEST"}
    assert any("metadata" in reason for reason in verdicts["REQUEST-BOUNDS"].reasons)


def test_in_plain_words_what_was_accepted_elsewhere_may_not_be_refused() -> None:
    record = held(refused(), answered(WHOLE), answered(WHOLE), answered(NAMED, status=400))
    add(record, "other/metadata", (), answered(WHOLE))
    record.purposes["other/metadata"] = Purpose(key="other/metadata", scenario="other", needs=frozenset({"metadata"}))
    assert failed(judged(record)) == {"REQUEST-BOUNDS": ["metadata/items"]}


def test_a_core_value_is_not_excused_by_plain_words() -> None:
    refusal = answered({"error": {"message": "temperature must be below 2."}}, status=400)
    record = held(refused(), refusal, answered(WHOLE), answered(WHOLE))
    add(record, "stop/open", (), answered(WHOLE))
    record.purposes["stop/open"] = Purpose(key="stop/open", scenario="stop", needs=frozenset({"temperature"}))
    assert failed(judged(record)) == {"REQUEST-BOUNDS": ["temperature/maximum"]}


def test_a_failure_of_the_server_is_told_once_and_with_its_value() -> None:
    broken = answered(REFUSAL, status=500)
    verdicts = judged(held(broken, broken, answered(WHOLE), answered(WHOLE)))
    assert failed(verdicts) == {"REQUEST-VALID-NO-5XX": ["temperature/maximum"]}
    findings: tuple[Finding, ...] = verdicts["REQUEST-VALID-NO-5XX"].findings
    assert "two" in findings[0].expected

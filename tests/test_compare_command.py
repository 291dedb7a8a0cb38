"""`conformance compare` and `conformance contract coverage`, on records made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance import contract, registry, reporting
from conformance.cli import main
from conformance.gate import ExitStatus
from conformance.model import Chunk, Exchange, Tier
from conformance.provenance import Footer, Header, Identity, Plan
from conformance.record.runlog import Record, RecordWriter
from conformance.render import artefacts
from tests.render.runs import ANSWER, exchange

GOOD = (
    ANSWER.replace(b'"9"', b"9")
    .replace(b'"finish_reason":null', b'"finish_reason":"stop"')
    .replace(b'"object"', b'"created":1,"model":"m","object"', 1)
)
BAD = GOOD.replace(b'"prompt_tokens":9', b'"prompt_tokens":"9"')


def saved(folder: Path, *bodies: bytes, at: float = 1795000000.0, seed: int = 1, whole: bool = True) -> Path:
    """A folder with the record of a run in which each request was answered with one of these bodies."""
    reading = contract.load()
    header = Header(
        suite_version="0.1.0",
        contract_revision=reading.revision,
        contract_digest=reading.digest,
        catalogue_digest=registry.load().digest,
        dialect=reading.chain,
        target=Identity(base_url="http://127.0.0.1:1/v1", model="m"),
        tier=Tier.GATE,
        seed=seed,
        selection="",
        started=at,
    )
    answered = [_answered(f"text/{number}", body) for number, body in enumerate(bodies)]
    with RecordWriter(folder / "run.jsonl", header) as writer:
        writer.plan(Plan(purposes=tuple(each.purpose for each in answered), requests=len(bodies), billed=len(bodies), output_tokens=100))
        for each in answered:
            writer.append(each)
        if whole:
            writer.close(Footer(complete=True, reason="", exchanges=len(bodies), ended=at + 1))
    return folder


def _answered(key: str, body: bytes) -> Exchange:
    request = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    return replace(exchange(key, body=request, content_type="application/json", stream=False), chunks=(Chunk(0.1, body),))


def rendered(folder: Path) -> Path:
    """The same folder with the reports of its run."""
    with Record.open(folder / "run.jsonl") as record:
        catalogue = registry.load()
        artefacts.write(reporting.judged(record, contract.load(), catalogue, catalogue.requirements), folder)
    return folder


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_regression_is_shown_and_decides_when_it_is_asked_to(tmp_path: Path) -> None:
    before, after = saved(tmp_path / "a", GOOD, at=1.0), saved(tmp_path / "b", BAD, at=2.0)
    shown = command("compare", after, before)
    assert shown.exit_code == ExitStatus.CONFORMS, shown.output
    assert "FAIL (regression)" in shown.output
    assert command("compare", after, before, "--fail-on-regression").exit_code == ExitStatus.VIOLATIONS
    assert command("compare", after, before, before, "--fail-on-regression").exit_code == ExitStatus.VIOLATIONS
    assert command("compare", before, before, "--fail-on-regression").exit_code == ExitStatus.CONFORMS


def test_a_last_run_that_was_cut_off_does_not_pass_for_one_without_regressions(tmp_path: Path) -> None:
    before, after = saved(tmp_path / "a", GOOD, at=1.0), saved(tmp_path / "b", GOOD, at=2.0, whole=False)
    ended = command("compare", before, after, "--fail-on-regression")
    assert ended.exit_code == ExitStatus.NOT_JUDGED
    assert "INCOMPLETE" in ended.output


def test_runs_that_were_not_asked_the_same_are_refused_unless_what_is_common_will_do(tmp_path: Path) -> None:
    one, other = saved(tmp_path / "a", GOOD), saved(tmp_path / "b", GOOD, seed=2)
    refused = command("compare", one, other)
    assert refused.exit_code == ExitStatus.BAD_CONFIGURATION
    assert "they differ in seed (1, 2)" in refused.output
    assert "--common" in refused.output
    assert command("compare", one, other, "--common").exit_code == ExitStatus.CONFORMS


def test_the_page_links_to_the_report_beside_a_record_and_tells_the_rest_itself(tmp_path: Path) -> None:
    one, other = rendered(saved(tmp_path / "runs" / "a b", GOOD, at=1.0)), saved(tmp_path / "runs" / "b", BAD, at=2.0)
    page = tmp_path / "pages" / "compare.html"
    assert command("compare", one, other / "run.jsonl", "--output", page).exit_code == ExitStatus.CONFORMS
    text = page.read_text("utf-8")
    assert 'href="../runs/a%20b/report.html#USAGE-INTEGERS"' in text
    assert 'href="#B-USAGE-INTEGERS"' in text
    assert 'id="B-USAGE-INTEGERS"' in text


@pytest.mark.parametrize("arguments", [["a"], ["a", "nowhere"]])
def test_what_is_no_pair_of_records_is_refused_in_a_sentence(tmp_path: Path, arguments: list[str]) -> None:
    saved(tmp_path / "a", GOOD)
    ended = command("compare", *(tmp_path / name for name in arguments))
    assert ended.exit_code == ExitStatus.BAD_CONFIGURATION
    assert "Traceback" not in ended.output


def test_coverage_counts_what_a_run_saw_of_the_contract(tmp_path: Path) -> None:
    run = saved(tmp_path / "a", GOOD)
    text = command("contract", "coverage", run, "--missing")
    assert text.exit_code == ExitStatus.CONFORMS
    assert "5 of 5" not in text.output
    assert "  request.seed\n" in text.output
    assert "  request.model\n" not in text.output
    numbers = json.loads(command("contract", "coverage", run, "--json").output)
    request = next(each for each in numbers["coverage"] if (each["part"], each["kind"]) == ("request", "property"))
    assert request["exercised"] == 4, "model, messages, role and content"


def test_the_annotated_contract_lies_beside_the_report(tmp_path: Path) -> None:
    run = rendered(saved(tmp_path / "a", BAD))
    text = (run / artefacts.CONTRACT).read_text("utf-8")
    assert 'href="report.html#USAGE-INTEGERS"' in text
    assert 'id="USAGE-INTEGERS"' in (run / artefacts.HTML).read_text("utf-8")
    assert 'href="contract.html"' in (run / artefacts.HTML).read_text("utf-8")

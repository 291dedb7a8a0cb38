"""The field trial's own files: what the manifest may say, which findings are new, and that what is published cannot act."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.render.text import visible
from field import assess, findings, launch, manifest, publish
from field.assess import Assessment
from field.errors import FieldError
from field.findings import Entry, Example
from field.trial import Trial


def entry(outcome: str = "FAIL", *codes: str) -> Entry:
    return Entry(
        server="one", requirement="STREAM-DONE", text="The end.", outcome=outcome, levels={"openai": "MUST"}, codes=frozenset(codes)
    )


def made(verdict: str = "true", **more: tuple[str, ...]) -> Assessment:
    return Assessment(requirement="STREAM-*", servers=("one",), verdict=verdict, **more)  # type: ignore[arg-type]


def test_the_manifest_names_versions_for_all_that_it_installs() -> None:
    servers = manifest.load()
    for server in servers.values():
        assert all("==" in each or "@" in each[1:] for each in (*server.pip, *server.npm)), server.name
        assert bool(server.pip or server.npm) == bool(server.package), server.name


def test_every_server_stays_on_loopback() -> None:
    for server in manifest.load().values():
        told = " ".join((*server.command, *server.files.values(), *server.environment.values()))
        assert "0.0.0.0" not in told
        assert "127.0.0.1" in told or "loopback.cjs" in told or "conformance" in told or "field.innocent" in told


@pytest.mark.parametrize(
    "text",
    [
        '[a]\ntitle = "A"\ncommand = ["x"]',
        '[a]\ntitle = "A"\ncommand = ["x"]\nmodel = "m"\ncolour = "red"',
        '[a]\ntitle = "A"\ncommand = ["x"]\nmodel = "m"\nbehind = "b"',
    ],
)
def test_a_mistake_in_the_manifest_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "servers.toml").write_text(text, "utf-8")
    with pytest.raises(FieldError):
        manifest.load(tmp_path / "servers.toml")


def test_a_placeholder_is_filled_in_and_a_dollar_is_left_alone() -> None:
    server = manifest.load()["nginx-streaming"]
    assert launch.placeholders(server, 8000, None)["port"] == "8000"


def test_every_assessment_is_of_a_server_that_there_is() -> None:
    servers = manifest.load()
    for each in assess.load():
        assert set(each.servers) <= {*servers, "*"}, each.requirement


def test_a_finding_with_another_code_is_new() -> None:
    assert made(codes=("no-done",)).covers(entry("FAIL", "no-done"))
    assert not made(codes=("no-done",)).covers(entry("FAIL", "no-done", "twice"))


def test_what_was_open_and_fails_now_is_new_and_the_other_way_round() -> None:
    assert made("open").covers(entry("INCONCLUSIVE"))
    assert not made("open").covers(entry())
    assert not made().covers(entry("INCONCLUSIVE"))
    assert not made().covers(entry("ERROR"))


def test_an_assessment_is_of_the_reasons_it_was_made_for_and_no_other() -> None:
    left = replace(entry("INCONCLUSIVE"), reasons=("drawn/1: answered 500", "the model called no tool"))
    assert made("follows", reasons=("*: answered 5*", "*called no tool")).covers(left)
    assert not made("follows", reasons=("*: answered 5*",)).covers(left)
    assert made("follows", amid=("*: answered 5*",)).covers(left)
    assert not made("follows", amid=("*: answered 4*",)).covers(left)


def test_findings_of_several_readings_are_one_entry() -> None:
    finding = {"code": "x", "exchange": "e", "expected": "1", "received": "2"}

    def summary(level: str, outcome: str) -> dict[str, object]:
        verdict = {"id": "R", "text": "T", "level": level, "outcome": outcome, "codes": [{"code": "x", "count": 2}], "cites": []}
        return {"verdicts": [verdict | {"findings": [finding], "reasons": ["because"]}]}

    readings = {"a": summary("SHOULD", "INCONCLUSIVE"), "b": summary("MUST", "INCONCLUSIVE"), "c": summary("SHOULD", "FAIL")}
    (one,) = findings.entries("one", readings.items())
    assert (one.outcome, one.levels) == ("FAIL", {"c": "SHOULD"})
    assert one.examples == (Example(code="x", count=2, exchange="e", expected="1", received="2"),)


def test_text_of_a_target_does_nothing_in_what_is_published() -> None:
    hostile = "</td><script>alert(1)</script>\u202e`|](javascript:x)"
    tried = Trial(
        server="one", title="One", version="1", home_page="", behind="", note="", dialect="openai", commit="c", seconds=1.0, exit_status=1
    )
    run = publish.Run(
        trial=tried, href="one/openai", sentence=hostile, started="2026-11-21T00:00:00Z", exit_status=1, contract="c", catalogue="c",
        suite="1", must=1, should=0, may=0, undecided=0,
    )  # fmt: skip
    bad = Entry(
        server="one", requirement="R", text="T", outcome="FAIL", levels={"openai": "MUST"},
        examples=(Example(code="x", count=1, exchange="e", expected=hostile, received=hostile),),
    )  # fmt: skip
    told = publish.Told(runs=(run,), entries=((bad, None),))
    page = publish.index([told])
    assert "<script" not in page
    assert "Content-Security-Policy" in page
    assert "default-src 'none'" in page
    listed = "\n".join(publish.report([told]))
    assert "\u202e" not in page + listed
    assert "*New*" in listed
    code_span = f"``{visible(hostile)}``"
    assert "<script" not in listed.replace(code_span, "")

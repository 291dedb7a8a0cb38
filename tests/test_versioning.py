"""Upgrading the suite turns nobody red over night: ids, levels and the scored set stay what they were once published."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from conformance import contract, registry, revisions
from conformance.documentation import id_list
from conformance.documentation.id_list import Entry
from conformance.errors import CatalogueError, ConfigurationError
from conformance.model import Level
from conformance.options import Options
from conformance.render import artefacts, summary
from conformance.run import Run
from tests.running import CLEAN, KEYED, PATIENCE, Ended, served

MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY

# The list of ids and the changelog


def test_the_list_of_ids_and_the_changelog_are_current() -> None:
    entries = id_list.read(id_list.FILE.read_text("utf-8"))
    now = id_list.declared(registry.load())
    assert tuple(id_list.faults(entries, now, id_list.CHANGELOG.read_text("utf-8"))) == ()
    assert id_list.written(id_list.updated(entries, now)) == id_list.FILE.read_text("utf-8")


def test_the_contract_has_the_date_of_the_last_revision() -> None:
    assert contract.load("openai").revision == revisions.LAST


FIRST = revisions.FIRST
NEXT = "2027-02-01"
OLD = Entry(id="STREAM-OLD", since=FIRST, levels=(MUST, MUST))
NEW = Entry(id="STREAM-NEW", since=NEXT, levels=(MUST, SHOULD))
CLOSED = {FIRST: id_list.fingerprint([OLD], FIRST), NEXT: ""}
TOLD = f"""# Changelog

## {NEXT}

### Added

- `STREAM-NEW`: a stream is new.

### Changed verdicts

Nothing.

### Retired

Nothing.

## {FIRST}

### Added

Nothing.

### Changed verdicts

Nothing.

### Retired

Nothing.
"""


def faults(
    *listed: Entry, now: tuple[Entry, ...], changelog: str = TOLD, closed: Mapping[str, str] = CLOSED, retired: tuple[str, ...] = ()
) -> str:
    return "\n".join(id_list.faults(listed, {entry.id: entry for entry in now}, changelog, revisions=closed, retired=retired))


def test_a_list_and_a_changelog_without_fault() -> None:
    assert faults(OLD, NEW, now=(OLD, NEW)) == ""


def test_a_list_reads_as_it_was_written() -> None:
    entries = (OLD, replace(NEW, retired=True))
    assert id_list.read(id_list.written(entries)) == entries


@pytest.mark.parametrize(
    "line", ["STREAM-OLD", "STREAM-OLD 2026-11-21 MUST", "STREAM-OLD 2026-11-21 MUST WILL", "A-B 2026-11-21 MUST MAY gone"]
)
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(CatalogueError, match="none of the list"):
        id_list.read(line)


def test_a_new_requirement_has_to_be_listed() -> None:
    assert "STREAM-NEW is not in the list" in faults(OLD, now=(OLD, NEW))


def test_a_new_requirement_gets_a_revision_of_its_own() -> None:
    late = Entry(id="STREAM-LATE", since=FIRST, levels=(MAY, MAY))
    assert f"Revision {FIRST} is published, and its requirements changed: give what is new the revision {NEXT}." in faults(
        OLD, NEW, late, now=(OLD, NEW, late)
    )


def test_a_new_requirement_stands_in_the_changelog_under_its_revision() -> None:
    elsewhere = TOLD.replace("- `STREAM-NEW`: a stream is new.", "Nothing.").replace("### Retired\n", "### Retired\n\n- `STREAM-NEW`: x.\n")
    assert f"does not name STREAM-NEW under {NEXT}, Added" in faults(OLD, NEW, now=(OLD, NEW), changelog=elsewhere)


def test_an_id_does_not_vanish() -> None:
    assert "STREAM-OLD is gone: put it into `registry.RETIRED`" in faults(OLD, NEW, now=(NEW,))


def test_a_retired_id_stands_in_the_changelog() -> None:
    gone = replace(OLD, retired=True)
    assert "does not name STREAM-OLD under Retired" in faults(gone, NEW, now=(NEW,), retired=(OLD.id,))
    told = TOLD.replace("### Retired\n\nNothing.", "### Retired\n\n- `STREAM-OLD`: in favour of `STREAM-NEW`.", 1)
    assert faults(gone, NEW, now=(NEW,), retired=(OLD.id,), changelog=told) == ""


def test_retiring_needs_both_the_catalogue_and_the_list() -> None:
    assert "retired in the catalogue alone" in faults(OLD, NEW, now=(NEW,), retired=(OLD.id,))
    assert "retired in the list alone" in faults(replace(OLD, retired=True), NEW, now=(NEW,))


def test_a_retired_id_is_never_used_again() -> None:
    assert "ids are never reused" in faults(replace(OLD, retired=True), NEW, now=(OLD, NEW), retired=(OLD.id,))


def test_a_published_requirement_is_not_raised() -> None:
    optional = replace(OLD, levels=(MUST, SHOULD))
    closed = {FIRST: id_list.fingerprint([optional], FIRST), NEXT: ""}
    said = faults(optional, NEW, now=(OLD, NEW), closed=closed)
    assert "STREAM-OLD was SHOULD in openai-compatible and is MUST now: a more binding one is a new requirement, with a new id." in said


def test_a_requirement_may_be_lowered_when_the_changelog_says_so() -> None:
    lowered = replace(OLD, levels=(MUST, MAY))
    assert "name it in CHANGELOG.md under Changed verdicts" in faults(OLD, NEW, now=(lowered, NEW))
    told = TOLD.replace("### Changed verdicts\n\nNothing.", "### Changed verdicts\n\n- `STREAM-OLD`: optional for most.", 1)
    assert faults(OLD, NEW, now=(lowered, NEW), changelog=told) == ""


def test_a_requirement_keeps_the_revision_that_it_came_with() -> None:
    assert f"STREAM-OLD came with {FIRST}, not with {NEXT}." in faults(OLD, NEW, now=(replace(OLD, since=NEXT), NEW))


def test_only_the_last_revision_is_open() -> None:
    assert f"Revision {FIRST} is not the last one and still open" in faults(OLD, NEW, now=(OLD, NEW), closed={FIRST: "", NEXT: ""})


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (TOLD.replace(f"## {NEXT}", "## Unreleased"), "a section for each revision"),
        (TOLD.replace("### Retired", "### Gone", 1), "its headings are Added, Changed verdicts, Retired"),
        (TOLD.replace("- `STREAM-NEW`: a", "- STREAM-NEW is a"), "a line names ids in backticks"),
        (TOLD.replace("- `STREAM-NEW`", "- `STREAM-NEVER`, `STREAM-NEW`"), "STREAM-NEVER was never declared"),
    ],
)
def test_the_changelog_has_a_shape(broken: str, said: str) -> None:
    assert said in faults(OLD, NEW, now=(OLD, NEW), changelog=broken)


def test_an_id_stands_in_the_list_once() -> None:
    assert "STREAM-NEW stands 2 times" in faults(OLD, NEW, NEW, now=(OLD, NEW))


def test_what_is_not_published_yet_may_still_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_list, "REVISIONS", MappingProxyType(CLOSED))
    changed = {entry.id: replace(entry, levels=(SHOULD, SHOULD)) for entry in (OLD, NEW)}
    assert id_list.updated((OLD, NEW), changed, retired=()) == (OLD, changed[NEW.id])


# The option


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("yesterday", "takes a date such as"),
        ("2026-13-01", "takes a date such as"),
        ("2999-01-01", f"no revision 2999-01-01 yet: its last one is {revisions.LAST}"),
        ("2025-01-01", "is no revision of this suite"),
    ],
)
def test_a_revision_that_there_is_not_is_found_before_the_first_request(given: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        Run(Options.given({"contract_revision": given}))
    assert error.value.options == ("contract_revision",)
    assert revisions.LAST in error.value.message + error.value.hint


# A run with a later suite

LATER = f"""
import sys
from dataclasses import replace
from types import MappingProxyType
from conformance import cli, registry, revisions
revisions.REVISIONS = MappingProxyType({{**revisions.REVISIONS, "{NEXT}": ""}})
registry.load()
registry._requirements["STREAM-DONE"] = replace(registry._requirements["STREAM-DONE"], since="{NEXT}")
registry.load.cache_clear()
cli.main(sys.argv[1:])
"""
"""The suite as it will be: one of its requirements came with the next revision."""

ASKED = ("--only", "STREAM-DONE,STREAM-SAME-TEXT,STREAM-MEDIA-TYPE")


def later(*arguments: str, cwd: Path) -> Ended:
    done = subprocess.run(
        [sys.executable, "-c", LATER, *arguments], cwd=cwd, env={**CLEAN, **KEYED}, capture_output=True, text=True, timeout=PATIENCE
    )
    return Ended(done.returncode, done.stdout, done.stderr, cwd / "reports")


@dataclass(frozen=True)
class Upgrade:
    """The same broken endpoint, asked by the later suite with its scored set frozen, and without."""

    frozen: Ended
    free: Ended


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Upgrade:
    with served("--defect", "done-missing", cwd=tmp_path_factory.mktemp("server")) as (url, _):
        asked = ("run", "--base-url", url, "--model", "reference-model", *ASKED)
        cwd = tmp_path_factory.mktemp("frozen")
        return Upgrade(
            later(*asked, "--contract-revision", FIRST, "--junitxml", str(cwd / "pytest.xml"), cwd=cwd),
            later(*asked, cwd=tmp_path_factory.mktemp("free")),
        )


def test_a_later_requirement_turns_nobody_red(upgrade: Upgrade) -> None:
    assert upgrade.free.status == 1, upgrade.free.said
    assert upgrade.frozen.status == 0, upgrade.frozen.said


def test_it_is_asked_and_judged_all_the_same(upgrade: Upgrade) -> None:
    assert upgrade.frozen.outcomes["STREAM-DONE"] == upgrade.free.outcomes["STREAM-DONE"] == "FAIL"
    assert sorted(upgrade.frozen.sent) == sorted(upgrade.free.sent)


def test_the_record_says_what_it_is_scored_by(upgrade: Upgrade) -> None:
    assert upgrade.frozen.lines[0]["scored_revision"] == FIRST
    assert "scored_revision" not in upgrade.free.lines[0]


def test_judging_the_record_again_gives_the_same_bytes(upgrade: Upgrade, tmp_path: Path) -> None:
    judged = later("judge", str(upgrade.frozen.folder), "--output", str(tmp_path / "again"), cwd=tmp_path)
    assert judged.status == 0, judged.said
    for name in artefacts.NAMES:
        assert (tmp_path / "again" / name).read_bytes() == (upgrade.frozen.folder / name).read_bytes(), name


def test_the_console_marks_it(upgrade: Upgrade) -> None:
    said = " ".join(upgrade.frozen.out.split())
    assert f"FAIL STREAM-DONE (MUST, streaming, not scored yet, since {NEXT})" in said
    assert f"Not scored yet: 1, newer than revision {FIRST}; of them fail: STREAM-DONE." in said
    assert f"MUST requirements hold. Not scored yet: 1, newer than revision {FIRST}." in said
    assert "not scored yet" not in upgrade.free.out.lower()


def test_the_summary_marks_it(upgrade: Upgrade) -> None:
    document = upgrade.frozen.summary
    Draft202012Validator(summary.schema()).validate(document)
    assert (document["scored_revision"], document["not_scored"]) == (FIRST, 1)
    assert {verdict["id"] for verdict in document["verdicts"] if not verdict["scored"]} == {"STREAM-DONE"}
    assert document["totals"]["FAIL"] == 0
    assert sum(count["count"] for count in document["counts"]) == 2
    free = upgrade.free.summary
    assert (free["scored_revision"], free["not_scored"], free["totals"]["FAIL"]) == (None, 0, 1)


def test_the_report_marks_it(upgrade: Upgrade) -> None:
    page = (upgrade.frozen.folder / artefacts.HTML).read_text("utf-8")
    section = page.partition('id="not-scored"')[2]
    assert "Not scored yet" in section
    assert 'id="STREAM-DONE"' in section.partition("</section>")[0]
    assert 'id="must-failures"' not in page
    assert 'id="not-scored"' not in (upgrade.free.folder / artefacts.HTML).read_text("utf-8")


@pytest.mark.parametrize("name", ["ours", "pytest's"])
def test_junit_skips_it_and_says_why(upgrade: Upgrade, name: str) -> None:
    path = upgrade.frozen.folder / artefacts.JUNIT if name == "ours" else upgrade.frozen.output.parent / "pytest.xml"
    (case,) = [case for case in ET.parse(path).iter("testcase") if "STREAM-DONE" in case.attrib["name"]]
    assert case.find("failure") is None
    assert case.find("error") is None
    skipped = case.find("skipped")
    assert skipped is not None
    assert f"not scored yet, since {NEXT}: FAIL: expected" in skipped.attrib["message"]


def test_markdown_lists_it_apart(upgrade: Upgrade) -> None:
    text = (upgrade.frozen.folder / artefacts.MARKDOWN).read_text("utf-8")
    assert "### Failures" not in text
    assert f"- **STREAM-DONE** (MUST, FAIL, since {NEXT})" in text.partition("### Not scored yet")[2]


def test_sarif_has_it_as_a_note(upgrade: Upgrade) -> None:
    def results(ended: Ended) -> list[dict[str, Any]]:
        (run,) = json.loads((ended.folder / artefacts.SARIF).read_text("utf-8"))["runs"]
        return [result for result in run["results"] if result["ruleId"] == "STREAM-DONE"]

    assert {(each["level"], each["properties"]["scored"]) for each in results(upgrade.frozen)} == {("note", False)}
    assert all(each["message"]["text"].startswith(f"Not scored yet, since {NEXT}. ") for each in results(upgrade.frozen))
    assert {(each["level"], each["properties"]["scored"]) for each in results(upgrade.free)} == {("error", True)}


def test_the_badge_does_not_count_it(upgrade: Upgrade) -> None:
    assert "conforms" in (upgrade.frozen.folder / artefacts.BADGE).read_text("utf-8")


def test_a_comparison_is_not_gated_by_it(upgrade: Upgrade, tmp_path: Path) -> None:
    with served(cwd=tmp_path) as (url, _):
        asked = ("run", "--base-url", url, "--model", "reference-model", *ASKED)
        sound = later(*asked, "--contract-revision", FIRST, cwd=tmp_path)
    assert sound.status == 0
    broken = [upgrade.frozen.folder, upgrade.free.folder]
    first, second = (
        later(
            "compare", "--common", "--fail-on-regression", str(sound.folder), str(run), "--output", str(tmp_path / "x.html"), cwd=tmp_path
        )
        for run in broken
    )
    assert (first.status, second.status) == (0, 1), first.said + second.said

"""The composite action: its own steps, run as shell against servers that conform and that do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.actions import ACTION, ROOT, Done, borrow, perform, step, steps
from tests.running import KEYED, served

TEST = "Test the endpoint"
PART = "--only=STREAM-DONE,STREAM-SAME-TEXT"


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    folder = tmp_path / "runner temp"
    folder.mkdir()
    return borrow(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work space"
    folder.mkdir()
    return folder


def test_no_input_is_pasted_into_a_script() -> None:
    assert not [each["name"] for each in steps() if "${{" in each.get("run", "")]


def test_every_input_is_described_and_used() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, described in ACTION["inputs"].items():
        assert described["description"], name
        assert f"inputs.{name}" in text.replace("inputs.package ||", "inputs.package"), name


def test_no_input_takes_a_key() -> None:
    assert not [name for name in ACTION["inputs"] if re.search("key|token|secret|password", name)]


def test_every_output_comes_from_the_step_that_runs() -> None:
    written = set(re.findall(r'echo "(\w+)=', step(TEST)["run"]))
    assert written == set(ACTION["outputs"])
    assert all(described["value"] == f"${{{{ steps.run.outputs.{name} }}}}" for name, described in ACTION["outputs"].items())


def test_other_actions_are_pinned() -> None:
    uses = re.findall(r"uses: (.*)", (ROOT / "action.yml").read_text("utf-8"))
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", each) for each in uses)


def against(defect: str, workspace: Path, temp: Path, **inputs: str) -> Done:
    defects = ("--defect", defect) if defect else ()
    with served(*defects, cwd=workspace.parent) as (url, _):
        given = {"base-url": url, "model": "reference-model", "args": PART} | {
            name.replace("_", "-"): text for name, text in inputs.items()
        }
        return perform(TEST, workspace=workspace, temp=temp, environment=KEYED, inputs=given)


def test_an_endpoint_that_conforms_is_green(workspace: Path, temp: Path) -> None:
    done = against("", workspace, temp)
    assert done.status == 0, done.log
    assert done.outputs["status"] == "0"
    assert done.outputs["sentence"].startswith("Conforms: ")
    assert done.commands == (f"::notice title=Conformance::{done.outputs['sentence']}",)
    assert "Conforms" in done.summary.splitlines()[0]


def test_an_endpoint_that_does_not_is_red_and_says_why(workspace: Path, temp: Path) -> None:
    done = against("done-missing", workspace, temp)
    assert done.status == 1, done.log
    assert done.outputs["status"] == "1"
    assert done.outputs["sentence"].startswith("Does not conform: 1 of ")
    assert "title=STREAM-DONE (MUST%2C FAIL)::" in done.told("error")
    assert "--only STREAM-DONE" in done.told("error")
    assert "**STREAM-DONE**" in done.summary
    report = Path(done.outputs["report"])
    assert {"report.html", "summary.json", "junit.xml", "results.sarif", "run.jsonl"} <= {path.name for path in report.iterdir()}


def test_annotations_stand_at_the_target_file(workspace: Path, temp: Path) -> None:
    with served("--defect", "done-missing", cwd=workspace.parent) as (url, _):
        file = workspace / "conformance.toml"
        file.write_text(f'[target]\nbase_url = "{url}"\nmodel = "reference-model"\n')
        found = perform(TEST, workspace=workspace, temp=temp, environment=KEYED, inputs={"args": PART})
        file = file.rename(workspace / "other.toml")
        named = perform(TEST, workspace=workspace, temp=temp, environment=KEYED, inputs={"args": PART, "target-file": "other.toml"})
    assert (found.status, named.status) == (1, 1), found.log + named.log
    assert "::error file=conformance.toml,line=1,title=STREAM-DONE" in found.told("error")
    assert "::error file=other.toml,line=1,title=STREAM-DONE" in named.told("error")


def test_nothing_that_is_printed_of_a_run_is_a_command(workspace: Path, temp: Path) -> None:
    done = against("done-missing", workspace, temp)
    assert re.search(r"::stop-commands::([0-9a-f]{32})\nFAIL STREAM-DONE (?s:.*)\n::\1::\n::", done.log)


@pytest.mark.parametrize("inputs", [{}, {"args": PART, "model": "some-model"}])
def test_without_an_endpoint_nothing_is_green(inputs: dict[str, str], workspace: Path, temp: Path) -> None:
    done = perform(TEST, workspace=workspace, temp=temp, environment=KEYED, inputs=inputs)
    assert (done.status, done.outputs["status"], done.outputs["report"]) == (4, "4", "")
    assert "There is no endpoint to test" in done.told("error")
    assert "could not be tested" in done.summary


def test_a_wrong_option_is_told_in_an_annotation(workspace: Path, temp: Path) -> None:
    done = against("", workspace, temp, tier="everything")
    assert (done.status, done.outputs["status"]) == (4, "4")
    assert "There is no tier called 'everything'" in done.told("error")


def test_an_endpoint_that_is_not_there_is_not_judged(workspace: Path, temp: Path) -> None:
    inputs = {"base-url": "http://127.0.0.1:1/v1", "model": "m", "args": PART}
    done = perform(TEST, workspace=workspace, temp=temp, environment=KEYED, inputs=inputs)
    assert (done.status, done.outputs["status"]) == (2, "2")
    assert "Could not be tested" in done.told("error")


def test_arguments_stand_on_a_line_each(workspace: Path, temp: Path) -> None:
    done = against("", workspace, temp, args=f"{PART}\n\n--header=X-Some: two words\n")
    assert done.status == 0, done.log


def test_what_the_repository_wants_of_pytest_does_not_matter(workspace: Path, temp: Path) -> None:
    (workspace / "conftest.py").write_text("raise RuntimeError('this is of the repository')\n")
    (workspace / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    with served(cwd=workspace.parent) as (url, _):
        environment = {**KEYED, "PYTEST_ADDOPTS": "-n auto", "PYTEST_PLUGINS": "no_such_plugin"}
        inputs = {"base-url": url, "model": "reference-model", "args": PART}
        done = perform(TEST, workspace=workspace, temp=temp, environment=environment, inputs=inputs)
    assert done.status == 0, done.log


def test_what_an_input_says_is_never_run(workspace: Path, temp: Path) -> None:
    done = against("", workspace, temp, model='"; touch taken; $(touch taken) `touch taken` #')
    assert done.outputs["status"] == "2"
    assert not list(workspace.rglob("taken"))

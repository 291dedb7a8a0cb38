"""What the documents tell people to do is done here: commands, in the order of each document, and examples of code.

The reference server stands in for the endpoints. Runs ask it for one requirement only: what is tried is the document.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import cli
from conformance.model import Exchange
from conformance.record.runlog import Record
from conformance.reference import launch
from tests import docs, exporting
from tests.running import CLEAN, PATIENCE, Ended, command

PLACES = {"vendor.example": "", "gateway.example": "done-missing"}
"""Endpoints of the documents, and what the server that stands in for each does wrong."""

MODELS = ("some-model", "my-model", "small", "large")

PROCESSES = {"run", "differential"}
"""Commands that start pytest or others: they get a process of their own."""

LITTLE = ("--tier", "smoke", "--only", "STREAM-DONE")


@dataclass(frozen=True)
class Stage:
    """What stands in for the world of a reader."""

    server: launch.Embedded
    failed: Ended
    """A run against a server whose streams lack their end."""
    environment: dict[str, str]

    def address(self, text: str) -> str:
        """A text with endpoints that are there, and days that are not over."""
        for host, defect in PLACES.items():
            text = text.replace(f"https://{host}/v1", self.server.base_url_of(defect) if defect else self.server.base_url)
        return re.sub(r"^until = \d{4}", "until = 9999", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with launch.Embedded(launch.Options(all_defects=True, models=MODELS)) as server:
        environment = {"CONFORMANCE_API_KEY": server.key, "VENDOR_KEY": server.key}
        words = ["--base-url", server.base_url_of("done-missing"), "--model", "my-model", *LITTLE]
        folder = tmp_path_factory.mktemp("failed")
        yield Stage(server, command("run", *words, cwd=folder, environment=environment), environment)


STORIES = [name for name in docs.WRITTEN if any(block.language == "sh" and not block.reason for block in docs.blocks(name))]


@pytest.mark.parametrize("name", STORIES)
def test_the_commands_of_a_document_work(name: str, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("CONFORMANCE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in stage.environment.items():
        monkeypatch.setenv(variable, value)
    props(stage, tmp_path)
    for block in docs.blocks(name):
        if block.title and block.language != "python":
            Path(block.title).write_text(stage.address(block.text), "utf-8")
        if block.language != "sh" or block.reason:
            continue
        piped = b""
        for words in block.commands:
            if words[0] == "zcat":
                piped = gzip.decompress(Path(words[1]).read_bytes())
            elif words[0] != "export":
                status, said = perform([stage.address(word) for word in words], piped, stage)
                expected = re.search(rf"{re.escape(' '.join(words))}\s+# exit status (\d)", block.text)
                assert status in ({int(expected[1])} if expected else {0, 1}), f"{name}:{block.line}: {' '.join(words)}\n{said}"


def props(stage: Stage, folder: Path) -> None:
    """Lay out the files that documents suppose to be there."""
    for run in ("RUN", "A", "B"):
        shutil.copytree(stage.failed.folder, folder / "reports" / run)
    with Record.open(stage.failed.folder / "run.jsonl") as record:
        seen: list[Exchange] = [exchange for key in record.keys() for exchange in record.attempts(key)]  # noqa: SIM118 - a method
    lines = "".join(f"{line}\n" for line in exporting.log_lines(seen)).encode()
    (folder / "captures").mkdir()
    for name in ("monday.har", "captures/tuesday.har"):
        (folder / name).write_text(json.dumps(exporting.har(seen)), "utf-8")
    (folder / "access.jsonl.gz").write_bytes(gzip.compress(lines))


def perform(words: list[str], piped: bytes, stage: Stage) -> tuple[int, str]:
    """Do what a reader would do, and say what came of it."""
    if Path(words[0]).name == "nox":
        assert words[1:4] == ["-s", "conformance", "--"]
        words = ["conformance", "run", *words[4:]]
    assert words[0] == "conformance", words
    words = words[1:]
    if words[0] not in PROCESSES:
        done = CliRunner().invoke(cli.main, words, input=piped)
        return done.exit_code, done.output
    ended = command(*words, *LITTLE, cwd=Path.cwd(), environment=stage.environment)
    return ended.status, ended.said


# Examples


def test_the_lines_of_a_failure_are_explained(stage: Stage) -> None:
    shown = stage.failed.out.partition("FAIL STREAM-DONE")[2].partition("\n\n")[0]
    labels = re.findall(r"^  ([a-z]+)  +\S", shown, re.MULTILINE)
    assert "expected" in labels
    assert set(labels) <= set(docs.code("docs/verdicts.md"))


def test_the_overlay_changes_what_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.overlay.yaml").write_text(docs.block("docs/dialects.md", "gateway.overlay.yaml"), "utf-8")
    (told,) = [block.text for block in docs.blocks("docs/dialects.md") if block.language == "text"]
    done = CliRunner().invoke(cli.main, ["contract", "diff", "openai-compatible", "gateway.overlay.yaml"])
    assert done.output == told


def test_the_target_file_of_the_gate_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("conformance.toml").write_text(docs.block("docs/gate.md", "conformance.toml"), "utf-8")
    Path("conformance-baseline.toml").write_text("", "utf-8")
    done = CliRunner().invoke(cli.main, ["plan"])
    assert done.exit_code == 0, done.output


_REGISTERED = """
import sys
from importlib import util
from tests import matrix

for name, path in (("conformance.requirements.answer.naming", sys.argv[1]), ("conformance.reference.defects.answer_naming", sys.argv[2])):
    spec = util.spec_from_file_location(name, path)
    sys.modules[name] = module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
sys.exit(matrix.main(["", "model-padded"]))
"""


def test_the_requirement_bites_its_defect_and_nothing_else(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.py" for name in ("requirement", "defect")]
    for path in paths:
        path.write_text(docs.block("docs/requirements.md", path.stem), "utf-8")
    words = [sys.executable, "-c", _REGISTERED, *map(str, paths)]
    done = subprocess.run(words, cwd=docs.ROOT, env=CLEAN, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok    model-padded: ['ANSWER-MODEL-TRIMMED']" in done.stdout

"""The story of a team that puts the gate before its pull requests: a gateway in Flask, in a repository of its own, with the action's steps.

It adopts the gate with a failure that it knows of, breaks something, repairs both, and keeps its baseline honest.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from conformance.reference.service import KEY
from tests.packaging.actions import Done, borrow, perform
from tests.running import CLEAN, served

pytest.importorskip("flask", reason="needs Flask: nox -s packaging")

PROJECT = Path(__file__).parent / "project"
BASELINE = "conformance-baseline.toml"
TENANT = {"CONFORMANCE_API_KEY": "tenant-key"}
PASSED_ON = "    while chunk := answer.read1(65536):\n        yield chunk\n"
TIDIED = '    for line in answer:\n        if line.strip() != b"data: [DONE]":\n            yield line\n'
"""Somebody thinks that the terminator is of no use to anybody."""

PLAIN = 'return Response("unauthorized\\n", status=401, content_type="text/plain")'
ENVELOPE = (
    'error = {"message": "The key is not one of ours.", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}\n'
    '    return Response(json.dumps({"error": error}), status=401, content_type="application/json")'
)


class Repository:
    """A git repository with the gateway, and an upstream that it forwards to."""

    def __init__(self, folder: Path, upstream: str, temp: Path) -> None:
        self.folder, self.upstream, self.temp = folder, upstream, temp
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.git("init", "--quiet")
        self.write("conformance.toml", f'[target]\nbase_url = "http://127.0.0.1:{self.port}/v1"\nmodel = "reference-model"\n')

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=Team", "-c", "user.email=team@gateway.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Change {name}")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text("utf-8")
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    @contextmanager
    def gateway(self) -> Iterator[None]:
        """The gateway as it is in the repository now."""
        process = subprocess.Popen(
            [sys.executable, "gateway.py", str(self.port)],
            cwd=self.folder,
            env={**CLEAN, "UPSTREAM": self.upstream, "UPSTREAM_KEY": KEY},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(600):
                with socket.socket() as door:
                    if not door.connect_ex(("127.0.0.1", self.port)):
                        break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()

    def pull_request(self) -> Done:
        """What the workflow of the repository comes to."""
        workflow = yaml.safe_load((self.folder / ".github/workflows/conformance.yml").read_text("utf-8"))
        inputs = dict(workflow["jobs"]["gate"]["steps"][-1]["with"])
        if (self.folder / BASELINE).exists():
            inputs["baseline"] = BASELINE
        with self.gateway():
            return perform("Test the endpoint", workspace=self.folder, temp=self.temp, environment=TENANT, inputs=inputs)

    def conformance(self, *words: str) -> str:
        done = subprocess.run([sys.executable, "-m", "conformance", *words], cwd=self.folder, env=CLEAN, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    temp = tmp_path / "temp"
    temp.mkdir()
    with served(cwd=tmp_path) as (url, _):
        yield Repository(tmp_path / "gateway", url, borrow(temp))


def test_a_team_adopts_the_gate_and_trusts_it(repository: Repository) -> None:
    # Monday. One thing is known to be wrong, and is not repaired today.
    first = repository.pull_request()
    assert first.status == 1, first.log
    assert "title=ERROR-JSON (MUST%2C FAIL)::" in first.told("error")

    # What is proposed is refused as long as nobody has said why.
    proposed = repository.conformance("baseline", first.outputs["report"])
    repository.write(BASELINE, proposed)
    unexplained = repository.pull_request()
    assert (unexplained.status, unexplained.outputs["report"]) == (4, "")
    assert "reason" in unexplained.told("error")

    repository.edit(BASELINE, 'reason = ""', 'reason = "Clients read the status alone; GW-12."')
    adopted = repository.pull_request()
    assert adopted.status == 0, adopted.log
    assert adopted.outputs["sentence"].startswith("Conforms apart from 1 accepted failure: ")
    assert "title=ERROR-JSON (MUST%2C FAIL%2C accepted)::" in adopted.told("notice")
    assert "GW-12" in adopted.summary

    # Somebody tidies up. The annotation says what is missing, by which clause, and how to see it again.
    repository.edit("gateway.py", PASSED_ON, TIDIED)
    broken = repository.pull_request()
    assert broken.status == 1, broken.log
    (told,) = [line for line in broken.told("error").splitlines() if "title=STREAM-DONE (MUST%2C FAIL)::" in line]
    for words in ("file=conformance.toml,line=1", "[DONE]", "%0Areceived ", "%0Aclause ", "--only STREAM-DONE"):
        assert words in told
    assert "ERROR-JSON" not in broken.told("error")
    assert "**STREAM-DONE**" in broken.summary

    # It is put right, and so is what was accepted: now it is the baseline that is not true any more.
    repository.edit("gateway.py", TIDIED, PASSED_ON)
    repository.edit("gateway.py", PLAIN, ENVELOPE)
    repository.edit("gateway.py", "import http.client\n", "import http.client\nimport json\n")
    repaired = repository.pull_request()
    assert repaired.status == 1, repaired.log
    assert repaired.outputs["sentence"].startswith("The baseline is stale: 1 thing that it accepts no longer occurs: ERROR-JSON")
    assert "title=Stale in the baseline%3A ERROR-JSON::" in repaired.told("error")
    assert "Take the entry out of the baseline." in repaired.told("error")

    # The baseline is renewed: nothing is left in it.
    repository.write(BASELINE, repository.conformance("baseline", repaired.outputs["report"], "--baseline", BASELINE))
    trusted = repository.pull_request()
    assert trusted.status == 0, trusted.log
    assert trusted.outputs["sentence"].startswith("Conforms: ")
    assert trusted.told("error") == ""

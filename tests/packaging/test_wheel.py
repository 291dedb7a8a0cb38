"""The wheel: everything that a run needs and nothing else, installed where nothing else is, run where nothing is."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from conformance import contract
from tests.packaging.actions import ROOT, perform
from tests.packaging.conftest import Built, Installed, ran, tool
from tests.running import CLEAN, KEYED, served

PART = ("--only", "STREAM-DONE,USAGE-TOTAL")


def contents(path: Path) -> dict[str, str]:
    """Digest of every file of a wheel, by name."""
    with zipfile.ZipFile(path) as wheel:
        return {name: hashlib.sha256(wheel.read(name)).hexdigest() for name in wheel.namelist()}


def test_it_holds_every_file_of_the_package_and_the_contract(built: Built, checkout: Path) -> None:
    package = {path.relative_to(checkout).as_posix() for path in (checkout / "conformance").rglob("*") if path.is_file()}
    documents = {f"conformance/{path.relative_to(checkout).as_posix()}" for path in (checkout / "openapi").rglob("*") if path.is_file()}
    held = {name for name in contents(built.wheel) if ".dist-info/" not in name}
    assert held == package | documents


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "openapi/chat-completions.yaml",
        "render/summary.schema.json",
        "render/templates/report.html.j2",
        "requirements/ids.txt",
    ],
)
def test_it_holds_what_is_no_code(name: str, built: Built) -> None:
    assert f"conformance/{name}" in contents(built.wheel)


def test_it_holds_a_corpus_and_every_dialect(built: Built) -> None:
    names = contents(built.wheel)
    assert any(name.startswith("conformance/corpus/") and not name.endswith(".py") for name in names)
    for dialect in set(contract.dialect_names()) - {"openai"}:
        assert f"conformance/openapi/dialects/{dialect}.overlay.yaml" in names


def test_the_source_distribution_makes_the_same_wheel(built: Built) -> None:
    assert contents(built.from_sdist) == contents(built.wheel)


def test_the_source_distribution_holds_no_reports(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        assert not [name for name in archive.getnames() if "/reports/" in name or "/.nox/" in name]


def test_its_metadata_is_what_an_index_takes(built: Built, tmp_path: Path) -> None:
    done = ran([tool("twine"), "check", "--strict", str(built.wheel), str(built.sdist)], cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_made_as_wheels_are(built: Built, tmp_path: Path) -> None:
    done = ran([tool("check-wheel-contents"), str(built.wheel)], cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_needs_nothing_that_it_does_not_name(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("python", "-m", "pip", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_main_job_runs_from_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("conformance", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforms: " in done.stdout
    (summary,) = tmp_path.glob("reports/*/summary.json")
    assert json.loads(summary.read_text("utf-8"))["exit_status"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("conformance", "list"), "STREAM-DONE"),
        (("conformance", "list", "dialects"), "openrouter"),
        (("conformance", "explain", "STREAM-DONE"), "since 2026-11-21"),
        (("conformance", "contract", "show", "--dialect", "openai"), "openapi: 3.1"),
        (("python", "-m", "conformance", "plan", "--tier", "smoke"), "requests at most"),
        (("pytest", "--pyargs", "conformance", "-k", "STREAM-DONE"), "Conforms: "),
    ],
)
def test_every_way_in_works(words: tuple[str, ...], said: str, installed: Installed, tmp_path: Path) -> None:
    done = installed.run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_pipx_runs_it_without_installing_it(built: Built, tmp_path: Path) -> None:
    environment = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    words = [tool("pipx"), "run", "--spec", str(built.wheel), "conformance", "run", *PART]
    done = ran(words, cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_uvx_runs_it_without_installing_it(built: Built, tmp_path: Path) -> None:
    words = [tool("uv"), "tool", "run", "--from", str(built.wheel), "conformance", "run", *PART]
    done = ran(words, cwd=tmp_path, environment={"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_NO_CONFIG": "1"})
    if "No solution found" in done.stderr or "error sending request" in done.stderr:
        pytest.skip("uv does not reach the index that pip is set up with")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_installs_it(built: Built, tmp_path: Path) -> None:
    installing = perform("Install the suite", workspace=tmp_path, temp=tmp_path, inputs={"package": str(built.wheel)})
    assert installing.status == 0, installing.log
    with served("--defect", "done-missing", cwd=tmp_path) as (url, _):
        inputs = {"base-url": url, "model": "reference-model", "args": "--only=STREAM-DONE"}
        done = perform("Test the endpoint", workspace=tmp_path, temp=tmp_path, environment=KEYED, inputs=inputs)
    assert done.status == 1, done.log
    assert "title=STREAM-DONE" in done.told("error")


def test_the_session_for_other_noxfiles_runs_it(built: Built, tmp_path: Path) -> None:
    shutil.copy(ROOT / "ci" / "noxfile.py", tmp_path)
    words = [tool("nox"), "-s", "conformance", "--", *PART]
    done = ran(words, cwd=tmp_path, environment={"CONFORMANCE_PACKAGE": str(built.wheel)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforms: " in done.stdout


def test_the_job_for_gitlab_runs_it(built: Built, tmp_path: Path) -> None:
    import yaml

    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".conformance"]
    with served("--defect", "done-missing", cwd=tmp_path) as (url, _):
        given = {
            "CONFORMANCE_PACKAGE": str(built.wheel),
            "CONFORMANCE_ARGUMENTS": f"--base-url={url} --model=reference-model --only=STREAM-DONE",
        }
        script = "set -eo pipefail\n" + "\n".join(job["script"])
        done = ran(["bash", "-c", script], cwd=tmp_path, environment={**CLEAN, **KEYED, **job["variables"], **given})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL STREAM-DONE" in done.stdout
    assert len(list(tmp_path.glob(job["artifacts"]["reports"]["junit"]))) == 1


def test_the_image_is_built_from_what_it_copies(tmp_path: Path, checkout: Path) -> None:
    """No Docker here: the steps that build the suite are run as shell, on the files that they are given and no others."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    build = lines[: lines.index("FROM python:3.13-slim")]
    source, target = tmp_path / "source", tmp_path / "opt" / "conformance"
    source.mkdir()
    for line in build:
        instruction, *words = line.split()
        if instruction == "COPY":
            for name in words[:-1]:
                copy = shutil.copytree if (checkout / name).is_dir() else shutil.copy
                copy(checkout / name, source / name)
        if instruction == "RUN":
            done = ran(["sh", "-ec", line.removeprefix("RUN ").replace("/opt/conformance", str(target))], cwd=source)
            assert done.returncode == 0, done.stdout + done.stderr
    done = ran([str(target / "bin" / "conformance"), "run", *PART], cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

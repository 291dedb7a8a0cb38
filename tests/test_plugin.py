"""Under pytest: in anybody's repository, with anybody's other plugins."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance import registry
from conformance.reference import defects
from conformance.reference.launch import Embedded, Options
from conformance.reference.service import KEY
from tests.running import CLEAN, Ended
from tests.servers import always, answer, serving

IDS = [requirement.id for requirement in registry.load().requirements if "STREAM-DONE" in requirement.id]
PART = ("-k", "STREAM-DONE")


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    with Embedded(Options(all_defects=True)) as embedded:
        yield embedded


def run_pytest(*arguments: str, cwd: Path) -> Ended:
    """`pytest` as it is, with every plugin that is installed."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=cwd,
        env={**CLEAN, "CONFORMANCE_API_KEY": KEY},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr, cwd / "reports")


def conformance(base_url: str, *more: str, cwd: Path) -> Ended:
    return run_pytest("--pyargs", "conformance", "--base-url", base_url, "--model", "reference-model", "--tier", "smoke", *more, cwd=cwd)


@pytest.fixture(scope="module")
def plain(server: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return conformance(server.base_url, *PART, "--junitxml=junit.xml", cwd=tmp_path_factory.mktemp("plain"))


def test_an_empty_folder_is_enough(plain: Ended) -> None:
    assert plain.status == 0, plain.said
    assert list(plain.outcomes) == IDS
    assert "Conforms" in plain.out
    assert f"{len(IDS)} passed" in plain.out


def test_junit_has_one_case_for_each_requirement(plain: Ended) -> None:
    for path in (plain.output.parent / "junit.xml", plain.folder / "junit.xml"):
        cases = [case.get("name") for case in ElementTree.parse(path).iter("testcase")]
        assert sorted(filter(None, cases)) == sorted(IDS)


def test_xdist_multiplies_nothing(server: Embedded, plain: Ended, tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    spread = conformance(server.base_url, *PART, "-n", "2", cwd=tmp_path)
    assert spread.status == 0, spread.said
    assert sorted(spread.sent) == sorted(plain.sent)
    assert spread.outcomes == plain.outcomes


def test_a_failure_is_a_block_and_no_traceback(server: Embedded, tmp_path: Path) -> None:
    name = next(name for name, defect in defects.ALL.items() if "STREAM-DONE" in defect.trips)
    ended = conformance(server.base_url_of(name), "--only", "STREAM-DONE", cwd=tmp_path)
    assert ended.status == 1
    assert "FAIL STREAM-DONE" in ended.out
    assert "Traceback" not in ended.said
    assert "1 failed" in ended.out


def test_collecting_sends_nothing(tmp_path: Path) -> None:
    with serving(always(answer())) as counting:
        ended = conformance(counting.url, "--collect-only", "-q", cwd=tmp_path)
        assert counting.heads == []
    assert ended.status == 0, ended.said
    assert {line.rpartition("::")[2] for line in ended.out.splitlines() if "::" in line} == {r.id for r in registry.load().requirements}
    assert not ended.output.exists()


def test_a_mistake_is_said_in_words_and_ends_with_4(tmp_path: Path) -> None:
    ended = run_pytest("--pyargs", "conformance", "--base-url", "http://127.0.0.1:9/v1", cwd=tmp_path)
    assert ended.status == 4
    assert "No model is named" in ended.said
    assert "Traceback" not in ended.said


def test_a_mistake_of_ours_is_neither_the_users_nor_the_targets(tmp_path: Path) -> None:
    broken = """
        from conformance import registry
        from conformance.errors import CatalogueError

        def load():
            raise CatalogueError("Two requirements are called X.")

        registry.load = load
    """
    (tmp_path / "broken.py").write_text(textwrap.dedent(broken), "utf-8")
    ended = run_pytest("-p", "broken", "--pyargs", "conformance", cwd=tmp_path)
    assert ended.status == 3
    assert "Two requirements are called X." in ended.said
    assert "Traceback" not in ended.said


def test_tests_of_others_that_run_along_keep_their_own_verdict(server: Embedded, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_theirs():\n    assert False\n", "utf-8")
    ended = conformance(server.base_url, "test_theirs.py", "-k", "STREAM-DONE or theirs", cwd=tmp_path)
    assert ended.status == 1
    assert "Conforms" in ended.out
    assert "1 failed" in ended.out


OUTSIDER = """
    import sys

    def test_nothing_of_the_suite_is_here(request):
        ours = {name for name in sys.modules if name.partition(".")[0] == "conformance"}
        assert ours == {"conformance", "conformance.entry"}
        assert request.config.getoption("--base-url") == "theirs"
        assert request.config.getoption("--model", None) is None
"""

THEIR_OPTION = """
    def pytest_addoption(parser):
        parser.addoption("--base-url", default="theirs")
"""


def test_whoever_does_not_ask_for_the_suite_notices_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(textwrap.dedent(THEIR_OPTION), "utf-8")
    (tmp_path / "test_theirs.py").write_text(textwrap.dedent(OUTSIDER), "utf-8")
    ended = run_pytest(cwd=tmp_path)
    assert ended.status == 0, ended.said
    assert "--model" not in run_pytest("--help", cwd=tmp_path).out


def test_an_option_that_somebody_else_has_taken_is_shared(server: Embedded, tmp_path: Path) -> None:
    (tmp_path / "taken.py").write_text(textwrap.dedent(THEIR_OPTION).replace('default="theirs"', "default=None"), "utf-8")
    ended = run_pytest(
        "-p",
        "taken",
        "--pyargs",
        "conformance",
        "--base-url",
        server.base_url,
        "--model",
        "reference-model",
        "--only",
        "STREAM-DONE",
        cwd=tmp_path,
    )
    assert ended.status == 0, ended.said
    assert json.loads((ended.folder / "summary.json").read_text("utf-8"))["target"]["base_url"] == server.base_url

"""The shape of the code: which way imports go, what a requirement may do, how large a module may grow."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "conformance"
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in PACKAGE.rglob("*.py")}

READERS = {
    "contract",
    "json_pointer",
    "model",
    "observation",
    "provenance",
    "recent",
    "registry",
    "sse",
    "strictjson",
    "subjects",
    "settle",
    "view",
}
"""What reads answers and knows what to make of them."""


def imported(path: Path, *, for_types: bool = True) -> set[str]:
    """Every module that a file imports, anywhere in it, by its full name; with or without those that only its types name."""
    tree = ast.parse(path.read_text("utf-8"))
    checked = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = set() if for_types else {each for node in checked for each in ast.walk(node)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name in MODULES} or {node.module}
    return found


def rooms(path: Path, *, for_types: bool = True) -> set[str]:
    """The parts of the package that a file imports: `wire`, `render`, …"""
    return {name.split(".")[1] for name in imported(path, for_types=for_types) if name.startswith("conformance.")}


def below(*names: str) -> Iterator[tuple[str, Path]]:
    prefixes = tuple(f"conformance.{name}." for name in names)
    return ((name, path) for name, path in MODULES.items() if f"{name}.".startswith(prefixes))


@pytest.mark.parametrize("name", ["model", "errors"])
def test_the_vocabulary_imports_nothing_of_ours(name: str) -> None:
    assert rooms(PACKAGE / f"{name}.py") == set()


def test_no_two_rooms_need_each_other() -> None:
    needs: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        room = name.split(".")[1:2]
        needs.setdefault("".join(room), set()).update(rooms(path, for_types=False).difference(room))
    TopologicalSorter(needs).prepare()  # raises what names the circle


def test_no_two_modules_need_each_other() -> None:
    TopologicalSorter({name: imported(path, for_types=False) for name, path in MODULES.items()}).prepare()


def test_requirements_import_what_reads_answers_and_nothing_else() -> None:
    for name, path in below("requirements"):
        assert rooms(path) <= READERS | {"requirements"}, name


def test_subjects_import_what_reads_answers_and_nothing_else() -> None:
    for name, path in below("subjects", "observation", "view"):
        assert rooms(path) <= READERS, name


def test_scenarios_import_what_asks_and_nothing_else() -> None:
    allowed = {"ask", "generate", "model", "plan", "preflight", "registry", "scenarios", "steps", "strictjson"}
    for name, path in below("scenarios"):
        assert rooms(path) <= allowed, name


def test_renderers_import_nothing_that_sends_or_starts_anything() -> None:
    forbidden = {"cli", "commands", "entry", "network", "plugin", "preflight", "reference", "run", "sending", "session"}
    for name, path in below("render"):
        assert not rooms(path) & forbidden, name


def test_judging_is_pure() -> None:
    forbidden = {"cli", "commands", "network", "plugin", "preflight", "record", "render", "run", "sending", "session", "target"}
    for name, path in below(
        "judge",
        "comparing",
        "gate",
        "imports.access_log",
        "imports.convert",
        "imports.expectation",
        "imports.har",
        "imports.secrecy",
        "overview",
        "plan",
        "registry",
        "observation",
        "subjects",
        "requirements",
        "sse",
        "strictjson",
    ):
        assert not rooms(path) & forbidden, name


def test_nobody_imports_the_glue() -> None:
    doors = {"conformance.entry", "conformance.__main__", "conformance.plugin", "conformance.cli"}
    for name, path in MODULES.items():
        if name not in doors:
            assert not rooms(path) & {"cli", "entry", "plugin"}, name


def test_nobody_but_the_command_line_imports_commands() -> None:
    for name, path in MODULES.items():
        if name != "conformance.cli" and not name.startswith("conformance.commands"):
            assert "commands" not in rooms(path), name


def test_the_network_has_one_door() -> None:
    for name, path in MODULES.items():
        if any(each.partition(".")[0] in {"httpx", "httpcore", "requests", "aiohttp", "urllib3"} for each in imported(path)):
            assert name in {"conformance.network.wire", "conformance.network.connection"}
    assert "httpx" in imported(PACKAGE / "network" / "wire.py")


def test_only_generating_and_the_second_opinion_need_schemathesis() -> None:
    for name, path in MODULES.items():
        if any(each.partition(".")[0] == "schemathesis" for each in imported(path)):
            assert name.startswith("conformance.generate") or name == "conformance.opinion.schemathesis_checks", name


def test_what_the_package_imports_it_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    asked = {re.split(r"[^\w.-]", each)[0] for each in wanted}
    provided = packages_distributions()
    for name, path in MODULES.items():
        for each in {found.partition(".")[0] for found in imported(path)} - sys.stdlib_module_names - {"conformance"}:
            assert asked & {by.lower().replace("_", "-") for by in provided.get(each, [each])}, f"{name} imports {each}"


def test_requirements_do_nothing_but_look() -> None:
    for name, path in below("requirements"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(node, ast.Assert), f"{name}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"print", "open", "exec", "eval", "input"}, f"{name}:{node.lineno}"
        assert not {each.partition(".")[0] for each in imported(path)} & {
            "pytest",
            "logging",
            "unittest",
            "warnings",
            "os",
            "sys",
            "time",
            "random",
        }, name


def test_no_module_grows_out_of_hand() -> None:
    sizes = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items() if path.name != "__init__.py"}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert statistics.median(sizes.values()) <= 150


def test_every_module_says_what_it_is_for() -> None:
    for name, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), name


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
    for name in MODULES:
        parts = set(name.split("."))
        assert not parts & drawers, name
        assert not any(re.search(r"_?v\d+$|_(new|old)$", part) for part in parts), name


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


MACHINE = re.compile(
    rb"/(?:home|root|Users|work|tmp)/[a-z]|/(?:work|tmp)\b(?=[\"'\s/])|(?:registry\.npmjs|files\.pythonhosted|pypi)\.org|proxy\.golang"
)
"""Where one machine keeps things, and whom it gets them from."""


def test_nothing_is_tied_to_one_machine() -> None:
    for path in tracked():
        if path == Path(__file__):
            continue
        found = MACHINE.search(path.read_bytes())
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]!r}"

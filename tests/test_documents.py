"""What the documents tell people to type exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from conformance import cli, registry
from conformance.contract import dialect_names, load
from conformance.model import Tier
from conformance.options import RUN_OPTIONS
from conformance.reference import defects

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = cli.main.commands
PYTEST = {"--pyargs", "--junitxml"}


def sessions() -> dict[str, ast.FunctionDef]:
    """nox sessions by name."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in functions if any("nox.session" in ast.unparse(each) for each in node.decorator_list)}


def options_of(command: click.Command) -> set[str]:
    if isinstance(command, click.Group):
        return set().union(*(options_of(each) for each in command.commands.values()))
    return {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts}


def test_every_session_says_what_it_does() -> None:
    assert {"conformance", "tests", "lint", "types"} <= set(sessions())
    for name, function in sessions().items():
        assert ast.get_docstring(function), name


def test_every_session_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"nox -s ([a-z-]+)", README))
    assert {"conformance", "tests"} <= named
    assert named <= set(sessions())


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"(?:`|bin/)conformance ([a-z]+)", README))
    assert {"run", "plan", "serve", "judge"} <= named
    assert named <= set(COMMANDS)


def test_every_name_in_the_readme_is_declared() -> None:
    features = load().features
    for option, name in re.findall(r"--(dialect|tier|only|claim|deny|defect) ([A-Za-z-]+)", README):
        known = {
            "dialect": dialect_names(),
            "tier": tuple(Tier),
            "only": tuple(r.id for r in registry.load().requirements),
            "claim": tuple(features),
            "deny": tuple(features),
            "defect": tuple(defects.ALL),
        }[option]
        assert name in known, f"--{option} {name}"


def test_every_place_that_the_readme_names_is_there() -> None:
    for place in re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE):
        if "/" in place:
            assert (ROOT / place).exists(), place


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_and_its_options(name: str) -> None:
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_options_are_declared_once_for_command_and_pytest() -> None:
    assert {f"--{option.name}" for option in RUN_OPTIONS} <= options_of(COMMANDS["run"])
    assert len({option.argument for option in RUN_OPTIONS}) == len(RUN_OPTIONS)

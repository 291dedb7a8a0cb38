"""What the documents say is there: commands, options, sessions, files, links; and what is there is told of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import click
import pytest

from conformance import cli, contract, registry
from conformance.gate import ExitStatus
from conformance.model import Level, Outcome, Tier
from conformance.options import RUN_OPTIONS
from conformance.reference import defects
from tests import docs

KINDS = {"sh", "toml", "yaml", "json", "python", "text"}

FOREIGN = {"--junitxml", "--pyargs"}
"""Options of other programs that the text names."""

PLACEHOLDER = r"^[A-Z]+$|[.|]"
"""What stands for a name that the reader has, names a file, or lists what there is."""

EXAMPLES = {"conformance/requirements/answer/naming.py"}
"""Files that a reader is to write."""


# Commands


@pytest.mark.parametrize("name", docs.WRITTEN)
def test_a_block_of_code_says_what_it_is(name: str) -> None:
    for block in docs.blocks(name):
        assert block.language in KINDS, f"{name}:{block.line} is {block.language!r}: name its language, one of {sorted(KINDS)}"
        assert not block.reason or block.language == "sh", f"{name}:{block.line}"


def spoken(name: str) -> Iterator[list[str]]:
    """Every command that a document writes out, in a block or in the text."""
    for block in docs.blocks(name):
        if block.language == "sh":
            yield from block.commands
    yield from (code.split() for code in docs.code(name))


@pytest.mark.parametrize("name", docs.NAMES)
def test_commands_and_their_options_exist(name: str) -> None:
    for words in spoken(name):
        if Path(words[0]).name != "conformance" or len(words) == 1 or "/" in words[0]:
            continue
        found: click.Command = cli.main
        rest = words[1:]
        while isinstance(found, click.Group):
            said, *rest = rest
            assert said.lstrip("-") == "help" or said in found.commands, f"{name}: {' '.join(words)}"
            found = found.commands[said]
            if not rest:
                break
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert given <= options(found) | FOREIGN, f"{name}: {' '.join(words)}"


@pytest.mark.parametrize("name", docs.NAMES)
def test_an_option_in_the_text_is_one_of_some_command(name: str) -> None:
    known = set().union(*(options(each) for each in every(cli.main))) | FOREIGN
    for code in docs.code(name):
        if re.fullmatch(r"--[a-z][a-z-]+\b.*", code):
            assert re.split(r"[ =]", code)[0] in known, f"{name}: {code}"


def every(group: click.Group) -> Iterator[click.Command]:
    for each in group.commands.values():
        yield each
        if isinstance(each, click.Group):
            yield from every(each)


def options(of: click.Command) -> set[str]:
    return {name for parameter in of.params for name in parameter.opts if name.startswith("--")} | {"--help"}


@pytest.mark.parametrize("name", docs.NAMES)
def test_what_is_named_behind_an_option_is_declared(name: str) -> None:
    requirements = {each.id for each in registry.load().requirements}
    features = set(contract.load().features)
    known = {"dialect": {*contract.dialect_names()}, "tier": {*Tier}, "only": requirements, "claim": features, "deny": features}
    known["defect"] = {*defects.ALL}
    for words in spoken(name):
        for option, value in pairwise(words):
            if option.removeprefix("--") in known and not re.search(PLACEHOLDER, value):
                assert value in known[option.removeprefix("--")], f"{name}: {option} {value}"


def sessions() -> dict[str, ast.FunctionDef]:
    """nox sessions by name."""
    functions = [node for node in ast.parse((docs.ROOT / "noxfile.py").read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in functions if any("nox.session" in ast.unparse(each) for each in node.decorator_list)}


def test_the_sessions_of_nox_exist() -> None:
    defined = set(sessions())
    for name in docs.NAMES:
        for words in spoken(name):
            if Path(words[0]).name == "nox":
                assert words[1] == "-s", f"{name}: {' '.join(words)}"
                named = words[2 : words.index("--")] if "--" in words else words[2:]
                assert set(named) <= defined, f"{name}: {' '.join(words)}"


# Files and links


@pytest.mark.parametrize("name", docs.NAMES)
def test_the_files_that_are_named_exist(name: str) -> None:
    tops = {path.name for path in docs.ROOT.iterdir()} - {"reports", ".nox", ".venv"}
    for code in docs.code(name):
        if re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*/?", code) and "/" in code and code.split("/")[0] in tops:
            assert code in EXAMPLES or list(docs.ROOT.glob(code.rstrip("/"))), f"{name}: {code}"


@pytest.mark.parametrize("name", docs.NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for link in docs.links(name):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((docs.ROOT / name).parent / path).resolve() if path else docs.ROOT / name
        assert target.exists(), f"{name}: {link}"
        if anchor:
            assert anchor in docs.anchors(target.relative_to(docs.ROOT).as_posix()), f"{name}: {link}"


# What is there is told of


def test_every_session_says_what_it_does() -> None:
    assert [name for name, function in sessions().items() if not ast.get_docstring(function)] == []


@pytest.mark.parametrize("command", [*every(cli.main)], ids=lambda command: command.name)
def test_every_command_explains_itself_and_its_options(command: click.Command) -> None:
    assert command.help
    assert [each.name for each in command.params if isinstance(each, click.Option) and not each.help] == []


def test_the_options_of_a_run_are_declared_once() -> None:
    assert {f"--{option.name}" for option in RUN_OPTIONS} <= options(cli.main.commands["run"])
    assert len({option.argument for option in RUN_OPTIONS}) == len(RUN_OPTIONS)


def test_the_readme_leads_to_every_document() -> None:
    led = {link.partition("#")[0] for link in docs.links("README.md")}
    assert set(docs.WRITTEN) - {"README.md"} <= led


def test_the_readme_is_short() -> None:
    assert len((docs.ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_the_readme_names_every_command() -> None:
    named = {code.split()[1] for code in docs.code("README.md") if re.fullmatch(r"conformance [a-z]+", code)}
    assert named == set(cli.main.commands)


def test_every_option_of_a_run_is_told_with_the_target_file() -> None:
    told = " ".join(docs.code("docs/target-file.md"))
    assert [option.name for option in RUN_OPTIONS if not re.search(rf"--{option.name}\b", told)] == []


def test_what_a_verdict_can_be_is_explained() -> None:
    text = (docs.ROOT / "docs" / "verdicts.md").read_text("utf-8")
    assert [each for each in (*Outcome, *Level) if f"\n| {each} |" not in text] == []
    assert [each for each in ExitStatus if f"\n| {each.value} |" not in text] == []


def test_the_map_of_the_code_is_whole() -> None:
    """A new module needs a row in docs/architecture.md, or a place in one."""
    text = (docs.ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)}
    inside = (docs.ROOT / "conformance").iterdir()
    there = {path.name for path in inside if path.suffix == ".py" or (path.is_dir() and path.name not in {"__pycache__", "openapi"})}
    assert {each for each in there if not any(fnmatch(each, name) for name in named)} == set()
    assert {name for name in named if not any(fnmatch(each, name) for each in there) and not (docs.ROOT / name).exists()} == set()

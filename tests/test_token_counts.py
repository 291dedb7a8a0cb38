"""Files that say what prompts cost: what is read, and what is said of those that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import TargetError
from conformance.model import TokenCount
from conformance.options import Options
from conformance.run import Run
from conformance.target import token_counts

TOML = """
[["m/1"]]
prompt = "hi"
prompt_tokens = 5

[["m/1"]]
prompt = "hi there"
prompt_tokens = 11

[[other]]
prompt = "x"
prompt_tokens = 1
"""
COUNTS = (TokenCount(prompt="hi", prompt_tokens=5), TokenCount(prompt="hi there", prompt_tokens=11))


def file(folder: Path, text: str, name: str = "counts.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_are_those_of_the_model(tmp_path: Path) -> None:
    assert token_counts.read(file(tmp_path, TOML), "m/1") == COUNTS


def test_json_says_the_same(tmp_path: Path) -> None:
    text = json.dumps({"m/1": [{"prompt": each.prompt, "prompt_tokens": each.prompt_tokens} for each in COUNTS]})
    assert token_counts.read(file(tmp_path, text, "counts.json"), "m/1") == COUNTS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[", "not TOML"),
        ('m = "x"', "does not list prompts by model"),
        (TOML.replace("m/1", "n"), "no counts for the model 'm/1'"),
        ("", "no counts for the model"),
        ('[["m/1"]]\nprompt = "hi"', "entry 1: an entry has"),
        ('[["m/1"]]\nprompt = "hi"\nprompt_tokens = 5\ntokens = 5', "entry 1: an entry has"),
        ('[["m/1"]]\nprompt = ""\nprompt_tokens = 5', "no text, or empty"),
        ('[["m/1"]]\nprompt = "hi"\nprompt_tokens = 0', "no whole number above 0"),
        ('[["m/1"]]\nprompt = "hi"\nprompt_tokens = 5.0', "no whole number above 0"),
        ('[["m/1"]]\nprompt = "hi"\nprompt_tokens = true', "no whole number above 0"),
        (f"{TOML}{TOML}", "entry 3: the same prompt"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        token_counts.read(file(tmp_path, text), "m/1")


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="not JSON"):
        token_counts.read(file(tmp_path, "{", "counts.json"), "m")
    with pytest.raises(TargetError, match="cannot be read"):
        token_counts.read(tmp_path / "nowhere.toml", "m")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(TargetError, match="not UTF-8"):
        token_counts.read(tmp_path / "latin.toml", "m")


def test_a_bad_file_ends_a_run_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no counts for the model 'other'"):
        Run(
            Options(
                base_url="http://127.0.0.1:1", model="other", token_counts=str(file(tmp_path, '[[m]]\nprompt = "x"\nprompt_tokens = 1'))
            )
        )


def test_known_prompts_are_a_part_of_the_plan(tmp_path: Path) -> None:
    path = file(tmp_path, TOML.replace("m/1", "reference-model"))
    keys = {each.key for each in Run(Options(token_counts=str(path), only=("USAGE-PROMPT-EXACT",))).forecast().purposes}
    assert {"constants/1", "constants/2"} <= keys

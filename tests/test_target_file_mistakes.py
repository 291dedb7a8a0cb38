"""How every mistake in a target file is told, with its place and a way out, before anything is sent."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.errors import ConfigurationError, TargetError
from conformance.run import Run
from conformance.target.target_file import NAME, chosen, read
from conformance.target.target_reader import KEYS
from conformance.target.toml_places import Document
from tests.test_target_file import ENVIRONMENT, SECRET, options, write


def told(folder: Path, text: str, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    """What is said of a file that is wrong, without the folder it stands in."""
    with pytest.raises(TargetError) as caught:
        read(write(folder, text), environment)
    return f"{caught.value.message}\n{caught.value.hint}".replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "place", "words", "hint"),
    [
        ("[target]\nbase_url = https://h\n", "line 2, column 12", "not TOML", "quotes"),
        ("[target]\nclaims = [", "line 2, column 11", "not TOML", ""),
        ("[target]\nmodel = 'a'\nmodel = 'b'\n", "line 3, column 12", "not TOML", ""),
        ("[target]\nbase_uri = 'x'\n", "line 2, column 1", "no key target.base_uri", "mean target.base_url?"),
        ("[limits]\nconcurency = 2\n", "line 2, column 1", "no key limits.concurency", "mean limits.concurrency?"),
        ("[target]\nrate = 2\n", "line 2, column 1", "no key target.rate", "mean limits.rate?"),
        ("[timeouts]\nrequest_timeout = 2\n", "line 2, column 1", "no key", "mean timeouts.total?"),
        ("[run]\nsomething = 2\n", "line 2, column 1", "no key run.something", "Known: run.tier"),
        ("tier = 'gate'\n", "line 1, column 1", "no key tier", "mean run.tier?"),
        ("[limit]\nrate = 2\n", "line 1, column 2", "no table limit", "mean limits?"),
        ("[[target]]\nmodel = 'm'\n", "line 1, column 3", "no key target", "Known"),
        ("[target]\napi_key = 'sk-1'\n", "line 2, column 1", "no key target.api_key", "target.key_variable"),
        ("[limits]\n\n# why\nrate = '2'\n", "line 4, column 1", "takes a number, not a text", "without quotes"),
        ("[limits]\nconcurrency = 2.5\n", "line 2, column 1", "takes a whole number, not a number", "digits"),
        ("[limits]\nconcurrency = true\n", "line 2, column 1", "not true or false", "digits"),
        ("[run]\nstrict = 'yes'\n", "line 2, column 1", "takes true or false", "without quotes"),
        ("[target]\nmodel = ''\n", "line 2, column 1", "not an empty text", "take the line out"),
        ("[target]\nmodel = 2026-11-21\n", "line 2, column 1", "not a date", "quotes"),
        ("[target]\nclaims = 'tools'\n", "line 2, column 1", "takes a list of texts", 'claims = ["…"'),
        ("[target]\nclaims = ['tools', 1]\n", "line 2, column 1", "not a list of other things", ""),
        ("[target]\nclaims = [\n  'tools',\n  'vision',\n  'tools',\n]\n", "line 3, column 3", "'tools' twice", "one of the two"),
        ("[target]\nmodel = 'm'\nmodels = ['m']\n", "line 3, column 1", "both given", "one of the two"),
        ("[target]\nheaders = 'a: b'\n", "line 2, column 1", "takes a table", "[target.headers]"),
        ("[target.headers]\nx-n = 1\n", "line 2, column 1", "x-n takes a text", "quotes"),
        ("[target.headers]\n'x:n' = '1'\n", "line 2, column 1", "cannot be a name", "':'"),
        ("[target.headers]\nx-n = '$NOBODY'\n", "line 2, column 1", "NOBODY is not set", "Set it"),
        ("[target.headers]\nx-n = 'costs 5$'\n", "line 2, column 1", "dollar sign", "$$"),
        ("[target]\nheaders.x-token = 'abc'\n", "line 2, column 9", "x-token sounds secret", "$NAME_OF"),
        ("[target.query]\nsubscription-key = 'abc'\n", "line 2, column 1", "sounds secret", "$NAME_OF"),
        ("[proxy]\nurl = 'http://u:abc@p:1'\n", "line 2, column 1", "holds a password", "$NAME"),
    ],
)
def test_every_mistake_is_told_with_its_place_and_a_way_out(text: str, place: str, words: str, hint: str, tmp_path: Path) -> None:
    said = told(tmp_path, text)
    assert said.startswith(f"{NAME}, {place}: ")
    assert words in said
    assert hint in said.partition("\n")[2]
    assert "abc" not in said
    assert "sk-1" not in said


def test_all_mistakes_of_a_file_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    said = told(tmp_path, "[run]\ntear = 1\n[limits]\nrate = 'x'\n[nothing]\n[target.headers]\nx-a = 1\nx-b = '$NO'\n")
    assert said.startswith(f"{NAME} has 5 mistakes:")
    assert [line.split(",")[1].strip() for line in said.splitlines() if f"{NAME}, line" in line] == [f"line {n}" for n in (2, 4, 5, 7, 8)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("limits.concurrency = 400", "The concurrency is 400"),
        ("limits.rate = -1", "The rate is -1"),
        ("limits.rate = nan", "The rate is nan"),
        ("timeouts.connect = 0", "`connect`"),
        ("timeouts.idle = inf", "`idle`"),
        ("timeouts.total = -3", "`total`"),
        ("run.tier = 'gatee'", "tier called 'gatee'"),
        ("run.only = ['STREAM-DONNE']", "STREAM-DONNE"),
        ("target.dialect = 'open-ai'", "dialect called"),
        ("target.dialect = 'none/such.yaml'", "such.yaml"),
        ("target.claims = ['toools']", "toools"),
        ("target.denies = ['toools']", "toools"),
        ("target.headers = { Authorization = '$KEY' }", "Authorization"),
        ("target.headers = { 'x y' = 'a' }", "'x y'"),
        ("target.key_variable = 'NO_SUCH_VARIABLE'", "NO_SUCH_VARIABLE is not set"),
        ("target.token_counts = 'nowhere.toml'", "nowhere.toml"),
        ("tls.ca_file = 'nowhere.pem'", "nowhere.pem"),
        ("tls.client_certificate = 'nowhere.pem'", "nowhere.pem"),
        ("tls.client_key = 'nowhere.pem'", "without a client certificate"),
        ("proxy.url = 'gopher://p'", "proxy"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_line_before_anything_is_sent(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", SECRET)
    path = write(tmp_path, f'target.base_url = "https://h/v1"\ntarget.model = "m"\n# a comment\n{line}\n')
    with pytest.raises(ConfigurationError) as caught:
        Run(options(target=str(path)))
    assert caught.value.message.startswith(f"{path}, line 4, column ")
    assert words in caught.value.message
    assert caught.value.exit_status == 4


def test_a_wrong_base_url_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, '[target]\nmodel = "m"\nbase_url = "h/v1"\n')
    with pytest.raises(ConfigurationError, match=r"line 3, column 1: The base URL"):
        Run(options(target=str(path)))


def test_a_mistake_on_the_command_line_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodel = "m"\n[limits]\nconcurrency = 4\n')
    with pytest.raises(ConfigurationError) as caught:
        Run(options(target=str(path), concurrency="0"))
    assert caught.value.message == "The concurrency is 0."


def test_what_is_claimed_and_denied_is_a_contradiction(tmp_path: Path) -> None:
    path = write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodel = "m"\nclaims = ["tools"]\ndenies = ["tools"]\n')
    with pytest.raises(ConfigurationError, match=r"line 4, column 1: The target both claims and denies tools"):
        Run(options(target=str(path)))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"[target]\nmodel = '\xe9'\n"])
def test_a_file_that_is_not_utf8_is_told(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(TargetError, match="not UTF-8"):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="No such file") as caught:
        chosen(options(target=str(tmp_path / "none.toml")))
    assert "--target" in caught.value.hint


# Places


def document_of(text: str) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        return Document(write(Path(folder), text))


NAMES = st.text("abcdefgh_-", min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NAMES, NAMES, st.integers(0, 2)), min_size=1, max_size=8, unique_by=lambda each: each[:2]))
def test_every_key_is_found_on_its_own_line(entries: list[tuple[str, str, int]]) -> None:
    """Whatever stands between them: comments, empty lines, texts of several lines that look like keys."""
    text, where = "", {}
    for table in dict.fromkeys(table for table, _, _ in entries):
        text += f"[{table}]\n"
        for _, name, noise in (entry for entry in entries if entry[0] == table):
            text += ["", f"\n# {name} = 1\n", f'"filler {name}" = """\n{name} = 1\n"""\n'][noise]
            where[table, name] = text.count("\n") + 1
            text += f"{name} = [\n  1,\n]\n"
    document = document_of(text)
    for (table, name), line in where.items():
        place = document.place(table, name)
        assert (place.line, place.column) == (line, 1)


KEY_NAMES = st.sampled_from([part for key in KEYS for part in key.split(".")] + ["", "a.b", "x y", "é", '"', "models"])
SCALARS = st.one_of(
    st.booleans(), st.integers(-5, 500), st.sampled_from([0.5, float("inf"), float("nan")]), st.text(max_size=8), st.just("$HOME")
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY_NAMES, inner, max_size=3), max_leaves=6)


def toml(value: object) -> str:
    """A value as TOML writes it, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())}}}"
        case _:
            return str(value)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.tuples(KEY_NAMES, KEY_NAMES), VALUES, max_size=5))
def test_whatever_stands_in_a_file_is_read_or_told_with_a_place(members: dict[tuple[str, str], object]) -> None:
    text = "".join(f"{json.dumps(table)}.{json.dumps(name)} = {toml(value)}\n" for (table, name), value in members.items())
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), text)
        try:
            read(path, {})
        except TargetError as error:
            assert re.search(r"line \d+, column \d+: ", error.message)

"""`conformance init` asks a little, says so first, and leaves a file that can be run; or it says why not, and leaves nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import cli
from conformance.exploration.acquaintance import MOST_REQUESTS
from conformance.options import RUN_OPTIONS, Kind, Options
from conformance.reference.launch import Embedded
from conformance.reference.launch import Options as Serving
from conformance.reference.service import KEY
from conformance.run import Run
from conformance.target.target_file import NAME, read
from conformance.target.target_reader import KEYS
from conformance.target.target_template import written
from tests.servers import Connection, answer, serving, unused_port

SECRET = "s3cr3t-0123456789"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)
    return tmp_path


@pytest.fixture(scope="module")
def lacking() -> Iterator[Embedded]:
    """A server that lacks a few features, as one vendor's does."""
    with Embedded(Serving(dialect="groq", models=("m-1",))) as server:
        yield server


def init(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["init", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_what_was_learnt_stands_in_the_file_and_the_file_can_be_run(
    lacking: Embedded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--base-url", lacking.base_url, "--concurrency", "3", "--deny", "tools") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Asks at most {MOST_REQUESTS - 1} requests; ")  # the one about tools is not asked
    assert f"Written: {NAME}" in said
    table = tomllib.loads((tmp_path / NAME).read_text("utf-8"))
    target = table["target"]
    assert (target["base_url"], target["model"], target["key_variable"]) == (lacking.base_url, "m-1", "CONFORMANCE_API_KEY")
    assert {"streaming", "json-schema", "max-completion-tokens"} <= set(target["claims"])
    assert set(target["denies"]) == {"n", "tools"}
    assert table["limits"] == {"concurrency": 3}
    run = Run(Options.given({}))
    assert (run.options.base_url, run.options.model, run.options.concurrency) == (lacking.base_url, "m-1", "3")
    assert run.denies == {"n", "tools"}
    assert KEY not in (tmp_path / NAME).read_text("utf-8") + said


def test_every_key_that_is_not_known_is_explained_in_a_comment() -> None:
    text = written(Options(), (), {}, Path(), {})
    for option in KEYS.values():
        assert f"# {option.key.partition('.')[2]} = " in text or f"# [{option.key}]" in text, option.key
    # A comment that is taken away leaves a line that can be used.
    keys = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line or "[" in line[:4])
    assert {f"{table}.{name}" for table, members in tomllib.loads(keys).items() for name in members} == set(KEYS)


def test_without_a_url_it_is_about_the_reference_server(tmp_path: Path) -> None:
    assert init() == 0
    assert read(tmp_path / NAME).base_url == "reference"
    assert Run(Options.given({})).embedded


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(
    lacking: Embedded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.toml"
    path.write_text("precious")
    assert init("--base-url", lacking.base_url, "--output", str(path)) == 4
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "precious"
    assert init("--base-url", lacking.base_url, "--output", str(path), "--force") == 0
    assert read(path).base_url == lacking.base_url


def test_which_of_several_models_is_meant_has_to_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Embedded(Serving(models=("m-1", "m-2"))) as server:
        assert init("--base-url", server.base_url) == 4
        assert "--model: m-1, m-2" in capsys.readouterr().err
        assert not (tmp_path / NAME).exists()
        assert init("--base-url", server.base_url, "--model", "m-2") == 0
    assert "# The endpoint listed m-1, m-2." in (tmp_path / NAME).read_text("utf-8")


def test_an_endpoint_that_cannot_be_tested_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--base-url", f"http://127.0.0.1:{unused_port()}/v1", "--model", "m") == 2
    assert "Connection refused" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_not_taken_leaves_no_file(
    lacking: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONFORMANCE_API_KEY", "sk-wrong")
    assert init("--base-url", lacking.base_url, "--model", "m-1") == 2
    assert "does not accept the key" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"[]", b'{"data": [1, {"id": 2}, {"id": ""}]}', b"<html>", b'{"data": "m"}'])
def test_a_list_of_models_that_makes_no_sense_is_none(body: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda connection: connection.send(answer("200 OK", body))) as server:
        assert init("--base-url", server.url) == 4
        assert "lists none" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_no_more_is_sent_than_was_said() -> None:
    """Also where every answer is lost and asked for again."""

    def fail(connection: Connection) -> None:
        connection.send(answer("503 Busy", b"{}", "Retry-After: 0"))

    with serving(fail) as server:
        assert init("--base-url", server.url, "--model", "m") == 2
        assert len(server.heads) <= MOST_REQUESTS


def test_a_secret_is_referred_to_by_the_variable_that_holds_it(lacking: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", SECRET)
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / NAME
    secret, plain = f"X-Gateway-Key: Bearer {SECRET}", "X-Tenant: $acme"
    assert init("--base-url", lacking.base_url, "--header", secret, "--header", plain, "--query", "v=1", "--output", str(path)) == 0
    assert SECRET not in path.read_text("utf-8")
    file = read(path)
    assert file.values["header"] == (secret, plain)
    assert file.values["query"] == ("v=1",)


def test_a_secret_that_no_variable_holds_is_refused_before_anything_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda connection: connection.close()) as server:
        assert init("--base-url", server.url, "--model", "m", "--header", f"X-Gateway-Key: {SECRET}") == 4
        assert server.heads == []
    said = "".join(capsys.readouterr())
    assert "X-Gateway-Key" in said
    assert SECRET not in said


def test_paths_are_written_as_the_file_has_them(tmp_path: Path) -> None:
    files = [option for option in RUN_OPTIONS if option.kind is Kind.FILE and option.key]
    given = Options.given({option.field: f"certificates/{option.name}" for option in files})
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / NAME
    path.write_text(written(given, (), {}, Path("deep"), {}))
    assert {name: Path(str(value)).resolve() for name, value in read(path).values.items()} == {
        option.field: tmp_path / "certificates" / option.name for option in files
    }

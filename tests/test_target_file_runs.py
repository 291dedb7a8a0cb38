"""A target file as a user has it: a process in its folder, and what the record of the run says of it. And its document."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from conformance.documentation import key_table
from conformance.options import Options
from conformance.reference.launch import Embedded
from conformance.reference.launch import Options as Serving
from conformance.target.target_file import NAME, read
from conformance.target.target_reader import KEYS
from tests.running import KEYED, Ended, command, end, lines, record_of, start

SECRET = "s3cr3t-0123456789"
ENVIRONMENT = {**KEYED, "GATEWAY_KEY": SECRET}


def write(folder: Path, server: Embedded, more: str = "") -> None:
    text = f'[target]\nbase_url = "{server.base_url}"\nmodel = "{server.model}"\nheaders = {{ X-Gateway-Key = "$GATEWAY_KEY" }}\n{more}'
    (folder / NAME).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run that is told nothing on its command line."""
    folder = tmp_path_factory.mktemp("project")
    with Embedded() as server:
        write(folder, server, '[run]\ntier = "smoke"\noutput = "kept/here"\n')
        run = command("run", cwd=folder, environment=ENVIRONMENT)
    return Ended(run.status, run.out, run.err, folder / "kept" / "here")


def test_the_first_line_says_where_the_options_come_from(ended: Ended) -> None:
    assert ended.status == 0
    assert ended.out.startswith(f"Target file {NAME}: http://127.0.0.1:")


def test_the_record_names_headers_and_never_says_what_is_in_them(ended: Ended) -> None:
    header = ended.lines[0]
    assert header["target"]["headers"] == ["x-gateway-key"]
    assert (header["target_file"], header["tier"]) == (NAME, "smoke")
    for path in ended.folder.iterdir():
        assert SECRET.encode() not in path.read_bytes()
    assert SECRET not in ended.said


@pytest.mark.parametrize("name", ["run", "plan"])
def test_a_mistake_ends_a_command_before_it_begins(name: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('[target]\nbase_url = "http://127.0.0.1:9"\nmodel = "m"\n[run]\ntear = "smoke"\n')
    wrong = command(name, cwd=tmp_path)
    assert wrong.status == 4
    assert f"{NAME}, line 5, column 1: There is no key run.tear." in wrong.said
    assert "Did you mean run.tier?" in wrong.said
    assert "Traceback" not in wrong.said
    assert not wrong.output.exists()


def test_a_run_that_was_cut_off_goes_on_with_its_file(tmp_path: Path) -> None:
    with Embedded(Serving(latency=0.2)) as server:
        write(tmp_path, server, "[limits]\nconcurrency = 2\n")
        process = start("run", "--tier", "smoke", cwd=tmp_path, environment=ENVIRONMENT)
        folder = record_of(tmp_path / "reports", 1, process).parent
        process.send_signal(signal.SIGKILL)
        end(process, tmp_path / "reports")
        # What the record says goes before the file, which was changed since; what it does not say is taken from the file.
        write(tmp_path, server, '[run]\ntier = "gate"\n')
        resumed = command("run", "--resume", str(folder), cwd=tmp_path, environment=ENVIRONMENT)
    assert resumed.status == 0, resumed.said
    assert {line["target_file"] for line in lines(folder / "run.jsonl") if line["kind"] == "header"} == {NAME}


def test_a_run_goes_on_with_no_other_headers_and_with_no_file_for_another_endpoint(tmp_path: Path) -> None:
    with Embedded(Serving(latency=0.2)) as server:
        write(tmp_path, server)
        process = start("run", "--tier", "smoke", cwd=tmp_path, environment=ENVIRONMENT)
        folder = record_of(tmp_path / "reports", 1, process).parent
        process.send_signal(signal.SIGKILL)
        end(process, tmp_path / "reports")
        path = tmp_path / NAME
        text = path.read_text("utf-8")
        path.write_text(text.replace("X-Gateway-Key", "X-Other-Key"))
        other = command("run", "--resume", str(folder), cwd=tmp_path, environment=ENVIRONMENT)
        path.write_text(text.replace(server.base_url, "http://127.0.0.1:9/v1"))
        elsewhere = command("run", "--resume", str(folder), cwd=tmp_path, environment=ENVIRONMENT)
    assert (other.status, elsewhere.status) == (4, 4)
    assert "begun with these headers: x-gateway-key. Now there are: x-other-key." in other.said
    assert f"{NAME} is about http://127.0.0.1:9/v1" in elsewhere.said


# The document


def test_the_document_is_current_and_names_every_key() -> None:
    text = key_table.DOCUMENT.read_text("utf-8")
    assert text == key_table.document(), "run `nox -s documents`"
    for key, option in KEYS.items():
        assert f"| `{key}` |" in text
        assert f"`--{option.name}" in text


def test_the_example_of_the_document_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(key_table.EXAMPLE)
    file = read(path, {"GATEWAY_TOKEN": SECRET})
    assert file.values["header"] == ("x-tenant: acme", f"x-gateway-token: Bearer {SECRET}")
    assert file.completed(Options()).concurrency == "4"

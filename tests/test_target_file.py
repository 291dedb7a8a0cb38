"""What a target file may say, and what a run makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import TargetError
from conformance.model import Purpose, Request
from conformance.network.wire import Wire
from conformance.options import REFERENCE, RUN_OPTIONS, Kind, Option, Options
from conformance.run import Run
from conformance.target.target_file import NAME, TargetFile, chosen, read
from conformance.target.target_reader import KEYS
from tests.servers import answer, serving

SECRET = "s3cr3t-0123456789"
ENVIRONMENT = {"TENANT": "acme", "GATEWAY_KEY": SECRET}
WHOLE = """
# Everything that a file may say of an endpoint.
[target]
base_url = "https://gateway.example/v1"
model = "m-1"
key_variable = "GATEWAY_KEY"
dialect = "readings/ours.overlay.yaml"
claims = ["tools", "vision"]
denies = ["audio"]

[target.headers]
x-tenant = "$TENANT"
"X-Api-Key" = "Bearer ${GATEWAY_KEY}"

[target.query]
api-version = "2024-10-21"

[run]
tier = "full"
strict = true
seed = 7

[limits]
concurrency = 4
rate = 2.5

[timeouts]
connect = 3
total = 600

[tls]
ca_file = "certificates/ca.pem"
client_certificate = "/etc/client.pem"

[proxy]
url = "http://gateway:$GATEWAY_KEY@proxy:3128"
"""


def write(folder: Path, text: str, name: str = NAME) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def options(**values: object) -> Options:
    return Options.given(values)


# What is read


def test_each_option_has_its_place(tmp_path: Path) -> None:
    file = read(write(tmp_path, WHOLE), ENVIRONMENT)
    assert file.values == {
        "base_url": "https://gateway.example/v1",
        "model": "m-1",
        "key_variable": "GATEWAY_KEY",
        "dialect": str(tmp_path / "readings/ours.overlay.yaml"),
        "claim": ("tools", "vision"),
        "deny": ("audio",),
        "header": ("x-tenant: acme", f"X-Api-Key: Bearer {SECRET}"),
        "query": ("api-version=2024-10-21",),
        "tier": "full",
        "strict": True,
        "seed": "7",
        "concurrency": "4",
        "rate": "2.5",
        "connect_timeout": "3",
        "request_timeout": "600",
        "ca_file": str(tmp_path / "certificates/ca.pem"),
        "client_certificate": "/etc/client.pem",
        "proxy": f"http://gateway:{SECRET}@proxy:3128",
    }


def test_a_secret_of_the_environment_is_not_shown_and_masked_wherever_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET not in repr(read(write(tmp_path, WHOLE), ENVIRONMENT))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRST", SECRET)
    monkeypatch.setenv("SECOND", "acme")
    with serving(lambda connection: connection.send(answer("200 OK", connection.head))) as server:
        write(tmp_path, f'[target]\nbase_url = "{server.url}"\nmodel = "m"\nheaders = {{ x-a = "of $FIRST", x-b = "$SECOND" }}\n')
        with Wire(Run(options()).target(server.url, "m")) as wire:
            exchange = wire.send(Request(body=b"{}"), Purpose(key="a/b", scenario="a"))
    assert b"x-b: acme" in exchange.body
    assert b"x-a: of *" in exchange.body
    assert SECRET not in repr(exchange)


EXAMPLES = {Kind.FLAG: "true", Kind.WHOLE: "3", Kind.NUMBER: "0.5", Kind.LIST: '["a"]', Kind.TABLE: '{ a = "b" }'}


@pytest.mark.parametrize("option", KEYS.values(), ids=KEYS)
def test_every_option_can_be_given_in_a_file(option: Option, tmp_path: Path) -> None:
    table, name = option.key.split(".")
    value = EXAMPLES.get(option.kind, "'x'")
    file = read(write(tmp_path, f"[{table}]\n{name} = {value}\n"), {})
    assert set(file.values) == {option.field}
    given = file.values[option.field]
    assert isinstance(getattr(Options(), option.field), type(given))


def test_options_that_take_numbers_say_so_to_a_file() -> None:
    for option in RUN_OPTIONS:
        if option.metavar in ("N", "SECONDS") and option.key:
            assert option.kind in (Kind.WHOLE, Kind.NUMBER), option.name
        assert option.repeated == (option.kind in (Kind.LIST, Kind.TABLE)), option.name
        assert option.flag == (option.kind is Kind.FLAG), option.name


def test_every_key_is_in_a_table_and_named_once() -> None:
    assert len(KEYS) == len([option for option in RUN_OPTIONS if option.key])
    assert all(key.count(".") == 1 and key == key.lower() for key in KEYS)


def test_a_mark_before_the_text_and_foreign_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"\xef\xbb\xbf[target]\r\nmodel = 'm'\r\n")
    assert read(path).values == {"model": "m"}


# What a run makes of it


def test_what_the_command_line_says_goes_before_the_file_and_lists_replace(tmp_path: Path) -> None:
    file = read(write(tmp_path, WHOLE), ENVIRONMENT)
    whole = file.completed(options(tier="smoke", claim=("logprobs",), header=("x-tenant: other",)))
    assert (whole.tier, whole.claim, whole.header) == ("smoke", ("logprobs",), ("x-tenant: other",))
    assert (whole.seed, whole.deny, whole.strict) == ("7", ("audio",), True)
    assert whole.named == frozenset(file.values)


def test_a_file_in_the_current_directory_is_found(tmp_path: Path) -> None:
    assert chosen(options(), tmp_path) is None
    write(tmp_path, '[target]\nbase_url = "http://h/v1"\n')
    found = chosen(options(tier="full"), tmp_path)
    assert found is not None
    assert found.base_url == "http://h/v1"


def test_what_is_meant_for_one_endpoint_goes_to_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_KEY", SECRET)
    write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodel = "m"\nkey_variable = "GATEWAY_KEY"\nheaders = { x-key = "$GATEWAY_KEY" }\n')
    ours = Run(options())
    assert (ours.target(ours.options.base_url, "m").key, ours.options.header) == (SECRET, (f"x-key: {SECRET}",))
    assert NAME in ours.notice
    other = Run(options(base_url="http://other/v1", model="m"))
    assert (other.options.key_variable, other.options.header, other.target_file) == ("", (), None)
    assert "left aside" in other.notice
    # Whoever names both means both.
    both = Run(options(base_url="http://other/v1", target=NAME))
    assert (both.options.base_url, both.options.header) == ("http://other/v1", (f"x-key: {SECRET}",))


def test_the_reference_server_is_named_by_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, f'[target]\nbase_url = "{REFERENCE}"\n[run]\ntier = "smoke"\n')
    run = Run(options())
    assert (run.embedded, run.tier, "reference server" in run.notice) == (True, "smoke", True)
    write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodel = "m"\n')
    assert Run(options(base_url=REFERENCE)).embedded


def test_a_file_that_names_no_endpoint_does_not_stand_for_the_reference_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, '[run]\ntier = "full"\n')
    with pytest.raises(TargetError, match=r"target\.base_url"):
        Run(options())


def test_one_run_asks_one_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodels = ["m-1", "m-2"]\n')
    with pytest.raises(TargetError, match="2 models") as caught:
        Run(options())
    assert "--model: m-1, m-2" in caught.value.hint
    assert Run(options(model="m-2")).options.model == "m-2"
    write(tmp_path, '[target]\nbase_url = "http://h/v1"\nmodels = ["m-1"]\n')
    assert Run(options()).options.model == "m-1"


def test_a_file_knows_which_endpoint_it_is_about() -> None:
    file = TargetFile(path=NAME, values={"base_url": "https://Host/v1/"})
    assert file.is_about("https://host/v1")
    assert not file.is_about("https://host/v2")
    assert not file.is_about(REFERENCE)
    assert TargetFile(path=NAME, values={"base_url": REFERENCE}).is_about(REFERENCE)

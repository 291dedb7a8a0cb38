"""The command repeats the request to the byte, and never holds the key."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.render import curl
from tests.render.runs import exchange

BASH = shutil.which("bash")

with_bash = pytest.mark.skipif(BASH is None, reason="needs bash to read the command as a user's shell would")


def arguments(command: str, **environment: str) -> list[bytes]:
    """What a shell hands to curl, its standard input last."""
    assert BASH is not None
    script = 'curl() { for word; do printf \'%s\\0\' "$word"; done; case "$*" in *@-) cat;; esac; }\n' + command
    ran = subprocess.run([BASH, "-c", script], capture_output=True, check=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment})
    return ran.stdout.split(b"\0", script.count("\0") or -1)


@with_bash
@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"it\'s $HOME `x` \\\\ !"}',
        b"@file",
        b"\xff\xfe\\'",
        b"line\nline\r\n",
        "größer \u202e".encode(),
        b" ",
        b'{"a":"\x1b[31m"}',
        b"-d x",
    ],
)
def test_a_shell_gives_curl_the_body_that_was_sent(body: bytes) -> None:
    words = arguments(curl.command(exchange("a/b", body=body), ""))
    assert words[-2] == body
    assert words[-3] == (b"--data-raw" if body.startswith(b"@") else b"--data-binary")


@with_bash
@settings(deadline=None, max_examples=15)
@given(st.binary(min_size=1, max_size=40).filter(lambda data: b"\0" not in data))
def test_any_bytes_survive_the_shell(body: bytes) -> None:
    assert arguments(curl.command(exchange("a/b", body=body), ""))[-2] == body


@with_bash
def test_a_body_with_a_nul_arrives_by_a_pipe() -> None:
    command = curl.command(exchange("a/b", body=b'{"a":"\0\xff"}'), "")
    ran = subprocess.run([str(BASH), "-c", "curl() { cat; }\n" + command], capture_output=True, check=True)
    assert ran.stdout == b'{"a":"\0\xff"}'


@with_bash
def test_the_key_is_a_variable_that_the_shell_fills_in() -> None:
    command = curl.command(exchange("a/b"), "CONFORMANCE_API_KEY")
    assert '"Authorization: Bearer $CONFORMANCE_API_KEY"' in command
    assert b"Authorization: Bearer sk-x" in arguments(command, CONFORMANCE_API_KEY="sk-x")


@with_bash
@pytest.mark.parametrize("value", ["$(touch /x)", "`id`", "$HOME", "$CONFORMANCE_API_KEYS", 'a"b', "a'b", "back\\slash", "wow!"])
def test_a_header_is_never_run(value: str) -> None:
    words = arguments(curl.command(exchange("a/b", sent_headers=(("X-Odd", value),)), "CONFORMANCE_API_KEY"), HOME="/nowhere")
    assert f"X-Odd: {value}".encode() in words


def test_what_curl_would_add_is_switched_off_and_what_it_computes_is_left_to_it() -> None:
    command = curl.command(exchange("a/b", sent_headers=(("Host", "h"), ("Content-Length", "3"), ("X-Empty", ""))), "")
    assert "Host" not in command and "Content-Length" not in command
    assert "-H 'Content-Type:' -H 'User-Agent:'" in command
    assert "-H 'X-Empty;'" in command


def test_a_stream_is_not_buffered() -> None:
    assert " -N " in curl.command(exchange("a/b", stream=True), "")
    assert " -N " not in curl.command(exchange("a/b", stream=False), "")


def test_a_long_body_is_left_to_a_file_and_named() -> None:
    body = json.dumps({"a": "x" * 20_000}).encode()
    command = curl.command(exchange("a/b", body=body), "")
    assert len(command) < 600
    assert "--data-binary @body.json  # body.json: the request a/b of run.jsonl, 20,009 bytes, sha256 " in command


def test_the_command_is_one_visible_line(hostile_text: str) -> None:
    sent = (("X-Odd", hostile_text), ("X-Key", f"$CONFORMANCE_API_KEY {hostile_text}"))
    command = curl.command(exchange("a/b", sent_headers=sent, body=b"a\nb\x1b"), "CONFORMANCE_API_KEY")
    assert command.isprintable()


def test_a_parameter_whose_value_the_record_lacks_is_asked_for_too() -> None:
    sent = exchange("a/b")
    sent = replace(sent, sent=replace(sent.sent, url=f"{sent.sent.url}?api-version=***"))
    assert curl.command(sent, "").endswith("  # put the value of api-version for ***: the record does not have it")


@with_bash
def test_a_value_that_the_record_lacks_is_asked_for_and_the_command_still_runs() -> None:
    command = curl.command(exchange("a/b", sent_headers=(("X-Tenant", "***"), ("X-Odd", "a***b"))), "")
    assert command.endswith("  # put the value of X-Tenant for ***: the record does not have it")
    assert b"X-Tenant: ***" in arguments(command)
    assert "#" not in curl.command(exchange("a/b"), "")

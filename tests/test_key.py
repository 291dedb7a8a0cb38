"""The key is in the Authorization header, and nowhere else: not in what is written, said or passed on."""

from __future__ import annotations

import base64
import gzip
import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.hostile import GOOD, completion
from tests.running import Ended, command, end, record_of, start
from tests.servers import CHUNKED, LAST_CHUNK, Connection, answer, chunk, serving

KEYS = {
    "plain": "sk-canary-4c1f09d27b6e5a38",
    "escaped": 'sk-"canary"/4c1f<09&d2>7b+%6e\\5a=38',
    "long": "eyJ" + "canary4c1f09d27b.6e5a38_-" * 40,
}
PIECE = 8
"""So many letters of the key in a row give too much of it away."""


def spellings(key: str) -> list[str]:
    """How a target may write it; those who read the artefacts could read each of them."""
    data = key.encode()
    texts = [key, json.dumps(key)[1:-1], quote(key, safe=""), html.escape(key), data.hex(), "".join(f"\\u{ord(char):04x}" for char in key)]
    return [*texts, *(base64.b64encode(b"x" * before + data).decode() for before in range(3))]


def deltas(key: str) -> bytes:
    pieces = [key[start : start + 5] for start in range(0, len(key), 5)]
    chunks = [{**completion(), "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    return CHUNKED + b"".join(chunk(f"data: {json.dumps(each)}\n\n".encode()) for each in chunks) + chunk(b"data: [DONE]\n\n") + LAST_CHUNK


def echoes(key: str) -> list[bytes]:
    """An answer for each place in which a target may put the key."""
    error = {"error": {"message": f"Incorrect API key: {key}", "type": key, "param": key, "code": key}}
    body = json.dumps(completion(model=key, id=key)).encode()
    plain = [answer("400 Bad Request", json.dumps({"error": {"message": text}}).encode()) for text in spellings(key)]
    return [
        *plain,
        deltas(key),
        answer(f"400 {key}", json.dumps(error).encode(), f"X-Echo: {key}", f"X-{key.encode().hex()}: 1", f"Set-Cookie: k={key}"),
        answer("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:1/{key}"),
        answer(body=gzip.compress(body)),
        answer("200 OK", gzip.compress(body), "Content-Encoding: gzip"),
        CHUNKED + b"".join(chunk(bytes((byte,))) for byte in body) + b"0\r\nX-Trailer: " + key.encode() + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + body,
        f"{key} is no HTTP\r\n\r\n".encode(),
    ]


def run(key: str, cwd: Path, *arguments: str, first: bool = False) -> Ended:
    answers = echoes(key)

    def handle(connection: Connection) -> None:
        if connection.number == 1 and not first:
            connection.send(GOOD)
            return
        number = connection.number % len(answers)
        connection.send(answers[number])
        if number >= len(answers) - 2:
            connection.close()

    with serving(handle) as server:
        return command(
            "run", "--base-url", server.url, "--model", "m", *arguments, cwd=cwd, environment={"CONFORMANCE_API_KEY": key, "MY_KEY": key}
        )


def assert_kept_secret(key: str, ended: Ended) -> None:
    seen = {"console": ended.said} | {path.name: path.read_text("utf-8") for path in ended.folder.iterdir()}
    for name, text in seen.items():
        # Undoing what JSON, HTML and URLs do to text shows what a reader could.
        read = html.unescape(text.replace("\\\\", "\\").replace('\\"', '"'))
        for at in range(len(key) - PIECE):
            assert key[at : at + PIECE] not in read, (name, key[at : at + PIECE])
        for spelling in spellings(key):
            assert spelling[4:-4] not in read, (name, spelling)


@pytest.mark.parametrize("name", list(KEYS))
def test_a_key_that_is_echoed_everywhere_is_written_nowhere(tmp_path: Path, name: str) -> None:
    ended = run(KEYS[name], tmp_path, "-m", "must and errors")
    assert ended.status in (1, 2), ended.said
    assert "Traceback" not in ended.said
    assert sum(line.get("masked", 0) for line in ended.lines) > 20
    assert_kept_secret(KEYS[name], ended)


def test_nor_is_it_when_the_target_cannot_be_tested(tmp_path: Path) -> None:
    ended = run(KEYS["plain"], tmp_path, "--key-variable", "MY_KEY", first=True)
    assert ended.status == 2
    assert_kept_secret(KEYS["plain"], ended)


def test_a_short_key_is_masked_where_it_stands_alone(tmp_path: Path) -> None:
    with serving(lambda connection: connection.send(answer("401 Unauthorized", b'{"error":{"message":"Not qzx81."}}'))) as server:
        ended = command("run", "--base-url", server.url, "--model", "m", cwd=tmp_path, environment={"OPENAI_API_KEY": "qzx81"})
    assert "Not *****." in ended.summary["sentence"]
    assert "qzx81" not in ended.said + "".join(path.read_text("utf-8") for path in ended.folder.iterdir())


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("run", "--base-url", "nonsense"), ("run", "--nonsense"), ("plan",)])
def test_nothing_that_is_said_without_a_run_has_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert KEYS["plain"] not in command(*arguments, cwd=tmp_path, environment={"CONFORMANCE_API_KEY": KEYS["plain"]}).said


def test_the_server_that_is_started_for_a_run_gets_neither_the_key_nor_its_variable(tmp_path: Path) -> None:
    environment = {"CONFORMANCE_API_KEY": KEYS["plain"], "OPENAI_API_KEY": KEYS["plain"]}
    process = start("run", cwd=tmp_path, environment=environment)
    record_of(tmp_path / "reports", 2, process)
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    seen = [Path(f"/proc/{child}/{kind}").read_bytes() for child in children for kind in ("environ", "cmdline")]
    process.terminate()
    end(process, tmp_path / "reports")
    assert children
    assert not any(KEYS["plain"].encode() in each for each in seen)

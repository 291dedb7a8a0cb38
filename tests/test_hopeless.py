"""More targets that cannot be tested, through the command: one sentence, what to do, exit status 2, and not one PASS.

The common ones are in `test_preflight.py`; here are those that need a socket of their own.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running import Ended, command
from tests.servers import Connection, Handler, always, answer, once, serving, unused_port


@dataclass(frozen=True)
class Hopeless:
    """A target, and what is to be said of it."""

    words: str
    hint: str
    handler: Handler | None = None
    greeting: bytes = b""
    base_url: str = ""
    scheme: str = "http"
    secured: bool = False


def hang(connection: Connection) -> None:
    connection.hang()


def moved(status: str, location: str) -> Handler:
    return always(answer(status, b"", f"Location: {location}"))


TARGETS = {
    "403": Hopeless("does not accept the key: 403", "--key-variable", always(answer("403 Forbidden"))),
    "503": Hopeless("fails on a trivial request: 503", "log", always(answer("503 Service Unavailable", b"", "Retry-After: 0"))),
    "301, other host": Hopeless("a key must not follow", "--base-url", moved("301 Moved Permanently", "http://127.0.0.2/v1")),
    "307, same host": Hopeless("redirects to /login", "--base-url", moved("307 Temporary Redirect", "/login")),
    "308, to a secure one": Hopeless("redirects to https://", "--base-url", moved("308 Permanent Redirect", "https://127.0.0.1/v1")),
    "resets": Hopeless("broken off", "log", lambda connection: connection.reset()),
    "closes": Hopeless("closed without an answer", "log", lambda connection: connection.close()),
    "no HTTP": Hopeless("not HTTP", "HTTP/1.1", once(b"<html>an answer as of 1991</html>\r\n")),
    "binary": Hopeless("not HTTP", "HTTP/1.1", once(bytes(range(256)) * 4 + b"\r\n\r\n")),
    "mail": Hopeless("not HTTP", "HTTP/1.1", hang, greeting=b"220 mail.example ESMTP\r\n"),
    "untrusted": Hopeless("self-signed", "certificate", always(answer()), secured=True),
    "plain behind https": Hopeless("No secure connection", "http://", hang, greeting=answer("400 Bad Request"), scheme="https"),
    "silent behind https": Hopeless("no whole reply within 1 s", "http://", hang, scheme="https"),
    "IPv6, nobody there": Hopeless("No connection came about", "running", base_url=f"http://[::1]:{unused_port()}/v1"),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext | None:
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    folder = tmp_path_factory.mktemp("certificate")
    key, signed = folder / "key.pem", folder / "certificate.pem"
    options = "req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=elsewhere.example"
    subprocess.run([openssl, *options.split(), "-keyout", key, "-out", signed], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    return context


@pytest.fixture
def outcome(certificate: ssl.SSLContext | None, tmp_path: Path) -> Callable[[Hopeless], Ended]:
    def run(target: Hopeless) -> Ended:
        with ExitStack() as stack:
            url = target.base_url
            if target.handler is not None:
                server = serving(target.handler, greeting=target.greeting, tls=certificate if target.secured else None)
                url = stack.enter_context(server).url.replace("http:", f"{target.scheme}:")
            return command("run", "--base-url", url, "--model", "m", "--request-timeout", "1", cwd=tmp_path)

    return run


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_hopeless_target_cannot_be_tested(outcome: Callable[[Hopeless], Ended], certificate: ssl.SSLContext | None, name: str) -> None:
    expected = TARGETS[name]
    if expected.secured and certificate is None:
        pytest.skip("openssl makes the certificate for this test, and is not installed")
    ended = outcome(expected)
    assert ended.status == 2
    assert "Traceback" not in ended.said
    assert expected.words in ended.summary["sentence"]
    assert expected.hint in ended.summary["sentence"]
    assert set(ended.outcomes.values()) == {"NOT RUN"}
    assert not ended.lines[-1]["complete"]
    assert "Could not be tested" in (ended.folder / "report.html").read_text("utf-8")

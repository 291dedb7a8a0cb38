"""Whom we trust, who we say we are, and what we go through: real certificates, real handshakes, on this machine alone."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

from conformance.errors import TargetError
from conformance.model import Exchange, FaultKind, Purpose, Request
from conformance.network import route
from conformance.network.wire import HIDDEN, Wire
from conformance.options import Options
from conformance.run import Run
from conformance.target import DIRECT, Target, Tls
from tests.servers import Connection, always, answer, serving

ANYTHING = Request(body=b'{"model":"m"}')
WHY = Purpose(key="scenario/step", scenario="scenario")
SECRET = "s3cr3t-0123456789"


class Files:
    """An authority, a server that it vouches for, and a client that it knows; in files as a user has them."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.authority = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).configure_cert(self.server)
        self.wary = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """Lets nobody in who does not say who they are."""
        self._authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).configure_cert(self.wary)
        self._authority.configure_trust(self.wary)
        self.wary.verify_mode = ssl.CERT_REQUIRED
        client = self._authority.issue_cert("client@example.org", key_type=trustme.KeyType.ECDSA)
        self.both, self.certificate, self.key, self.locked = (folder / f"{name}.pem" for name in ("both", "certificate", "key", "locked"))
        client.private_key_and_cert_chain_pem.write_to_path(str(self.both))
        client.cert_chain_pems[0].write_to_path(str(self.certificate))
        client.private_key_pem.write_to_path(str(self.key))
        encryption = BestAvailableEncryption(SECRET.encode())
        key = load_pem_private_key(client.private_key_pem.bytes(), None)
        self.locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


def asked(url: str, tls: Tls | None = None, proxy: str = "", **changes: object) -> Exchange:
    target = Target(base_url=url, model="m", tls=tls or Tls(), proxy=proxy)
    with Wire(replace(target, **changes)) as wire:  # type: ignore[arg-type]
        return wire.send(ANYTHING, WHY)


def kind(exchange: Exchange) -> FaultKind | None:
    return exchange.fault.kind if exchange.fault else None


# Whom we trust


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(files: Files) -> None:
    with serving(always(answer()), tls=files.server) as server:
        assert kind(asked(server.url)) is FaultKind.TLS
        assert asked(server.url, Tls(ca_file=files.authority)).status == 200


def test_no_other_authority_is_trusted_beside_it(files: Files, tmp_path: Path) -> None:
    stranger = Files(tmp_path)
    with serving(always(answer()), tls=files.server) as server:
        assert kind(asked(server.url, Tls(ca_file=stranger.authority))) is FaultKind.TLS


# Who we say we are


def test_a_client_certificate_is_shown_to_whom_asks_for_it(files: Files) -> None:
    with serving(always(answer()), tls=files.wary) as server:
        nobody = asked(server.url, Tls(ca_file=files.authority))
        assert (nobody.status, nobody.fault is not None) == (None, True)
        for given in (Tls(certificate=files.both), Tls(certificate=files.certificate, key=files.key)):
            assert asked(server.url, replace(given, ca_file=files.authority)).status == 200


def test_the_passphrase_of_a_key_comes_from_the_environment_alone(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = Tls(ca_file=files.authority, certificate=files.certificate, key=files.locked)
    with serving(always(answer()), tls=files.wary) as server:
        monkeypatch.delenv(route.PASSPHRASE, raising=False)
        with pytest.raises(TargetError, match="needs a passphrase") as caught:
            asked(server.url, tls)
        assert route.PASSPHRASE in caught.value.hint
        monkeypatch.setenv(route.PASSPHRASE, "another")
        with pytest.raises(TargetError) as caught:
            asked(server.url, tls)
        assert "another" not in caught.value.message + caught.value.hint
        monkeypatch.setenv(route.PASSPHRASE, SECRET)
        assert asked(server.url, tls).status == 200


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("ca_file", None),
        ("ca_file", "no certificate"),
        ("client_certificate", None),
        ("client_certificate", "no certificate"),
        ("client_key", None),
        ("client_key", "no key"),
    ],
)
def test_files_that_cannot_be_used_are_told_before_anything_is_sent(option: str, content: str | None, files: Files, tmp_path: Path) -> None:
    path = tmp_path / "given.pem"
    if content is not None:
        path.write_text(content)
    given = {"client_certificate": str(files.certificate)} | {option: str(path)}
    with pytest.raises(TargetError) as caught:
        Run(Options.given({"base_url": "https://host/v1", "model": "m", **given}))
    assert option in caught.value.options
    assert caught.value.hint


def test_a_key_that_belongs_to_another_certificate_is_told(files: Files, tmp_path: Path) -> None:
    stranger = Files(tmp_path)
    with pytest.raises(TargetError, match="key values mismatch"):
        asked("https://127.0.0.1:1/v1", Tls(certificate=files.certificate, key=stranger.key))


# What we go through


@contextmanager
def tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that opens the way to anywhere on this machine (CONNECT; RFC 9110, section 9.3.6), and notes what it was asked."""
    heads: list[bytes] = []

    def pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def connect(connection: Connection) -> None:
        heads.append(connection.head)
        host, _, port = connection.head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as beyond:
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(beyond, connection.socket))
            back.start()
            pass_on(connection.socket, beyond)
            back.join(10)
        connection.close()

    with serving(connect) as proxy:
        yield proxy.url.removesuffix("/v1"), heads


def test_a_proxy_that_is_named_is_used_for_this_machine_too() -> None:
    with serving(always(answer("203 By Proxy"))) as proxy, serving(always(answer())) as server:
        assert asked(server.url, proxy=proxy.url.removesuffix("/v1")).status == 203
        assert proxy.heads[0].startswith(f"POST {server.url}/chat/completions HTTP/1.1".encode())
        assert server.heads == []


def test_a_secure_endpoint_is_reached_through_a_tunnel(files: Files) -> None:
    with tunnel() as (url, heads), serving(always(answer()), tls=files.wary) as server:
        tls = Tls(ca_file=files.authority, certificate=files.both)
        exchange = asked(server.url, tls, url.replace("//", f"//user:{SECRET}@"), key=SECRET, key_variable="OPENAI_API_KEY")
        assert exchange.status == 200
    assert heads[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic" in heads[0]
    assert b"Bearer" not in heads[0]
    assert SECRET not in repr(exchange)


def test_the_environment_s_proxy_can_be_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(answer("203 By Proxy"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert asked("http://somewhere.invalid/v1").status == 203
        assert kind(asked("http://somewhere.invalid/v1", proxy=DIRECT)) is FaultKind.DNS


@pytest.mark.parametrize("url", ["proxy:3128", "gopher://proxy", "http://", "http://proxy/path", "http://proxy:port", f"x://u:{SECRET}@p"])
def test_a_proxy_that_cannot_be_used_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(TargetError) as caught:
        Run(Options.given({"base_url": "https://host/v1", "model": "m", "proxy": url}))
    assert SECRET not in caught.value.message + caught.value.hint
    assert caught.value.options == ("proxy",)


def test_a_password_of_a_proxy_is_not_for_the_command_line() -> None:
    """Everybody on a machine can read what its processes were started with."""
    with pytest.raises(TargetError, match="password") as caught:
        Run(Options.given({"base_url": "https://host/v1", "model": "m", "proxy": f"http://u:{SECRET}@p:3128"}))
    assert SECRET not in caught.value.message + caught.value.hint


# What is appended to each URL


def test_parameters_are_appended_and_their_values_stay_out_of_the_record() -> None:
    with serving(echo) as server:
        exchange = asked(server.url, query=(("api-version", "2024-10-21"), ("subscription-key", f"{SECRET}&=")))
        assert server.heads[0].startswith(
            b"POST /v1/chat/completions?api-version=2024-10-21&subscription-key=s3cr3t-0123456789%26%3D HTTP/1.1"
        )
        url = server.url
    assert exchange.sent.url == f"{url}/chat/completions?api-version={HIDDEN}&subscription-key={HIDDEN}"
    assert SECRET not in repr(exchange)
    assert exchange.masked


def echo(connection: Connection) -> None:
    connection.send(answer("200 OK", connection.head.split()[1]))


def test_the_record_names_headers_and_parameters_and_holds_no_value() -> None:
    given = (("X-Tenant", SECRET),)
    identity = Target(base_url="http://host/v1", model="m", headers=given, query=given, proxy=f"http://u:{SECRET}@p").identity()
    assert (identity.headers, identity.query) == (("x-tenant",), ("X-Tenant",))
    assert SECRET not in repr(identity)

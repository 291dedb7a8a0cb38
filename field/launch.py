"""Starts a server on loopback in a process group of its own, waits until it answers, and stops the group."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from field import install
from field.errors import FieldError
from field.manifest import HERE, Server

_GRACE: Final = 10.0
"""Seconds between the request to stop and its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    base_url: str
    model: str
    key: str
    headers: tuple[str, ...]


@contextmanager
def running(server: Server, servers: Mapping[str, Server], log: Path) -> Iterator[Running]:
    """Serve until the block is left. Whatever it stands before is started first. Raises `FieldError` when it does not come up."""
    if server.behind:
        with running(servers[server.behind], servers, log.with_suffix(".upstream.log")) as upstream, _started(server, upstream, log) as up:
            yield up
    else:
        with _started(server, None, log) as up:
            yield up


def placeholders(server: Server, port: int, upstream: Running | None) -> dict[str, str]:
    """Return what stands for `${…}` in the manifest."""
    return {
        "home": str(install.home(server)),
        "field": str(HERE),
        "python": sys.executable,
        "port": str(port),
        "upstream": upstream.base_url if upstream else "",
        "upstream_origin": upstream.base_url.removesuffix("/v1") if upstream else "",
        "upstream_key": upstream.key if upstream else "",
        "upstream_model": upstream.model if upstream else "",
    }


@contextmanager
def _started(server: Server, upstream: Running | None, log: Path) -> Iterator[Running]:
    port = _free_port()
    values = placeholders(server, port, upstream)
    folder = install.home(server)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in server.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(_filled(text, values), "utf-8")
    environment = os.environ | {name: _filled(value, values) for name, value in server.environment.items()}
    with log.open("wb") as output:
        if server.prepare:
            subprocess.run(_each(server.prepare, values), cwd=folder, stdout=output, stderr=output, check=True)
        process = subprocess.Popen(
            _each(server.command, values), cwd=folder, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            _await(process, port, server, log)
            yield Running(
                base_url=f"http://127.0.0.1:{port}{server.base_path}",
                model=_filled(server.model, values),
                key=_filled(server.key, values),
                headers=_each(server.headers, values),
            )
        finally:
            _stop(process)


def _await(process: subprocess.Popen[bytes], port: int, server: Server, log: Path) -> None:
    """Return once any HTTP answer comes back, whatever it says."""
    until = time.monotonic() + server.ready
    while time.monotonic() < until:
        if process.poll() is not None:
            raise FieldError(f"{server.name} ended with status {process.returncode}: {log.read_text('utf-8', 'replace')[-600:].strip()}")
        try:
            with urlopen(f"http://127.0.0.1:{port}{server.base_path}/models", timeout=5):
                return
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise FieldError(f"{server.name} did not answer within {server.ready} s: {log.read_text('utf-8', 'replace')[-600:].strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            if sign is signal.SIGKILL:
                return


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _filled(text: str, values: Mapping[str, str]) -> str:
    return Template(text).safe_substitute(values)


def _each(texts: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_filled(text, values) for text in texts)

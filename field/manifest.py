"""What `servers.toml` says: how a server is installed, started and asked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from field.errors import FieldError

HERE: Final = Path(__file__).parent
REFERENCE: Final = "reference"
"""The server that ships with the suite; what stands before it has an upstream that is known to conform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server to try. In all but names and titles, `${…}` stands for what `launch.placeholders` says."""

    name: str
    title: str
    home_page: str = ""
    package: str = ""
    """The distribution whose version is the server's; empty for what has none."""
    version_command: tuple[str, ...] = ()
    """What prints the version of a server that the system has brought along."""
    pip: tuple[str, ...] = ()
    """Requirements, the exact version of `package` among them."""
    bare: tuple[str, ...] = ()
    """Requirements that pip installs without what they ask for in turn: what drives an accelerator is not needed here, and is large."""
    npm: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    """npm's `overrides`: packages that the server's own range would take in a version that it does not work with."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Written into the server's folder before it is started: name to text."""
    prepare: tuple[str, ...] = ()
    """A command that is run once before the start, to write a model for instance."""
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    behind: str = ""
    """The server that is started first, for this one to pass requests on to."""
    base_path: str = "/v1"
    model: str
    key: str = ""
    headers: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ("openai-compatible", "openai")
    options: tuple[str, ...] = ()
    """Further options of `conformance run`."""
    ready: int = 60
    """Seconds after which a server that does not answer is given up."""
    shares: str = ""
    """The server whose installation this one uses."""
    note: str = ""
    """What a reader of its results has to know."""


def load(path: Path = HERE / "servers.toml") -> dict[str, Server]:
    """Return the servers by name, in the order of the file. Raises `FieldError` for a mistake in it."""
    tables = tomllib.loads(path.read_text("utf-8"))
    servers = {name: _server(name, table) for name, table in tables.items()}
    for server in servers.values():
        for other in (server.behind, server.shares):
            if other and other not in servers:
                raise FieldError(f"{path.name}: {server.name} names {other}, which is not there.")
    return servers


def _server(name: str, table: object) -> Server:
    if not isinstance(table, dict):
        raise FieldError(f"servers.toml: {name} is no table.")
    known = set(Server.__dataclass_fields__) - {"name"}
    if unknown := sorted(set(table) - known):
        raise FieldError(f"servers.toml: {name} has {', '.join(unknown)}, which means nothing; known: {', '.join(sorted(known))}.")
    for member, kind in (("title", str), ("command", list), ("model", str)):
        if not isinstance(table.get(member), kind):
            raise FieldError(f"servers.toml: {name} needs {member}.")
    values: dict[str, Any] = {member: tuple(value) if isinstance(value, list) else value for member, value in table.items()}
    return Server(name=name, **values)

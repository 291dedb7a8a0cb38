"""Starting the reference server: for a person at a terminal, or underneath a run or a test.

An embedded server is a process of its own, so that its work does not slow the observer down. Its socket is opened here and handed
over: the address is known, and takes connections, before the other process has imported anything.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from conformance.errors import ConfigurationError, HarnessError
from conformance.reference.characters import Character
from conformance.reference.service import KEY, MODEL
from conformance.target import KEY_VARIABLES

if TYPE_CHECKING:
    from types import TracebackType

    import uvicorn

    from conformance.reference.behaviour import Defect

_START = "from conformance.reference import launch; launch.adopt()"
_PATIENCE = 20.0
"""Seconds an embedded server gets to end by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to start a server."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free one."""
    dialect: str = "openai-compatible"
    defect: str = ""
    """Id of the one defect of `/v1`; empty for none."""
    all_defects: bool = False
    """Also serve every defect, each under `/{id}/v1`."""
    latency: float = 0.0
    pace: float = 0.0
    models: tuple[str, ...] = (MODEL,)
    key: str = KEY
    character: Character = Character.OBEDIENT
    """What the model behind the server is like."""


def seconds(text: str) -> float:
    """Read a duration: `200ms`, `0.2s` or `0.2`; raises `ConfigurationError` for anything else."""
    read = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|)", text.strip())
    if read is None:
        raise ConfigurationError(f"{text!r} is no duration.", hint="Write 200ms, 0.2s or 0.2.")
    return float(read[1]) / (1000 if read[2] == "ms" else 1)


def serve(options: Options) -> None:
    """Serve until interrupted; says on standard output where, once connections are taken.

    Raises `UnknownNameError` for a defect or dialect that does not exist, `ConfigurationError` for an address that cannot be used.
    """
    server = _server(options)
    listener = _listen(options)
    sys.stdout.write(f"BASE_URL={_base_url(listener)}\nMODEL={options.models[0]}\nAPI_KEY={options.key}\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):  # how a server in the foreground is meant to end
        server.run(sockets=[listener])


class Embedded:
    """A server for the time of a `with` block; `base_url`, `model` and `key` say how to reach it."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.model = self.options.models[0]
        self.key = self.options.key
        self.base_url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def base_url_of(self, defect: str) -> str:
        """Tell where a defect is served; needs `all_defects`."""
        return f"{self.base_url.removesuffix('/v1')}/{defect}/v1"

    def __enter__(self) -> Self:
        """Start the process; its address works from here on. Raises what `serve` raises."""
        _check_names(self.options)
        with _listen(self.options) as listener:
            self.base_url = _base_url(listener)
            task = {"fd": listener.fileno(), "options": asdict(self.options)}
            root = str(Path(__file__).resolve().parents[2])
            paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", _START],
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                # The key of a real endpoint is none of its business.
                env={**{name: value for name, value in os.environ.items() if name not in KEY_VARIABLES}, "PYTHONPATH": paths},
                start_new_session=True,  # Ctrl-C at a terminal is for the run; the server goes when the run goes.
            )
            if self._process.stdin is not None:
                # Not on the command line, which everybody on the machine can read.
                self._process.stdin.write(json.dumps(task).encode() + b"\n")
                self._process.stdin.flush()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process: closing its standard input tells it to."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            status = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if status and error is None:
            raise HarnessError(f"The embedded reference server ended with status {status}.")


def adopt() -> None:
    """Be the process behind `Embedded`: serve on the socket that was handed over until standard input closes."""
    task = json.loads(sys.stdin.buffer.readline())
    given = task["options"]
    options = Options(**{**given, "models": tuple(given["models"]), "character": Character(given["character"])})
    server = _server(options)

    def end_with_parent() -> None:
        # The pipe closes when the parent ends, however it ends: no server is left behind.
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.run(sockets=[socket.socket(fileno=task["fd"])])


def _check_names(options: Options) -> None:
    """Raise `UnknownNameError` for a defect or dialect that does not exist, here where somebody sees it."""
    from conformance.contract import load

    contract = load(options.dialect)
    if options.defect:
        from conformance.reference.dropping import named

        named(options.defect, contract)


def _server(options: Options) -> uvicorn.Server:
    import uvicorn

    from conformance.contract import load
    from conformance.reference.extensions import Extensions
    from conformance.reference.server import Pacing, create_app

    contract = load(options.dialect)
    defect: Defect | None = None
    beside: tuple[Defect, ...] = ()
    obliging = False
    if options.defect or options.all_defects:
        from conformance.reference import defects, dropping

        defect = dropping.named(options.defect, contract) if options.defect else None
        beside = tuple(defects.ALL.values()) if options.all_defects else ()
        # What is refused for want of a feature does not show which constraint is not known.
        obliging = dropping.is_generated(options.defect)
    app = create_app(
        contract,
        defect=defect,
        beside=beside,
        models=options.models,
        key=options.key,
        pacing=Pacing(latency=options.latency, pace=options.pace),
        obliging=obliging,
        extensions=Extensions(contract),
        character=options.character,
    )
    # A defect that breaks off is an exception to uvicorn; only what is critical is worth a line here.
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", server_header=False, ws="none", timeout_graceful_shutdown=2
    )
    return uvicorn.Server(config)


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        hint = "Choose another --port, or leave it out."
        raise ConfigurationError(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.", hint=hint) from None
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"

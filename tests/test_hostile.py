"""Targets that mean harm cost bounded time and memory, get a clear outcome, and nothing of what they send acts on anybody."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from conformance.render import artefacts
from tests.hostile import BEHAVIOURS, GOOD, INJECTIONS, after_preflight, injecting
from tests.running import CLEAN, KEYED, Ended
from tests.sampling import sampled
from tests.servers import Connection, Handler, Server, answer, serving

MOST_MEMORY = 400
"""Megabytes at the peak of a run. One against a target that means well takes about 130."""

MOST_AT_ONCE = 640
"""Megabytes at the peak of a run with sixteen requests under way, any of which may bring as large a body as we take, in a few copies."""

MOST_WRITTEN = 64_000_000
"""Bytes of a record: one body of the most that we take, each byte of it escaped for JSON."""

_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
"""What would act on a terminal, or on the direction of a line."""


@dataclass(frozen=True)
class Measured:
    """A run that ended, and what it took."""

    ended: Ended
    megabytes: int
    heads: tuple[bytes, ...]
    """What the target was sent."""


_METER = "import resource, subprocess, sys; status = subprocess.run(sys.argv[1:]).returncode; "
_METER += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
"""Runs a command from a small process: to Linux, the peak of what is started from a large one includes what that one took."""


def measured(server: Server, cwd: Path, *arguments: str) -> Measured:
    """Run the command to its end; the operating system says what it took."""
    command = [sys.executable, "-m", "conformance", "run", "--base-url", server.url, "--model", "m", *arguments]
    line = [sys.executable, "-I", "-c", _METER, *command]
    done = subprocess.run(line, cwd=cwd, env={**CLEAN, **KEYED}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    said, _, kilobytes = done.stdout.rstrip("\n").rpartition("\n")
    ended = Ended(done.returncode, said, done.stderr, cwd / "reports")
    return Measured(ended, int(kilobytes) // 1024, tuple(server.heads))


def assert_unharmed(run: Measured, most: int = MOST_MEMORY) -> None:
    ended = run.ended
    assert ended.status in (1, 2), ended.said
    assert "Traceback" not in ended.said
    assert not _ACTING.search(ended.said)
    assert "ERROR" not in ended.outcomes.values(), [each for each in ended.summary["verdicts"] if each["outcome"] == "ERROR"]
    assert run.megabytes < most
    assert ended.lines[-1]["kind"] == "footer"
    assert {path.name for path in ended.folder.iterdir()} == {"run.jsonl", *artefacts.NAMES}
    assert len(ended.sent) == len(run.heads)
    for path in ended.folder.iterdir():
        assert path.stat().st_size < MOST_WRITTEN, path.name


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Measured]:
    """Each behaviour once, when a test wants it, for the few requests of the smallest tier."""

    @cache
    def run(name: str) -> Measured:
        with serving(after_preflight({**BEHAVIOURS, **INJECTIONS}[name])) as server:
            return measured(server, tmp_path_factory.mktemp("hostile"), "--tier", "smoke", "--request-timeout", "2")

    return run


@pytest.mark.parametrize("name", sampled([*BEHAVIOURS, *INJECTIONS], every=4))
def test_a_hostile_target_does_no_harm(runs: Callable[[str], Measured], name: str) -> None:
    assert_unharmed(runs(name))


def test_neither_key_nor_cookie_follows_a_redirect(runs: Callable[[str], Measured]) -> None:
    run = runs("redirect")
    assert all(head.startswith(b"POST /v1/chat/completions") for head in run.heads)
    assert not any(b"\r\ncookie:" in head.lower() for head in run.heads)


@pytest.mark.parametrize("name", sampled(INJECTIONS, every=4))
def test_what_a_target_says_is_shown_and_does_nothing(runs: Callable[[str], Measured], name: str) -> None:
    folder = runs(name).ended.folder
    page = (folder / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    for artefact in ("report.html", "junit.xml", "run.jsonl"):
        assert not _ACTING.search((folder / artefact).read_text("utf-8")), artefact


@pytest.mark.exhaustive
def test_a_whole_run_meets_every_hostility_and_calls_none_of_it_a_mistake_of_ours(tmp_path: Path) -> None:
    slow = {"one byte now and then", "endless stream", "endless line", "tiny events without end", "gigabytes"}
    quick = [handler for name, handler in {**BEHAVIOURS, **INJECTIONS}.items() if name not in slow]

    def rotate(connection: Connection) -> None:
        quick[connection.number % len(quick)](connection)

    with serving(after_preflight(rotate)) as server:
        run = measured(server, tmp_path, "-m", "must and (streaming or errors)")
    assert_unharmed(replace(run, heads=run.heads[: len(run.ended.sent)]), MOST_AT_ONCE)


def test_a_target_whose_answers_never_end_is_given_up(tmp_path: Path) -> None:
    def stalls(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        connection.hang()

    with serving(after_preflight(stalls)) as server:
        run = measured(server, tmp_path, "--request-timeout", "0.5", "--concurrency", "32")
    assert run.ended.status in (1, 2)
    assert "does not end its answers" in run.ended.summary["sentence"]
    assert len(run.heads) < 200  # of eight hundred; those under way when it is given up are among them


def test_a_calm_target_takes_as_little(tmp_path: Path) -> None:
    with serving(lambda connection: connection.send(GOOD if b"stream" not in connection.body else answer())) as server:
        assert measured(server, tmp_path, "--tier", "smoke").megabytes < MOST_MEMORY / 2


@pytest.mark.parametrize("handler", [injecting("\x1b[2J<script>alert(1)</script>", status="401 Unauthorized"), BEHAVIOURS["nested deeply"]])
def test_a_target_that_is_hostile_from_the_first_request_cannot_be_tested(handler: Handler, tmp_path: Path) -> None:
    with serving(handler) as server:
        run = measured(server, tmp_path, "--tier", "smoke")
    assert_unharmed(run)
    assert run.ended.status == 2
    assert set(run.ended.outcomes.values()) == {"NOT RUN"}

"""Publishes what was tried: reports judged by today's requirements, an index of them, and the list of what was found.

A run is judged by its record: the one that a trial just kept, else the one that is published already.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.provenance import RECORD
from conformance.render import artefacts
from conformance.render.markdown import code, prose
from conformance.render.text import visible
from field import assess, findings, trial
from field.assess import Assessment, Mended
from field.errors import FieldError
from field.findings import Entry
from field.manifest import HERE
from field.trial import Trial

PACKED: Final = f"{RECORD}.xz"
KEPT: Final = (artefacts.HTML, artefacts.MARKDOWN)
"""Views that are published beside the record, for people. `conformance judge` makes these and all others from it."""

INDEX: Final = "index.html"
LIST: Final = "field-report.md"

_VALUE: Final = 260

_AT_ONCE: Final = 3
"""Records judged side by side, each by a process of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One published run."""

    trial: Trial
    href: str
    """Its folder, from the index."""
    sentence: str
    started: str
    exit_status: int
    contract: str
    catalogue: str
    suite: str
    must: int
    should: int
    may: int
    undecided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A server with its runs and what was found."""

    runs: tuple[Run, ...]
    entries: tuple[tuple[Entry, Assessment | None], ...]

    @property
    def trial(self) -> Trial:
        """The first of its runs: name and version are the same in all."""
        return self.runs[0].trial

    @property
    def new(self) -> int:
        """How many of its findings nobody has looked at."""
        return sum(made is None for _, made in self.entries)


def publish(kept: Path, published: Path, names: Iterable[str]) -> tuple[list[Told], tuple[Assessment, ...]]:
    """Judge every run, write all that is published, and return what was found and which assessments say nothing any more.

    `names` are the servers in the order in which they are told of. Raises `FieldError`.
    """
    runs = [(name, reading) for name in names for reading in _readings(kept / name, published / name)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        documents = dict(zip(runs, pool.map(lambda run: _judge(kept / run[0] / run[1], published / run[0] / run[1]), runs), strict=True))
    assessments, servers = assess.load(), []
    for name in dict.fromkeys(name for name, _ in runs):
        mine = {reading: document for (server, reading), document in documents.items() if server == name}
        told = [_run(trial.read(published / name / reading), document) for reading, document in mine.items()]
        found = findings.entries(name, mine.items())
        servers.append(Told(runs=tuple(told), entries=tuple((entry, assess.of(entry, assessments)) for entry in found)))
    (published / INDEX).write_text(index(servers), "utf-8")
    (published / LIST).write_text("\n".join(report(servers, assess.mended())) + "\n", "utf-8")
    return servers, assess.unused((entry for server in servers for entry, _ in server.entries), assessments)


def _readings(*folders: Path) -> list[str]:
    """The readings in which a server was tried, the default one first."""
    found = {each.parent.name for folder in folders for each in folder.glob(f"*/{trial.TRIAL}")}
    return sorted(found, key=lambda name: (name != "openai-compatible", name))


def _judge(kept: Path, published: Path) -> dict[str, Any]:
    """Write what is published of one run, and return its summary."""
    fresh = (kept / trial.TRIAL).exists()
    with TemporaryDirectory() as name:
        folder = Path(name)
        record = (kept / RECORD).read_bytes() if fresh else lzma.decompress((published / PACKED).read_bytes())
        (folder / RECORD).write_bytes(record)
        done = subprocess.run(
            [sys.executable, "-m", "conformance", "judge", str(folder / RECORD)], capture_output=True, text=True, check=False
        )
        if not (folder / artefacts.SUMMARY).exists():
            raise FieldError(f"{kept if fresh else published} cannot be judged: {(done.stderr or done.stdout).strip()[-400:]}")
        published.mkdir(parents=True, exist_ok=True)
        for view in KEPT:
            shutil.copy(folder / view, published / view)
        document: dict[str, Any] = json.loads((folder / artefacts.SUMMARY).read_text("utf-8"))
    if fresh:
        (published / PACKED).write_bytes(lzma.compress(record, preset=9))
        shutil.copy(kept / trial.TRIAL, published / trial.TRIAL)
    for file in published.iterdir():
        if file.name not in (*KEPT, PACKED, trial.TRIAL):
            file.unlink()
    return document


def _run(tried: Trial, document: dict[str, Any]) -> Run:
    counts = Counter((each["level"], each["outcome"]) for each in document["verdicts"])
    return Run(
        trial=tried,
        href=f"{tried.server}/{tried.dialect}",
        sentence=document["sentence"],
        started=document["started"],
        exit_status=document["exit_status"],
        contract=document["contract"]["digest"][:12],
        catalogue=document["catalogue"]["digest"][:12],
        suite=document["suite"]["version"],
        must=counts["MUST", "FAIL"],
        should=counts["SHOULD", "FAIL"],
        may=counts["MAY", "FAIL"],
        undecided=counts["MUST", "INCONCLUSIVE"],
    )


def index(servers: list[Told]) -> str:
    """Return the page that leads to every report. Strings of a target are made visible and escaped; nothing in it can act."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    base = (HERE.parent / "conformance/render/templates/base.css").read_text("utf-8")
    style = Markup("\n" + base.strip() + "\n" + (HERE / "templates/index.css").read_text("utf-8"))
    digest = base64.b64encode(hashlib.sha256(str(style).encode()).digest()).decode()
    policy = Markup(f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; base-uri 'none'; form-action 'none'")
    return environment.get_template("index.html.j2").render(servers=servers, style=style, policy=policy, list=LIST)


def report(servers: list[Told], mended: Iterable[Mended] = ()) -> Iterator[str]:
    """Yield the lines of the list, in Markdown: every failure with its evidence and all that was left open, with what we make of it."""
    yield "# What the field trial found"
    yield ""
    yield "Made by `nox -s field` and `nox -s field_report` from the published runs and `field/assessments.toml`; not written by hand."
    yield ""
    days = sorted({run.started[:10] for server in servers for run in server.runs})
    commits = sorted({run.trial.commit for server in servers for run in server.runs})
    yield f"Runs of {', '.join(days)}, sent by commit {', '.join(map(code, commits))} of the suite, and judged by the one that this file is"
    yield "part of. Each finding was held against the bytes and the clause by hand; what it was found to be stands at its end. Nobody has"
    yield "looked at those that are *New*."
    yield ""
    counts = Counter("New" if made is None else made.verdict for server in servers for _, made in server.entries)
    for verdict, meaning in assess.VERDICTS.items():
        yield f"- *{verdict}* ({counts[verdict]}): {meaning}"
    yield f"- *New* ({counts['New']})"
    yield ""
    yield "| Server | Version | Reading | MUST failed | SHOULD failed | MAY failed | MUST open | New |"
    yield "|---|---|---|---|---|---|---|---|"
    for server in servers:
        for run in server.runs:
            version, told = run.trial.version or "-", f"[{run.trial.title}](#{run.trial.server})"
            reading = f"[{run.trial.dialect}]({run.href}/report.html)"
            yield f"| {' | '.join(map(str, (told, version, reading, run.must, run.should, run.may, run.undecided, server.new)))} |"
    yield ""
    yield "## Verdicts that were wrong, and are mended"
    yield ""
    for each in mended:
        yield f"- `{each.requirement}`, of {each.server}: {prose(each.what)}"
    for server in servers:
        yield from _server(server)


def _server(server: Told) -> Iterator[str]:
    tried = server.trial
    yield ""
    yield f'## <a id="{tried.server}"></a>{tried.title}'
    yield ""
    about = [f"Version {tried.version}." if tried.version else "", f"<{tried.home_page}>." if tried.home_page else ""]
    before = f"Passes requests on to `{tried.behind}`, which conforms: what fails is the gateway's own doing." if tried.behind else ""
    yield " ".join(filter(None, [*about, before, prose(tried.note)]))
    for entry, made in server.entries:
        if entry.outcome != "INCONCLUSIVE":
            yield ""
            yield from _entry(entry, made, server)
    if any(entry.outcome == "INCONCLUSIVE" for entry, _ in server.entries):
        yield ""
        yield "Left open:"
        yield ""
        yield from _left_open(server)
    if not server.entries:
        yield ""
        yield "Nothing failed, and nothing is open."


def _entry(entry: Entry, made: Assessment | None, server: Told) -> Iterator[str]:
    yield f"- {_linked(entry, server)} {entry.outcome} ({_levels(entry)}): {prose(entry.text)}"
    for each in entry.examples[: findings.SHOWN if entry.level != "MAY" else 1]:
        times = f", {each.count} times" if each.count > 1 else ""
        came = f"expected {code(each.expected, _VALUE)}; received {code(each.received, _VALUE)}"
        yield f"  - {code(each.exchange)} ({code(each.code)}{times}): {came}"
    if more := entry.examples[findings.SHOWN if entry.level != "MAY" else 1 :]:
        yield f"  - and {', '.join(code(each.code) for each in more[:40])}{' …' if len(more) > 40 else ''}"
    if entry.clauses:
        yield f"  - clause: {', '.join(map(code, entry.clauses))}"
    yield f"  - {_verdict(made)}"


def _left_open(server: Told) -> Iterator[str]:
    """One line for all that was left open for the same reasons."""
    alike: dict[tuple[tuple[str, ...], str], list[Entry]] = {}
    for entry, made in server.entries:
        if entry.outcome == "INCONCLUSIVE":
            alike.setdefault((entry.reasons[: findings.SHOWN], _verdict(made)), []).append(entry)
    for (reasons, verdict), entries in alike.items():
        names = ", ".join(f"{_linked(entry, server)} ({_levels(entry)})" for entry in entries)
        yield f"- {names}"
        yield from (f"  - because {code(reason, _VALUE)}" for reason in reasons)
        yield f"  - {verdict}"


def _linked(entry: Entry, server: Told) -> str:
    reading = next(iter(entry.levels))
    href = next(run.href for run in server.runs if run.trial.dialect == reading)
    return f"**[{entry.requirement}]({href}/report.html#{entry.requirement})**"


def _levels(entry: Entry) -> str:
    return ", ".join(f"{level} in {name}" for name, level in entry.levels.items())


def _verdict(made: Assessment | None) -> str:
    if made is None:
        return "*New*: not yet assessed."
    links = "".join(f" [{name}](https://github.com/{name.replace('#', '/issues/')})" for name in made.upstream)
    return f"*{made.verdict}*: {prose(made.why) if made.why else assess.VERDICTS[made.verdict]}{links}"

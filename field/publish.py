"""Publishes what a trial kept: reports judged by today's requirements, an index of them, and the list of what was found."""

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
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.render.markdown import code, prose
from conformance.render.text import visible
from field import assess, findings, trial
from field.assess import Assessment, Mended
from field.errors import FieldError
from field.findings import Entry
from field.manifest import HERE
from field.trial import Trial

RECORD: Final = "run.jsonl"
KEPT: Final = ("report.html", "contract.html", "summary.json", "summary.md", "badge.svg")
"""Views that are published. JUnit and SARIF are for machines, and `conformance judge` makes them again from the record."""

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


def publish(kept: Path, published: Path, names: Iterable[str]) -> int:
    """Write everything that is published, and return how many findings nobody has assessed yet. Raises `FieldError`."""
    wanted = tuple(names)
    folders = [each.parent for name in wanted for each in (kept / name).glob(f"*/{trial.TRIAL}")]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda folder: _judge(folder, published / folder.parent.name / folder.name), folders))
    return tell(published, wanted)


def tell(published: Path, names: Iterable[str]) -> int:
    """Write the index and the list of what is published already; return how many findings are new. Raises `FieldError`."""
    assessments, mended = assess.load(), assess.mended()
    servers = []
    for name in names:
        folders = sorted((each.parent for each in (published / name).glob(f"*/{trial.TRIAL}")), key=_order)
        if folders:
            runs = tuple(_run(trial.read(folder), folder) for folder in folders)
            found = findings.entries(name, [(folder.name, folder) for folder in folders])
            servers.append(Told(runs=runs, entries=tuple((entry, assess.of(entry, assessments)) for entry in found)))
    (published / INDEX).write_text(index(servers), "utf-8")
    (published / LIST).write_text("\n".join(report(servers, mended)) + "\n", "utf-8")
    return sum(server.new for server in servers)


def _order(folder: Path) -> tuple[bool, str]:
    """The default reading first."""
    return folder.name != "openai-compatible", folder.name


def _judge(kept: Path, published: Path) -> None:
    shutil.rmtree(published, ignore_errors=True)
    published.mkdir(parents=True)
    command = [sys.executable, "-m", "conformance", "judge", str(kept / RECORD), "--output", str(published)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (published / findings.SUMMARY).exists():
        raise FieldError(f"{kept} cannot be judged: {(done.stderr or done.stdout).strip()[-400:]}")
    for file in published.iterdir():
        if file.name not in KEPT:
            file.unlink()
    (published / f"{RECORD}.xz").write_bytes(lzma.compress((kept / RECORD).read_bytes(), preset=9))
    shutil.copy(kept / trial.TRIAL, published / trial.TRIAL)


def _run(tried: Trial, folder: Path) -> Run:
    document = json.loads((folder / findings.SUMMARY).read_text("utf-8"))
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
    """Yield the lines of the list, in Markdown: every failure at MUST and SHOULD with its evidence, and all that is open at MUST."""
    yield "# What the field trial found"
    yield ""
    yield "Made by `nox -s field` and `nox -s field_report` from the published runs and `field/assessments.toml`; not written by hand."
    yield ""
    days = sorted({run.started[:10] for server in servers for run in server.runs})
    commits = sorted({run.trial.commit for server in servers for run in server.runs})
    yield f"Runs of {', '.join(days)}, sent by commit {', '.join(map(code, commits))} of the suite, and judged by the one that this file is"
    yield "part of. What a finding was found to be, held against the bytes and the clause by hand, stands at its end. Nobody has looked at"
    yield "those that are *New*."
    yield ""
    for verdict, meaning in assess.VERDICTS.items():
        yield f"- *{verdict}*: {meaning}"
    yield ""
    yield "| Server | Version | Reading | MUST failed | SHOULD failed | MUST open | New |"
    yield "|---|---|---|---|---|---|---|"
    for server in servers:
        for run in server.runs:
            version, told = run.trial.version or "-", f"[{run.trial.title}](#{run.trial.server})"
            cells = (told, version, f"[{run.trial.dialect}]({run.href}/report.html)", run.must, run.should, run.undecided, server.new)
            yield f"| {' | '.join(map(str, cells))} |"
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
        yield ""
        yield from _entry(entry, made, server)
    if not server.entries:
        yield ""
        yield "Nothing failed at MUST or SHOULD, and nothing is open."


def _entry(entry: Entry, made: Assessment | None, server: Told) -> Iterator[str]:
    reading = next(iter(entry.levels))
    href = next(run.href for run in server.runs if run.trial.dialect == reading)
    levels = ", ".join(f"{level} in {name}" for name, level in entry.levels.items())
    yield f"- **[{entry.requirement}]({href}/report.html#{entry.requirement})** {entry.outcome} ({levels}): {prose(entry.text)}"
    for each in entry.examples[: findings.SHOWN]:
        times = f", {each.count} times" if each.count > 1 else ""
        came = f"expected {code(each.expected, _VALUE)}; received {code(each.received, _VALUE)}"
        yield f"  - {code(each.exchange)} ({code(each.code)}{times}): {came}"
    if more := entry.examples[findings.SHOWN :]:
        yield f"  - and {', '.join(code(each.code) for each in more[:40])}{' …' if len(more) > 40 else ''}"
    for reason in entry.reasons[: 0 if entry.examples else findings.SHOWN]:
        yield f"  - because {code(reason, _VALUE)}"
    if entry.clauses:
        yield f"  - clause: {', '.join(map(code, entry.clauses))}"
    if made is None:
        yield "  - *New*: not yet assessed."
    else:
        links = "".join(f" [{name}](https://github.com/{name.replace('#', '/issues/')})" for name in made.upstream)
        yield f"  - *{made.verdict}*: {prose(made.why) if made.why else assess.VERDICTS[made.verdict]}{links}"

"""The run as Markdown: what a CI server shows as the summary of a step, and what is pasted into a comment.

Whatever came from the target stands in code spans. In them nothing is markup, HTML, a link, a mention or a reference to an issue,
neither in CommonMark (spec 0.31, §6.1) nor on platforms that make links of words after rendering; no end of a line ever gets there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.model import Level, Outcome
from conformance.render import accepted, arrange, wording
from conformance.render.text import line
from conformance.report import Report, Row

LIMIT: Final = 64 * 1024
"""Most bytes of the whole; GitHub takes comments of 65,536 characters."""

LISTED: Final = 20
"""Most requirements named one by one under a heading."""

_FAILURES: Final = 32 * 1024
_OPEN: Final = 8 * 1024
_KEPT: Final = 4 * 1024
_NEWER: Final = 2 * 1024
"""Bytes for the lists; with everything else at its longest the whole stays below the limit."""

_VALUE: Final = 200
_SENTENCE: Final = 600
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>&~|$#!]")


def render(report: Report) -> str:
    """Return the document: verdict first, evidence by name only; the report has it."""
    return "\n\n".join(_blocks(report)) + "\n"


def code(text: str, limit: int = _VALUE) -> str:
    """Show text as it is, inert, on one line; an empty one in words."""
    shown = line(text, limit)
    if len(shown) > 2 * limit:  # a character that cannot be seen is written out, and takes eight
        shown = f"{shown[: 2 * limit]}…"
    if not shown.strip():
        return f"`{shown}`" if shown else "(nothing)"
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """Show words of ours, within a line: no character of them is markup, and what they quote in backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _escaped(text)
    return "".join(code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _blocks(report: Report) -> Iterator[str]:
    """Headings, paragraphs, lists and tables: what a blank line stands between."""
    headline, rest = wording.headline(report)
    cut = wording.cut_off(report)
    if cut:
        yield f"**INCOMPLETE RUN**: {code(cut, _SENTENCE)}"
    yield f"## {_escaped(headline)}"
    if rest and not cut:
        yield code(rest, _SENTENCE)
    yield from (code(note, _SENTENCE) for note in report.notes)
    yield from _provenance(report)
    if report.rows:
        yield "\n".join(_table(report))
    if report.accepted:
        yield f"Baseline: {_escaped(accepted.counted(report))}"
    kept = arrange.accepted(report)
    yield from _listed("Stale in the baseline: take it out", (_kept(row) for row in arrange.stale(report)), _KEPT)
    failures = [row for row in arrange.failures(report) if not row.is_accepted]
    yield from _listed("Failures: MUST", (_failure(row) for row in failures if row.verdict.level is Level.MUST), _FAILURES)
    should = [row.requirement.id for row in failures if row.verdict.level is Level.SHOULD]
    if should:
        more = f" and {len(should) - LISTED} more" if len(should) > LISTED else ""
        yield f"**Failures: SHOULD** {', '.join(should[:LISTED])}{more}"
    yield from _listed("Accepted by the baseline", (_kept(row) for row in kept), _KEPT)
    open_ = (row for row in report.rows if row.scored and row.verdict.outcome in {Outcome.ERROR, Outcome.INCONCLUSIVE})
    unjudged = (row for row in open_ if not row.is_accepted)
    yield from _listed("Not judged", (_open(row, report) for row in unjudged), _OPEN)
    yield from _listed("Not scored yet", (_newer(row) for row in arrange.unscored(report)), _NEWER)
    status = report.gate.status
    yield f"Exit status {int(status)}: {accepted.meaning(report)}. The evidence is in `report.html`, beside this file."


def _provenance(report: Report) -> Iterator[str]:
    header = report.header
    target = "the embedded reference server" if header.embedded else f"{code(header.target.model)} at {code(header.target.base_url)}"
    asked = "recorded traffic" if header.imported else f"tier {header.tier}"
    yield f"{target} · dialect {code(report.contract.dialect)} · {asked} · {wording.utc(header.started)}"
    if header.selection:
        yield f"Only a part was judged: {code(header.selection)}"
    if header.scored_revision:
        yield f"Scored by revision {header.scored_revision}"
    digests = f"contract {code(report.contract.digest[:12])} · catalogue {code(header.catalogue_digest[:12])}"
    yield f"{report.requests} {'exchanges' if header.imported else 'requests'} · suite {header.suite_version} · {digests}"


def _table(report: Report) -> Iterator[str]:
    yield f"| | {' | '.join(arrange.OUTCOMES)} |"
    yield f"|---|{'---:|' * len(arrange.OUTCOMES)}"
    for count in arrange.counts(report):
        name = f"**{count.level}**" if count.area is None else str(count.area)
        yield f"| {name} | {' | '.join(str(number or '-') for _, number in count.by_outcome)} |"


def _listed(title: str, items: Iterable[str], budget: int) -> Iterator[str]:
    """Put items under a title until there are enough of them or the bytes are used up; the others are counted."""
    every = tuple(items)
    if not every:
        return
    shown = []
    for item in every[:LISTED]:
        budget -= len(item.encode()) + 1
        if budget < 0:
            break
        shown.append(item)
    more = [f"- … and {len(every) - len(shown)} more, in the report"] if len(shown) < len(every) else []
    yield f"### {title}"
    yield "\n".join([*shown, *more])


def _kept(row: Row) -> str:
    return f"- **{row.requirement.id}** ({row.verdict.level}, {_escaped(accepted.verdict(row))}): {code(accepted.gist(row), _SENTENCE)}"


def _failure(row: Row) -> str:
    said = [f"- **{row.requirement.id}** ({row.requirement.area}): {prose(row.requirement.text)}"]
    if row.verdict.findings:
        first, place = row.verdict.findings[0], wording.where(row.verdict.findings[0].at)
        said += [f"  - expected {code(first.expected)}", f"  - received {code(first.received)}"]
        said.append(f"  - in {code(first.exchange)}{f', {code(place)}' if place else ''}; {wording.observations(row)}")
    return "\n".join(said)


def _open(row: Row, report: Report) -> str:
    because = next(iter(wording.why(row, report)), "no reason was recorded")
    return f"- **{row.requirement.id}** ({row.verdict.level}, {row.verdict.outcome}): {code(because)}"


def _newer(row: Row) -> str:
    return f"- **{row.requirement.id}** ({row.verdict.level}, {row.verdict.outcome}, since {row.requirement.since})"


def _escaped(text: str) -> str:
    """Take the meaning from whatever is markup within a line: by a backslash (CommonMark §2.4), for HTML by an entity."""
    return _MARKUP.sub(_inert, line(text, 1000))


def _inert(found: re.Match[str]) -> str:
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(found.group(), f"\\{found.group()}")

"""A summary as workflow commands: what GitHub Actions shows beside a run and in a pull request.

Made from `summary.json` alone, so that a step can make it long after the run. A command ends with its line, so ends of lines and percent
signs in what is told are written as GitHub writes them itself (actions/toolkit, `packages/core/src/command.ts`): nothing that a target
answers can become a command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.baseline import Standing
from conformance.errors import RecordError
from conformance.gate import ExitStatus
from conformance.model import Json, Level, Outcome
from conformance.render.summary import VERSION
from conformance.render.text import line
from conformance.strictjson import get, items

MOST: Final = 10
"""Annotations of one kind that GitHub keeps of a step ("Workflow commands for GitHub Actions", limits)."""

_TEXT: Final = 300
_OPEN: Final = {str(Outcome.INCONCLUSIVE), str(Outcome.ERROR)}


def render(summary: Json, *, file: str = "") -> str:
    """Return the commands, one on each line: the verdict first, then what is stale in the baseline, what fails and what is not judged.

    `file` is the path in the repository that the annotations are shown at; without one they stand beside the run alone. Raises
    `RecordError` for something that is no summary of this version.
    """
    if get(summary, "summary_version") != VERSION or not isinstance(get(summary, "sentence"), str):
        raise RecordError(f"This is no summary of version {VERSION}.", hint="Name the folder of a run, or its summary.json.")
    kinds: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    status = get(summary, "exit_status")
    kinds["notice" if status == ExitStatus.CONFORMS else "error"].append(_command(str(get(summary, "sentence")), "Conformance", file))
    for entry in items(summary, "baseline"):
        if get(entry, "standing") == Standing.GONE:
            kinds["error"].append(_command(_stale(entry), f"Stale in the baseline: {get(entry, 'rule')}", file))
    for verdict in items(summary, "verdicts"):
        if kind := _kind(verdict):
            kinds[kind].append(_command(_words(verdict), _title(verdict), file))
    lines = (f"::{kind} {command}\n" for kind, commands in kinds.items() for command in _bounded(commands, file))
    return "".join(lines)


def data(text: str) -> str:
    """Write text so that it stays within a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _kind(verdict: Json) -> str:
    """Kind of annotation that a verdict gets; none for what holds, was not tested, or is optional."""
    outcome, level = get(verdict, "outcome"), get(verdict, "level")
    if level == Level.MAY or outcome not in {Outcome.FAIL, *_OPEN}:
        return ""
    if not get(verdict, "scored") or get(verdict, "accepted"):
        return "notice"
    return "error" if level == Level.MUST else "warning"


def _title(verdict: Json) -> str:
    mark = ", not scored yet" if not get(verdict, "scored") else ", accepted" if get(verdict, "accepted") else ""
    return f"{get(verdict, 'id')} ({get(verdict, 'level')}, {get(verdict, 'outcome')}{mark})"


def _words(verdict: Json) -> str:
    """The sentence of the requirement, what was seen instead, by which clause, and how to ask again."""
    said = [str(get(verdict, "text"))]
    for finding in items(verdict, "findings")[:1]:
        said += [f"{name} {line(str(get(finding, name)), _TEXT)}" for name in ("expected", "received")]
        said.append(f"in {line(str(get(finding, 'exchange')), _TEXT)} [{line(str(get(finding, 'code')), _TEXT)}]")
    if get(verdict, "outcome") in _OPEN:
        said += [f"because {line(str(reason), _TEXT)}" for reason in items(verdict, "reasons")[:2]]
    said += [f"clause {line(str(get(cite, 'label')), _TEXT)}" for cite in items(verdict, "cites")[:1]]
    return "\n".join([*said, f"again: conformance run … --only {get(verdict, 'id')}"])


def _stale(entry: Json) -> str:
    """What the baseline accepts in vain, and what to do about that."""
    what = line(str(get(entry, "code") or get(entry, "expect")), _TEXT)
    return f"It accepts {what} ({line(str(get(entry, 'reason')), _TEXT)}), which no longer occurs.\nTake the entry out of the baseline."


def _command(message: str, title: str, file: str) -> str:
    properties = [("file", file), ("line", "1" if file else ""), ("title", title)]
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties if value)
    return f"{shown}::{data(message)}"


def _property(text: str) -> str:
    return data(text).replace(":", "%3A").replace(",", "%2C")


def _bounded(commands: list[str], file: str) -> Iterator[str]:
    """As many as are kept; the last place says how many there are more."""
    if len(commands) <= MOST:
        yield from commands
        return
    yield from commands[: MOST - 1]
    yield _command(f"{len(commands) - MOST + 1} more of this kind: see the summary of the run and its report.", "Conformance", file)

"""What every view says in the same words."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Final, assert_never

from conformance.gate import ExitStatus
from conformance.model import Outcome, Place, Violation
from conformance.options import REFERENCE, Options
from conformance.provenance import Header
from conformance.render.text import line
from conformance.report import Report, Row

ORDER: Final = (
    "MUST before SHOULD before MAY. Within a level, what keeps a client from reading any answer comes before what makes answers wrong, "
    "then failures it cannot understand, counts it pays by, and mistakes of its own that nobody tells it about. Within that, what failed "
    "most often."
)
"""Why failures stand in the order in which they stand; `arrange` puts them there."""


def meaning(status: ExitStatus) -> str:
    """Say what an exit status means."""
    match status:
        case ExitStatus.CONFORMS:
            return "conforms"
        case ExitStatus.VIOLATIONS:
            return "violations"
        case ExitStatus.NOT_JUDGED:
            return "could not be judged"
        case ExitStatus.OUR_ERROR:
            return "error of the suite"
        case ExitStatus.BAD_CONFIGURATION:
            return "bad configuration"
        case _:
            assert_never(status)


def outcome(report: Report) -> str:
    """Say what the exit status of a run means; a shard that was asked has come to nothing yet, and traffic conforms as far as it goes."""
    if report.gate.status is not ExitStatus.CONFORMS:
        return meaning(report.gate.status)
    return "asked, not judged" if report.header.shard else "no violation seen" if report.header.imported else meaning(report.gate.status)


def cut_off(report: Report) -> str:
    """Say why the run is not a whole one; empty when it is."""
    if report.torn:
        return "the record breaks off in the middle of a line"
    if report.footer is None:
        return "the record has no end, so the run was cut off"
    return "" if report.footer.complete else line(report.footer.reason).rstrip(".") or "no reason was recorded"


def ended(text: str) -> str:
    """Close a sentence with a full stop where nothing else closes it."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def headline(report: Report) -> tuple[str, str]:
    """Split the verdict into its first sentence and the rest; the rest is empty where it only repeats why the run was cut off."""
    first, _, rest = line(report.gate.sentence, 1000).partition(". ")
    cut = cut_off(report)
    return (first.rstrip(".") + ".", "" if cut and cut in rest else rest)


def unscored(row: Row) -> str:
    """Say that a row does not count, and why; empty for one that does."""
    return "" if row.scored else f"not scored yet, since {row.requirement.since}"


def gist(row: Row, report: Report) -> str:
    """Say in a line what is wrong, or why nothing can be said."""
    if row.verdict.findings:
        first = row.verdict.findings[0]
        return f"expected {line(first.expected, 200)}, received {line(first.received, 200)}"
    return "; ".join(why(row, report)[:3])


def where(place: Place) -> str:
    """Say where in an exchange something is; empty when nobody knows."""
    parts = []
    if place.header is not None:
        parts.append(f"header {line(place.header, 120)}")
    if place.event is not None:
        parts.append(f"event {place.event}")
    if place.pointer is not None:
        parts.append(f"at {line(place.pointer, 200)}" if place.pointer else "at the whole body" if place.event is None else "at its data")
    if place.span is not None:
        parts.append(f"bytes {place.span[0]} to {place.span[1]}")
    return ", ".join(parts)


def broken(violation: Violation) -> str:
    """Say what is wrong with a request that was made to be wrong."""
    spot = violation.pointer or "the body"
    return f"breaks {violation.constraint} at {spot}: sent {violation.sent}"


def rerun(header: Header, identifier: str) -> str:
    """Return the command that asks this one thing again, under the same conditions; what is the default is left out.

    The embedded server is gone after its run, and its port with it: it is started anew.
    """
    target, usual = header.target, Options()
    dialect = header.reading if header.dialect else usual.dialect
    file = ["--target", header.target_file] if header.target_file else []
    words = ["conformance", "run", *file, *_endpoint(header)]
    chosen = (("--dialect", dialect, usual.dialect), ("--tier", header.tier, usual.tier), ("--seed", header.seed, usual.seed))
    for name, value, default in chosen:
        if file or str(value) != default:
            words += [name, str(value)]
    words += [word for feature in sorted(target.claims) for word in ("--claim", feature)]
    words += [word for feature in sorted(target.denies) for word in ("--deny", feature)]
    return line(shlex.join([*words, "--only", identifier]), 1000)


def _endpoint(header: Header) -> list[str]:
    if header.embedded:
        # Without a target file, nothing else is meant where nothing is named.
        return ["--base-url", REFERENCE] if header.target_file else []
    return ["--base-url", header.target.base_url, "--model", header.target.model]


def again(report: Report, identifier: str) -> str:
    """Return the command of `rerun`, for a run; nobody can send again what somebody else sent."""
    return "" if report.header.imported else rerun(report.header, identifier)


def why(row: Row, report: Report) -> tuple[str, ...]:
    """Say why a row was not judged; for a row that nothing bears on, as far as the run itself tells."""
    if row.verdict.reasons or row.verdict.outcome is not Outcome.NOT_RUN:
        return tuple(line(reason) for reason in row.verdict.reasons)
    if report.header.selection:
        return (f"no request about it among those selected by {line(report.header.selection, 120)}, tier {report.header.tier}",)
    if cut_off(report):
        return ("the run ended before anything was sent that bears on it",)
    return (f"no request of the tier {report.header.tier} bears on it",)


def observations(row: Row) -> str:
    """Count what a verdict rests on."""
    verdict = row.verdict
    numbers = ((verdict.passed, "held"), (verdict.failed, "failed"), (verdict.lost, "lost"), (verdict.unmet, "without its premise"))
    return ", ".join(f"{number} {word}" for number, word in numbers if number) or "none"


def utc(seconds: float) -> str:
    """Write a point in time as ISO 8601, in UTC, to the second."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "unknown"

"""Finds as fixed cases: one line of JSON each, to be kept in a file and asked again.

A line holds the body, what the contract says of it, and what was found. A body names the model it was sent to; asked again, it goes to
the model of the day, under the name for the cap that this one takes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import ConfigurationError
from conformance.exploration.cases import Case, invalid, valid
from conformance.exploration.oracle import Gathered, Oracle
from conformance.generate.flaws import labelled
from conformance.generate.mutants import canonical
from conformance.model import CAP_FIELDS, Exchange, Json
from conformance.strictjson import NotJsonError, get, parse

if TYPE_CHECKING:
    from conformance.ask import Ask
    from conformance.exploration.examine import Examiner
    from conformance.exploration.explorer import Find


class State(StrEnum):
    """What became of a kept case."""

    SHOWS = "still shows"
    GONE = "no longer shows"
    OUTDATED = "the contract says something else of this body now"
    UNKNOWN = "could not be asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A find as it is kept."""

    id: str
    requirement: str
    code: str
    clause: str
    """The one clause that the body breaks; empty for a valid body."""
    at: str
    """JSON Pointer to what breaks it."""
    body: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A kept case and what became of it."""

    kept: Kept
    state: State
    exchange: Exchange | None = None


def line(find: Find, *, dialect: str) -> str:
    """A find as one line of ASCII."""
    violation, finding = find.case.purpose.violation, find.shown.finding
    requirement, code = find.shown.kind
    said: dict[str, Json] = {"expect": str(find.case.purpose.expect), "dialect": dialect}
    if violation is not None:
        said |= {"clause": violation.clause, "at": violation.pointer, "constraint": violation.constraint}
    form: dict[str, Json] = {
        "id": hashlib.sha256(canonical([requirement, code, find.case.body]).encode()).hexdigest()[:12],
        "requirement": requirement,
        "code": code,
        "level": str(find.shown.level),
        "contract": said,
        "found": {"expected": finding.expected, "received": finding.received},
        "seed": find.seed,
        "body": find.case.body,
    }
    return json.dumps(form)


def read(path: Path) -> tuple[Kept, ...]:
    """Read a file of kept cases. Raises `ConfigurationError`, naming the line that is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The cases in {path} cannot be read: {error}.", hint="Name a file written with --keep.") from None
    return tuple(_kept(text, path, number) for number, text in enumerate(lines, 1) if text.strip())


def append(path: Path, *lines: str) -> None:
    """Add lines to a file of kept cases, which is made where there is none. Raises `ConfigurationError` where that cannot be done."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in lines)
    except OSError as error:
        raise ConfigurationError(f"Nothing can be kept in {path}: {error.strerror}.", hint="Name another file with --keep.") from None


def ask_again(kept: tuple[Kept, ...], ask: Ask, examiner: Examiner, oracle: Oracle, control: Gathered) -> Iterator[Asked]:
    """Ask every kept case once more, in order; `control` is the record of the request that the target accepted first."""
    for number, each in enumerate(kept, 1):
        case = _case(each, ask, examiner, number)
        if case is None:
            yield Asked(kept=each, state=State.OUTDATED)
            continue
        oracle.ask_all((case.step,))
        exchanges = oracle.known(case.step)
        records = Gathered((*control.attempts(ask.control), *exchanges))
        found = {shown.kind for shown in examiner.examine(records)}
        state = State.SHOWS if (each.requirement, each.code) in found else State.GONE
        unknown = not exchanges or not examiner.is_answered(records, case.purpose.key)
        yield Asked(kept=each, state=State.UNKNOWN if unknown else state, exchange=exchanges[-1] if exchanges else None)


def _case(kept: Kept, ask: Ask, examiner: Examiner, number: int) -> Case | None:
    """The case for the target at hand; None where the contract says something else of it than it did."""
    caps = [name for name in CAP_FIELDS if name in kept.body]
    renamed = caps[0] if len(caps) == 1 and kept.at != f"/{caps[0]}" else ""
    body = {ask.cap_field if name == renamed else name: value for name, value in kept.body.items()}
    if "model" in body and kept.at != "/model":
        body["model"] = ask.model
    if not kept.clause:
        return None if examiner.contract.request_faults(body) else valid(examiner.contract, body, name=f"kept/{number}")
    found = labelled(examiner.contract, body)
    if found is None or found.violation.clause != kept.clause:
        return None
    return invalid(body, found, number=number, control=ask.control)


def _kept(text: str, path: Path, number: int) -> Kept:
    try:
        form = parse(text).value
    except NotJsonError:
        form = None
    body = get(form, "body")
    names = [get(form, name) for name in ("id", "requirement", "code")]
    clause, at = (get(form, "contract", name) for name in ("clause", "at"))
    if not isinstance(body, dict) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"Line {number} of {path} is no kept case.", hint="Name a file written with --keep.")
    identifier, requirement, code = map(str, names)
    return Kept(
        id=identifier,
        requirement=requirement,
        code=code,
        clause=clause if isinstance(clause, str) else "",
        at=at if isinstance(at, str) else "",
        body=body,
    )

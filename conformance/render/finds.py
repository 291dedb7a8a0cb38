"""What an exploration or a search for a smaller request says at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.model import Exchange, Finding, Level, Purpose
from conformance.registry import Requirement
from conformance.render import curl, wording
from conformance.render.text import line


def block(
    requirement: Requirement,
    level: Level,
    finding: Finding,
    purpose: Purpose,
    exchange: Exchange,
    *,
    key_variable: str,
    notes: Mapping[str, str],
) -> Iterator[str]:
    """One find: what is wrong, what was asked, how to see it again. `notes` are further lines by their names; empty ones are left out."""
    yield f"FOUND {requirement.id} ({level}, {requirement.area}) [{line(finding.code, 60)}]"
    yield f"  {line(requirement.text)}"
    yield f"  expected  {line(finding.expected, 300)}"
    yield f"  received  {line(finding.received, 300)}"
    said = f"invalid: {wording.broken(purpose.violation)}" if purpose.violation else "valid"
    yield f"  request   {line(said, 300)}"
    yield from (f"  {name:<8}  {text}" for name, text in notes.items() if text)
    yield f"  repeat    {curl.command(exchange, key_variable)}"
    yield ""


def smaller(before: int, after: int, requests: int, *, spent: bool, again: bool | None) -> str:
    """How a search for a smaller body went, in one line."""
    size = f"{before:,} bytes became {after:,}" if after < before else f"{before:,} bytes, and no less"
    end = ", where the budget ended" if spent else ""
    anew = {True: "asked anew, it shows again", False: "asked anew, it does not show: it comes and goes", None: "not asked anew"}[again]
    return f"{size}, in {requests} requests{end}; {anew}"

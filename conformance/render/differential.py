"""Which hop is to blame, as one page with links into both reports, and as lines on the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.comparing.differential import Blame
from conformance.model import Level
from conformance.render import page, wording
from conformance.render.text import line

if TYPE_CHECKING:
    from conformance.comparing.differential import Differential, Failure
    from conformance.model import Finding

WORDS: Final = {
    Blame.GATEWAY: ("The gateway's", "It fails at the gateway, and holds at the upstream."),
    Blame.UPSTREAM: ("The upstream's", "It fails at both: the gateway passes it on."),
    Blame.UNTOLD: ("Cannot be told", "It fails at one, and the other was not judged on it."),
    Blame.MENDED: ("Mended", "It fails at the upstream, and holds at the gateway."),
}
_ROOM: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one hop did."""

    expected: str
    received: str
    where: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One failure."""

    failure: Failure
    upstream: Side | None
    gateway: Side | None


def render(found: Differential, hrefs: tuple[str, str]) -> str:
    """Return the page; `hrefs` lead to the reports of the upstream and of the gateway, empty where there is none."""
    parts = [(blame, *WORDS[blame], [_row(each, hrefs) for each in of]) for blame in Blame if (of := found.of(blame))]
    return page.render(
        "differential.html.j2",
        style="pages.css",
        found=found,
        parts=parts,
        hrefs=hrefs,
        status=int(found.gate.status),
        meaning=wording.meaning(found.gate.status),
    )


def lines(found: Differential) -> Iterator[str]:
    """The failures that decide or may decide, and the verdict."""
    for each in found.failures:
        if each.level is Level.MAY or each.blame is Blame.MENDED:
            continue
        finding = each.gateway or each.upstream
        yield f"{WORDS[each.blame][0]}: {each.requirement.id} ({each.level}) [{line(each.code, 60)}]"
        yield f"  {line(each.requirement.text, 200)}"
        if finding is not None:
            yield f"  expected {line(finding.expected, 200)}, received {line(finding.received, 200)} ({line(finding.exchange, 80)})"
    for lost in found.lost:
        if lost.level is not Level.MAY:
            yield f"Not judged at the gateway: {lost.requirement.id} ({lost.level}): {line('; '.join(lost.reasons[:2]), 200)}"
    yield line(found.gate.sentence, 1000)
    yield f"Exit status {int(found.gate.status)}: {wording.meaning(found.gate.status)}."


def _row(failure: Failure, hrefs: tuple[str, str]) -> Row:
    anchor = f"#{failure.requirement.id}"
    return Row(
        failure=failure,
        upstream=_side(failure.upstream, hrefs[0] and hrefs[0] + anchor),
        gateway=_side(failure.gateway, hrefs[1] and hrefs[1] + anchor),
    )


def _side(finding: Finding | None, href: str) -> Side | None:
    if finding is None:
        return None
    place = wording.where(finding.at)
    return Side(
        expected=line(finding.expected, _ROOM),
        received=line(finding.received, _ROOM),
        where=line(f"{finding.exchange}{': ' if place else ''}{place}", _ROOM),
        href=href,
    )

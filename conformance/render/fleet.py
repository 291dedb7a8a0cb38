"""A fleet as a page that leads to each of its runs, and as lines on the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate import ExitStatus
from conformance.render import page, wording
from conformance.render.text import line

if TYPE_CHECKING:
    from conformance.fleet.job import Done

_TONES = ("pass", "fail", "open", "error", "error")
"""By exit status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One target."""

    done: Done
    href: str
    """Link to its report; empty when there is none."""

    @property
    def tone(self) -> str:
        """Its colour."""
        return _TONES[self.done.status]

    @property
    def meaning(self) -> str:
        """Its exit status in words."""
        return wording.meaning(self.done.status)


def render(rows: Sequence[Row], comparison: str) -> str:
    """Return the page; `comparison` is the link to that, empty when there is none."""
    return page.render("fleet.html.j2", style="pages.css", rows=rows, comparison=comparison, told=counted([row.done for row in rows]))


def counted(found: Sequence[Done]) -> str:
    """Say how many came to what: `7 conform, 2 violate`."""
    times = Counter(each.status for each in found)
    return ", ".join(f"{times[status]} {wording.meaning(status)}" for status in ExitStatus if times[status])


def told(done: Done, number: int, of: int) -> str:
    """One target as a line, when it is done."""
    return f"[{number:{len(str(of))}}/{of}] {int(done.status)} {line(done.job.name, 200)}: {line(done.sentence, 400)}"


def table(found: Sequence[Done]) -> list[str]:
    """All of them as lines, in the order of the manifest."""
    width = max((len(line(each.job.name, 100)) for each in found), default=0)
    head = f"{'Target':{width}}  Exit  Requests  Seconds  Folder"
    return [
        head,
        *(
            f"{line(each.job.name, 100):{width}}  {int(each.status):4}  {each.requests:8}  {each.seconds:7.1f}  {each.job.slug}"
            for each in found
        ),
    ]

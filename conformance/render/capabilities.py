"""The table of capabilities in words, and in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from conformance.overview.capabilities import Capability, Support
from conformance.render.text import line
from conformance.report import Report

TITLES: Final[Mapping[Support, str]] = MappingProxyType(
    {
        Support.IGNORED: "Ignores",
        Support.BROKEN: "Serves wrongly",
        Support.REFUSED: "Refuses",
        Support.HONOURED: "Honours",
        Support.UNKNOWN: "Accepts, or may have, with nothing to be seen of it",
        Support.DENIED: "Lacks, as was said",
        Support.NOT_ASKED: "Was not asked for",
    }
)
"""What a target does with features, what harms a client most first: what is ignored in silence is found out last."""

_SAID: Final = (Support.HONOURED, Support.REFUSED, Support.IGNORED, Support.BROKEN)
"""What a terminal is told; the rest is in the report."""

_TEXT: Final = 400


def sentences(report: Report) -> tuple[str, ...]:
    """A line for each thing that the target does with features; a broken promise is marked."""
    named = ((support, [_name(each) for each in report.capabilities if each.support is support]) for support in _SAID)
    return tuple(f"{TITLES[support]}: {', '.join(names)}." for support, names in named if names)


def arranged(report: Report) -> tuple[tuple[str, tuple[Capability, ...]], ...]:
    """The rows by what the target does, under a title each, those of one title in the order of the contract."""
    grouped = ((title, tuple(each for each in report.capabilities if each.support is support)) for support, title in TITLES.items())
    return tuple((title, rows) for title, rows in grouped if rows)


def because(capability: Capability) -> str:
    """What a row rests on; whatever of it came from the target is made harmless."""
    return line(capability.because, _TEXT)


def _name(capability: Capability) -> str:
    return f"{capability.feature} (claimed)" if capability.broken_promise else capability.feature

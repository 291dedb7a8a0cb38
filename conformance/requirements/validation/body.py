"""Bodies that are not one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level, Purpose
from conformance.observation import AbsentError, Asked, Standing
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.validation.broken import invalid, kind, unrefused
from conformance.subjects.failure import Probe, breaks_anyway, request

RFC_8259: Final = "https://www.rfc-editor.org/rfc/rfc8259"
NEARLY: Final = frozenset({"trailing-garbage", "two-documents", "comment", "line-break-in-string", "bad-escape"})
"""Flaws that readers in wide use overlook: they stop after the first value, or allow what JavaScript does."""


def _nearly(purpose: Purpose) -> bool:
    return purpose.key.rpartition("/")[2] in NEARLY


@requirement(
    "REQUEST-JSON",
    Level.MUST,
    on=invalid("a body that is not JSON", lambda p, v: kind("json")(p, v) and not _nearly(p)),
    cites=[contract("/x-errors/bad-json"), incident("sgl-project/sglang#3805"), incident("GoDiao/Free-Way#32")],
)
def body_is_json(probe: Probe) -> Iterator[Finding]:
    """A body that is empty, cut off or otherwise not JSON is refused."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-JSON-STRICT",
    Level.MUST,
    on=invalid("a body that is nearly JSON", lambda p, v: kind("json")(p, v) and _nearly(p)),
    cites=[contract("/x-errors/bad-json"), standard("RFC 8259 §2", f"{RFC_8259}#section-2")],
)
def body_is_strict_json(probe: Probe) -> Iterator[Finding]:
    """A body with a comment, a raw line break in a string, or anything after its closing brace is refused.

    Two readers in a row that disagree about where a body ends can be made to see two different requests.
    """
    yield from unrefused(probe)


@requirement(
    "REQUEST-JSON-NUMBERS",
    Level.MUST,
    on=invalid("NaN or Infinity", kind("literal")),
    cites=[contract("/x-http/json-strict"), standard("RFC 8259 §6", f"{RFC_8259}#section-6")],
)
def numbers_are_numbers(probe: Probe) -> Iterator[Finding]:
    """`NaN` and `Infinity` are refused: JSON does not have them, and no bound holds against them."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-NAMES-UNIQUE",
    Level.MAY,
    on=invalid("a name that occurs twice", lambda _, v: v.constraint == "equal-names"),
    cites=[contract("/x-http/json-strict"), standard("RFC 8259 §4", f"{RFC_8259}#section-4")],
)
def names_are_unique(probe: Probe) -> Iterator[Finding]:
    """A body in which a member occurs twice is refused.

    Readers differ in which of the two they take, so that a proxy can check one and the server obey the other.
    """
    yield from unrefused(probe)


@requirement(
    "REQUEST-NUMBER-HUGE",
    Level.SHOULD,
    on=invalid("a number too large to hold", kind("magnitude")),
    cites=[contract("/x-request/out-of-range"), standard("RFC 8259 §6", f"{RFC_8259}#section-6")],
)
def huge_numbers_are_refused(probe: Probe) -> Iterator[Finding]:
    """A temperature of 1e400, or of thousands of digits, is refused: it is out of range, however it is read."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-UTF-8",
    Level.MUST,
    on=invalid("bytes that are not UTF-8", kind("encoding")),
    cites=[contract("/x-http/json-utf-8"), standard("RFC 8259 §8.1", f"{RFC_8259}#section-8.1")],
)
def body_is_utf_8(probe: Probe) -> Iterator[Finding]:
    """A body whose bytes are not UTF-8 is refused, not repaired in silence."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-OBJECT",
    Level.MUST,
    on=invalid("JSON that is no object", lambda p, v: kind("type")(p, v) and not v.pointer),
    cites=[contract("/x-errors/bad-json"), incident("miruamel/xuan#153")],
)
def body_is_an_object(probe: Probe) -> Iterator[Finding]:
    """JSON that is not an object is refused: a list, a text, a number, null."""
    yield from unrefused(probe)


@requirement(
    "REQUEST-MEDIA-TYPE",
    Level.SHOULD,
    on=invalid("a form for a body", kind("media-type")),
    cites=[contract("/x-errors/wrong-content-type"), incident("diegosouzapw/OmniRoute#6414")],
)
def forms_are_refused(probe: Probe) -> Iterator[Finding]:
    """A body that is a web form, and says so, is refused.

    Any page can send one to a server on the reader's own machine.
    """
    yield from unrefused(probe)


@requirement(
    "REQUEST-OVERSIZE",
    Level.SHOULD,
    on=request.where(lambda p: p.scenario == "oversized", "request of several MiB"),
    cites=[contract("/x-errors/too-large"), contract("/x-errors/no-5xx-for-client-fault")],
)
def large_bodies_are_refused(asked: Asked) -> Iterator[Finding]:
    """A body of several MiB that is no JSON is refused with a 4xx, such as 413 or 400, once it was read or without reading it."""
    yield from _refused(asked)


@requirement(
    "REQUEST-UNKNOWN-MEMBER",
    Level.MUST,
    on=request.where(lambda p: p.scenario == "unknown", "request with an unknown member"),
    cites=[contract("/x-request/unknown-member"), incident("open-webui/open-webui#10167"), incident("nomtek/mistralai_client_dart#44")],
)
def unknown_members_break_nothing(asked: Asked) -> Iterator[Finding]:
    """A member that the contract does not know is ignored or refused; it is not answered with a 5xx each time."""
    if breaks_anyway(asked):
        raise AbsentError("without that member it is answered with a 5xx as well")
    yield from _every_5xx(asked)


def _refused(asked: Asked) -> Iterator[Finding]:
    yield from _every_5xx(asked)
    if asked.accepted:
        yield Finding(code="accepted", expected="refused with a 4xx", received=str(asked.answer.status if asked.answer else 0))


def _every_5xx(asked: Asked) -> Iterator[Finding]:
    if asked.standing is Standing.BROKEN:
        last = asked.heard[-1].status
        yield Finding(
            code="5xx", expected="ignored, or refused with a 4xx", received=f"{last} on the last of {len(asked.attempts)} attempts"
        )

"""Defects in what the server accepts and in what it makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import FAULTS, RAW, REQUEST, Call, defect

if TYPE_CHECKING:
    from conformance.contract import SchemaFault
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import RawRequest


@defect("temperature-unchecked", seam=FAULTS, trips={"REFUSE-RANGE"}, incident="Arthur-Ficial/apfel#235")
def temperature_unchecked(faults: tuple[SchemaFault, ...], _: Call) -> tuple[SchemaFault, ...]:
    """A temperature of any size is accepted."""
    return tuple(fault for fault in faults if fault.pointer != "/temperature" or fault.keyword not in {"minimum", "maximum"})


@defect("stop-ignored", seam=REQUEST, trips={"ANSWER-STOP"}, incident="dtzp555-max/ocp#470")
def stop_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """Stop strings are accepted and forgotten."""
    return replace(request, stops=())


@defect("media-type-unchecked", seam=RAW, trips={"REFUSE-MEDIA-TYPE"})
def media_type_unchecked(raw: RawRequest, _: Call) -> RawRequest:
    """A body is read as JSON whatever its Content-Type says."""
    others = tuple(pair for pair in raw.headers if pair[0] != "content-type")
    return replace(raw, headers=(*others, ("content-type", "application/json")))

"""Whether an error about one member says which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Json, Level, Missing, Place, Purpose
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.own import envelope
from conformance.requirements.validation.rule import spot
from conformance.strictjson import show
from conformance.subjects.failure import Probe, probe

_SEVERAL: Final = frozenset({"dependency", "order", "coercion"})
"""Constraints that lie between members, so that any of them may be named, or that leave open what is wrong."""


def _of_one_member(purpose: Purpose) -> bool:
    fault = purpose.violation
    return fault is not None and purpose.scenario == "invalid" and bool(fault.pointer) and fault.constraint not in _SEVERAL


at_fault: Final = probe.where(_of_one_member, "request with one wrong member")
"""Requests in which exactly one member is wrong."""


def _param(probe: Probe) -> Json | Missing:
    """`error.param` of a refusal. Raises `AbsentError` where the request was not refused, or without an envelope."""
    if not probe.observation.refused:
        raise AbsentError("not refused")
    return envelope(probe.reply).get("param")


@requirement(
    "ERROR-PARAM-NAMED",
    Level.SHOULD,
    on=at_fault,
    cites=[contract("/x-errors/param"), incident("peonist-ai/halogen-server#3"), incident("0x676e67/duckai#16")],
)
def param_is_given(probe: Probe) -> Iterator[Finding]:
    """`error.param` says which member is at fault when exactly one is."""
    param = _param(probe)
    if param is None or param == "":
        yield Finding(code="null", expected=spot(probe.violation.pointer), received=show(param), at=Place(pointer="/error/param"))


@requirement(
    "ERROR-PARAM-RIGHT",
    Level.SHOULD,
    on=at_fault,
    cites=[contract("/x-errors/param")],
)
def param_is_right(probe: Probe) -> Iterator[Finding]:
    """`error.param`, where it names a member, names the one at fault, at least by the first step of its path.

    A member that was sent along with it, since it means nothing alone, may be what the target lacks, and is then named instead.
    """
    param = _param(probe)
    if not isinstance(param, str) or not param:
        raise AbsentError("no param")
    steps, named = probe.violation.pointer.split("/")[1:], set(re.split(r"[^A-Za-z0-9_]+", param))
    if not named & {steps[0], steps[-1]} and not named & _companions(probe):
        yield Finding(code="elsewhere", expected=spot(probe.violation.pointer), received=param, at=Place(pointer="/error/param"))


def _companions(probe: Probe) -> set[str]:
    """Members of the request that its accepted control does not have."""
    control = probe.observation.asked.control()
    plain = control.answer.request_json if control is not None and control.answer is not None else None
    sent = probe.observation.request_json
    return set(sent) - set(plain) if isinstance(sent, dict) and isinstance(plain, dict) else set()

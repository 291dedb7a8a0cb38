"""Whether an error about one member says which, and says it alike each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Json, Level, Missing, Place, Purpose
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.own import envelope, is_routed
from conformance.requirements.validation.rule import spot
from conformance.strictjson import show
from conformance.subjects.failure import Probe, probe
from conformance.subjects.pair import ProbeTwins, probe_twins

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
    cites=[contract("/x-errors/param"), incident("sdcb/chats#132")],
)
def param_is_right(probe: Probe) -> Iterator[Finding]:
    """`error.param`, where it names a member, names the one at fault, at least by the first step of its path.

    A member that was sent along with it, since it means nothing alone, may be what the target lacks, and is then named instead.
    """
    param = _param(probe)
    if not isinstance(param, str) or not param:
        raise AbsentError("no param")
    steps = probe.violation.pointer.split("/")[1:]
    if not ({steps[0], steps[-1]} | _companions(probe)) & set(re.split(r"[^A-Za-z0-9_]+", param)):
        yield Finding(code="elsewhere", expected=spot(probe.violation.pointer), received=param, at=Place(pointer="/error/param"))


def _companions(probe: Probe) -> set[str]:
    """Members of the request that its accepted control does not have."""
    control = probe.observation.asked.control()
    plain = control.answer.request_json if control is not None and control.answer is not None else None
    sent = probe.observation.request_json
    return set(sent) - set(plain) if isinstance(sent, dict) and isinstance(plain, dict) else set()


def _of_the_body(purpose: Purpose) -> bool:
    return purpose.scenario in {"invalid", "malformed"} and not is_routed(purpose)


@requirement(
    "ERROR-INVALID-STATUS",
    Level.SHOULD,
    on=probe.where(_of_the_body, "request with a wrong body"),
    cites=[contract("/x-errors/invalid-field"), contract("/x-errors/bad-json"), incident("ogx-ai/ogx#2990")],
)
def wrong_bodies_get_400(probe: Probe) -> Iterator[Finding]:
    """A body that breaks the contract is refused with 400; 422 says the same, in a way that fewer clients know."""
    if not probe.observation.refused:
        raise AbsentError("not refused")
    if probe.observation.status != 400:
        yield Finding(code="status", expected="400", received=str(probe.observation.status))


@requirement(
    "ERROR-STREAMED-SAME",
    Level.SHOULD,
    on=probe_twins.where(lambda p: p.scenario == "invalid", "one invalid request, whole and streamed"),
    cites=[contract("/x-errors/same-when-streamed"), incident("openbkn-ai/bkn-foundry#637"), incident("ggml-org/llama.cpp#16486")],
)
def errors_are_the_same_when_streamed(pair: ProbeTwins) -> Iterator[Finding]:
    """The same mistake has the same status, type, code and param, whether a stream was asked for or not."""
    if not (pair.whole.observation.refused and pair.streamed.observation.refused):
        raise AbsentError("not refused both times")
    whole, streamed = _summary(pair.whole), _summary(pair.streamed)
    if whole != streamed:
        yield Finding(code="differs", expected=f"{whole}, as without stream", received=streamed)


def _summary(probe: Probe) -> str:
    reply = probe.reply
    return f"{probe.observation.status} " + ", ".join(f"{name} {show(reply.member(name))}" for name in ("type", "code", "param"))

"""Who may come in, and through which door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from conformance.model import Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, Gap, GapKind, Observation, Standing, UnmetError, View
from conformance.registry import contract, incident, requirement, standard
from conformance.subjects.failure import request

RFC_9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"
KEYS: Final = ("door/no-key", "door/wrong-key")
BAD_KEYS: Final = (*KEYS, "door/wrong-key/streamed")


def _keyed(asked: Asked) -> Iterator[Asked | Gap]:
    """A request with a bad key, unless the target serves everybody: then there is nothing to check."""
    if asked.purpose.key not in BAD_KEYS:
        return
    both = [other for key in KEYS if (other := asked.evidence.asked(key)) is not None]
    control = asked.control()
    sent = control.answer.exchange.sent.headers if control is not None and control.answer is not None else ()
    if all(other.accepted for other in both):
        yield Gap(GapKind.INAPPLICABLE, "it answers with any key and with none")
    elif not any(name.lower() == "authorization" for name, _ in sent):
        yield Gap(GapKind.INAPPLICABLE, "it was asked without a key")
    else:
        yield from request.see(asked)


bad_key: Final = View("request with a bad key, of a target that asks for one", lambda purpose: purpose.key in BAD_KEYS, _keyed)
"""Requests without a key and with a wrong one, which is tried with a stream as well."""


def _sent(topic: str) -> Callable[[Purpose], bool]:
    return lambda purpose: purpose.scenario == "door" and topic in purpose.topics


unknown_model: Final = request.where(_sent("model"), "request for an unknown model")
wrong_method: Final = request.where(_sent("method"), "request with another method")
wrong_path: Final = request.where(_sent("path"), "request to another path")
door: Final = request.where(lambda purpose: purpose.scenario == "door", "request that is turned away at the door")


def _answer(asked: Asked) -> Observation:
    """The answer. Raises `UnmetError` when each was a 5xx: that is told elsewhere."""
    if asked.answer is None:
        raise UnmetError("every attempt failed")
    return asked.answer


@requirement(
    "ERROR-KEY-CHECKED",
    Level.MUST,
    on=bad_key,
    cites=[contract("/x-errors/key-is-checked"), incident("vllm-project/aibrix#671")],
)
def keys_are_checked(asked: Asked) -> Iterator[Finding]:
    """A target that asks for a key lets nobody in without one, nor with one that does not exist."""
    answer = _answer(asked)
    if answer.succeeded:
        violation = asked.purpose.violation
        sent = violation.sent if violation else "a bad key"
        yield Finding(code="let-in", expected="401", received=f"{answer.status} for {sent}")


@requirement(
    "ERROR-KEY-STATUS",
    Level.MUST,
    on=bad_key,
    cites=[contract("/x-errors/no-key"), contract("/x-errors/wrong-key"), incident("ogx-ai/ogx#2990")],
)
def bad_keys_get_401(asked: Asked) -> Iterator[Finding]:
    """A missing or wrong key is answered with 401."""
    answer = _answer(asked)
    if answer.succeeded:
        raise AbsentError("let in")
    if answer.status != 401:
        yield Finding(code="status", expected="401", received=str(answer.status))


@requirement(
    "ERROR-DOOR-NO-5XX",
    Level.MUST,
    on=door,
    cites=[
        contract("/x-errors/no-5xx-for-client-fault"),
        contract("/x-errors/unknown-model"),
        incident("Wei-Shaw/sub2api#1489"),
        incident("runpod-workers/worker-vllm#57"),
    ],
)
def nothing_breaks_at_the_door(asked: Asked) -> Iterator[Finding]:
    """A bad key, an unknown model, another method or another path is not answered with a 5xx each time."""
    if asked.standing is Standing.BROKEN:
        statuses = sorted({str(attempt.status) for attempt in asked.heard})
        yield Finding(code="5xx", expected="a 4xx", received=f"{', '.join(statuses)} on every attempt")


@requirement(
    "ERROR-MODEL-REFUSED",
    Level.SHOULD,
    on=unknown_model,
    cites=[contract("/x-errors/unknown-model"), incident("ddalcu/mlx-serve#258"), incident("ollama/ollama#6646")],
)
def unknown_models_are_refused(asked: Asked) -> Iterator[Finding]:
    """A model that does not exist is refused, not answered by another one; servers of a single model do so by design."""
    answer = _answer(asked)
    if answer.succeeded:
        yield Finding(code="answered", expected="404", received=f"{answer.status} by some other model")


@requirement(
    "ERROR-MODEL-STATUS",
    Level.SHOULD,
    on=unknown_model,
    cites=[contract("/x-errors/unknown-model"), incident("BerriAI/litellm#27030")],
)
def unknown_models_get_404(asked: Asked) -> Iterator[Finding]:
    """A model that does not exist is answered with 404."""
    answer = _answer(asked)
    if answer.succeeded:
        raise AbsentError("answered by another model")
    if answer.status != 404:
        yield Finding(code="status", expected="404", received=str(answer.status))


@requirement(
    "ERROR-METHOD",
    Level.SHOULD,
    on=wrong_method,
    cites=[contract("/x-errors/wrong-method"), incident("ollama/ollama#5483")],
)
def other_methods_are_refused(asked: Asked) -> Iterator[Finding]:
    """PUT where POST is meant is answered with a 4xx, such as 405 or 404."""
    answer = _answer(asked)
    if not 400 <= answer.status < 500:
        yield Finding(code="status", expected="405", received=str(answer.status))


@requirement(
    "ERROR-METHOD-ALLOW",
    Level.SHOULD,
    on=wrong_method,
    cites=[contract("/x-errors/wrong-method"), standard("RFC 9110 §15.5.6", f"{RFC_9110}#section-15.5.6")],
)
def refused_methods_say_which_are_allowed(asked: Asked) -> Iterator[Finding]:
    """A 405 says in its Allow header which methods there are, POST among them."""
    answer = _answer(asked)
    if answer.status != 405:
        raise AbsentError("not a 405")
    allow = answer.exchange.header("allow")
    if "POST" not in {method.strip().upper() for method in (allow or "").split(",")}:
        yield Finding(code="allow", expected="POST", received=allow or "(absent)", at=Place(header="allow"))


@requirement(
    "ERROR-PATH",
    Level.SHOULD,
    on=wrong_path,
    cites=[standard("RFC 9110 §15.5.5", f"{RFC_9110}#section-15.5.5"), incident("diegosouzapw/OmniRoute#6405")],
)
def other_paths_are_not_found(asked: Asked) -> Iterator[Finding]:
    """A path that does not exist is answered with a 4xx, as a rule 404; not by a page of something else."""
    answer = _answer(asked)
    if not 400 <= answer.status < 500:
        yield Finding(code="status", expected="404", received=str(answer.status))

"""Unknown models, other methods and other paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from conformance.model import Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, Standing
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.errors.own import RFC_9110, answer_of, code_of, let_in
from conformance.subjects.failure import breaks_anyway, request

_NOT_IMPLEMENTED: Final = 501
"""What a server that knows a handful of methods says of all others (RFC 9110, section 15.6.2). No client repeats it for ever."""


def _sent(*topics: str) -> Callable[[Purpose], bool]:
    return lambda purpose: purpose.scenario == "door" and not purpose.topics.isdisjoint(topics)


def _plain_model(purpose: Purpose) -> bool:
    return _sent("model")(purpose) and "beside-more" not in purpose.topics


unknown_model: Final = request.where(_sent("model"), "request for an unknown model")
wrong_method: Final = request.where(_sent("method"), "request with another method")
any_method: Final = request.where(_sent("method", "other-method"), "request with another method, GET and HEAD included")
wrong_path: Final = request.where(_sent("path"), "request to another path")
door: Final = request.where(lambda purpose: purpose.scenario == "door", "request that is turned away at the door")


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
    """A bad key, an unknown model or role, another method or path is not answered with a 5xx each time; but 501 for a method is right."""
    if breaks_anyway(asked):
        raise AbsentError("its body is answered with a 5xx through the right door as well")
    if asked.standing is Standing.BROKEN:
        violation = asked.purpose.violation
        statuses = {attempt.status for attempt in asked.heard}
        if violation is not None and violation.constraint == "method" and statuses == {_NOT_IMPLEMENTED}:
            return
        yield Finding(code="5xx", expected="a 4xx", received=f"{', '.join(map(str, sorted(statuses)))} on every attempt")


@requirement(
    "ERROR-MODEL-REFUSED",
    Level.SHOULD,
    on=unknown_model,
    cites=[contract("/x-errors/unknown-model"), incident("ddalcu/mlx-serve#258"), incident("ollama/ollama#6646")],
)
def unknown_models_are_refused(asked: Asked) -> Iterator[Finding]:
    """A model that does not exist, or has no name, is refused, not answered by another; servers of a single model do so by design."""
    answer = answer_of(asked)
    if let_in(answer):
        yield Finding(code="answered", expected="404", received=f"{answer.status} by some other model")


@requirement(
    "ERROR-MODEL-STATUS",
    Level.SHOULD,
    on=request.where(_plain_model, "plain request for an unknown model"),
    cites=[contract("/x-errors/unknown-model"), incident("BerriAI/litellm#27030")],
)
def unknown_models_get_404(asked: Asked) -> Iterator[Finding]:
    """A model that does not exist is answered with 404."""
    answer = answer_of(asked)
    if let_in(answer):
        raise AbsentError("answered by another model")
    if answer.succeeded:
        raise AbsentError("refused inside a stream")
    if answer.status != 404:
        yield Finding(code="status", expected="404", received=str(answer.status))


@requirement(
    "ERROR-MODEL-CODE",
    Level.SHOULD,
    on=request.where(_plain_model, "plain request for an unknown model"),
    cites=[contract("/x-errors/unknown-model"), incident("silasnevstad/GPT-Extension-VSCode#10")],
)
def unknown_models_have_a_code(asked: Asked) -> Iterator[Finding]:
    """The error about a model that does not exist has the code `model_not_found`: a 404 alone may mean a wrong address."""
    answer = answer_of(asked)
    if answer.status != 404:
        raise AbsentError("not a 404")
    yield from code_of(answer, "model_not_found")


@requirement(
    "ERROR-METHOD",
    Level.SHOULD,
    on=wrong_method,
    cites=[contract("/x-errors/wrong-method"), incident("ollama/ollama#5483")],
)
def other_methods_are_refused(asked: Asked) -> Iterator[Finding]:
    """PUT and DELETE where POST is meant are answered with a 4xx, such as 405 or 404."""
    answer = answer_of(asked)
    if not 400 <= answer.status < 500:
        yield Finding(code="status", expected="405", received=str(answer.status))


@requirement(
    "ERROR-METHOD-ALLOW",
    Level.SHOULD,
    on=any_method,
    cites=[contract("/x-errors/wrong-method"), standard("RFC 9110 §15.5.6", f"{RFC_9110}#section-15.5.6")],
)
def refused_methods_say_which_are_allowed(asked: Asked) -> Iterator[Finding]:
    """A 405 says in its Allow header which methods there are, POST among them."""
    answer = answer_of(asked)
    if answer.status != 405:
        raise AbsentError("not a 405")
    allow = answer.exchange.header("allow")
    if "POST" not in {method.strip().upper() for method in (allow or "").split(",")}:
        yield Finding(code="allow", expected="POST", received=allow or "(absent)", at=Place(header="allow"))


@requirement(
    "ERROR-PATH",
    Level.SHOULD,
    on=wrong_path,
    cites=[
        contract("/x-errors/wrong-path"),
        standard("RFC 9110 §15.5.5", f"{RFC_9110}#section-15.5.5"),
        incident("diegosouzapw/OmniRoute#6405"),
    ],
)
def other_paths_are_not_found(asked: Asked) -> Iterator[Finding]:
    """A path that does not exist is answered with a 4xx, as a rule 404; not by a page of something else."""
    answer = answer_of(asked)
    if not 400 <= answer.status < 500:
        yield Finding(code="status", expected="404", received=str(answer.status))

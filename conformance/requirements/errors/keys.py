"""Who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Finding, Level, Place, Purpose
from conformance.observation import AbsentError, Asked, Gap, GapKind
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.errors.own import RFC_9110, answer_of, code_of, let_in
from conformance.subjects.failure import request
from conformance.view import View

_BOTH: Final = ("door/no-key", "door/wrong-key")
_SHUT: Final = frozenset({401, 403})


def _keyed(asked: Asked) -> Iterator[Asked | Gap]:
    """A request with a bad key or with one written otherwise, unless the target serves everybody: then there is nothing to check."""
    if not asked.purpose.topics & {"auth", "scheme-case"}:
        return
    both = [other for key in _BOTH if (other := asked.evidence.asked(key)) is not None]
    control = asked.control()
    sent = control.attempts[-1].exchange.sent.headers if control is not None and control.attempts else ()
    if all(other.accepted for other in both):
        yield Gap(GapKind.INAPPLICABLE, "it answers with any key and with none")
    elif any(other.accepted for other in both) and not any(map(_turned_away, both)):
        # A gateway may pass on the key that it is given, and one of its own for who brings none; a wrong one may then end in a 5xx.
        yield Gap(GapKind.INAPPLICABLE, "it lets somebody in with a bad key, and turns nobody away for one")
    elif not any(name.lower() == "authorization" for name, _ in sent):
        yield Gap(GapKind.INAPPLICABLE, "it was asked without a key")
    else:
        yield from request.see(asked)


def _turned_away(asked: Asked) -> bool:
    """Whether it was answered with any 4xx, so that a target that says nothing of keys by its status is held to ask for one too."""
    return any(each.exchange.status is not None and each.exchange.status // 100 == 4 for each in asked.attempts)


def _malformed(purpose: Purpose) -> bool:
    return "malformed-key" in purpose.topics


_guarded: Final = View("request to a target that asks for a key", lambda purpose: bool(purpose.topics & {"auth", "scheme-case"}), _keyed)

bad_key: Final = _guarded.about("auth")
"""Requests without a key, with a wrong one (with a stream as well), and with something else in its place."""

plain_key: Final = bad_key.where(lambda purpose: not _malformed(purpose), "request with no key or a wrong one")
"""Those of them that have a wrong bearer token or no header at all."""


@requirement(
    "ERROR-KEY-CHECKED",
    Level.MUST,
    on=bad_key,
    cites=[contract("/x-errors/key-is-checked"), incident("vllm-project/aibrix#671")],
)
def keys_are_checked(asked: Asked) -> Iterator[Finding]:
    """A target that asks for a key lets nobody in without one, nor with one that does not exist, nor with something else in its place."""
    answer = answer_of(asked)
    if let_in(answer):
        violation = asked.purpose.violation
        sent = violation.sent if violation else "a bad key"
        yield Finding(code="let-in", expected="401", received=f"{answer.status} for {sent}")


@requirement(
    "ERROR-KEY-STATUS",
    Level.MUST,
    on=plain_key,
    cites=[contract("/x-errors/no-key"), contract("/x-errors/wrong-key"), incident("ogx-ai/ogx#2990")],
)
def bad_keys_get_401(asked: Asked) -> Iterator[Finding]:
    """A missing or wrong key is answered with 401."""
    answer = answer_of(asked)
    if let_in(answer):
        raise AbsentError("let in")
    if answer.status != 401:
        yield Finding(code="status", expected="401", received=str(answer.status))


@requirement(
    "ERROR-KEY-CODE",
    Level.SHOULD,
    on=plain_key.where(lambda purpose: purpose.key.startswith("door/wrong-key"), "request with a wrong key"),
    cites=[contract("/x-errors/wrong-key"), incident("NousResearch/hermes-agent#70169"), incident("Gitlawb/openclaude#1809")],
)
def wrong_keys_have_a_code(asked: Asked) -> Iterator[Finding]:
    """The error about a wrong key has the code `invalid_api_key`.

    Behind a gateway there are two keys, the client's and the gateway's own, and a bare 401 does not say which of them was wrong.
    """
    answer = answer_of(asked)
    if answer.status not in _SHUT:
        raise AbsentError("not turned away for its key")
    yield from code_of(answer, "invalid_api_key")


@requirement(
    "ERROR-KEY-CHALLENGE",
    Level.MAY,
    on=bad_key,
    cites=[contract("/x-errors/challenge"), standard("RFC 9110 §15.5.2", f"{RFC_9110}#section-15.5.2")],
)
def a_401_says_what_is_wanted(asked: Asked) -> Iterator[Finding]:
    """A 401 says in its WWW-Authenticate header which scheme is wanted."""
    answer = answer_of(asked)
    if answer.status != 401:
        raise AbsentError("not a 401")
    if not (answer.exchange.header("www-authenticate") or "").strip():
        yield Finding(code="absent", expected="Bearer", received="(absent)", at=Place(header="www-authenticate"))


@requirement(
    "ERROR-SCHEME-STATUS",
    Level.SHOULD,
    on=bad_key.where(_malformed, "request with something else for a bearer token"),
    cites=[contract("/x-errors/malformed-key"), standard("RFC 6750 §3.1", "https://www.rfc-editor.org/rfc/rfc6750#section-3.1")],
)
def other_schemes_get_401(asked: Asked) -> Iterator[Finding]:
    """Another scheme, a key without a scheme and a scheme without a key are answered with 401, or with 400."""
    answer = answer_of(asked)
    if let_in(answer):
        raise AbsentError("let in")
    if answer.status not in {400, 401}:
        yield Finding(code="status", expected="401 or 400", received=str(answer.status))


@requirement(
    "ERROR-SCHEME-CASE",
    Level.SHOULD,
    on=_guarded.about("scheme-case"),
    cites=[
        contract("/x-http/bearer"),
        standard("RFC 9110 §11.1", f"{RFC_9110}#section-11.1"),
        incident("SamSaffron/term-llm#414"),
        incident("BerriAI/litellm#14764"),
    ],
)
def schemes_have_no_case(asked: Asked) -> Iterator[Finding]:
    """The right key is the right key after `bearer` in lower case too; what is wrong with the body is then what is refused."""
    answer = answer_of(asked)
    if answer.status in _SHUT:
        yield Finding(code="turned-away", expected="what `Bearer` gets", received=f"{answer.status} for `bearer`")

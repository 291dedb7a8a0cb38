"""What browsers and joiners of addresses run into before a request arrives. It binds those who mean to serve them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Area, Exchange, Finding, Level, Place
from conformance.observation import AbsentError, Asked
from conformance.registry import contract, excluded, incident, requirement, standard
from conformance.requirements.errors.own import RFC_9110, answer_of
from conformance.subjects.failure import request

_PREFLIGHT: Final = request.where(lambda purpose: "cors" in purpose.topics, "question of a browser")
_FETCH: Final = "https://fetch.spec.whatwg.org/#cors-preflight-fetch"
_READ_AS_POST: Final = frozenset({400, 401, 415, 422})
_LOSES_POST: Final = frozenset({301, 302, 303})
"""Redirections after which clients ask with GET and without a body (RFC 9110, sections 15.4.2 to 15.4.4)."""


@requirement(
    "ERROR-PREFLIGHT",
    Level.MAY,
    on=_PREFLIGHT,
    cites=[
        contract("/x-http/preflight"),
        standard("Fetch, CORS-preflight fetch", _FETCH),
        incident("lmstudio-ai/lmstudio-bug-tracker#443"),
        incident("openvinotoolkit/model_server#3417"),
    ],
)
def browsers_may_ask(asked: Asked) -> Iterator[Finding]:
    """OPTIONS is not read as a request for a completion: it is not refused for want of a body, of messages or of a key.

    A browser sends it first, bare, and asks no further unless the answer is a success.
    """
    answer = answer_of(asked)
    if answer.status in _READ_AS_POST and not _refuses_the_origin(answer.exchange):
        body = answer.exchange.body[:120].decode(errors="replace")
        yield Finding(code="read-as-post", expected="204 with access-control headers, or 405", received=f"{answer.status}: {body}")


def _refuses_the_origin(answer: Exchange) -> bool:
    """Whether the question was understood, and the answer is that scripts of this origin have no access; Starlette says so with a 400."""
    return answer.header("access-control-allow-methods") is not None and answer.header("access-control-allow-origin") is None


@requirement(
    "ERROR-PREFLIGHT-ALLOWS",
    Level.MAY,
    on=_PREFLIGHT,
    cites=[contract("/x-http/preflight"), standard("Fetch, CORS-preflight fetch", _FETCH), incident("mostlygeek/llama-swap#42")],
)
def browsers_are_told_what_they_need(asked: Asked) -> Iterator[Finding]:
    """Who lets the scripts of another origin in lets them send POST, a key and JSON."""
    answer = answer_of(asked)
    exchange = answer.exchange
    if not answer.succeeded or not exchange.header("access-control-allow-origin"):
        raise AbsentError("no other origin is let in")
    headers = _names(exchange.header("access-control-allow-headers"))
    # An asterisk never stands for Authorization (Fetch, section 3.3.3), POST needs no leave, and neither does an asterisk for the rest.
    missing = [
        name for name in ("authorization", "content-type") if name not in headers and (name == "authorization" or "*" not in headers)
    ]
    if missing:
        received = exchange.header("access-control-allow-headers") or "(absent)"
        at = Place(header="access-control-allow-headers")
        yield Finding(code="not-allowed", expected=", ".join(missing), received=received, at=at)


def _names(header: str | None) -> set[str]:
    return {name.strip().lower() for name in (header or "").split(",")}


@requirement(
    "ERROR-SLASH",
    Level.MAY,
    on=request.where(lambda purpose: "slash" in purpose.topics, "request to the path with a slash at its end"),
    cites=[
        contract("/x-http/trailing-slash"),
        standard("RFC 9110 §15.4", f"{RFC_9110}#section-15.4"),
        incident("langchain-ai/langserve#304"),
        incident("sigoden/aichat#767"),
    ],
)
def a_slash_does_not_turn_post_into_get(asked: Asked) -> Iterator[Finding]:
    """The path with a slash at its end is the same, is unknown, or is redirected with 307 or 308; not so that POST becomes GET."""
    answer = answer_of(asked)
    if answer.status in _LOSES_POST:
        location = answer.exchange.header("location") or "nowhere"
        yield Finding(code="redirected", expected="308, or what it is without", received=f"{answer.status} to {location}")


excluded(
    "errors carry the same access-control headers as successes",
    because="whether scripts of a page are to read errors is the choice of who runs the server; that they may ask is ERROR-PREFLIGHT",
    area=Area.ERRORS,
    incidents=["Azure/azure-rest-api-specs#24904"],
)
